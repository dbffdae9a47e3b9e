# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the reference shows of Python, where the guide to networks does not."""
import gi
gi.require_version("Spacetest", "1")
from gi.repository import GLib, Spacetest

alice, bob = Spacetest.TransientNetns.new(), Spacetest.TransientNetns.new()
cable = Spacetest.Link.new_veth(alice, "eth0", bob, "eth0")
cable.get_peer().set_up(True)

cable.connect("notify::carrier", lambda link, _: print(link.get_name(), link.props.carrier))
cable.watch()

cable.add_address("10.0.0.1/24")
cable.set_up(True)
cable.add_route("default", "10.0.0.2")

told = []
cable.connect("notify::carrier", lambda link, _: told.append(link.props.carrier))
while not told:
    GLib.MainContext.default().iteration(True)
assert str(cable.list_routes()[0].get_destination()) == "0.0.0.0/0"

try:
    cable.set_impairment(Spacetest.Impairment(rate=20_000_000, delay=30_000, loss=0.01))
except GLib.Error as error:  # a kernel without sch_netem
    assert error.matches(Spacetest.error_quark(), Spacetest.Error.NOT_SUPPORTED)

middle = Spacetest.TransientNetns.new()
hosts = [Spacetest.TransientNetns.new() for _ in range(3)]
switch = Spacetest.Link.new_bridge(middle, "br0")
switch.set_up(True)
for host in hosts:
    port = Spacetest.Link.new_veth(middle, None, host, "eth0")
    switch.add_port(port)
    port.set_up(True)
assert len(switch.list_ports()) == 3
