# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
import subprocess

INSIDE = """
import socket
with socket.socket(type=socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", 8080))
    server.sendto(b"hello", server.getsockname())
    print(server.recv(5).decode(), end="")
"""


def test_port():
    subprocess.run(["ip", "netns", "add", "port"], check=True)
    try:
        subprocess.run(["ip", "-n", "port", "link", "set", "lo", "up"], check=True)
        assert subprocess.check_output(["ip", "netns", "exec", "port", "python3", "-c", INSIDE]) == b"hello"
    finally:
        subprocess.run(["ip", "netns", "delete", "port"], check=True)
