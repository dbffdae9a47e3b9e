# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Help, versions and wrong usage."""
import os

import pytest

OPTIONS = ("--net", "--mount", "--uts", "--ipc", "--cgroup", "--pid", "--time", "--user", "--hostname", "--monotonic", "--boottime", "--help", "--version")


@pytest.mark.parametrize("arguments", [("--help",), ("-h",)])
def test_help(caller, arguments):
    result = caller.call(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: spacetest ")
    assert "  run " in result.stdout


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("--net", "--help", "--nonsense")])
def test_help_of_run(caller, arguments):
    result = caller.call("run", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: spacetest run ")
    for option in OPTIONS:
        assert option in result.stdout
    for status in ("125", "126", "127"):
        assert status in result.stdout


@pytest.mark.parametrize("arguments", [("--version",), ("-V",), ("run", "--version"), ("run", "-V"), ("enter", "-V")])
def test_version(caller, arguments):
    result = caller.call(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    name, version = result.stdout.split()
    assert name == "spacetest"
    assert all(part.isdigit() for part in version.split("."))


@pytest.mark.parametrize("arguments, words", [
    ((), "no command given"),
    (("--nonsense",), "'--nonsense'"),
    (("-z",), "'z'"),
    (("nonsense",), "'nonsense'"),
    (("",), "unknown command ''"),
    (("two\nlines",), "'two?lines'"),
    (("run",), "no command given"),
    (("run", "--"), "no command given"),
    (("run", "--net"), "no command given"),
    (("run", "--nonsense", "true"), "'--nonsense'"),
    (("run", "-z", "true"), "'z'"),
    (("run", "--net=x", "true"), "'--net'"),
    (("run", "--u", "true"), "ambiguous"),
    (("run", "--hostname"), "'--hostname' requires an argument"),
    (("run", "--hostname=", "true"), "0 bytes"),
    (("run", "--hostname", "a" * 65, "true"), "65 bytes"),
    (("run", "--hostname", "a" * 100000, "true"), "100000 bytes"),
    (("run", "--hostname", "two\nlines", "true"), "control character"),
    (("run", "--hostname", "a\x7f", "true"), "control character"),
])
def test_wrong_usage(caller, arguments, words):
    assert words in caller.complaint(*arguments)


def test_options_end_at_the_command(caller):
    assert caller.run("echo", "--net", "--nonsense") == "--net --nonsense\n"
    assert caller.run("--", "echo", "--", "-z") == "-- -z\n"


def test_no_place_for_help(caller):
    with open("/dev/full", "w") as full:
        result = caller.call("--help", stdout=full, stderr=-1, capture_output=False)
    assert result.returncode == 125
    assert "No space left" in result.stderr


def test_closed_output(caller):
    result = caller.call("--version", stdout=None, stderr=-1, capture_output=False, preexec_fn=lambda: os.close(1))
    assert result.returncode == 125
    assert "Bad file descriptor" in result.stderr
