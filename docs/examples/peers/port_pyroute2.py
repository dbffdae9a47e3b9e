# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
import socket

from pyroute2 import NetNS, netns


def test_port():
    with NetNS("port") as network:
        network.link("set", index=1, state="up")
        netns.pushns("port")
        try:
            with socket.socket(type=socket.SOCK_DGRAM) as server:
                server.bind(("127.0.0.1", 8080))
                server.sendto(b"hello", server.getsockname())
                assert server.recv(5) == b"hello"
        finally:
            netns.popns()
            network.remove()
