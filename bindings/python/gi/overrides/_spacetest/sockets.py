# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Sockets that live in a space, as socket.socket."""
import os
import socket as _socket

from gi.module import get_introspection_module
from gi.repository import Gio, GLib

Spacetest = get_introspection_module("Spacetest")
FAMILIES = {_socket.AF_INET: Gio.SocketFamily.IPV4, _socket.AF_INET6: Gio.SocketFamily.IPV6, _socket.AF_UNIX: Gio.SocketFamily.UNIX}
TYPES = {_socket.SOCK_STREAM: Gio.SocketType.STREAM, _socket.SOCK_DGRAM: Gio.SocketType.DATAGRAM,
         _socket.SOCK_SEQPACKET: Gio.SocketType.SEQPACKET}
FLAGS = _socket.SOCK_NONBLOCK | _socket.SOCK_CLOEXEC


def _create(space, family, kind, proto):
    if family == _socket.AF_NETLINK:
        return space.create_netlink_socket(proto)
    if family not in FAMILIES or kind & ~FLAGS not in TYPES:
        raise ValueError(f"no way to make a socket of {family!r} and {kind!r} from outside; inside it goes by call(socket.socket, ...)")
    return space.create_socket(FAMILIES[family], TYPES[kind & ~FLAGS], Gio.SocketProtocol(proto))


def socket(self, family=_socket.AF_INET, type=_socket.SOCK_STREAM, proto=0):
    """A socket.socket that lives in the network of the space, and is used from here.

    The arguments are those of socket.socket(); the family is AF_INET, AF_INET6, AF_UNIX or AF_NETLINK. Errors are GLib.Error."""
    made = _create(self, family, type, proto)
    result = _socket.socket(fileno=os.dup(made.get_fd()))
    try:
        os.set_inheritable(result.fileno(), False)
        made.close()
        result.settimeout(0 if type & _socket.SOCK_NONBLOCK else _socket.getdefaulttimeout())  # GIO's don't block
    except BaseException:
        result.close()
        raise
    return result


def receive_bytes(self, size, timeout_us, cancellable=None):
    """What GLib has since 2.80, here for those before: receive() can't be called from Python."""
    try:
        while True:
            if timeout_us:
                self.condition_timed_wait(GLib.IOCondition.IN, timeout_us, cancellable)
            try:
                return GLib.Bytes.new(os.read(self.get_fd(), size))
            except BlockingIOError:
                if not timeout_us:
                    raise
    except OSError as error:
        raise GLib.Error.new_literal(Gio.io_error_quark(), f"Error receiving data: {error.strerror}",
                                     Gio.io_error_from_errno(error.errno)) from None


def install():
    if not hasattr(Gio.Socket, "receive_bytes"):
        Gio.Socket.receive_bytes = receive_bytes
    Spacetest.Space.socket = socket
