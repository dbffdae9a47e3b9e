# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the guide to networks shows."""
import gi
gi.require_version("Spacetest", "1")
from gi.repository import Gio, GLib, Spacetest

alice, bob = Spacetest.TransientNetns.new(), Spacetest.TransientNetns.new()
cable = Spacetest.Link.new_cable(alice, "10.0.0.1/24", bob, "10.0.0.2/24")
for end in (cable, cable.get_peer()):
    end.wait_ready(None)

second = Spacetest.Link.new_veth(alice, "eth1", bob, "eth1")
second.add_address("10.0.1.1/24")
second.set_up(True)

server = bob.spawnv(["python3", "-m", "http.server", "80", "--bind", "10.0.0.2"], Gio.SubprocessFlags.STDERR_SILENCE)
bob.wait_listening(Gio.InetSocketAddress.new_from_string("10.0.0.2", 80), Gio.SocketType.STREAM, 10000, None)
client = alice.create_socket(Gio.SocketFamily.IPV4, Gio.SocketType.STREAM, Gio.SocketProtocol.TCP)
client.connect(Gio.InetSocketAddress.new_from_string("10.0.0.2", 80), None)
client.close()
server.force_exit()
server.wait(None)

impairment = Spacetest.Impairment(rate=20_000_000)
cable.set_impairment(impairment)
impairment.props.rate = 1_000_000
cable.set_impairment(impairment)
cable.set_impairment(None)

try:
    cable.set_impairment(Spacetest.Impairment(delay=30_000, jitter=5_000, loss=0.01))
except GLib.Error as error:
    assert error.matches(Spacetest.error_quark(), Spacetest.Error.NOT_SUPPORTED)
