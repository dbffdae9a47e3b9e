# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Visits as context managers: nested, failing, dropped, on the wrong thread, without a way home."""
import gc
import os
import threading

import pytest
from gi.repository import GLib, Spacetest

from inside import drop_capabilities, get_place, in_thread, raises, where

T = Spacetest.NamespaceType
Code = Spacetest.Error


def test_with_leaves(netns):
    home = where()
    with netns.enter() as visit:
        assert isinstance(visit, Spacetest.Visit)
        assert where() == str(netns)
        assert visit.is_active() and visit.get_space() == netns
    assert where() == home
    assert not visit.is_active()
    assert visit.leave()  # twice is once


def test_with_lets_exceptions_out(netns):
    home = where()
    with pytest.raises(ZeroDivisionError) as caught, netns.enter():
        1 / 0
    assert where() == home
    assert caught.value.__cause__ is None and caught.value.__context__ is None


@pytest.mark.parametrize("failure", (SystemExit, KeyboardInterrupt, GeneratorExit, pytest.skip.Exception, pytest.fail.Exception))
def test_with_lets_every_exception_out(netns, failure):
    home = where()
    with pytest.raises(failure), netns.enter():
        raise failure("inside")
    assert where() == home


def test_left_early(netns):
    home = where()
    with netns.enter() as visit:
        visit.leave()
        assert where() == home
    assert where() == home


def test_with_refuses_a_visit_that_was_left(netns):
    with netns.enter() as visit:
        with visit:
            assert where() == str(netns)
        with raises(Code.CLOSED, "enter()"), visit:
            pytest.fail("the body ran")
    left = netns.enter()
    left.leave()
    with raises(Code.CLOSED), left:
        pytest.fail("the body ran")


def test_nested(netns, utsns, mntns):
    home = get_place()
    os.chdir("/usr")
    with netns.enter():
        with utsns.enter():
            with mntns.enter():
                assert (where("net"), where("uts"), where("mnt")) == (str(netns), str(utsns), str(mntns))
                assert os.getcwd() == "/"
            assert (where("uts"), where("mnt")) == (str(utsns), home["mnt"])
            assert os.getcwd() == "/usr"
        with netns.enter():  # the same again
            pass
        assert (where("net"), where("uts")) == (str(netns), home["uts"])
    os.chdir(home["cwd"])
    assert get_place() == home


def test_exception_in_nested_visits(netns, utsns, mntns):
    home = get_place()
    with pytest.raises(ValueError, match="innermost"):
        with netns.enter():
            with utsns.enter():
                with mntns.enter():
                    raise ValueError("innermost")
    assert get_place() == home
    with netns.enter():
        with pytest.raises(ValueError), utsns.enter():
            raise ValueError
        assert (where("net"), where("uts")) == (str(netns), home["uts"])


def test_wrong_order(netns, utsns):
    home = get_place()
    outer, inner = netns.enter(), utsns.enter()
    with raises(Code.WRONG_ORDER):
        outer.leave()
    assert outer.is_active() and where() == str(netns)
    inner.leave()
    outer.leave()
    assert get_place() == home


def test_wrong_order_comes_from_the_failure_of_the_body(netns, utsns):
    inner = None
    with raises(Code.WRONG_ORDER) as caught, netns.enter() as outer:
        inner = utsns.enter()
        raise ValueError("body")
    assert isinstance(caught.value.__cause__, ValueError)
    inner.leave()
    outer.leave()


def test_wrong_thread(netns):
    with netns.enter() as visit:
        with raises(Code.WRONG_THREAD):
            in_thread(visit.leave)
        assert visit.is_active()


def test_closed_during_a_visit(netns):
    home = where()
    with netns.enter():
        netns.close()
        assert where() == str(netns)
        with raises(Code.CLOSED):
            netns.enter()
    assert where() == home


def test_enter_transient():
    before = get_place()
    os.chdir("/usr")
    for kinds in (T.NET | T.MNT, "net,mnt", "mnt,net"):
        with Spacetest.enter_transient(kinds) as visit:
            assert where("net") != before["net"] and where("mnt") != before["mnt"]
            assert os.listdir("/sys/class/net") == ["lo"]
            assert os.getcwd() == "/usr"
            assert isinstance(visit.get_space().get_ref("mnt"), Spacetest.TransientMntns)
    with Spacetest.enter_transient(types="uts"):
        assert where("uts") != before["uts"]
    assert os.getcwd() == "/usr"
    os.chdir(before["cwd"])
    assert get_place() == before
    for refused, code in (("user", Code.NOT_SUPPORTED), ("nonsense", Code.INVALID_ARGUMENT), (T.NONE, Code.INVALID_ARGUMENT)):
        with raises(code):
            Spacetest.enter_transient(refused)
    assert get_place() == before


def test_collector_does_not_leave(netns, utsns):
    """A visit that nobody holds lasts. Only the end of the call it was made in ends it, or that of its thread: see plugin/test_endings.py."""
    def drop_the_inner_one():
        outer = netns.enter()
        utsns.enter()
        gc.collect()
        assert where("uts") == str(utsns)
        with raises(Code.WRONG_ORDER):
            outer.leave()
        assert (where("net"), where("uts")) == (str(netns), str(utsns))
        with Spacetest.enter_transient("ipc"):  # others are still possible
            gc.collect()
        assert (where("net"), where("uts")) == (str(netns), str(utsns))
        assert Spacetest.find_strays() == []  # it is known
    home = get_place()
    with raises(Code.WRONG_ORDER, "without leaving 2 of its visits"), Spacetest.NamespaceRef.new_current("net") as here:
        here.call(drop_the_inner_one)
    assert get_place() == home


def test_collector_during_a_visit(netns):
    home = where()
    visit = netns.enter()
    name = str(netns)
    del netns
    gc.collect()
    assert where() == name
    visit.leave()
    assert where() == home


def test_strays_are_named(netns):
    """Threads that are started inside stay there; a name may be any bytes."""
    named, end = threading.Event(), threading.Event()

    def stay():
        with open("/proc/thread-self/comm", "wb") as name:
            name.write(b"stray\xff")
        named.set()
        end.wait()
    with netns.enter():
        thread = threading.Thread(target=stay)
        thread.start()
    named.wait()
    strays = Spacetest.find_strays()
    end.set()
    thread.join()
    assert strays == [f"stray\ufffd (thread {thread.native_id}): {netns}"]


def test_no_return():
    def lose(netns):
        with raises(Code.NO_RETURN, "net") as caught:
            with netns.enter() as visit:
                drop_capabilities()
        assert caught.value.__cause__ is None
        assert not visit.is_active()
        for further in (netns.enter, lambda: netns.call(int), lambda: Spacetest.enter_transient("net")):
            with raises(Code.NO_RETURN):
                further()
    in_thread(lose, Spacetest.TransientNetns.new())


def test_no_return_comes_from_the_failure_of_the_body():
    def lose(netns):
        failure = ValueError("body")
        with raises(Code.NO_RETURN) as caught, netns.enter():
            drop_capabilities()
            raise failure
        assert caught.value.__cause__ is failure
    in_thread(lose, Spacetest.TransientNetns.new())


def test_no_return_of_an_inner_visit_is_one_of_the_outer(netns, utsns):
    """The thread is not home after the outer one either, whatever became of the inner error."""
    def lose():
        with raises(Code.NO_RETURN):
            with Spacetest.NamespaceRef.new_current("net").enter():
                with pytest.raises(GLib.Error), utsns.enter():
                    drop_capabilities()
        assert where("uts") == str(utsns)
    in_thread(lose)
