# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
import socket

import gi
gi.require_version("Spacetest", "1")
from gi.repository import Spacetest


def test_port_80():
    with Spacetest.enter_transient("net,mnt"):
        # Port 80 is free, whatever runs on this machine.
        with socket.create_server(("127.0.0.1", 80)):
            pass
