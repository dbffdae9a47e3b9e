# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Futures for what goes on meanwhile."""
import atexit
import concurrent.futures
import contextlib
import os
import sys
import threading
import time
import weakref

from gi.module import get_introspection_module
from gi.repository import Gio, GLib

from . import unhandled

Spacetest = get_introspection_module("Spacetest")
_there = weakref.WeakSet()
_under_way = set()  # of UnderWay
_something_ended = None  # an event, once somebody waits for that
CURE = ("and nobody knows how it went: iterate the main context until it is done, as done() of its future tells, "
        "or cancel() it if nobody needs to know")
PATIENCE = 5  # seconds, at the end of the program, for functions that are about to end


class UnderWay:
    """What somebody asked for. Until it is over, nobody knows how it went; who cancelled it need not."""

    def __init__(self, name, cancellable):
        self._name, self._cancellable = name, cancellable
        _under_way.add(self)

    def __str__(self):
        return self._name

    def end(self):
        _under_way.discard(self)

    def is_wanted(self):
        return not (self._cancellable and self._cancellable.is_cancelled())

    def ends_by_itself(self):
        """Or else it takes the main context, too."""
        return False


def note_end():
    """Of something that ends by itself."""
    if _something_ended:
        _something_ended.set()


def get_under_way():
    """What was asked for, and nobody knows how it went. For test frameworks."""
    return [each for each in list(_under_way) if each.is_wanted()]


def _refuse_idle_context(loop):
    """Who waits for a main context that nobody runs waits for ever: asyncio's own event loops don't know it."""
    context = GLib.MainContext.ref_thread_default()
    if context.is_owner() or type(loop).__module__.partition(".")[0] not in ("asyncio", "uvloop") or not context.acquire():
        return
    context.release()
    raise RuntimeError("await needs an event loop that runs the main context of GLib: that of gi.events (PyGObject 3.50 or newer); without one, "
                       "iterate the main context until the future is done(), and ask it for its result()")


class Future(concurrent.futures.Future):
    """Can be awaited; and says, as asyncio's does, when it is dropped with an exception that nobody asked for.

    It is the same with all versions of PyGObject: what those since 3.50 give by themselves has no result() to wait for, wants an event loop
    even if nobody awaits it, and knows nothing of what comes of functions that run in a space."""
    _unseen = None

    def __init__(self, call):
        super().__init__()
        self._call = call
        _there.add(self)

    def __await__(self):
        import asyncio  # which not everybody pays for
        if not self.done():
            loop = asyncio.get_running_loop()
            self._refuse_idle_context(loop)
            waiter = loop.create_future()

            def wake(_future):
                with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                    loop.call_soon_threadsafe(lambda: waiter.done() or waiter.set_result(None))

            self.add_done_callback(wake)
            try:
                yield from waiter
            except asyncio.CancelledError:
                self.cancel()
                raise
        if self.cancelled():
            raise asyncio.CancelledError
        return self.result()

    def _refuse_idle_context(self, loop):
        """Who was told that it can't be awaited knows that nobody knows how it goes."""
        try:
            _refuse_idle_context(loop)
        except RuntimeError:
            self._call.end()
            raise

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

    def give_up(self):
        """Nobody will ask for it any more."""
        unseen, self._unseen = self._unseen, None
        try:
            if unseen is not None:
                report(unseen)
        finally:
            del self, unseen

    def __del__(self):
        self.give_up()


class _Unasked:
    """Reports an exception when it is dropped, which is the only way to sys.unraisablehook()."""

    def __init__(self, exception):
        self._exception = exception

    def __del__(self):
        try:
            raise self._exception
        finally:
            del self


def report(exception):
    """Says what nobody asked for. A program that only has it printed does not end with status 0; who has a hook has a plan."""
    if sys.unraisablehook is sys.__unraisablehook__:
        unhandled.note(exception)
    unasked = _Unasked(exception)
    del exception  # its traceback holds this frame
    del unasked


def expect(callback, name, cancellable):
    """A callback that is to be called before the program ends, and what to call if it will not be: what it would find wrong would be lost."""
    call = UnderWay(name, cancellable)
    held = [callback]

    def done(*results):
        call.end()
        return held.pop()(*results)
    return done, call.end


def _wait_for_functions():
    """What they raise is to be seen."""
    global _something_ended
    _something_ended = threading.Event()
    deadline = time.monotonic() + PATIENCE
    while any(call.ends_by_itself() for call in get_under_way()) and _something_ended.wait(max(0, deadline - time.monotonic())):
        _something_ended.clear()


def _refuse_unheard():
    unheard = get_under_way()
    if unheard:
        Spacetest.exit_guard_hold()
        os.write(2, f"spacetest: {unheard[0]} was under way, {CURE}\n".encode())


def _give_up_all(pid):
    if os.getpid() != pid:
        return
    try:
        if not hasattr(sys, "last_type"):  # it may be failing, by an exception that nobody caught
            _wait_for_functions()
    finally:
        for future in list(_there):
            future.give_up()
        _refuse_unheard()


def start(info, things, arguments, finish):
    """Calls an asynchronous function; cancelling the future cancels what it does."""
    cancellable = arguments.get("cancellable") or Gio.Cancellable()
    call = UnderWay(info.__name__, cancellable)
    future = Future(call)
    held = [future, finish]  # PyGObject drops `done` long after it ran

    def done(_source, result):
        future, finish = held
        held.clear()
        call.end()
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

    try:
        info(*things, **{**arguments, "cancellable": cancellable, "callback": done})
    except BaseException:
        call.end()
        raise
    future.add_done_callback(lambda future: future.cancelled() and cancellable.cancel())
    return future


def install():
    Spacetest.exit_guard_start("Spacetest-Python", None)
    atexit.register(_give_up_all, os.getpid())
