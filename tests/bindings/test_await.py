# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""await: in the event loop of PyGObject where it has one (3.50 and newer), in one of our own else."""
import asyncio
import gc
import selectors
import threading

import pytest
from gi.repository import Gio, GLib, Spacetest

from inside import assert_cancelled, iterate_until, raises, where

try:
    from gi.events import GLibEventLoopPolicy
except ImportError:
    GLibEventLoopPolicy = None
Code = Spacetest.Error


class Selector(selectors.EpollSelector):
    """Runs the main context while asyncio waits for descriptors."""

    def select(self, timeout=None):
        fired = []
        context = GLib.MainContext.default()
        sources = [GLib.unix_fd_source_new(self.fileno(), GLib.IOCondition.IN)]
        if timeout is not None:
            sources.append(GLib.timeout_source_new(max(0, round(timeout * 1000))))
        for source in sources:
            source.set_callback(lambda *_: fired.append(1))
            source.attach(context)
        while not fired:
            context.iteration(True)
        for source in sources:
            source.destroy()
        return super().select(0)


class OwnLoop(asyncio.SelectorEventLoop):
    """Of a module that is not asyncio's."""


@pytest.fixture
def loop():
    made = GLibEventLoopPolicy().get_event_loop() if GLibEventLoopPolicy else OwnLoop(Selector())
    yield made
    made.run_until_complete(made.shutdown_asyncgens())
    made.close()
    gc.collect()
    while GLib.MainContext.default().iteration(False):
        pass


def test_values(loop):
    async def use():
        netns = await Spacetest.TransientNetns.new_async()
        with netns:
            assert await Spacetest.probe_async("net") is True
            assert await netns.run_in_thread_async(where) == str(netns)
            assert (await netns.create_socket_async(Gio.SocketFamily.IPV4, Gio.SocketType.STREAM)).close()
            process = await netns.spawnv_async(["true"])
            assert process.wait_check(None)
        return "done"
    assert loop.run_until_complete(use()) == "done"


def test_several_at_once(loop):
    async def use():
        made = await asyncio.gather(*(Spacetest.TransientNetns.new_async() for _ in range(4)))
        assert len({str(netns) for netns in made}) == 4
        for netns in made:
            netns.close()
    loop.run_until_complete(use())


def test_the_very_exception(loop, netns):
    failure = ValueError("mine")

    def fail():
        raise failure

    async def use():
        with pytest.raises(ValueError) as caught:
            await netns.run_in_thread_async(fail)
        assert caught.value is failure and caught.traceback[-1].name == "fail"
        with raises(Code.INVALID_ARGUMENT, "no namespace kinds given"):
            await Spacetest.Space.new_transient_async(Spacetest.NamespaceType.NONE)
        with pytest.raises(RuntimeError, match="StopIteration"):  # which nobody would see in a coroutine
            await netns.run_in_thread_async(next, iter(()))
    loop.run_until_complete(use())
    failure.__traceback__ = None


def test_twice(loop, netns):
    async def use():
        good, bad = netns.run_in_thread_async(int, "3"), netns.run_in_thread_async(int, "x")
        assert [await good, await good] == [3, 3]
        for _ in range(2):
            with pytest.raises(ValueError):
                await bad
    loop.run_until_complete(use())


def test_cancelled(loop, netns):
    ran, begun, go_on = [], threading.Event(), threading.Event()

    async def use():
        busy = netns.run_in_thread_async(lambda: begun.set() or go_on.wait())
        begun.wait()
        later = netns.run_in_thread_async(ran.append, 1)
        task = asyncio.ensure_future(later)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert later.cancelled()
        with pytest.raises(asyncio.CancelledError):
            await later
        go_on.set()
        assert await busy
        assert await netns.run_in_thread_async(int) == 0
    loop.run_until_complete(use())
    assert ran == []


def test_timeout(loop, netns):
    """Cancels what it was waiting for."""
    begun, go_on = threading.Event(), threading.Event()

    async def use():
        busy = netns.run_in_thread_async(lambda: begun.set() or go_on.wait())
        begun.wait()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(netns.run_in_thread_async(int), 0.01)
        go_on.set()
        await busy
    loop.run_until_complete(use())


def test_cancellable(loop):
    async def use():
        cancellable = Gio.Cancellable()
        cancellable.cancel()
        with pytest.raises(GLib.Error) as caught:
            await Spacetest.TransientNetns.new_async(cancellable)
        assert_cancelled(caught.value)
    loop.run_until_complete(use())


def test_an_event_loop_without_a_main_context(netns):
    """It would wait for ever."""
    future = netns.run_in_thread_async(int)

    async def use():
        with pytest.raises(RuntimeError, match="gi.events.*iterate the main context"):
            await future
    asyncio.run(use())
    iterate_until(future.done)

    async def use_what_is_done():
        assert await future == 0
    asyncio.run(use_what_is_done())


def test_a_main_context_on_another_thread(netns):
    main_loop = GLib.MainLoop()
    running = threading.Event()
    GLib.idle_add(running.set)
    thread = threading.Thread(target=main_loop.run)
    thread.start()
    running.wait()

    async def use():
        assert await netns.run_in_thread_async(where) == str(netns)
        assert await Spacetest.probe_async("net")
    try:
        asyncio.run(use())
    finally:
        main_loop.quit()
        thread.join()
