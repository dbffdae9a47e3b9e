# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""spacetest enter: who one is inside."""
import os

import pytest

from conftest import NOBODY, PYTHON, can_become_nobody, inside

IDS = "import os; print(os.getresuid(), os.getresgid(), os.getgroups())"


def ids(caller, *arguments):
    return caller.run("enter", *arguments, "--", PYTHON, "-c", IDS).strip()


def own_ids(caller):
    return caller.run("--", PYTHON, "-c", IDS).strip() if caller.is_admin else ""


@pytest.mark.parametrize("options", [("--net",), ("--user",), ("--user", "--net"), ("--all",), ("--pid",)], ids=" ".join)
def test_root_inside(caller, options):
    """Where a user namespace is entered, named or not."""
    with inside(caller, "--user", "--net", "--pid") as pid:
        shown = ids(caller, f"--target={pid}", *options)
        if caller.is_admin and options[0] in ("--net", "--pid"):
            assert shown == own_ids(caller)
        else:
            assert shown.startswith("(0, 0, 0) (0, 0, 0) ")


def test_preserved(caller):
    with inside(caller, "--user", "--net") as pid:
        assert ids(caller, f"--target={pid}", "--user", "--preserve-credentials").startswith("(0, 0, 0) (0, 0, 0) ")
    uid = os.geteuid() if caller.name != "nobody" else NOBODY
    if caller.is_admin:
        assert ids(caller, "--net=/proc/self/ns/net", "--preserve-credentials") == own_ids(caller)
    else:
        assert ids(caller, "--net=/proc/self/ns/net").startswith(f"({uid}, {uid}, {uid}) ")


@pytest.mark.skipif(not can_become_nobody(), reason="there is nobody else to be")
@pytest.mark.parametrize("option", [("--setuid", "--setgid"), ("-S", "-G")])
def test_somebody_else(caller, option):
    uid, gid = option
    with inside(caller, "--net", "--user", "--pid") as pid:
        if caller.is_admin:
            for kind in ("--net", "--pid"):
                shown = ids(caller, f"--target={pid}", kind, uid, "7", gid, "8")
                assert shown == "(7, 7, 7) (8, 8, 8) []"
            assert ids(caller, f"--target={pid}", "--net", gid, "8").startswith("(0, 0, 0) (8, 8, 8) []")
        assert ids(caller, f"--target={pid}", "--user", uid, "0", gid, "0").startswith("(0, 0, 0) (0, 0, 0) ")
        for kind in ("--user", "--all"):
            message = caller.complaint("enter", f"--target={pid}", kind, uid, "7", "true")
            assert "cannot become user 7: Invalid argument (the user namespace has no such user)" in message
            message = caller.complaint("enter", f"--target={pid}", kind, gid, "7", "true")
            assert "cannot become group 7: Invalid argument (the user namespace has no such group)" in message


@pytest.mark.skipif(not can_become_nobody(), reason="there is nobody else to be")
def test_not_allowed(caller):
    if caller.is_admin:
        drop = ("setpriv", "--bounding-set=-setuid,-setgid", "--inh-caps=-all", caller.command)
    else:
        drop = (caller.command,)
    enter = (*drop, "enter", "--net=/proc/self/ns/net")
    message = type(caller)(caller.name, enter[0]).call(*enter[1:], "--setuid=7", "true").stderr
    assert message == "spacetest enter: cannot become user 7: Operation not permitted\n"
    message = type(caller)(caller.name, enter[0]).call(*enter[1:], "--setgid=7", "true").stderr
    assert message == "spacetest enter: cannot become group 7: Operation not permitted\n"


def test_capable_inside(caller):
    """Root in the user namespace that was entered may do there what root may."""
    with inside(caller, "--user", "--uts", "--net") as pid:
        for options in (("--user", "--uts"), ("--uts",)):
            assert caller.run("enter", f"--target={pid}", *options, "--", "sh", "-c", "hostname there && uname -n") == "there\n"
    assert os.uname().nodename != "there"
