# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
import subprocess

import gi
gi.require_version("Spacetest", "1")
from gi.repository import Spacetest


def test_cable(spaces):
    alice, bob = spaces("alice"), spaces("bob")
    Spacetest.Link.new_cable(alice, "10.0.0.1/24", bob, "10.0.0.2/24")
    with bob.popen(["python3", "shout.py", "7"], stdout=subprocess.PIPE) as daemon, alice.socket() as client:
        daemon.stdout.readline()
        client.connect(("10.0.0.2", 7))
        client.sendall(b"hello")
        assert client.recv(100) == b"HELLO"
