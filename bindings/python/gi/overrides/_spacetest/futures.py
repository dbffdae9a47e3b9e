# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Futures for what goes on meanwhile."""
import concurrent.futures

import gi
from gi.repository import Gio, GLib

# Since then PyGObject gives something to await by itself.
IS_NATIVE = gi.version_info >= (3, 50)


class Future(concurrent.futures.Future):
    """Says, as asyncio's does, when it is dropped with an exception that nobody asked for."""
    _unseen = None

    def set_exception(self, exception):
        self._unseen = exception
        super().set_exception(exception)

    def exception(self, timeout=None):
        exception = super().exception(timeout)
        self._unseen = None
        return exception

    def result(self, timeout=None):
        try:
            self.exception(timeout)
            return super().result()
        finally:
            del self  # which the traceback holds

    def __del__(self):
        unseen, self._unseen = self._unseen, None
        try:
            if unseen is not None:
                raise unseen  # goes to sys.unraisablehook()
        finally:
            del self, unseen


def start(info, things, arguments, finish):
    """Calls an asynchronous function; cancelling the future cancels what it does."""
    future = Future()
    held = [future, finish]  # PyGObject drops `done` long after it ran
    cancellable = arguments.get("cancellable") or Gio.Cancellable()

    def done(_source, result):
        future, finish = held
        held.clear()
        try:
            value = finish(result)
        except GLib.Error as error:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
        else:
            if future.set_running_or_notify_cancel():
                future.set_result(value)
        finally:
            del future

    info(*things, **{**arguments, "cancellable": cancellable, "callback": done})
    future.add_done_callback(lambda future: future.cancelled() and cancellable.cancel())
    return future
