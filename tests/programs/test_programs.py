# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Programs that know nothing of us agree that these are networks: on demand, as they have to be installed."""
import json
import sys

import pytest
from gi.repository import GLib, Spacetest

from conftest import DATAGRAM

IPV4, IPV6 = ("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")


@pytest.mark.parametrize("addresses", (IPV4, IPV6))
def test_ping(hosts, need, addresses):
    need("ping")
    alice, bob = hosts
    for host, target in ((alice, addresses[1]), (bob, addresses[0])):
        assert "1 received" in host.run("ping", "-c", "1", "-W", "30", target)


@pytest.mark.parametrize("address, url", (("10.0.0.2", "http://10.0.0.2/"), ("fd00::2", "http://[fd00::2]/")))
def test_curl(hosts, need, tmp_path, address, url):
    need("curl")
    alice, bob = hosts
    tmp_path.chmod(0o755)
    (tmp_path / "index.html").write_text("from bob\n")
    with bob.serve(address, 80, sys.executable, "-m", "http.server", "80", "--bind", address, "--directory", str(tmp_path)):
        assert alice.run("curl", "--silent", "--show-error", "--fail", "--max-time", "60", url) == "from bob\n"


def test_names(hosts, need):
    """The resolver of the C library asks dnsmasq at the other end."""
    need("dnsmasq")
    alice, bob = hosts
    alice.files.set_name_servers(["10.0.0.2"])
    answers = "--no-resolv", "--no-hosts", "--address=/alice.test/10.0.0.1", "--address=/bob.test/fd00::2"
    listen = "--conf-file=/dev/null", "--no-daemon", "--pid-file", "--bind-interfaces", "--listen-address=10.0.0.2"
    with bob.serve("10.0.0.2", 53, "dnsmasq", *listen, *answers, kind=DATAGRAM):
        assert alice.run("getent", "ahostsv4", "alice.test").split()[0] == "10.0.0.1"
        assert alice.run("getent", "ahostsv6", "bob.test").split()[0] == "fd00::2"


LOOK = """
import json, socket
from pyroute2 import IPRoute
with IPRoute() as ip:
    names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in ip.get_links()}
    links = [[link["index"], link.get_attr("IFLA_IFNAME"), link.get_attr("IFLA_MTU"), link.get_attr("IFLA_ADDRESS"),
              bool(link["flags"] & 1)] for link in ip.get_links()]
    addresses = [[names[a["index"]], a.get_attr("IFA_ADDRESS") + "/" + str(a["prefixlen"])] for a in ip.get_addr()]
    routes = [[names[r.get_attr("RTA_OIF")], r.get_attr("RTA_DST") and r.get_attr("RTA_DST") + "/" + str(r["dst_len"]),
               r.get_attr("RTA_GATEWAY")] for family in (socket.AF_INET, socket.AF_INET6)
              for r in ip.get_routes(family=family, table=254) if r["type"] == 1]
print(json.dumps([links, addresses, routes]))
"""


def test_pyroute2(hosts):
    alice, bob = hosts
    alice.link.add_route("10.1.0.0/16", "10.0.0.2")
    alice.link.add_route("fd01::/64", "fd00::2")
    bridge = Spacetest.Link.new_bridge(alice.network, "br0")
    bridge.set_mtu(1400)
    Spacetest.Link.new_macvlan(alice.link, None, "above", Spacetest.MacvlanMode.BRIDGE)
    links, addresses, routes = json.loads(alice.run("/usr/bin/python3", "-c", LOOK))
    ours = Spacetest.Link.list(alice.network)
    assert links == [[link.get_index(), link.get_name(), link.get_mtu(), link.get_mac() or "00:00:00:00:00:00", link.is_up()] for link in ours]
    assert sorted(addresses) == sorted([link.get_name(), address] for link in ours for address in link.list_addresses())
    assert sorted(routes, key=str) == sorted(([link.get_name(), route.get_destination(), route.get_gateway()]
                                              for link in ours for route in link.list_routes()), key=str)


def measure(alice):
    """Payload in bits a second, as it arrived. The first second is left out."""
    report = json.loads(alice.run("iperf3", "--client", "10.0.0.2", "--time", "3", "--omit", "1", "--json"))
    return report["end"]["sum_received"]["bits_per_second"]


def test_rate(hosts, need):
    """Low enough for any machine. Headers take 66 of 1514 bytes."""
    need("iperf3")
    alice, bob = hosts
    with bob.serve("10.0.0.2", 5201, "iperf3", "--server", "--bind", "10.0.0.2"):
        for rate in 20_000_000, 5_000_000:
            alice.link.set_impairment(Spacetest.Impairment(rate=rate))
            assert measure(alice) == pytest.approx(rate, rel=0.1)
        alice.link.set_impairment(None)
        assert measure(alice) > 50_000_000


def test_delay(hosts, need):
    """Where the kernel has netem."""
    need("ping")
    alice, bob = hosts
    try:
        alice.link.set_impairment(Spacetest.Impairment(delay=50_000))
    except GLib.Error as error:
        assert error.matches(Spacetest.error_quark(), Spacetest.Error.NOT_SUPPORTED), error
        pytest.skip(error.message)
    assert float(alice.run("ping", "-c", "1", "10.0.0.2").split("time=")[1].split()[0]) >= 50
    alice.link.set_impairment(Spacetest.Impairment(loss=1.0))
    with pytest.raises(AssertionError):
        alice.run("ping", "-c", "1", "-W", "1", "10.0.0.2")
