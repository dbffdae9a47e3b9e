# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""run_in_thread_async() as a future; making things without blocking."""
import asyncio
import concurrent.futures
import gc
import sys
import threading
import weakref

import pytest
from gi.repository import Gio, GLib, Spacetest

from inside import assert_cancelled, iterate_until, raises, where

Code = Spacetest.Error


def wait(future):
    """Runs the main context until then; gives the future, so that a failure shows in what is asked of it."""
    iterate_until(future.done)
    return future


def run_what_is_ready():
    while GLib.MainContext.default().iteration(False):
        pass


@pytest.fixture
def busy(netns):
    """A network whose thread is occupied until it is told to go on."""
    begun, go_on = threading.Event(), threading.Event()
    future = netns.run_in_thread_async(lambda: begun.set() or go_on.wait())
    begun.wait()
    netns._go_on = go_on.set
    netns._occupied = future
    yield netns
    go_on.set()
    wait(future)
    del netns._go_on, netns._occupied


def test_values(netns):
    future = netns.run_in_thread_async(lambda a, *, b: (a + b, where()), 1, b=2)
    assert isinstance(future, concurrent.futures.Future)
    assert wait(future).result() == (3, str(netns))
    assert wait(netns.run_in_thread_async(lambda: None)).result() is None
    assert wait(netns.run_in_thread_async(lambda: False)).result() is False


@pytest.mark.parametrize("failure", (AssertionError("a"), GLib.Error("b"), SystemExit(3), KeyboardInterrupt(),
                                     pytest.skip.Exception("c"), pytest.fail.Exception("d")))
def test_the_very_exception(netns, failure):
    def inside():
        raise failure
    future = wait(netns.run_in_thread_async(inside))
    assert future.exception() is failure
    with pytest.raises(type(failure)):
        future.result()
    failure.__traceback__ = None


def test_a_body_that_would_run_outside(netns):
    ran = []

    async def coroutine():
        ran.append(1)

    def generator():
        ran.append((yield))
    for func in (coroutine, generator):
        assert isinstance(wait(netns.run_in_thread_async(func)).exception(), TypeError)
    assert ran == []


@pytest.fixture
def unraisable(monkeypatch):
    """What is raised where nobody can catch it; to be asked for it in the test, as pytest has its own hook for each phase."""
    def watch():
        seen = []
        monkeypatch.setattr(sys, "unraisablehook", lambda args: seen.append(args.exc_value.with_traceback(None)))
        return seen
    return watch


def test_an_exception_that_nobody_asks_for(netns, unraisable):
    """It is not lost, and does not wait for the collector."""
    seen = unraisable()

    def fail(failure):
        raise failure
    failures = [ValueError("mine"), SystemExit(3)]
    gc.disable()
    try:
        for failure in failures:
            netns.run_in_thread_async(fail, failure)
        iterate_until(lambda: len(seen) == 2)
        assert seen == failures
        seen.clear()
        future = netns.run_in_thread_async(fail, failures[0])
        done = []
        future.add_done_callback(lambda _: done.append(1))
        iterate_until(lambda: done)  # not of future.done: in a traceback, frames hold what called them
        assert seen == []
        del future
        assert seen == failures[:1]
    finally:
        gc.enable()


@pytest.mark.parametrize("is_late", (True, False))
def test_an_exception_before_the_main_context_ran(netns, unraisable, is_late):
    """Who drops the future may never run it."""
    seen, go_on = unraisable(), threading.Event()

    def fail():
        go_on.wait()
        raise failure
    failure = ValueError("mine")
    future = netns.run_in_thread_async(fail)
    if is_late:
        del future
    go_on.set()
    netns.run_in_thread(int)
    if not is_late:
        assert seen == []
        del future
    assert seen == [failure]
    run_what_is_ready()
    assert seen == [failure]


def test_a_future_that_is_cancelled_and_dropped(busy, unraisable):
    seen, ran = unraisable(), []
    future = busy.run_in_thread_async(ran.append, 1)
    assert future.cancel()
    del future
    busy._go_on()
    busy.run_in_thread(int)
    run_what_is_ready()
    assert ran == [] and seen == []


def test_a_dropped_future_calls_back(busy):
    results = []
    busy.run_in_thread_async(lambda: 7).add_done_callback(lambda future: results.append(future.result()))
    gc.collect()
    busy._go_on()
    iterate_until(lambda: results)
    assert results == [7]


def test_the_call_of_c(netns, unraisable):
    """All arguments go to the function."""
    seen = unraisable()
    ran = []
    netns.run_in_thread_async(lambda: ran.append(1), None, lambda *_: ran.append(2))
    iterate_until(lambda: seen)
    assert "positional arguments" in str(seen[0]) and ran == []
    netns.run_in_thread(int)    # after the other, whose end is there by now
    while GLib.MainContext.default().iteration(False):
        pass


@pytest.mark.parametrize("ask", (lambda future: future.exception(), lambda future: pytest.raises(ValueError, future.result),
                                 lambda future: asyncio.run(wrap(future))))
def test_an_exception_that_somebody_asked_for(netns, unraisable, ask):
    seen = unraisable()
    future = wait(netns.run_in_thread_async(int, "x"))
    ask(future)
    del future
    gc.collect()
    assert seen == []


async def wrap(future):
    with pytest.raises(ValueError):
        await asyncio.wrap_future(future)


def test_asking_too_early(busy, unraisable):
    seen = unraisable()
    future = busy.run_in_thread_async(int, "x")
    for ask in (future.result, future.exception):
        with pytest.raises(concurrent.futures.TimeoutError):
            ask(0)
    busy._go_on()
    wait(future)
    del future, ask
    gc.collect()
    assert [type(failure) for failure in seen] == [ValueError]


def test_nobody_needs_to_ask_what_was_cancelled(busy, unraisable):
    seen = unraisable()
    future = busy.run_in_thread_async(int, "x")
    assert future.cancel()
    busy._go_on()
    wait(busy.run_in_thread_async(int))
    del future
    gc.collect()
    assert seen == []


def test_library_errors(netns, utsns):
    with raises(Code.WRONG_ORDER):
        wait(netns.run_in_thread_async(utsns.enter)).result()
    netns.close()
    ran = []
    with raises(Code.CLOSED):
        wait(netns.run_in_thread_async(ran.append, 1)).result()
    assert ran == []


def test_in_order(netns):
    order = []
    futures = [netns.run_in_thread_async(order.append, n) for n in range(20)]
    for future in futures:
        wait(future)
    assert order == list(range(20))


def test_completed_by_the_main_context(netns):
    done_on = []
    future = netns.run_in_thread_async(threading.get_native_id)
    future.add_done_callback(lambda _: done_on.append(threading.get_native_id()))
    assert netns.run_in_thread(int) == 0  # so it has run by now
    assert not future.done()
    assert wait(future).result() != threading.get_native_id()
    assert done_on == [threading.get_native_id()]


@pytest.mark.parametrize("func", (None, 3, "where"))
def test_not_callable(netns, func):
    with pytest.raises(TypeError, match="callable"):
        netns.run_in_thread_async(func)
    with pytest.raises(TypeError):
        netns.run_in_thread_async(int, cancellable=3)


def test_cancellable(busy):
    cancellable, ran = Gio.Cancellable(), []
    future = busy.run_in_thread_async(ran.append, 1, cancellable=cancellable)
    cancellable.cancel()
    assert_cancelled(wait(future).exception())
    assert_cancelled(wait(busy.run_in_thread_async(ran.append, 2, cancellable=cancellable)).exception())
    busy._go_on()
    assert busy.run_in_thread(int) == 0
    assert ran == []


def test_future_cancelled(busy):
    ran = []
    future = busy.run_in_thread_async(ran.append, 1)
    assert future.cancel() and future.cancelled()
    assert not busy._occupied.cancel()  # it runs
    busy._go_on()
    assert wait(busy.run_in_thread_async(int)).result() == 0
    assert ran == []
    assert wait(busy._occupied).result() is True
    assert concurrent.futures.wait([future], 0).done == {future}
    with pytest.raises(concurrent.futures.CancelledError):
        future.result()


def test_both_cancelled(busy):
    cancellable = Gio.Cancellable()
    future = busy.run_in_thread_async(int, cancellable=cancellable)
    assert future.cancel()
    cancellable.cancel()
    busy._go_on()
    assert wait(busy.run_in_thread_async(int)).result() == 0
    assert concurrent.futures.wait([future], 0).done == {future}


def test_cancelled_while_it_runs(netns):
    cancellable, begun = Gio.Cancellable(), threading.Event()
    go_on = threading.Event()
    future = netns.run_in_thread_async(lambda: begun.set() or go_on.wait() and "done", cancellable=cancellable)
    begun.wait()
    cancellable.cancel()
    go_on.set()
    assert wait(future).result() == "done"


def test_nobody_holds_anything():
    """A run goes on when space and future were dropped, and afterwards nothing is kept."""
    begun, go_on, seen = threading.Event(), threading.Event(), []

    def work():
        begun.set()
        go_on.wait()
        seen.append(where())
    netns = Spacetest.TransientNetns.new()
    name, kept = str(netns), weakref.ref(work)
    netns.run_in_thread_async(work)
    del netns, work
    gc.collect()
    begun.wait()
    go_on.set()
    iterate_until(lambda: kept() is None)
    assert seen == [name]
    gc.collect()
    assert kept() is None


def test_close_waits_for_runs(netns):
    seen = []
    future = netns.run_in_thread_async(lambda: seen.append(where()))
    name = str(netns)
    netns.close()
    assert seen == [name]
    assert wait(future).result() is None


def finish(start, finish_call):
    results = []
    start(lambda _source, result: results.append(result))
    iterate_until(lambda: results)
    return finish_call(results[0])


def test_making_without_blocking():
    netns = finish(lambda done: Spacetest.TransientNetns.new_async(None, done), Spacetest.TransientNetns.new_finish)
    assert netns.call(where) == str(netns)
    mntns = finish(lambda done: Spacetest.TransientMntns.new_async(None, done), Spacetest.TransientMntns.new_finish)
    assert mntns.call(where, "mnt") == str(mntns)
    utsns = finish(lambda done: Spacetest.NamespaceRef.new_transient_async("uts", None, done),
                   Spacetest.NamespaceRef.new_transient_finish)
    assert utsns.call(where, "uts") == str(utsns)
    space = finish(lambda done: Spacetest.Space.new_transient_async("uts,ipc", None, done), Spacetest.Space.new_transient_finish)
    assert space.call(where, "ipc") == str(space.get_ref("ipc"))


def test_probing_without_blocking():
    assert finish(lambda done: Spacetest.probe_async("net", None, done), Spacetest.probe_finish)


def test_making_fails():
    for kinds, code in (("user", Code.NOT_SUPPORTED), (Spacetest.NamespaceType.NONE, Code.INVALID_ARGUMENT)):
        with raises(code):
            finish(lambda done: Spacetest.Space.new_transient_async(kinds, None, done), Spacetest.Space.new_transient_finish)
    with raises(Code.INVALID_ARGUMENT):
        Spacetest.Space.new_transient_async("nonsense", None, None)
    cancellable = Gio.Cancellable()
    cancellable.cancel()
    with pytest.raises(GLib.Error) as caught:
        finish(lambda done: Spacetest.TransientNetns.new_async(cancellable, done), Spacetest.TransientNetns.new_finish)
    assert_cancelled(caught.value)
    with raises(Code.INVALID_ARGUMENT):  # the result of another call
        finish(lambda done: Spacetest.TransientNetns.new_async(None, done), Spacetest.TransientMntns.new_finish)
