# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What bash offers after some words of the command."""
import os
import pathlib
import re
import subprocess

import pytest

from conftest import COMMAND, LONG

FILE = pathlib.Path(os.environ["G_TEST_SRCDIR"]).parent / "spacetest" / "cli" / "spacetest.bash-completion"
COMPLETE = """
source "$1" || exit
shift
definition=$(complete -p spacetest) || exit
[[ $definition =~ -F\\ ([a-z_]+) ]] || exit
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
"${BASH_REMATCH[1]}" spacetest "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
((${#COMPREPLY[@]} == 0)) || printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(*words, before="", **options):
    """The last word is to be completed."""
    result = subprocess.run(["bash", "--norc", "--noprofile", "-c", before + COMPLETE, "bash", FILE, "spacetest", *words],
                            capture_output=True, text=True, timeout=LONG, **options)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.splitlines()


def help_of(*command):
    return subprocess.run([COMMAND, *command, "--help"], capture_output=True, text=True, check=True, timeout=LONG).stdout


def test_commands():
    listed = re.findall(r"^  (\w+) ", help_of(), re.MULTILINE)
    assert complete("") == listed
    assert complete("s") == ["show"]
    assert complete("x") == []
    assert complete("-") == ["--help", "--version"]


@pytest.mark.parametrize("command", ["run", "enter", "show", "check"])
def test_options(command):
    """All that the help lists."""
    listed = re.findall(r"^ +(?:-\w, +)?(--[a-z-]+=?)", help_of(command), re.MULTILINE)
    assert len(listed) >= 3
    assert complete(command, "-") == listed
    assert complete(command, "--ver") == ["--version"]
    assert complete(command, "--x") == []


def test_no_such_command():
    assert complete("nonsense", "") == []
    assert complete("nonsense", "--") == []


@pytest.mark.parametrize("before", [
    ("--net",), ("-nmp", "--uts"), ("--",), ("--net", "--"), ("--hostname", "="), ("--hostname", "=", "a"), ("--hostname", "a"), (),
])
def test_command_of_run(before):
    """A command, unless it is the host name's turn."""
    if before[-1:] == ("=",):
        assert complete("run", *before, "uns") == []
    else:
        assert "unshare" in complete("run", *before, "uns")


def test_options_of_run_end(tmp_path):
    (tmp_path / "--file").touch()
    assert complete("run", "--", "--ne", cwd=tmp_path) == []
    assert complete("run", "true", "--fi", cwd=tmp_path) == ["--file"]
    assert complete("run", "true", "--ne", cwd=tmp_path) == []
    for option in ("--hostname", "--monotonic", "--boottime"):
        assert complete("run", option, "7", "--ne") == ["--net"]
        assert complete("run", option, "=", "7", "--ne") == ["--net"]


def test_arguments_of_run(tmp_path):
    """Those of the command, which may have a completion of its own."""
    (tmp_path / "some file").touch()
    assert complete("run", "-n", "cat", "so", cwd=tmp_path) == ["some file"]
    package = '_command_offset () { COMPREPLY=("offset $1"); }\n'
    assert complete("run", "-n", "git", "chec", before=package) == ["offset 3"]
    assert complete("run", "--hostname", "=", "a", "--", "gi", before=package) == ["offset 6"]


def test_values_of_enter(tmp_path):
    """A process, a number or a file, also when the equal sign is the last of what is typed."""
    (tmp_path / "names pace").touch()
    pid = str(os.getpid())
    for option in ("-t", "--target"):
        assert pid in complete("enter", option, pid[:1]) and pid in complete("enter", "-a", option, "")
    assert pid in complete("enter", "--target", "=", pid[:1]) and pid in complete("enter", "--target", "=")
    for option in ("--net", "--root", "--wd"):
        assert complete("enter", option, "=", "na", cwd=tmp_path) == ["names pace"]
        assert complete("enter", "--target", "=", pid, option, "=", cwd=tmp_path) == ["names pace"]
    assert complete("enter", "--setuid", "=", "1") == complete("enter", "-S", "1") == []


def test_command_of_enter(tmp_path):
    (tmp_path / "file").touch()
    assert complete("enter", "--targ") == ["--target="]
    for before in (["-a", "--target", "=", "1"], ["-t", "1", "--net"], ["--net", "=", "file", "--"], ["-S", "1", "-F"]):
        assert "unshare" in complete("enter", *before, "uns")
        assert complete("enter", *before, "cat", "fi", cwd=tmp_path) == ["file"]
        assert complete("enter", *before, "cat", "-t", "fi", cwd=tmp_path) == ["file"]
    assert complete("enter", "-t", "1", "--us") == ["--user"]


def test_places(tmp_path):
    (tmp_path / "names pace").touch()
    pid = str(os.getpid())
    assert pid in complete("show", pid[:1])
    assert pid in complete("show", "--json", "1", pid)
    assert complete("show", "na", cwd=tmp_path) == ["names pace"]
    assert "/proc/self/ns/net" in complete("show", "--tree", "/proc/self/ns/n")


def test_kinds():
    assert complete("check", "") == ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"]
    assert complete("check", "u") == ["user", "uts"]
    assert complete("check", "--json", "net,m") == ["net,mnt"]
    assert complete("check", "uts,user,u") == []
    assert "net,user,uts" in complete("check", "net,user,")
    assert "net,user,net" not in complete("check", "net,user,")
