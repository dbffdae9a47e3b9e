# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the guide to Python and pytest shows of pytest."""
import os
import socket

import pytest


def test_two_servers_on_one_port(spaces):
    for name in ("alice", "bob"):
        with spaces(name).enter(), socket.create_server(("127.0.0.1", 8080)):
            pass


@pytest.mark.namespaces("net", "mnt")
def test_port_80():
    assert os.listdir("/sys/class/net") == ["lo"]
    with socket.create_server(("127.0.0.1", 80)):
        pass


def test_root_of_his_own(spacer):
    inside = spacer.create_subspace("user,pid").get_space()
    assert inside.check_output(["id", "-u"], text=True) == "0\n"
