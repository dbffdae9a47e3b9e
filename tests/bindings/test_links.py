# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Links, in any network."""
import pytest
from gi.repository import Gio, GLib, Spacetest

from inside import iterate_until, raises

Code = Spacetest.Error


@pytest.fixture
def ends(netns):
    with Spacetest.TransientNetns.new() as other:
        cable = Spacetest.Link.new_veth(netns, "eth0", other, "eth0")
        yield cable, cable.get_peer()


def names_in(netns):
    return [link.get_name() for link in Spacetest.Link.list(netns)]


def make_ready(ends):
    for number, end in enumerate(ends, 1):
        end.add_address(f"10.0.0.{number}/24")
        end.set_up(True)
    for end in ends:
        end.wait_ready(None)


def test_cable(netns, ends):
    cable, peer = ends
    make_ready(ends)
    assert names_in(netns) == ["lo", "eth0"]
    assert peer.get_peer() is cable and cable.equal(peer.get_peer())
    assert cable.props.up and cable.props.carrier and cable.props.present and cable.props.kind == "veth"
    assert cable.props.network is netns and cable.props.mtu == 1500 and len(cable.props.mac) == 17
    assert "10.0.0.1/24" in cable.list_addresses()
    assert str(cable) == f"eth0 in {netns}"
    cable.delete()
    assert names_in(netns) == ["lo"] and not peer.props.present
    with raises(Code.STALE, "eth0"):
        peer.set_up(True)


def test_routes_and_neighbours(ends):
    cable, peer = ends
    make_ready(ends)
    cable.add_route("10.1.0.0/16", "10.0.0.2")
    cable.add_route("10.2.0.0/16", None)
    cable.add_neighbour("10.0.0.9", peer.get_mac())
    assert [route.to_string() for route in cable.list_routes()][:3] == ["10.0.0.0/24", "10.1.0.0/16 via 10.0.0.2", "10.2.0.0/16"]
    assert [(one.props.address, one.props.mac) for one in cable.list_neighbours() if one.props.permanent] == [("10.0.0.9", peer.props.mac)]


def test_watch(ends):
    cable, peer = ends
    told = []
    cable.connect("notify", lambda link, pspec: told.append(pspec.name))
    cable.watch()
    cable.set_up(True)
    peer.set_up(True)
    iterate_until(lambda: "carrier" in told)
    peer.delete()
    iterate_until(lambda: "present" in told)


def test_wait_ready_async(ends):
    cable, peer = ends
    results = []
    cable.wait_ready_async(None, lambda link, result: results.append(link.wait_ready_finish(result)))
    cable.set_up(True)
    peer.set_up(True)
    iterate_until(lambda: results)
    assert results == [True]


def test_deadline(ends):
    ends[0].props.ready_timeout = 1
    with pytest.raises(GLib.Error, match="it is down") as caught:
        ends[0].wait_ready(None)
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)


def test_switch(netns, ends):
    switch = Spacetest.Link.new_bridge(netns, None)
    switch.add_port(ends[0])
    assert [port.get_name() for port in switch.list_ports()] == ["eth0"]
    with raises(Code.INVALID_ARGUMENT, "not in the network"):
        switch.add_port(ends[1])


def test_in_one_call(netns):
    with Spacetest.TransientNetns.new() as other:
        cable = Spacetest.Link.new_cable(netns, "10.0.0.1/24", other, "10.0.0.2/24")
        for end, address in ((cable, "10.0.0.1/24"), (cable.get_peer(), "10.0.0.2/24")):
            assert end.wait_ready(None)
            assert address in end.list_addresses()
        with raises(Code.INVALID_ARGUMENT, "prefix"):
            Spacetest.Link.new_cable(netns, "10.1.0.1", other, "10.1.0.2/24")
        assert names_in(netns) == names_in(other) == ["lo", "eth0"]


def test_numbers(netns):
    with Spacetest.TransientNetns.new() as other:
        assert netns.get_nsid(other) == -1
        assert netns.assign_nsid(other, 7) == netns.get_nsid(other) == 7


@pytest.mark.parametrize("name", ["", "..", "a/b", "a" * 16, "ä" * 8, "a b"])
def test_bad_names(netns, name):
    with raises(Code.INVALID_ARGUMENT, name):
        Spacetest.Link.new_veth(netns, name, netns, None)
    with raises(Code.INVALID_ARGUMENT, name):
        Spacetest.Link.new_for_name(netns, name)


def test_wrong_types(netns):
    for arguments in ((None, "a", netns, "b"), (netns, 1, netns, "b"), (netns, "a", "b", "c"), (netns,)):
        with pytest.raises(TypeError):
            Spacetest.Link.new_veth(*arguments)
        with pytest.raises(TypeError):
            Spacetest.Link.new_cable(*arguments)
    assert names_in(netns) == ["lo"]
