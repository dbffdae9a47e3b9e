# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
import contextlib
import socket
import subprocess

from pyroute2 import NetNS, netns


@contextlib.contextmanager
def visit(name):
    netns.pushns(name)
    try:
        yield
    finally:
        netns.popns()


def test_cable():
    with NetNS("alice") as alice, NetNS("bob") as bob:
        try:
            alice.link("add", ifname="eth0", kind="veth", peer={"ifname": "eth0", "net_ns_fd": "bob"})
            for host, address in ((alice, "10.0.0.1"), (bob, "10.0.0.2")):
                index, = host.link_lookup(ifname="eth0")
                host.addr("add", index=index, address=address, prefixlen=24)
                host.link("set", index=index, state="up")
            with visit("bob"):
                daemon = subprocess.Popen(["python3", "shout.py", "7"], stdout=subprocess.PIPE)
            with visit("alice"):
                client = socket.socket()
            with daemon, client:
                daemon.stdout.readline()
                client.connect(("10.0.0.2", 7))
                client.sendall(b"hello")
                assert client.recv(100) == b"HELLO"
        finally:
            alice.remove()
            bob.remove()
