# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Functions that run in a space: with arguments, values and exceptions."""
import inspect
import weakref

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
        self._value = None
        self._failures = []  # one at most: who pops it has it

    def run(self, *_user_data):
        func, args, kwargs = self._work
        visits.count_call(1)
        try:
            value = func(*args, **kwargs)
            _refuse_unfinished(func, value)
            self._value = value
        except BaseException as failure:
            self._failures.append(failure)
        finally:
            visits.count_call(-1)
        return True

    def take_failure(self):
        try:
            return self._failures.pop()
        except IndexError:
            return None

    def get(self, finish):
        """Returns or raises what the function did, once `finish` said what the library has to say to that."""
        lost = None
        try:
            finish()
        except GLib.Error as error:
            lost = error
        failure = self.take_failure()
        try:
            if lost and (failure is None or lost.matches(Spacetest.error_quark(), Spacetest.Error.NO_RETURN)):
                raise lost from failure
            if failure is not None:
                raise failure
            return self._value
        finally:
            del failure, lost  # their tracebacks hold this frame


class _Awaited(_Outcome, futures.UnderWay):
    """What a future stands for. It knows the future only as long as somebody else does: when that one is dropped, nobody may run the main
    context any more that would complete it, and what failed is to be told then."""

    def __init__(self, func, args, kwargs, cancellable):
        _Outcome.__init__(self, func, args, kwargs)
        self.has_begun = self.has_returned = self.has_ended = self.is_cancelled = self.is_dropped = False
        self.kept = []  # the future, while somebody is to be called back
        self._find_future = lambda: None
        futures.UnderWay.__init__(self, func, cancellable)

    def __str__(self):
        return f"{getattr(self._name, '__qualname__', self._name)}() of run_in_thread_async()"

    def is_wanted(self):
        """Once it has returned, and left all that it entered, it has gone well; but somebody may be waiting to be called back."""
        return super().is_wanted() and not (self.has_ended and not self.kept)

    def ends_by_itself(self):
        return not self.has_returned

    def make_future(self):
        future = _Future(self)
        self._find_future = weakref.ref(future)
        return future

    def begin(self):
        """Whether it may. On the thread."""
        self.has_begun = True
        future = self._find_future()
        return future.set_running_or_notify_cancel() if future else not self.is_cancelled

    def run(self, *_user_data):
        if not self.begin():
            return True
        super().run()
        if self.is_dropped:
            self.report()
        self.has_returned, self.has_ended = True, not visits.count_visits()
        futures.note_end()
        return True

    def drop(self):
        self.is_dropped = True
        self.report()

    def report(self):
        failure = self.take_failure()
        try:
            if failure is not None:
                futures.report(failure)
        finally:
            del failure

    def complete(self, finish):
        """With the main context."""
        future = self._find_future()
        self.kept.clear()
        self.end()
        try:
            if (self.has_begun or self.begin()) and not (future.cancelled() if future else self.is_cancelled):
                self._complete(future, finish)
        finally:
            del future

    def _complete(self, future, finish):
        try:
            value = self.get(finish)
        except BaseException as failure:
            future.set_exception(failure) if future else futures.report(failure)
        else:
            if future:
                future.set_result(value)
        finally:
            del future


class _Future(futures.Future):
    def add_done_callback(self, func):
        self._call.kept.append(self)
        super().add_done_callback(func)
        if self.done():
            self._call.kept.clear()

    def cancel(self):
        cancelled = super().cancel()
        self._call.is_cancelled |= cancelled
        self._call.end()  # even if it can't be stopped any more, nobody needs to know
        return cancelled

    def give_up(self):
        super().give_up()
        self._call.drop()


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
    result(). cancel() and the cancellable work until func begins; after that, cancel() still says that nobody needs to know. An
    exception that nobody asks the future for goes to sys.unraisablehook() once the future is dropped, or at the end of the program,
    which is no success then; nor is it while func runs, which is waited for some seconds."""
    outcome = _Awaited(func, args, kwargs, cancellable)
    future = outcome.make_future()
    try:
        _run_in_thread_async(self, outcome.run, (), cancellable, lambda space, result: outcome.complete(lambda: space.run_in_thread_finish(result)))
    except BaseException:
        outcome.end()
        raise
    return future


def install():
    Spacetest.Space.call = call
    Spacetest.Space.run_in_thread = run_in_thread
    Spacetest.Space.run_in_thread_async = run_in_thread_async
