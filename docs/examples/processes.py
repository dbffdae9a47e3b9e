# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the guide to users, processes and clocks shows of Python."""
import gi
gi.require_version("Spacetest", "1")
from gi.repository import Gio, GLib, Spacetest

space = Spacetest.Space.new_transient("user,pid,net")
process = space.spawnv(["id", "-u"], Gio.SubprocessFlags.STDOUT_PIPE)
_, output, _ = process.communicate_utf8(None, None)
assert process.get_successful() and output == "0\n"


def run(space, *argv):
    process = space.spawnv(argv, Gio.SubprocessFlags.STDOUT_PIPE)
    _, output, _ = process.communicate_utf8(None, None)
    assert process.get_successful(), argv
    return output.strip()


with Spacetest.Spacer.new(None) as spacer:
    options = Spacetest.SpacerOptions(host_name="blue", boottime_offset=365 * 24 * 3600 * 1000000)
    inside = spacer.create_subspace("user,pid,time", options, None)
    assert run(inside.get_space(), "uname", "-n") == "blue"
    assert float(run(inside.get_space(), "cat", "/proc/uptime").split()[0]) > 365 * 24 * 3600

    below = inside.create_subspace("pid", None, None)
    rooms = below.create_space("net,mnt", None)
    assert run(rooms, "id", "-u") == "0"
    listener = rooms.create_socket(Gio.SocketFamily.IPV4, Gio.SocketType.STREAM, Gio.SocketProtocol.TCP)
    listener.bind(Gio.InetSocketAddress.new_from_string("127.0.0.1", 80), True)
    listener.close()

try:
    run(rooms, "true")
except GLib.Error as error:
    assert error.matches(Spacetest.error_quark(), Spacetest.Error.CLOSED)
