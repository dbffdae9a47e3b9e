# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Functions that run in a space: with arguments, values and exceptions."""
import inspect

from gi.module import get_introspection_module
from gi.repository import GLib

from . import futures, visits

Spacetest = get_introspection_module("Spacetest")


def _refuse_unfinished(func, value):
    """Raises if `value` is a body that has yet to run: that would be at home, whatever it was called in."""
    if not (inspect.isawaitable(value) or inspect.isgenerator(value) or inspect.isasyncgen(value)):
        return
    if inspect.iscoroutine(value) and inspect.getcoroutinestate(value) == inspect.CORO_CREATED:
        value.close()  # so that nobody warns that it was not awaited
    raise TypeError(f"{getattr(func, '__qualname__', func)} returned a {type(value).__name__}, whose body would run outside: "
                    "call a plain function, or use enter() around code that does not await or yield")


class _Outcome:
    """Runs a function for C, keeps what came of it: PyGObject would print an exception, and drop it."""

    def __init__(self, func, args, kwargs):
        if not callable(func):
            raise TypeError(f"func must be callable, not {type(func).__name__}")
        self._work = func, args, kwargs
        self._value = self._failure = None

    def run(self, *_user_data):
        func, args, kwargs = self._work
        visits.count_call(1)
        try:
            value = func(*args, **kwargs)
            _refuse_unfinished(func, value)
            self._value = value
        except BaseException as failure:
            self._failure = failure
        finally:
            visits.count_call(-1)
        return True

    def get(self, finish):
        """Returns or raises what the function did, once `finish` said what the library has to say to that."""
        lost = None
        try:
            finish()
        except GLib.Error as error:
            lost = error
        failure, self._failure = self._failure, None
        try:
            if lost and (failure is None or lost.matches(Spacetest.error_quark(), Spacetest.Error.NO_RETURN)):
                raise lost from failure
            if failure is not None:
                raise failure
            return self._value
        finally:
            del failure, lost  # their tracebacks hold this frame


_call = Spacetest.Space.call
_run_in_thread = Spacetest.Space.run_in_thread
_run_in_thread_async = Spacetest.Space.run_in_thread_async


def call(self, func, *args, **kwargs):
    """Calls func(*args, **kwargs) on this thread, in the space, and returns or raises what it does.

    It fails if it raises; its return value is never a failure. The library's own errors are GLib.Error; NO_RETURN outranks
    an exception of func, which is its __cause__ then."""
    outcome = _Outcome(func, args, kwargs)
    return outcome.get(lambda: _call(self, outcome.run))


def run_in_thread(self, func, *args, cancellable=None, **kwargs):
    """Like call(), but on a thread that lives in the space; waits for it."""
    outcome = _Outcome(func, args, kwargs)
    return outcome.get(lambda: _run_in_thread(self, outcome.run, (), cancellable))


def run_in_thread_async(self, func, *args, cancellable=None, **kwargs):
    """Like run_in_thread(), but returns a concurrent.futures.Future at once.

    The main context of the calling thread completes it, so it must run: iterate it until done() instead of waiting in
    result(). cancel() and the cancellable work until func begins. An exception that nobody asks the future for goes to
    sys.unraisablehook() once the future is dropped."""
    outcome = _Outcome(func, args, kwargs)
    future = futures.Future()
    held = [future]  # PyGObject drops `done` long after it ran
    begun = []

    def begin():
        begun.append(True)
        return held[0].set_running_or_notify_cancel()

    def done(space, result):
        if (begun or begin()) and not held[0].cancelled():
            try:
                held[0].set_result(outcome.get(lambda: space.run_in_thread_finish(result)))
            except BaseException as failure:
                held[0].set_exception(failure)
        held.clear()

    _run_in_thread_async(self, lambda *_: not begin() or outcome.run(), (), cancellable, done)
    return future


def install():
    Spacetest.Space.call = call
    Spacetest.Space.run_in_thread = run_in_thread
    Spacetest.Space.run_in_thread_async = run_in_thread_async
