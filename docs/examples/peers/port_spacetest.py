# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
import socket

import pytest


@pytest.mark.namespaces("net")
def test_port():
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 8080))
        server.sendto(b"hello", server.getsockname())
        assert server.recv(5) == b"hello"
