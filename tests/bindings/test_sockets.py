# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Sockets of another network as socket.socket."""
import os
import socket

import pytest
from gi.repository import Gio, GLib, Spacetest

from inside import raises

Code = Spacetest.Error


def test_port_80_twice(netns):
    with Spacetest.TransientNetns.new() as other, netns.socket() as mine, other.socket() as theirs:
        for server in (mine, theirs):
            server.bind(("127.0.0.1", 80))
            server.listen()
        with other.socket() as client:
            client.connect(("127.0.0.1", 80))
            connection, _ = theirs.accept()
            with connection:
                connection.sendall(b"hello")
            assert client.recv(5) == b"hello"


@pytest.mark.parametrize("family, kind", ((socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET6, socket.SOCK_DGRAM),
                                          (socket.AF_UNIX, socket.SOCK_SEQPACKET), (socket.AF_NETLINK, socket.SOCK_RAW)))
def test_what_it_is(netns, family, kind):
    with netns.socket(family, kind) as made:
        assert isinstance(made, socket.socket)
        assert (made.family, made.type) == (family, kind)
        assert made.getblocking() and made.gettimeout() is None and os.get_blocking(made.fileno())
        assert not made.get_inheritable()
    assert made.fileno() == -1


def test_protocol(netns):
    with netns.socket(proto=socket.IPPROTO_TCP) as made:
        assert made.proto == socket.IPPROTO_TCP


def test_default_timeout(netns):
    socket.setdefaulttimeout(5)
    try:
        with netns.socket() as made:
            assert made.gettimeout() == 5
    finally:
        socket.setdefaulttimeout(None)


def test_flags(netns):
    """As socket.socket() has it, whose type is without them."""
    with netns.socket(type=socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as made:
        assert made.type == socket.SOCK_DGRAM and made.gettimeout() == 0 and not os.get_blocking(made.fileno()) and not made.get_inheritable()
    with netns.socket(type=socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as made:
        assert made.type == socket.SOCK_STREAM and made.gettimeout() is None


@pytest.mark.parametrize("family, kind", ((socket.AF_PACKET, socket.SOCK_RAW), (socket.AF_INET, socket.SOCK_RAW), (-3, 1)))
def test_no_way_from_outside(netns, family, kind):
    with pytest.raises(ValueError, match="inside"):
        netns.socket(family, kind)


def test_closed(netns):
    netns.close()
    with raises(Code.CLOSED):
        netns.socket()


def test_of_gio(netns):
    """What GLib has since 2.80, and what is left out."""
    server = netns.create_socket(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM)
    server.bind(Gio.InetSocketAddress.new_from_string("127.0.0.1", 53), True)
    with netns.socket(type=socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", 53))
        client.send(b"hello")
        assert server.receive_bytes(3, -1, None).get_data() == b"hel"
    with pytest.raises(GLib.Error) as caught:
        server.receive_bytes(3, 0, None)
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.WOULD_BLOCK)
    with pytest.raises(GLib.Error) as caught:
        server.receive_bytes(3, 1, None)
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)
    server.close()
    netns.create_netlink_socket().close()
