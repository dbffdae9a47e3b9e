# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""call() and run_in_thread(): values and exceptions come out, and nothing else."""
import asyncio
import concurrent.futures
import gc
import inspect
import sys
import threading
import traceback
import warnings
import weakref

import pytest
from gi.repository import Gio, GLib, Spacetest

from inside import assert_cancelled, drop_capabilities, get_raw, in_thread, raises, where

Code = Spacetest.Error


@pytest.fixture(params=("call", "run_in_thread"))
def way(request):
    """How to run something in a space: way(space, func, ...)."""
    return lambda space, *args, **kwargs: getattr(space, request.param)(*args, **kwargs)


def test_values(way, netns):
    value = object()
    assert way(netns, lambda: value) is value
    assert way(netns, where) == str(netns)
    assert way(netns, lambda a, b: a + b, 1, 2) == 3
    assert way(netns, dict, a=1, b=2) == {"a": 1, "b": 2}
    assert way(netns, str.join, ",", ["a", "b"]) == "a,b"


@pytest.mark.parametrize("value", (None, False, 0, "", [], NotImplemented, GLib.Error("as a value")))
def test_no_value_is_a_failure(way, netns, value):
    assert way(netns, lambda: value) is value


@pytest.mark.parametrize("failure", (AssertionError("a"), OSError(2, "b"), GLib.Error("c"), SystemExit(3), KeyboardInterrupt(),
                                     GeneratorExit(), StopIteration(1), pytest.skip.Exception("d"), pytest.fail.Exception("e"),
                                     pytest.exit.Exception("f"), GLib.Error("g", "st-error-quark", Code.NO_RETURN)))
def test_the_very_exception(way, netns, failure):
    def inside():
        raise failure
    home = where()
    failure.__traceback__ = None
    with pytest.raises(type(failure)) as caught:
        way(netns, inside)
    assert caught.value is failure
    assert failure.__cause__ is None and failure.__context__ is None
    assert "inside" in [frame.name for frame in traceback.extract_tb(failure.__traceback__)]
    assert where() == home
    failure.__traceback__ = None


def test_exception_with_a_cause(way, netns):
    def inside():
        try:
            {}["key"]
        except KeyError as error:
            raise ValueError("from") from error
    with pytest.raises(ValueError) as caught:
        way(netns, inside)
    assert isinstance(caught.value.__cause__, KeyError)


def test_an_assertion_in_nested_runs(way, netns, utsns, mntns):
    def innermost():
        assert (where("net"), where("uts"), where("mnt")) == (str(netns), str(utsns), "nowhere")
    with pytest.raises(AssertionError, match="nowhere"):
        way(netns, lambda: way(utsns, lambda: way(mntns, innermost)))
    assert way(netns, lambda: way(utsns, lambda: way(mntns, where, "net"))) == str(netns)


def test_nothing_is_kept(way, netns):
    """Neither the function nor the exception, and without the collector's help."""
    class Failure(Exception):
        pass

    def fail():
        raise Failure
    gc.disable()
    try:
        kept = weakref.ref(fail)
        with pytest.raises(Failure) as caught:
            way(netns, fail)
        kept_failure = weakref.ref(caught.value)
        del fail, caught
        assert kept_failure() is None
        assert kept() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("func", (None, 3, "where", object(), []))
def test_not_callable(way, netns, func):
    with pytest.raises(TypeError, match="callable"):
        way(netns, func)
    with pytest.raises(TypeError):
        way(netns)


def test_wrong_arguments_of_the_function(way, netns):
    with pytest.raises(TypeError, match="takes 0 positional"):
        way(netns, lambda: 1, 2)


async def coroutine(ran):
    ran.append(where())


def generator(ran):
    ran.append((yield))


async def async_generator(ran):
    ran.append((yield))


class Awaitable:
    def __init__(self, ran):
        self.ran = ran

    def __await__(self):
        self.ran.append(1)
        yield


@pytest.mark.parametrize("func", (coroutine, generator, async_generator, Awaitable, lambda ran: (ran.append(x) for x in "ab")))
def test_a_body_that_would_run_outside(way, netns, func):
    ran = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # coroutine was never awaited
        with pytest.raises(TypeError, match=r"returned a .*outside.*plain function.*enter\(\)"):
            way(netns, func, ran)
        gc.collect()
    assert ran == []
    assert way(netns, list, "ab") == ["a", "b"]
    assert way(netns, lambda: coroutine) is coroutine  # the function itself has not been called


def test_a_body_that_runs_already_is_left_alone(way, netns):
    held = (x for x in "ab")
    assert next(held) == "a"
    with pytest.raises(TypeError, match="generator"):
        way(netns, lambda: held)
    assert next(held) == "b"

    async def pause():
        await asyncio.sleep(0)
        return "done"
    begun = pause()
    begun.send(None)
    with pytest.raises(TypeError, match="coroutine"):
        way(netns, lambda: begun)
    assert inspect.getcoroutinestate(begun) == inspect.CORO_SUSPENDED
    begun.close()


def test_library_errors(way, netns):
    netns.close()
    ran = []
    with raises(Code.CLOSED):
        way(netns, ran.append, 1)
    with raises(Code.NOT_SUPPORTED, "user"):
        way(Spacetest.NamespaceRef.new_for_pid(FOREIGN.pid, "user"), ran.append, 1)
    assert ran == []


class FOREIGN:
    """A process in a user namespace of its own."""
    pid = None


@pytest.fixture(scope="module", autouse=True)
def foreign_process():
    pipe = Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE
    process = Gio.Subprocess.new(["unshare", "-Ur", "sh", "-c", "echo ready; read end || true"], pipe)
    assert process.get_stdout_pipe().read_bytes(6, None).get_data() == b"ready\n"
    FOREIGN.pid = int(process.get_identifier())
    yield
    process.get_stdin_pipe().close(None)
    process.wait_check(None)


def test_visits_that_were_not_left(way, netns, utsns):
    home = where("uts")
    with raises(Code.WRONG_ORDER, "1 of its visits"):
        way(netns, utsns.enter)
    assert where("uts") == home
    assert way(netns, where, "uts") == home

    def leave_one_and_fail():
        utsns.enter()
        raise ValueError("mine")
    with pytest.raises(ValueError, match="mine"):
        way(netns, leave_one_and_fail)
    assert where("uts") == home
    assert way(netns, where, "uts") == home


def test_dropped_visits_end_with_the_call(way, netns, utsns):
    home = where("uts")

    def drop():
        utsns.enter()
        gc.collect()
        assert where("uts") == str(utsns)
    with raises(Code.WRONG_ORDER):
        way(netns, drop)
    assert where("uts") == home


def test_call_without_return(netns):
    def lose():
        with raises(Code.NO_RETURN) as caught:
            netns.call(drop_capabilities)
        assert caught.value.__cause__ is None
        with raises(Code.NO_RETURN):
            netns.run_in_thread(int)
    in_thread(lose)


def test_call_without_return_and_with_a_failure(netns):
    failure = ValueError("mine")

    def inside():
        drop_capabilities()
        raise failure

    def lose():
        with raises(Code.NO_RETURN) as caught:
            netns.call(inside)
        assert caught.value.__cause__ is failure
    in_thread(lose)
    failure.__traceback__ = None


def test_run_without_return(netns, utsns):
    """The thread of the space is lost, not the caller's; the next run gets another one."""
    failure = ValueError("mine")

    def inside():
        utsns.enter()
        drop_capabilities()
        raise failure
    with raises(Code.NO_RETURN) as caught:
        netns.run_in_thread(inside)
    assert caught.value.__cause__ is failure
    failure.__traceback__ = None
    assert netns.run_in_thread(where) == str(netns)
    assert netns.call(where) == str(netns)


def test_run_stays_off_the_callers_thread(netns):
    caller, home = threading.get_native_id(), where()
    first = netns.run_in_thread(threading.get_native_id)
    assert first != caller
    assert netns.run_in_thread(threading.get_native_id) == first
    assert netns.run_in_thread(netns.run_in_thread, threading.get_native_id) == first
    assert netns.call(threading.get_native_id) == caller
    assert where() == home


def test_many_callers(netns):
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        results = list(pool.map(lambda n: netns.run_in_thread(lambda: (n, where())), range(40)))
    assert results == [(n, str(netns)) for n in range(40)]


def test_cancelled_before(netns):
    cancellable, ran = Gio.Cancellable(), []
    assert netns.run_in_thread(lambda: 3, cancellable=cancellable) == 3
    assert netns.run_in_thread(lambda: 4, cancellable=None) == 4
    cancellable.cancel()
    with pytest.raises(GLib.Error) as caught:
        netns.run_in_thread(ran.append, 1, cancellable=cancellable)
    assert_cancelled(caught.value)
    assert ran == []


def test_cancelled_during(netns):
    """What has begun counts."""
    cancellable = Gio.Cancellable()
    assert netns.run_in_thread(lambda: cancellable.cancel() or "done", cancellable=cancellable) == "done"
    with pytest.raises(TypeError):
        netns.run_in_thread(int, cancellable="soon")


def test_what_pygobject_drops_is_an_error(netns, capfd, monkeypatch):
    """Without the override: an exception that is printed and lost, and a function that returns nothing."""
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)  # or the session would fail for them
    def fail():
        raise ValueError("lost")
    for name, rest in (("call", ()), ("run_in_thread", ((), None))):
        for func in (lambda *_: fail(), lambda *_: None, lambda *_: False):
            with raises(Code.CALLBACK_FAILED):
                get_raw(Spacetest.Space, name)(netns, func, *rest)
    assert capfd.readouterr().err.count("ValueError: lost") == 2
