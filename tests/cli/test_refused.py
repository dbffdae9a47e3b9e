# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the kernel refuses: one line that says what, why and what helps. Limits are set in user namespaces of the test's own."""
import copy

import pytest

FLAGS = {"net": "--net", "mnt": "--mount", "uts": "--uts", "ipc": "--ipc", "cgroup": "--cgroup", "pid": "--pid", "time": "--time"}


def complaint(caller, script, *arguments, options=("--user", "--mount"), status=125):
    """The command inside a user namespace in which @script was run before."""
    return caller.complaint("run", *options, "--", "sh", "-c", script + ' && exec "$@"', "sh", caller.command, *arguments, status=status)


@pytest.mark.parametrize("kind", FLAGS)
def test_limit_here(caller, kind):
    message = complaint(caller, f"echo 0 > /proc/sys/user/max_{kind}_namespaces", "run", FLAGS[kind], "true")
    assert f"cannot create {kind} namespace: No space left on device" in message
    assert f"/proc/sys/user/max_{kind}_namespaces is 0: raise it" in message


@pytest.mark.parametrize("kind", FLAGS)
def test_limit_further_up(caller, kind):
    message = complaint(caller, f"echo 0 > /proc/sys/user/max_{kind}_namespaces", "run", "--user", FLAGS[kind], "true")
    assert f"cannot create {kind} namespace: No space left on device" in message
    assert f"raise /proc/sys/user/max_{kind}_namespaces in the user namespaces around" in message


@pytest.mark.parametrize("kind", FLAGS)
def test_the_kind_is_named_among_others(caller, kind):
    message = complaint(caller, f"echo 0 > /proc/sys/user/max_{kind}_namespaces", "run", "-nmuiCpT", "true")
    assert f"cannot create {kind} namespace" in message


def test_limit_of_user_namespaces(caller):
    message = complaint(caller, "echo 0 > /proc/sys/user/max_user_namespaces", "run", "--user", "true")
    assert "cannot create user namespace: No space left on device" in message
    assert "/proc/sys/user/max_user_namespaces is 0: raise it" in message


def test_no_more_processes(caller):
    if caller.is_admin:
        pytest.skip("root is not limited")
    limited = copy.copy(caller)
    limited.prefix = [*caller.prefix, "prlimit", "--nproc=1"]
    message = limited.complaint("run", "--user", "--pid", "true")
    assert "cannot start PID 1 of the new pid namespace: Resource temporarily unavailable" in message
    assert "raise RLIMIT_NPROC" in message


# Goes on in a root directory that has what the command needs, and is a mount or not, with @prepare run before in there.
CHROOT = """
cd /
mount -t tmpfs root /mnt && root=/mnt{below} && mkdir -p $root && cd $root
for directory in usr lib lib64 dev; do
  [ ! -e /$directory ] || {{ mkdir -p ./$directory && mount --rbind /$directory ./$directory; }}
done
mkdir -p ".${{1%/*}}" && cp "${{1%/*}}"/* ".${{1%/*}}" && {prepare} && set -- /usr/sbin/chroot $root "$@\""""


def test_user_namespace_in_a_chroot(caller):
    message = complaint(caller, CHROOT.format(below="", prepare="mkdir proc && mount --rbind /proc proc"), "run", "--user", "true")
    assert "cannot create user namespace: Operation not permitted" in message
    assert "chroot" in message


@pytest.mark.parametrize("switch, value", [("unprivileged_userns_clone", 0), ("apparmor_restrict_unprivileged_userns", 1)])
def test_switch_of_a_distribution(caller, switch, value):
    """The chroot forbids it here; the file that says so on such distributions is put in place."""
    prepare = f"mkdir -p proc/sys/kernel && echo {value} > proc/sys/kernel/{switch}"
    message = complaint(caller, CHROOT.format(below="", prepare=prepare), "run", "--user", "true")
    assert f"/proc/sys/kernel/{switch} is {value}: write {1 - value} to it" in message


def test_fresh_proc(caller):
    """The kernel does not show in a new /proc what is covered in the old one."""
    message = complaint(caller, "mount -t tmpfs cover /proc/sys", "run", "--user", "--pid", "true")
    assert "cannot mount a fresh /proc: Operation not permitted" in message


def test_chroot_that_is_no_mount(caller):
    """Nothing of it can be made private."""
    message = complaint(caller, CHROOT.format(below="/inner", prepare="true"), "run", "--mount", "true")
    assert "cannot make the new mnt namespace private: Invalid argument" in message


def test_no_processes_left(caller):
    """A failing fork is told as well."""
    script = "echo 1 > /proc/sys/user/max_pid_namespaces"
    message = complaint(caller, script, "run", "--pid", "--", caller.command, "run", "--pid", "true")
    assert "cannot create pid namespace: No space left on device" in message


@pytest.mark.parametrize("arguments", [("run", "--user", "--pid", "--mount", "--net", "true"), ("show", "--json")])
def test_lack_of_descriptors(caller, arguments):
    """With less than this, no program starts."""
    limited = type(caller)(caller.name, "prlimit")
    for limit in range(4, 30):
        result = limited.call(f"--nofile={limit}", caller.command, *arguments)
        if result.returncode == 0:
            break
        assert result.returncode == 125
        assert result.stderr.count("\n") == 1 and "Too many open files" in result.stderr, result.stderr
    assert 4 < limit < 29


def test_pid_namespace_further_out(caller):
    script = 'exec 9</proc/self/ns/pid; exec "$0" run --pid -- "$0" enter --pid=/proc/self/fd/9 true'
    result = caller.call("run", "--user", "--pid", "--", "sh", "-c", script, caller.command)
    assert result.returncode == 125
    assert "Invalid argument (it is not below the own PID namespace: start further out)" in result.stderr
