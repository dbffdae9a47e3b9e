# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""spacetest check: tables and JSON, and what stands in the way in places made for it."""
import errno
import json
import os
import shlex
import tempfile

import pytest

KINDS = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"]
NEW_WORLD = ["unshare", "--user", "--map-root-user", "--mount", "--propagation", "private"]


@pytest.fixture
def check_in(caller):
    """Runs "spacetest check" where a shell script, root in namespaces of its own, has prepared things."""
    def run(script, *arguments, chroot=None):
        command = shlex.join([*(["chroot", chroot] if chroot else []), caller.command, "check", *arguments])
        caller_in = type(caller)(caller.name, NEW_WORLD[0])
        return caller_in.call(*NEW_WORLD[1:], "sh", "-ec", f"{script}\nexec {command}")
    return run


def answers_of(result):
    """The JSON of an answer, after checking its form."""
    assert result.stderr == ""
    answer = json.loads(result.stdout)
    assert list(answer) == ["alone", "together"]
    everything = [*answer["alone"], answer["together"]]
    for one in everything:
        if one["works"]:
            assert list(one) == ["kinds", "works"]
        else:
            assert list(one) == ["kinds", "works", "code", "errno", "step", "blocker", "cure", "message"]
            assert one["message"].startswith(one["step"] + ": ") and one["blocker"] in one["message"]
    assert answer["together"]["kinds"] == [kind for one in answer["alone"] for kind in one["kinds"]]
    assert result.returncode == (0 if all(one["works"] for one in everything) else 1)
    return answer


def test_table(caller):
    result = caller.call("check")
    lines = result.stdout.splitlines()
    assert result.stderr == ""
    assert lines[0].split(None, 2) == ["KIND", "WORKS", "WHAT STANDS IN THE WAY"]
    assert [line.split()[0] for line in lines[1:] if not line.startswith(" ")] == [*KINDS, "together"]
    assert all(len(line) <= 80 for line in lines)
    assert result.returncode == (0 if [line.split()[1] for line in lines[1:]] == ["yes"] * 9 else 1)


def test_json_agrees_with_table(caller):
    table = caller.call("check")
    answer = answers_of(caller.call("check", "--json"))
    words = dict(line.split()[:2] for line in table.stdout.splitlines() if not line.startswith(" "))
    for one in answer["alone"]:
        assert words[one["kinds"][0]] == ("yes" if one["works"] else "no")
    assert words["together"] == ("yes" if answer["together"]["works"] else "no")


@pytest.mark.parametrize("argument, expected", [
    ("uts", ["uts"]),
    ("net,mnt", ["mnt", "net"]),
    (",".join(reversed(KINDS)), KINDS),
])
def test_chosen_kinds(caller, argument, expected):
    answer = answers_of(caller.call("check", "-J", argument))
    assert [one["kinds"] for one in answer["alone"]] == [[kind] for kind in expected]
    table = caller.call("check", argument)
    names = [line.split()[0] for line in table.stdout.splitlines()[1:] if not line.startswith(" ")]
    assert names == (expected if len(expected) == 1 else [*expected, "together"])


@pytest.mark.parametrize("arguments, words", [
    (("nonsense",), "unknown kind 'nonsense'"),
    (("",), "unknown kind ''"),
    (("net,",), "unknown kind ''"),
    (("net,mnt,net",), "doubled kind 'net'"),
    (("net, mnt",), "unknown kind ' mnt'"),
    (("two\nlines",), "'two?lines'"),
    (("a" * 100000,), "unknown kind 'aaaa"),
    (("net", "mnt"), "'mnt'"),
    (("--nonsense",), "'--nonsense'"),
    (("--json=x",), "'--json'"),
])
def test_wrong_usage(caller, arguments, words):
    result = caller.call("check", *arguments)
    assert (result.returncode, result.stdout) == (125, "")
    assert result.stderr.startswith("spacetest check: ") and result.stderr.count("\n") == 1
    assert words in result.stderr


def test_help_and_version(caller):
    result = caller.call("check", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: spacetest check ") and "--json" in result.stdout and "125" in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())
    assert caller.call("check", "--version").stdout == caller.call("--version").stdout
    assert "  check " in caller.call("--help").stdout


def test_answer_can_not_be_written(caller):
    with open("/dev/full", "w") as full:
        result = caller.call("check", "uts", capture_output=False, stdout=full, stderr=-1)
    assert result.returncode == 125
    assert result.stderr == "spacetest check: cannot write to standard output: No space left on device\n"


def test_limit(check_in):
    script = "echo 0 > /proc/sys/user/max_net_namespaces"
    answer = answers_of(check_in(script, "--json"))
    refused = {one["kinds"][0]: one for one in answer["alone"] if not one["works"]}
    assert list(refused) == ["net"]
    for one in (refused["net"], answer["together"]):
        assert one["code"] == "exhausted"
        assert one["errno"] == errno.ENOSPC
        assert one["step"] == "cannot create net namespace"
        assert one["blocker"] == "user.max_net_namespaces is 0"
        assert "sysctl" in one["cure"]


def test_one_reason_is_told_once(check_in):
    result = check_in("echo 0 > /proc/sys/user/max_net_namespaces", "net,uts")
    assert result.returncode == 1
    assert result.stdout.count("max_net_namespaces") == 1
    assert result.stdout.splitlines()[-1] == "together  no     the same as for net"


def test_covered_proc(check_in):
    answer = answers_of(check_in("mount -t tmpfs none /proc/sys", "--json", "user,pid,mnt"))
    assert all(one["works"] for one in answer["alone"])
    assert answer["together"]["step"] == "cannot mount proc of new pid namespace"
    assert "covered" in answer["together"]["blocker"]


@pytest.fixture
def chroot():
    """A directory to make a world in."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        os.mkdir(os.path.join(directory, "world"))
        yield os.path.join(directory, "world")


def test_chroot_without_proc(check_in, chroot):
    script = f"mount --rbind / {chroot}; mount -t tmpfs none {chroot}/proc"
    answer = answers_of(check_in(script, "--json", chroot=chroot))
    refused = {one["kinds"][0]: one for one in answer["alone"] if not one["works"]}
    assert list(refused) == ["time", "user"]
    assert "no /proc" in refused["time"]["blocker"]
    assert "chroot" in refused["user"]["blocker"]


@pytest.mark.parametrize("label, expected", [
    (b"strict (enforce)", "strict (enforce)"),
    (b'quote" and \\ and \t tab', 'quote" and \\ and \t tab'),
    ("gr\u00fcn \U0001f40d".encode(), "gr\u00fcn \U0001f40d"),
    (b"\xff \xc0\x80 \xe2\x82", "\ufffd \ufffd\ufffd \ufffd\ufffd"),
    (b"\xed\xa0\x80 \xf4\x90\x80\x80 \xe0\x9f\xbf", "\ufffd\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd \ufffd\ufffd\ufffd"),
    ("\u00e9\u20ac\U0001f30d".encode(), "\u00e9\u20ac\U0001f30d"),
    (b"\xc3\xbc" * 200, None),
    (b"\x01\x7f", "\x01\x7f"),
])
def test_odd_security_label(check_in, chroot, tmp_path, label, expected):
    octal = "".join(f"\\{byte:03o}" for byte in label)
    script = f"""
        mount -t tmpfs none {chroot}
        printf '{octal}' > {chroot}/label
        mkdir {chroot}/world
        mount --rbind / {chroot}/world
        mount --bind {chroot}/label {chroot}/world/proc/$$/task/$$/attr/current
    """
    answer = answers_of(check_in(script, "--json", "user", chroot=chroot + "/world"))
    blocker = answer["together"]["blocker"]
    if expected is None:
        assert set(blocker.split('"')[1]) == {"\u00fc", "\ufffd"}
    else:
        assert f'label "{expected}"' in blocker


def test_odd_security_label_in_table(check_in, chroot):
    script = f"""
        mount -t tmpfs none {chroot}
        printf 'a\033[31m%0140d' 0 > {chroot}/label
        mkdir {chroot}/world
        mount --rbind / {chroot}/world
        mount --bind {chroot}/label {chroot}/world/proc/$$/task/$$/attr/current
    """
    result = check_in(script, "user", chroot=chroot + "/world")
    assert result.returncode == 1
    assert "a?[31m000" in result.stdout
    assert all(len(line) <= 80 and line.isprintable() for line in result.stdout.splitlines())
