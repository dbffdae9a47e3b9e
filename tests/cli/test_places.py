# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What /sys, /proc and the working directory show."""
import os

import pytest

BOTH = [("--net", "--mount"), ("--net", "--pid"), ("--net", "--mount", "--user")]


@pytest.mark.parametrize("options", BOTH)
def test_sys_shows_the_new_network(caller, options):
    assert caller.run(*options, "--", "ls", "/sys/class/net") == "lo\n"
    assert os.listdir("/sys/class/net") != []


@pytest.mark.parametrize("options", BOTH)
def test_sys_is_read_only(caller, options):
    script = """
import os
assert os.statvfs("/sys").f_flag & os.ST_RDONLY
try:
    open("/sys/class/net/lo/ifalias", "w")
except OSError as error:
    print(os.strerror(error.errno))"""
    assert caller.python(*options, script=script) == "Read-only file system\n"


@pytest.mark.parametrize("options", BOTH + [("--mount",)])
def test_cgroups_are_still_there(caller, options):
    assert caller.run(*options, "--", "ls", "/sys/fs/cgroup").split() == sorted(os.listdir("/sys/fs/cgroup"))


@pytest.mark.parametrize("options", [("--mount",), ("--net",), ("--uts",)])
def test_sys_is_kept(caller, options):
    assert caller.run(*options, "--", "ls", "/sys/class/net").split() == sorted(os.listdir("/sys/class/net"))


def test_mount_namespace_inside_a_network(caller):
    """The network is not made together with it, but it is not the host's either."""
    inner = (caller.command, "run", "--mount", "--", "ls", "/sys/class/net")
    assert caller.run("--net", "--", *inner) == "lo\n"


def test_sys_is_refused(caller):
    """Where a new sysfs would show what is covered, the kernel refuses it: then no interfaces rather than wrong ones."""
    nested = (caller.command, "run", "--user", "--net", "--mount", "--", "ls", "/sys/class/net")
    script = 'mount -t tmpfs cover /sys/kernel && exec "$@"'
    assert caller.run("--user", "--mount", "--", "sh", "-c", script, "sh", *nested) == ""


def test_proc_is_fresh(caller):
    script = """
import os
print(os.getpid(), os.getppid(), os.readlink("/proc/self"))
print(sorted(int(name) for name in os.listdir("/proc") if name.isdigit()))
print(sum(line.split()[4] == "/proc" for line in open("/proc/self/mountinfo")))"""
    assert caller.python("--pid", script=script).splitlines() == ["2 1 2", "[1, 2]", "2"]


def test_proc_is_kept_without_pid(caller):
    shown = caller.python("--mount", script="import os; print(os.getpid(), os.readlink('/proc/self'))").split()
    assert shown[0] == shown[1]


@pytest.mark.parametrize("options", [(), ("--mount",), ("--net", "--mount"), ("--pid",), ("--net", "--pid", "--user")])
@pytest.mark.parametrize("directory", ["/", "/usr/share", "/sys/class/net", "/proc/sys"])
def test_working_directory(caller, options, directory):
    assert caller.run(*options, "--", "pwd", "-P", cwd=directory) == os.path.realpath(directory) + "\n"


def test_working_directory_shows_the_new_network(caller):
    assert caller.run("--net", "--mount", "--", "ls", cwd="/sys/class/net") == "lo\n"


def test_working_directory_shows_the_new_processes(caller):
    assert "2" in caller.run("--pid", "--", "sh", "-c", "echo *", cwd="/proc").split()


def test_working_directory_that_is_gone(caller):
    message = caller.complaint("run", "--pid", "true", cwd=f"/proc/{os.getpid()}")
    assert "working directory" in message and "No such file" in message


def test_working_directory_is_not_held(caller):
    """Nothing of ours stands where the command stood."""
    script = "mount -t tmpfs inside /mnt && cd /mnt && exec " + caller.command + " run --pid -- sh -c 'cd / && umount /mnt'"
    assert caller.run("--user", "--mount", "--", "sh", "-c", script) == ""
