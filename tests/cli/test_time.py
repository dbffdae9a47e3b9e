# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Clocks: new time namespaces and their offsets."""
import os
import time

import pytest

CLOCKS = "import os, time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC), time.clock_gettime_ns(time.CLOCK_BOOTTIME), os.getpid())"
OFFSETS = ("cat", "/proc/self/timens_offsets")
WAYS = [(), ("--pid",), ("--user",), ("-nmuiCpTU",)]
BACK = int(time.clock_gettime(time.CLOCK_MONOTONIC)) // 2


@pytest.fixture(params=WAYS, ids=" ".join)
def way(request):
    return request.param


def offsets_of(text):
    return {line.split()[0]: tuple(map(int, line.split()[1:])) for line in text.splitlines()}


def read_clocks():
    return [time.clock_gettime_ns(clock) for clock in (time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME)]


@pytest.mark.parametrize("monotonic, boottime", [(1000, 0), (0, 1000), (86400, -BACK), (-BACK, 86400), (-BACK, -BACK), (3000000000, 4000000000)])
def test_offsets(caller, way, monotonic, boottime):
    """What the command sees, not only its children: between what we see before and after, moved by the offset."""
    before = read_clocks()
    inside = caller.python(*way, f"--monotonic={monotonic}", "--boottime", str(boottime), script=CLOCKS).split()
    after = read_clocks()
    for first, seen, last, offset in zip(before, map(int, inside), after, (monotonic, boottime)):
        assert first <= seen - offset * 10 ** 9 <= last


@pytest.mark.parametrize("options, expected", [
    (("--time",), (0, 0)),
    (("--monotonic=7",), (7, 0)),
    (("--boottime=+7",), (0, 7)),
    (("--monotonic=-7", "--time"), (-7, 0)),
    (("--monotonic=1", "--boottime=2", "--monotonic=3"), (3, 2)),
    (("--monotonic", "0"), (0, 0)),
])
def test_what_is_set(caller, options, expected):
    assert offsets_of(caller.run(*options, "--", *OFFSETS)) == {"monotonic": (expected[0], 0), "boottime": (expected[1], 0)}


@pytest.mark.parametrize("inner, expected", [
    (("--time",), (7, 8)), (("--monotonic=1",), (8, 8)), (("--boottime=0",), (7, 8)), (("--pid", "--monotonic=-7", "--boottime=-9"), (0, -1)),
])
def test_nested(caller, inner, expected):
    """Offsets count from the clocks outside; the kernel shows those from the clocks of the machine."""
    shown = caller.run("--monotonic=7", "--boottime=8", "--", caller.command, "run", *inner, "--", *OFFSETS)
    assert offsets_of(shown) == {"monotonic": (expected[0], 0), "boottime": (expected[1], 0)}


def test_children_are_there_too(caller):
    script = "for entry in time time_for_children; do readlink /proc/self/ns/$entry; done"
    one, other = caller.run("--time", "--", "sh", "-c", script).split()
    assert one == other != os.readlink("/proc/self/ns/time")


def test_no_time_without_it(caller, new_kinds):
    assert "time" not in new_kinds() | new_kinds("-nmuiCpU")


@pytest.mark.parametrize("option", ["--monotonic", "--boottime"])
@pytest.mark.parametrize("value, words", [
    ("", "not a whole number of seconds"),
    (" 1", "not a whole number of seconds"),
    ("1.5", "not a whole number of seconds"),
    ("1s", "not a whole number of seconds"),
    ("0x10", "not a whole number of seconds"),
    ("--1", "not a whole number of seconds"),
    ("ahead", "not a whole number of seconds"),
    ("1\n", "'1?'"),
    ("9223372037", "more than 9223372036 seconds"),
    ("-9223372037", "more than 9223372036 seconds"),
    ("99999999999999999999", "more than 9223372036 seconds"),
])
def test_wrong_offset(caller, option, value, words):
    message = caller.complaint("run", f"{option}={value}", "true")
    assert words in message and f" of {option}: " in message


@pytest.mark.parametrize("option", ["monotonic", "boottime"])
@pytest.mark.parametrize("value", ["-9223372036", "9223372036"])
def test_impossible_clock(caller, option, value):
    message = caller.complaint("run", f"--{option}={value}", "true")
    assert "cannot set the clocks of the new time namespace: Numerical result out of range" in message
    assert "before 0" in message


def test_without_the_capability(caller):
    """Who may make the namespace may still not set its clocks."""
    drop = ("setpriv", "--bounding-set=-sys_time", "--inh-caps=-all")
    message = caller.complaint("run", "--user", "--", *drop, caller.command, "run", "--monotonic=1", "true")
    assert "cannot set the clocks of the new time namespace: " in message and "CAP_SYS_TIME: go with --user" in message
    nested = caller.run("--user", "--", *drop, caller.command, "run", "--user", "--monotonic=1", "--", *OFFSETS)
    assert offsets_of(nested)["monotonic"] == (1, 0)
    assert caller.run("--user", "--", *drop, caller.command, "run", "--time", "--", "echo", "made") == "made\n"
