# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Captures: paths, with, and what tshark says."""
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from gi.repository import Gio, GLib, Spacetest

from inside import raises

Code = Spacetest.Error
ADDRESS = Gio.InetSocketAddress.new_from_string("127.0.0.1", 4711)


@pytest.fixture
def path():
    with tempfile.TemporaryDirectory() as directory:
        yield pathlib.Path(directory) / "packets.pcapng"


def send(netns, *texts):
    sockets = [netns.create_socket(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM, Gio.SocketProtocol.UDP) for _ in range(2)]
    sockets[0].bind(ADDRESS, False)
    for text in texts:
        sockets[1].send_to(ADDRESS, text, None)
    for socket in sockets:
        socket.close()


def test_with(netns, path):
    with Spacetest.Capture.new(netns, "lo", path) as capture:
        send(netns, b"one", b"two")
    assert capture.is_closed()
    assert (capture.get_n_packets(), capture.get_n_dropped()) == (2, 0)
    assert b"one" in path.read_bytes() and b"two" in path.read_bytes()
    if not shutil.which("tshark"):
        pytest.skip("needs tshark")
    finished = subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "data.text", "-e", "udp.length"], capture_output=True, text=True,
                              check=True, stdin=subprocess.DEVNULL)
    assert [line.strip() for line in finished.stdout.splitlines()] == ["11", "11"]


def test_keep(netns, path):
    with Spacetest.Capture.new(netns, None, str(path)) as capture:
        capture.props.keep = False
        assert path.exists()
    assert not path.exists()
    capture = Spacetest.Capture.new(netns, None, path)
    assert capture.discard() and not path.exists()


def test_snapshot_length(netns, path):
    capture = Spacetest.Capture(space=netns, path=str(path), snapshot_length=20)
    with raises(Code.CLOSED):
        capture.close()
    capture.init(None)
    send(netns, b"text")
    capture.close()
    assert b"text" not in path.read_bytes()


def test_full_disk(netns):
    with pytest.raises(GLib.Error) as caught:
        Spacetest.Capture.new(netns, None, "/dev/full")
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NO_SPACE)


def test_no_such_interface(netns, path):
    with raises(Code.NOT_FOUND, "eth7"):
        Spacetest.Capture.new(netns, "eth7", path)
    with raises(Code.INVALID_ARGUMENT):
        Spacetest.Capture.new(netns, "a/b", path)
    assert not path.exists()


@pytest.mark.parametrize("wrong", ((None, None, "x"), ("net", None, "x")))
def test_wrong_arguments(wrong):
    with pytest.raises(TypeError):
        Spacetest.Capture.new(*wrong)
