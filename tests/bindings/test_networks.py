# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Sockets that live in a network, and networks from a pool."""
import threading

import pytest
from gi.repository import Gio, GLib, Spacetest

from inside import assert_cancelled, in_thread, iterate_until, raises, where

Code = Spacetest.Error
STREAM = Gio.SocketFamily.IPV4, Gio.SocketType.STREAM, Gio.SocketProtocol.TCP
ADDRESS = Gio.InetSocketAddress.new_from_string("127.0.0.1", 8080)


def listen(netns):
    socket = netns.create_socket(*STREAM)
    socket.bind(ADDRESS, True)
    socket.listen()
    return socket


def ask(netns, listener, text):
    client = netns.create_socket(*STREAM)
    client.connect(ADDRESS, None)
    server = listener.accept(None)
    client.send(text, None)
    connection = server.connection_factory_create_connection()  # closes the socket when it goes
    received = connection.get_input_stream().read_bytes(64, None).get_data()
    client.close()
    connection.close(None)
    return received


def test_one_address_in_two_networks(netns):
    home = where()
    with Spacetest.TransientNetns.new() as other:
        listeners = listen(netns), in_thread(listen, other)
        assert ask(other, listeners[1], b"one") == b"one"
        assert ask(netns, listeners[0], b"two") == b"two"
        for listener in listeners:
            listener.close()
    assert where() == home


@pytest.mark.parametrize("wrong", ((Gio.SocketFamily.INVALID, *STREAM[1:]), (STREAM[0], Gio.SocketType.INVALID, STREAM[2]),
                                   (*STREAM[:2], Gio.SocketProtocol.UNKNOWN)))
def test_no_such_socket(netns, wrong):
    with pytest.raises(GLib.Error) as caught:
        netns.create_socket(*wrong)
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.INVALID_ARGUMENT)


def test_no_such_netlink_protocol(netns):
    with pytest.raises(GLib.Error, match="protocol 4711") as caught:
        netns.create_netlink_socket(4711)
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_SUPPORTED)


def test_async(netns):
    results = []
    cancelled = Gio.Cancellable()
    cancelled.cancel()
    netns.create_socket_async(*STREAM, None, lambda _, result: results.append(netns.create_socket_finish(result)))
    iterate_until(lambda: results)
    assert results.pop().get_socket_type() == Gio.SocketType.STREAM
    netns.create_socket_async(*STREAM, cancelled, lambda _, result: results.append(result))
    iterate_until(lambda: results)
    with pytest.raises(GLib.Error) as caught:
        netns.create_socket_finish(results[0])
    assert_cancelled(caught.value)


def test_pool():
    with Spacetest.NetnsPool.new(3) as pool:
        assert pool.fill(None) and pool.get_n_ready() == pool.get_size() == 3
        taken = [pool.acquire() for _ in range(8)]
        assert len(set(taken)) == 8
        assert taken[0].call(where) == str(taken[0])
    for netns in taken:
        netns.close()


def test_pool_shared_by_threads():
    taken = []
    with Spacetest.NetnsPool.new(4) as pool:
        threads = [threading.Thread(target=lambda: taken.append(pool.acquire())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(set(taken)) == 8
    for netns in taken:
        netns.close()


@pytest.mark.parametrize("size", (0, -1, 257, 1_000_000))
def test_pool_of_no_size(size):
    with raises(Code.INVALID_ARGUMENT, str(size)):
        Spacetest.NetnsPool.new(size)


def test_pool_closed():
    pool = Spacetest.NetnsPool.new(2)
    pool.close()
    pool.close()
    for use in pool.acquire, lambda: pool.fill(None):
        with raises(Code.CLOSED):
            use()


def test_pool_cancelled():
    cancelled = Gio.Cancellable()
    cancelled.cancel()
    with Spacetest.NetnsPool.new(2) as pool, pytest.raises(GLib.Error) as caught:
        pool.fill(cancelled)
    assert_cancelled(caught.value)
