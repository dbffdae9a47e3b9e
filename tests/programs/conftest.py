# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Two hosts and a cable, and programs as everybody has them. No privileges are asked for: who has none gets it all from the default spacer."""
import contextlib
import os
import shutil

import pytest

import gi
gi.require_version("Spacetest", "1")
from gi.repository import Gio, GLib, Spacetest  # noqa: E402

LONG = 60000  # milliseconds; more than anything here takes to get ready
STREAM, DATAGRAM = Gio.SocketType.STREAM, Gio.SocketType.DATAGRAM


def pytest_sessionstart():
    """Meson takes 77 for a skip: of a machine where nobody may have networks."""
    try:
        Spacetest.TransientNetns.new()
    except GLib.Error as error:
        pytest.exit(error.message, 1 if os.environ.get("SPACETEST_REQUIRE") == "1" else 77)


class Host:
    """A network, and files that are its own, at one end of a cable."""

    def __init__(self, name):
        self.name = name
        self.space = Spacetest.Space.new_transient("net,mnt")
        self.network = self.space.get_ref("net")
        self.files = self.space.get_ref("mnt")
        self.link = None

    def connect(self, link, *addresses):
        self.link = link
        for address in addresses:
            link.add_address(address)
        link.set_up(True)

    def run(self, *argv):
        """Runs a program to its end, which has to be a good one; returns what it printed."""
        flags = Gio.SubprocessFlags.STDOUT_PIPE | Gio.SubprocessFlags.STDERR_PIPE
        process = self.space.spawnv(argv, flags)
        _done, out, words = process.communicate_utf8(None, None)
        assert process.get_successful(), f"{argv[0]} on {self.name}: {out} {words}"
        return out

    @contextlib.contextmanager
    def serve(self, address, port, *argv, kind=STREAM):
        """Runs a program for as long as the block lasts, which begins when it listens."""
        server = self.space.spawnv(argv, Gio.SubprocessFlags.STDOUT_SILENCE | Gio.SubprocessFlags.STDERR_SILENCE)
        try:
            self.space.wait_listening(Gio.InetSocketAddress.new_from_string(address, port), kind, LONG, None)
            yield
        finally:
            server.force_exit()
            server.wait(None)


@pytest.fixture
def hosts():
    alice, bob = Host("alice"), Host("bob")
    cable = Spacetest.Link.new_veth(alice.network, "eth0", bob.network, "eth0")
    alice.connect(cable, "10.0.0.1/24", "fd00::1/64")
    bob.connect(cable.get_peer(), "10.0.0.2/24", "fd00::2/64")
    for host in alice, bob:
        host.link.wait_ready(None)
    yield alice, bob
    cable.delete()


@pytest.fixture
def need(request):
    """A missing program is a failure where everything is installed, and a skip with its name elsewhere."""
    def check(program):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            (pytest.fail if os.environ.get("SPACETEST_REQUIRE") == "1" else pytest.skip)(f"there is no {program}")
    return check
