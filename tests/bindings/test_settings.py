# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Sysctls and host names of a space."""
import socket

import pytest
from gi.repository import Spacetest

from inside import raises

Code = Spacetest.Error


def test_sysctl(netns):
    netns.set_sysctl("net/ipv4/ip_forward", "1")
    assert netns.get_sysctl("net.ipv4.ip_forward") == "1"
    with Spacetest.TransientNetns.new() as other:
        assert other.get_sysctl("net/ipv4/ip_forward") == "0"


@pytest.mark.parametrize("name, code", (("net/ipv4/missing", Code.NOT_FOUND), ("kernel/hostname", Code.INVALID_ARGUMENT),
                                        ("", Code.INVALID_ARGUMENT), ("net/../kernel/hostname", Code.INVALID_ARGUMENT)))
def test_sysctl_that_is_none(netns, name, code):
    with raises(code):
        netns.get_sysctl(name)
    with raises(code):
        netns.set_sysctl(name, "1")


def test_home_stays():
    with raises(Code.WOULD_TOUCH_HOST):
        Spacetest.NamespaceRef.new_current("net").set_sysctl("net/ipv4/ip_forward", "1")
    with raises(Code.WOULD_TOUCH_HOST):
        Spacetest.NamespaceRef.new_current("uts").set_host_name("elsewhere")


def test_host_name(utsns):
    before = socket.gethostname()
    assert utsns.get_host_name() == before
    utsns.set_host_name("höst")
    assert utsns.get_host_name() == "höst"
    assert utsns.call(lambda: open("/proc/sys/kernel/hostname").read()) == "höst\n"
    assert socket.gethostname() == before


@pytest.mark.parametrize("wrong", ((), ("a",), ("net/ipv4/ip_forward", None), ("net/ipv4/ip_forward", 1), (None, "1")))
def test_wrong_arguments(netns, wrong):
    with pytest.raises(TypeError):
        netns.set_sysctl(*wrong)


def test_ping_without_asking(netns):
    for family, protocol in ((socket.AF_INET, socket.IPPROTO_ICMP), (socket.AF_INET6, socket.IPPROTO_ICMPV6)):
        netns.call(socket.socket, family, socket.SOCK_DGRAM, protocol).close()
