# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""topology.py [ROUNDS]: the same networks made by us, by ip(8) and by pyroute2, in turn; medians and ratios.

Two hosts and a cable; ten hosts on a bridge. Addresses are set and everything is up when the clock stops; `ready` is ours with
wait_ready() for every end. Taking it down again is not measured. Run where /run may be covered: unshare --mount --net."""
import random
import statistics
import subprocess
import sys
import time

import gi
gi.require_version("Spacetest", "1")
from gi.repository import Spacetest
from pyroute2 import IPRoute, NetNS, netns

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 21
N_HOSTS = 10


def finish(end, address):
    if address:
        end.add_address(address)
    end.set_up(True)


class Ours:
    def make_pair(self):
        self.networks = [Spacetest.TransientNetns.new() for _ in range(2)]
        cable = Spacetest.Link.new_veth(self.networks[0], "eth0", self.networks[1], "eth0")
        self.links = [cable, cable.get_peer()]
        for number, end in enumerate(self.links):
            finish(end, f"10.0.0.{number + 1}/24")

    def make_switch(self):
        self.networks = [Spacetest.TransientNetns.new() for _ in range(N_HOSTS + 1)]
        bridge = Spacetest.Link.new_bridge(self.networks[0], "br0")
        finish(bridge, None)
        self.links = [bridge]
        for number, network in enumerate(self.networks[1:], 1):
            port = Spacetest.Link.new_veth(self.networks[0], f"port{number}", network, "eth0")
            bridge.add_port(port)
            finish(port, None)
            finish(port.get_peer(), f"10.0.0.{number}/24")
            self.links += [port, port.get_peer()]

    def clear(self):
        self.links = None
        for network in self.networks:
            network.close()


class Ready(Ours):
    def make_pair(self):
        super().make_pair()
        self.wait()

    def make_switch(self):
        super().make_switch()
        self.wait()

    def wait(self):
        for link in self.links:
            link.wait_ready(None)


class Ip:
    """One process for the whole, and one for each network, as the batch of one process can't go to another."""

    def batch(self, lines, *options):
        subprocess.run(["ip", *options, "-batch", "-"], input="\n".join(lines), text=True, check=True)

    def make_pair(self):
        self.names = ["h1", "h2"]
        self.batch(["netns add h1", "netns add h2", "link add eth0 netns h1 type veth peer name eth0 netns h2"])
        for number, name in enumerate(self.names, 1):
            self.batch(["link set lo up", f"addr add 10.0.0.{number}/24 dev eth0", "link set eth0 up"], "-n", name)

    def make_switch(self):
        self.names = ["h0"] + [f"h{number}" for number in range(1, N_HOSTS + 1)]
        hosts = range(1, N_HOSTS + 1)
        self.batch([f"netns add {name}" for name in self.names] +
                   [f"link add port{number} netns h0 type veth peer name eth0 netns h{number}" for number in hosts])
        ports = [line for number in hosts for line in (f"link set port{number} master br0", f"link set port{number} up")]
        self.batch(["link set lo up", "link add br0 type bridge", "link set br0 up"] + ports, "-n", "h0")
        for number in hosts:
            self.batch(["link set lo up", f"addr add 10.0.0.{number}/24 dev eth0", "link set eth0 up"], "-n", f"h{number}")

    def clear(self):
        self.batch([f"netns del {name}" for name in self.names])


class Pyroute2:
    def finish(self, name, addresses):
        with NetNS(name) as there:
            there.link("set", index=1, state="up")
            for link, address in addresses:
                index, = there.link_lookup(ifname=link)
                there.addr("add", index=index, address=address, prefixlen=24)
                there.link("set", index=index, state="up")

    def make_pair(self):
        self.names = ["h1", "h2"]
        for name in self.names:
            netns.create(name)
        with IPRoute() as here:
            here.link("add", ifname="eth0", kind="veth", net_ns_fd="h1", peer={"ifname": "eth0", "net_ns_fd": "h2"})
        for number, name in enumerate(self.names, 1):
            self.finish(name, [("eth0", f"10.0.0.{number}")])

    def make_switch(self):
        self.names = [f"h{number}" for number in range(N_HOSTS + 1)]
        for name in self.names:
            netns.create(name)
        with NetNS("h0") as there:
            there.link("set", index=1, state="up")
            there.link("add", ifname="br0", kind="bridge")
            bridge, = there.link_lookup(ifname="br0")
            there.link("set", index=bridge, state="up")
            for number in range(1, N_HOSTS + 1):
                there.link("add", ifname=f"port{number}", kind="veth", peer={"ifname": "eth0", "net_ns_fd": f"h{number}"})
                port, = there.link_lookup(ifname=f"port{number}")
                there.link("set", index=port, master=bridge, state="up")
        for number in range(1, N_HOSTS + 1):
            self.finish(f"h{number}", [("eth0", f"10.0.0.{number}")])

    def clear(self):
        for name in self.names:
            netns.remove(name)


def measure(makers, what):
    """Milliseconds. The kernel goes on with clearing what was dropped, so who comes next is a matter of luck."""
    taken = {name: [] for name in makers}
    for turn in range(-1, ROUNDS):
        for name, maker in random.sample(list(makers.items()), len(makers)):
            begin = time.monotonic()
            getattr(maker, what)()
            end = time.monotonic()
            maker.clear()
            if turn >= 0:
                taken[name].append((end - begin) * 1000)
    return {name: statistics.median(samples) for name, samples in taken.items()}


def main():
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    makers = {"ours": Ours(), "ours, ready": Ready(), "ip -batch": Ip(), "pyroute2": Pyroute2()}
    print(f"{'topology, from Python':28} {'ms':>9} {'x ours':>8}")
    is_fastest = True
    for what, title in (("make_pair", "two hosts"), ("make_switch", f"{N_HOSTS} hosts on a bridge")):
        medians = measure(makers, what)
        for name, median in medians.items():
            print(f"{title + ', ' + name:28} {median:9.2f} {median / medians['ours']:8.2f}")
        is_fastest = is_fastest and medians["ours, ready"] < min(medians["ip -batch"], medians["pyroute2"])
    print("ours is the fastest, ready or not" if is_fastest else "OURS IS NOT THE FASTEST")


main()
