# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""spacetest enter: which namespaces, and what is said where that fails."""
import os
import pathlib
import signal
import subprocess

import pytest

from conftest import IS_ROOT, KINDS, LONG, PYTHON, check, inside, libc, namespaces_of

OPTIONS = {"net": "--net", "mnt": "--mount", "uts": "--uts", "ipc": "--ipc", "cgroup": "--cgroup", "pid": "--pid", "time": "--time", "user": "--user"}
SHORT = {"net": "-n", "mnt": "-m", "uts": "-u", "ipc": "-i", "cgroup": "-C", "pid": "-p", "time": "-T", "user": "-U"}
ALL = "-nmuiCpTU"
SHOW = f"import os; print(*[os.readlink('/proc/self/ns/' + kind) for kind in {KINDS!r}])"
OTHERS = pathlib.Path("/proc/1")
MS_BIND, MNT_DETACH = 0x1000, 2


def seen(caller, *arguments):
    """Where a program under "spacetest enter" is."""
    return dict(zip(KINDS, caller.run("enter", *arguments, "--", PYTHON, "-c", SHOW).split()))


def mixed(caller, there, *kinds):
    """Those of the target for some kinds and ours for the others; who has no privilege needs the user namespace."""
    kinds += () if caller.is_admin else ("user",)
    return {kind: there[kind] if kind in kinds else here for kind, here in namespaces_of().items()}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind(caller, kind):
    with inside(caller, "-nmuiCTU" if kind == "mnt" else ALL, *([] if kind == "mnt" else ["--pid"])) as pid:
        there = namespaces_of(pid)
        assert kind == "mnt" or all(there[kind] != here for kind, here in namespaces_of().items())
        expected = mixed(caller, there, kind)
        assert seen(caller, "--target", str(pid), OPTIONS[kind]) == expected
        assert seen(caller, f"-t{pid}", SHORT[kind]) == expected
        assert seen(caller, f"{OPTIONS[kind]}=/proc/{pid}/ns/{kind}") == expected
        assert seen(caller, f"{SHORT[kind]}/proc/{pid}/ns/{kind}") == expected


def test_all(caller):
    with inside(caller, ALL, "--pid") as pid:
        assert seen(caller, f"--target={pid}", "--all") == seen(caller, "-at", str(pid)) == namespaces_of(pid)


@pytest.mark.parametrize("options", [("--net",), ("--uts", "--ipc"), ("--net", "--pid"), ()], ids=" ".join)
def test_all_where_some_are_ours(caller, options):
    """Of those one is in already, none has to be allowed."""
    with inside(caller, *options) as pid:
        assert seen(caller, f"--target={pid}", "--all") == namespaces_of(pid)


def test_all_but_one(caller):
    """A kind that is named with a file is taken from there."""
    with inside(caller, ALL, "--pid") as pid, inside(caller, "--net") as other:
        if caller.is_admin:
            assert seen(caller, f"--target={pid}", "--all", f"--net=/proc/{other}/ns/net")["net"] == namespaces_of(other)["net"]
        assert seen(caller, f"--target={pid}", "--all", "--net=/proc/self/ns/net")["net"] in (namespaces_of()["net"], namespaces_of(pid)["net"])


def test_without_proc(caller):
    """It works with newer kernels; older ones can't tell, and say so."""
    script = f"""
        {caller.command} run --hostname=there --ipc -- sh -c 'echo ready; exec sleep 1000' > /mnt/fifo &
        read -r line < /mnt/fifo
        mount -t tmpfs none /proc
        exec {caller.command} enter --target=$! --all -- uname -n"""
    result = caller.call("run", "--user", "--pid", "--", "sh", "-c", "mount -t tmpfs none /mnt && mkfifo /mnt/fifo;" + script)
    assert (result.returncode, result.stdout, result.stderr) == (0, "there\n", "") or \
        (result.returncode, result.stdout, result.stderr.count("\n")) == (125, "", 1) and "spacetest enter: cannot " in result.stderr


def test_from_two_processes(caller):
    with inside(caller, "--user", "--net") as outer:
        script = f"{caller.command} run --uts -- sh -c 'echo ready; exec sleep 1000'"
        with caller.start("enter", f"--target={outer}", "--all", "--", "sh", "-c", "exec " + script, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == "ready\n"
            there = namespaces_of(process.pid)
            assert there["uts"] != namespaces_of(outer)["uts"]
            found = seen(caller, f"--target={process.pid}", "--uts", f"--net=/proc/{outer}/ns/net")
            assert (found["uts"], found["net"]) == (there["uts"], namespaces_of(outer)["net"])
            process.kill()


@pytest.mark.parametrize("levels", [1, 3])
def test_owner_further_down(caller, levels):
    """The user namespace that owns it, however deep that is; it is not named."""
    nested = f"{caller.command} run --user " * (levels - 1) + f"-- {caller.command} run --user --net -- sh -c 'echo ready; exec sleep 1000'"
    nested = nested if levels > 1 else f"{caller.command} run --user --net -- sh -c 'echo ready; exec sleep 1000'"
    with inside(caller, "--user", script="exec " + nested) as pid:
        found = seen(caller, f"--target={pid}", "--net")
        assert found["net"] == namespaces_of(pid)["net"]
        assert found["user"] == (namespaces_of() if caller.is_admin else namespaces_of(pid))["user"]
        assert seen(caller, f"--target={pid}", "--net", "--user") == {**namespaces_of(), "net": found["net"], "user": namespaces_of(pid)["user"]}


def test_owners_on_two_levels(caller):
    """The outermost of them rules over all."""
    script = f"exec {caller.command} run --user --cgroup --uts -- sh -c 'echo ready; exec sleep 1000'"
    with inside(caller, "--user", "--net", "--ipc", script=script) as pid:
        there = namespaces_of(pid)
        found = seen(caller, f"--target={pid}", "--cgroup", "--uts", "--net", "--ipc")
        assert {kind: found[kind] for kind in ("cgroup", "uts", "net", "ipc")} == {kind: there[kind] for kind in ("cgroup", "uts", "net", "ipc")}


def test_mounts_of_the_target(caller):
    """Its working directory and root are asked for, or those of the namespace are what one gets."""
    script = "mount -t tmpfs room /mnt && mkdir /mnt/below && cd /mnt/below && echo ready && exec sleep 1000"
    with inside(caller, "--user", "--mount", script=script) as pid:
        target = ("enter", f"--target={pid}", "--mount", "--user")
        assert caller.run(*target, "--", "pwd") == "/\n"
        assert caller.run(*target, "--wd", "--", "pwd") == "/mnt/below\n"
        assert caller.run(*target, f"--wd=/proc/{pid}/root/mnt", "--", "pwd") == "/mnt\n"
        assert caller.run("enter", f"-t{pid}", "-m", "-U", "-w", "--", "ls", "/mnt") == "below\n"
        assert os.listdir("/mnt") == [] or "below" not in os.listdir("/mnt")


CHROOT = """
mount -t tmpfs root /mnt && cd /mnt && mkdir usr inner
mount --rbind /usr usr && for name in bin lib lib64; do ln -s usr/$name $name; done
exec /usr/sbin/chroot . sh -c 'cd inner; echo ready; exec sleep 1000'"""


def test_root_of_the_target(caller):
    with inside(caller, "--user", "--mount", script=CHROOT) as pid:
        target = ("enter", f"--target={pid}", "--mount", "--user")
        assert caller.run(*target, "--root", "--", "sh", "-c", "pwd; echo *") == "/\nbin inner lib lib64 usr\n"
        assert caller.run(*target, "--root", "--wd", "--", "pwd") == "/inner\n"
        assert caller.run(*target, f"--root=/proc/{pid}/root", f"--wd=/proc/{pid}/root/usr", "--", "pwd") == "/usr\n"
        assert caller.run(*target, "-r", "-w", "--", "pwd") == "/inner\n"
        assert caller.run(*target, "--", "sh", "-c", "test -e /proc/self && pwd") == "/\n"


def test_place_only(caller):
    assert caller.run("enter", "--wd=/usr/share", "--", "pwd") == "/usr/share\n"
    assert caller.run("enter", "--target", str(os.getpid()) if caller.name != "nobody" else "1", "--wd=/usr", "--", "pwd") == "/usr\n"
    if caller.is_admin:
        assert caller.run("enter", "--root=/", "--wd=/usr", "--", "pwd") == "/usr\n"
    else:
        assert "cannot change the root directory: Operation not permitted (it takes" in caller.complaint("enter", "--root=/", "true")


def test_working_directory_is_kept(caller):
    with inside(caller, "--net", "--mount") as pid:
        assert caller.run("enter", f"--target={pid}", "--net", "--", "pwd", cwd="/usr/share") == "/usr/share\n"


@pytest.mark.parametrize("shell, name", [(None, "/bin/sh"), ("", "/bin/sh"), ("/bin/bash", "/bin/bash")])
def test_shell(caller, shell, name):
    """What is run if nothing is said."""
    env = {name: value for name, value in os.environ.items() if name != "SHELL"} | ({} if shell is None else {"SHELL": shell})
    with inside(caller, "--net") as pid:
        result = caller.call("enter", f"--target={pid}", "--net", stdin=None, input="echo $0; readlink /proc/self/ns/net\n", env=env)
        assert (result.returncode, result.stdout) == (0, f"{name}\n{namespaces_of(pid)['net']}\n")


def test_options_end_at_the_command(caller):
    with inside(caller, "--net") as pid:
        assert caller.run("enter", f"-t{pid}", "-n", "echo", "--net", "-z") == "--net -z\n"


def test_no_fork(caller):
    """The command stays outside of the PID namespace, its children go in."""
    script = "import os\nprint(os.readlink('/proc/self/ns/pid'), os.readlink('/proc/self/ns/pid_for_children'))"
    for option in ("--no-fork", "-F"):
        with inside(caller, "--pid") as pid:
            process = caller.start("enter", f"--target={pid}", "--pid", option, "--", PYTHON, "-c", "import os; print(os.getpid())\n" + script,
                                   stdout=subprocess.PIPE)
            lines = process.communicate(timeout=LONG)[0].splitlines()
            assert lines == [str(process.pid), namespaces_of()["pid"] + " " + namespaces_of(pid)["pid"]]


def test_pid_namespace_one_is_in(caller):
    """Nothing stands in between."""
    process = caller.start("enter", "--pid=/proc/self/ns/pid", "--", "sh", "-c", "echo $$", stdout=subprocess.PIPE)
    assert int(process.communicate(timeout=LONG)[0]) == process.pid


@pytest.mark.parametrize("arguments, words", [
    ((), "nothing to enter is named"),
    (("true",), "nothing to enter is named"),
    (("--target=1", "true"), "nothing to enter is named"),
    (("--no-fork", "true"), "nothing to enter is named"),
    (("--all",), "--all of which process?"),
    (("--net",), "--net of which process? (name it by --target=PID, or a file by --net=FILE)"),
    (("-U", "true"), "--user of which process?"),
    (("--root", "true"), "--root of which process?"),
    (("--wd", "true"), "--wd of which process?"),
    (("--target",), "'--target' requires an argument"),
    (("--target=", "--net"), "invalid number '' of --target: not one from 1 to 2147483647"),
    (("--target=0", "--net"), "invalid number '0' of --target"),
    (("--target=-1", "--net"), "invalid number '-1' of --target"),
    (("--target= 1", "--net"), "invalid number ' 1' of --target"),
    (("--target=1x", "--net"), "invalid number '1x' of --target"),
    (("--target=self", "--net"), "invalid number 'self' of --target"),
    (("--target=2147483648", "--net"), "invalid number '2147483648' of --target"),
    (("--target=99999999999999999999", "--net"), "invalid number '99999999999999999999' of --target"),
    (("--setuid=root", "--net=/proc/self/ns/net"), "invalid number 'root' of --setuid"),
    (("--setgid=4294967295", "--net=/proc/self/ns/net"), "invalid number '4294967295' of --setgid: not one from 0 to 4294967294"),
    (("--nonsense",), "'--nonsense'"),
    (("-z",), "'z'"),
    (("--all=x",), "'--all'"),
])
def test_wrong_usage(caller, arguments, words):
    assert words in caller.complaint("enter", *arguments)


@pytest.mark.parametrize("path, words", [
    ("/no/such/path", "cannot open {kind} namespace /no/such/path: No such file or directory"),
    ("", "cannot open {kind} namespace : No such file or directory"),
    ("/etc/passwd", "cannot open {kind} namespace /etc/passwd: it is not a namespace"),
    ("/dev/null", "cannot open {kind} namespace /dev/null: it is not a namespace"),
    ("/", "cannot open {kind} namespace /: it is not a namespace"),
    ("/proc/self/ns/{other}", "cannot open {kind} namespace /proc/self/ns/{other}: it is of kind {other}"),
    ("/no\n", "cannot open {kind} namespace /no?: No such file"),
])
@pytest.mark.parametrize("kind", KINDS)
def test_wrong_file(caller, kind, path, words):
    other = "uts" if kind != "uts" else "net"
    path, words = (text.format(kind=kind, other=other) for text in (path, words))
    assert words in caller.complaint("enter", f"{OPTIONS[kind]}={path}", "--", "true")


@pytest.mark.parametrize("option, name", [("--wd", "working directory"), ("--root", "root directory")])
def test_wrong_directory(caller, option, name):
    assert f"cannot open {name} /no/such/path: No such file" in caller.complaint("enter", option + "=/no/such/path", "true")
    assert f"cannot open {name} /etc/passwd: Not a directory" in caller.complaint("enter", option + "=/etc/passwd", "true")


def test_nothing_is_run_if_one_is_missing(caller):
    with inside(caller, "--net") as pid:
        caller.complaint("enter", f"--target={pid}", "--net", "--uts=/no/such/path", "--", "echo", "run")


def test_dead_target(caller):
    child = subprocess.Popen(["true"])
    child.wait()
    assert f"cannot open process {child.pid}: No such process" in caller.complaint("enter", f"--target={child.pid}", "--all", "true")


def test_zombie_as_target(caller):
    """Nobody has waited for it, but it is nowhere any more."""
    with caller.start("run", "--net", "--", "true") as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        message = caller.complaint("enter", f"--target={process.pid}", "--net", "true")
        assert f"cannot open net namespace of process {process.pid}: " in message
        message = caller.complaint("enter", f"--target={process.pid}", "--wd", "true")
        assert f"cannot open working directory of process {process.pid}: " in message


def test_recycled_number(caller):
    """A number stands for who has it now: nothing is left of the process that had it before."""
    script = """
import os, subprocess, sys
command = sys.argv[1]
def start(*options):
    child = subprocess.Popen([command, "run", *options, "--", "sh", "-c", "echo ready; exec sleep 1000"], stdout=subprocess.PIPE)
    child.stdout.readline()
    return child
first = start("--net")
number, old = first.pid, os.readlink(f"/proc/{first.pid}/ns/net")
holder = os.open(f"/proc/{number}/ns/net", os.O_RDONLY)
first.kill()
first.wait()
gone = subprocess.run([command, "enter", f"--target={number}", "--net", "true"], stderr=subprocess.PIPE, text=True)
assert gone.returncode == 125 and f"cannot open process {number}: No such process" in gone.stderr, gone
with open("/proc/sys/kernel/ns_last_pid", "w") as last:
    last.write(str(number - 1))
second = start("--uts", "--net")
assert second.pid == number, (second.pid, number)
new = subprocess.run([command, "enter", f"--target={number}", "--net", "readlink", "/proc/self/ns/net"], stdout=subprocess.PIPE, text=True)
assert new.stdout.strip() == os.readlink(f"/proc/{number}/ns/net") != old
second.kill()
print("new")"""
    assert caller.run("--pid", "--user", "--", PYTHON, "-c", script, caller.command) == "new\n"


@pytest.mark.skipif(not IS_ROOT, reason="nobody else's processes are at hand")
def test_process_of_root(caller):
    target = str(os.getpid())
    if caller.is_admin:
        assert seen(caller, "--target", target, "--all") == namespaces_of()
        return
    for kind in KINDS:
        message = caller.complaint("enter", "--target", target, OPTIONS[kind], "true")
        assert f"cannot open {kind} namespace of process {target}: Permission denied" in message and "CAP_SYS_PTRACE" in message
    for option, name in (("--wd", "working directory"), ("--root", "root directory")):
        message = caller.complaint("enter", "--target", target, option, "true")
        assert f"cannot open {name} of process {target}: Permission denied" in message


@pytest.mark.skipif(not IS_ROOT, reason="only root can show others a namespace of root's")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "mnt"])
def test_namespace_of_root(caller, kind, tmp_path_factory):
    """It can be opened by everybody, but not entered."""
    root = type(caller)("root", caller.command)
    script = "echo ready; exec sleep 1000"
    options = ("--user",) if kind == "user" else (OPTIONS[kind],)
    path = pathlib.Path(f"/tmp/spacetest-{kind}-{os.getpid()}")
    with inside(root, *options, script=script) as pid:
        path.touch()
        check(libc.mount(f"/proc/{pid}/ns/{kind}".encode(), os.fsencode(path), None, MS_BIND, None))
        try:
            if caller.is_admin:
                assert seen(caller, f"{OPTIONS[kind]}={path}")[kind] == namespaces_of(pid)[kind]
                return
            message = caller.complaint("enter", f"{OPTIONS[kind]}={path}", "true")
            assert f"cannot enter {kind} namespace {path}: Operation not permitted (" in message
            assert ("it is that of user 0:" if kind == "user" else "the user namespace that owns it is ") in message
            message = caller.call("run", "--user", "--", caller.command, "enter", f"{OPTIONS[kind]}={path}", "true").stderr
            assert f"cannot enter {kind} namespace {path}: Operation not permitted (" in message
            assert "is not below the own user namespace: start further out" in message
        finally:
            check(libc.umount2(os.fsencode(path), MNT_DETACH))
            path.unlink()


def test_outer_pid_namespace(caller):
    """Its processes can be seen from inside, but nobody gets out."""
    read = os.open("/proc/self/ns/pid", os.O_RDONLY)
    try:
        enter = (caller.command, "enter", f"--pid=/proc/self/fd/{read}", "true")
        message = caller.call("run", "--user", "--pid", "--", *enter, pass_fds=[read]).stderr
        assert f"cannot enter pid namespace /proc/self/fd/{read}: " in message
    finally:
        os.close(read)


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("--net", "--help", "--nonsense")])
def test_help(caller, arguments):
    result = caller.call("enter", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: spacetest enter ")
    for option in (*OPTIONS.values(), *SHORT.values(), "--target", "--all", "--root", "--wd", "--setuid", "--setgid", "--preserve-credentials", "--no-fork"):
        assert option in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_lack_of_descriptors(caller):
    limited = type(caller)(caller.name, "prlimit")
    with inside(caller, "--pid") as pid:
        for limit in range(3, 20):
            result = limited.call(f"--nofile={limit}", caller.command, "enter", f"--target={pid}", "--pid", "--", "sh", "-c", "exit 9")
            assert result.returncode in (9, 125, 127)
            assert result.returncode == 9 or result.stderr.count("\n") == 1, result.stderr
        assert result.returncode == 9


def test_gone_while_it_is_entered(caller):
    """What is open is entered, also when its process is gone; a PID namespace without init takes nobody."""
    with inside(caller, "--pid", "--net") as pid:
        init = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        names = namespaces_of(pid)
        fds = {kind: os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in ("net", "pid")}
        try:
            gone = os.pidfd_open(init)
            os.kill(init, signal.SIGKILL)
            import select
            assert select.select([gone], [], [], LONG)[0]
            os.close(gone)
            message = caller.complaint("enter", f"--pid=/proc/self/fd/{fds['pid']}", "true", pass_fds=fds.values())
            assert "cannot start a process in the PID namespace: its PID 1 has ended" in message
            assert seen_through(caller, fds["net"]) == names["net"]
        finally:
            for fd in fds.values():
                os.close(fd)


def seen_through(caller, fd):
    return caller.run("enter", f"--net=/proc/self/fd/{fd}", "--", "readlink", "/proc/self/ns/net", pass_fds=[fd]).strip()
