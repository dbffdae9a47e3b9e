# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Names of hosts, as programs inside resolve them: from the file, and from a name server that listens there."""
import socket
import subprocess
import sys
import threading

import pytest
from gi.repository import Spacetest

from inside import raises

Code = Spacetest.Error
RESOLVE = """
import socket, sys
try:
    print(*sorted({answer[4][0] for answer in socket.getaddrinfo(sys.argv[1], None)}))
except socket.gaierror as error:
    print(error.errno == socket.EAI_NONAME and "no such host" or error)
"""


def resolve(space, name):
    """A program that is started on a visit is there, too."""
    with space.enter():
        finished = subprocess.run([sys.executable, "-c", RESOLVE, name], capture_output=True, text=True, check=True, cwd="/")
    return finished.stdout.strip()


@pytest.fixture
def space(netns, mntns):
    return Spacetest.Space.new([netns, mntns])


def test_hosts(space, mntns):
    mntns.set_name_servers([])
    mntns.set_hosts(["10.0.0.1 alice", "10.0.0.2 bob bob.example", "fd00::2 bob"])
    assert resolve(space, "alice") == "10.0.0.1"
    assert resolve(space, "bob.example") == "10.0.0.2"
    assert resolve(space, "bob") == "10.0.0.2 fd00::2"
    assert "127.0.0.1" in resolve(space, "localhost").split()
    mntns.set_hosts(["10.0.0.3 alice"])
    assert resolve(space, "alice") == "10.0.0.3"


def name_of(question):
    """As text; the question begins after the header."""
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    return ".".join(labels), at + 5


def test_name_server(netns, space, mntns):
    listener = netns.call(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 53))
    asked = []

    def serve():
        while True:
            question, sender = listener.recvfrom(4096)
            if not question:
                return
            name, end = name_of(question)
            asked.append(name)
            known = name == "server.example"
            found = known and question[end - 4:end - 2] == b"\0\1"
            record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\x07"
            header = question[:2] + (b"\x81\x80" if known else b"\x81\x83") + b"\0\1\0" + bytes([found]) + bytes(4)
            listener.sendto(header + question[12:end] + record * found, sender)

    thread = threading.Thread(target=serve)
    thread.start()
    mntns.set_name_servers(["127.0.0.1"])
    mntns.set_hosts([])
    assert resolve(space, "server.example") == "10.0.0.7"
    assert resolve(space, "other.example") == "no such host"
    assert set(asked) >= {"server.example", "other.example"}
    with netns.call(socket.socket, socket.AF_INET, socket.SOCK_DGRAM) as stop:
        stop.sendto(b"", ("127.0.0.1", 53))
    thread.join()
    listener.close()


@pytest.mark.parametrize("wrong", (["alice"], ["10.0.0.1"], [""], ["10.0.0.1 a\n10.0.0.2 b"]))
def test_bad_hosts(mntns, wrong):
    with raises(Code.INVALID_ARGUMENT):
        mntns.set_hosts(wrong)


def test_bad_name_servers(mntns):
    for wrong in (["alice"], ["10.0.0.1"] * 4):
        with raises(Code.INVALID_ARGUMENT):
            mntns.set_name_servers(wrong)
    for wrong in (None, [1], b"10.0.0.1"):
        with pytest.raises(TypeError):
            mntns.set_name_servers(wrong)
