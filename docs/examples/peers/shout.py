# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""shout.py PORT: the daemon that is tested. It says when it listens, and answers one client in capitals."""
import socket
import sys

with socket.create_server(("", int(sys.argv[1]))) as server:
    print("ready", flush=True)
    with server.accept()[0] as client:
        client.sendall(client.recv(100).upper())
