# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the tests of the command share. Each test runs as whoever runs pytest and, where that is root, as nobody, too."""
import contextlib
import ctypes
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

import pytest

sys.dont_write_bytecode = True
COMMAND = os.environ["SPACETEST_COMMAND"]
LIBRARY = os.environ["SPACETEST_LIBRARY"]
SHOW = os.environ["SPACETEST_SHOW"]
IS_ROOT = os.geteuid() == 0
NOBODY = 65534
COMMANDS = ("run", "enter", "show", "check")
KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
PYTHON = "/usr/bin/python3"
LONG = 60     # seconds; more than anything here takes on a slow machine
SOON = 20     # seconds in which everything has to be gone, even if the machine is busy

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWNS = 0x00020000
MS_REC, MS_SLAVE, MS_SHARED = 0x4000, 0x80000, 0x100000


def check(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


# Orphans come to us, so that none goes unseen.
check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
if IS_ROOT:
    # What is mounted in a copy of this mount table before the copy is private is seen here, and nowhere else.
    check(libc.unshare(CLONE_NEWNS))
    for propagation in (MS_SLAVE, MS_SHARED):
        check(libc.mount(None, b"/", None, MS_REC | propagation, None))


def can_become_nobody():
    """Root in a user namespace may be the only one there."""
    with open("/proc/self/uid_map") as ranges:
        return IS_ROOT and any(int(first) <= NOBODY < int(first) + int(size) for first, _, size in map(str.split, ranges))


class Caller:
    """Somebody who calls the command."""

    def __init__(self, name, command):
        self.name = name
        self.command = command
        self.is_admin = name == "root"
        self.prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if name == "nobody" else []

    def argv(self, *arguments):
        return [*self.prefix, self.command, *arguments]

    def start(self, *arguments, **options):
        return subprocess.Popen(self.argv(*arguments), **{"stdin": subprocess.DEVNULL, "text": True, **options})

    def call(self, *arguments, **options):
        """Runs the command to its end."""
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": LONG, **options}
        return subprocess.run(self.argv(*arguments), **options)

    def run(self, *arguments, **options):
        """What a program under "spacetest run", or what else is named, prints; it has to succeed."""
        result = self.call(*([] if arguments[0] in COMMANDS else ["run"]), *arguments, **options)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    def python(self, *arguments, script, **options):
        return self.run(*arguments, "--", PYTHON, "-c", script, **options)

    def complaint(self, *arguments, status=125, **options):
        """The one line of a failure."""
        result = self.call(*arguments, **options)
        assert result.returncode == status, result.stderr
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1 and result.stderr.endswith("\n"), result.stderr
        command = f"spacetest {arguments[0]}: " if arguments and arguments[0] in COMMANDS else "spacetest: "
        assert result.stderr.startswith(command)
        return result.stderr


@pytest.fixture(scope="session")
def public_command():
    """A copy that everybody can run, wherever the build tree is."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        shutil.copy(LIBRARY, os.path.join(directory, "libspacetest-1.so.0"))
        shutil.copy(SHOW, os.path.join(directory, "spacetest-show"))
        path = shutil.copy(COMMAND, os.path.join(directory, "spacetest"))
        for name in os.listdir(directory):
            os.chmod(os.path.join(directory, name), 0o755)
        os.environ["LD_LIBRARY_PATH"] = os.environ["SPACETEST_LIBEXECDIR"] = directory
        yield path


@pytest.fixture(params=(["root"] if IS_ROOT else ["somebody"]) + (["nobody"] if can_become_nobody() else []))
def caller(request, public_command):
    return Caller(request.param, public_command)


def find_children(pid=None):
    pid = pid or os.getpid()
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(child) for child in children.read().split()]


@contextlib.contextmanager
def inside(caller, *options, script="echo ready; exec sleep 1000"):
    """The process id, as seen from here, of a shell script under "spacetest run" that says when it is ready."""
    with caller.start("run", *options, "--", "sh", "-c", script, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield find_children(find_children(process.pid)[0])[0] if "--pid" in options else process.pid
        finally:
            process.kill()


def prepare_way(caller, way):
    """The arguments up to the command: those given, with the target of "enter"."""
    if way[0] != "enter":
        yield way
        return
    with inside(caller, "--pid", "--net") as pid:
        yield ("enter", f"--target={pid}", *way[1:])


def reap_all(seconds=SOON):
    """Waits until there is no child any more, orphans that came to us included. Gives those that stay."""
    deadline = time.monotonic() + seconds
    while children := find_children():
        fd = os.pidfd_open(children[0])
        try:
            if not select.select([fd], [], [], max(0, deadline - time.monotonic()))[0]:
                return children
        finally:
            os.close(fd)
        os.waitpid(children[0], 0)
    return []


def describe_host():
    with open("/proc/self/mountinfo") as mounts:
        return {
            "mounts": mounts.read(),
            "name": os.uname().nodename,
            "namespaces": {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in KINDS},
            "descriptors": len(os.listdir("/proc/self/fd")),
        }


@pytest.fixture(autouse=True)
def host_is_unharmed(public_command):
    before = describe_host()
    yield
    assert reap_all() == []
    assert describe_host() == before


def namespaces_of(pid="self"):
    return {kind: os.readlink(f"/proc/{pid}/ns/{kind}") for kind in KINDS}


@pytest.fixture
def new_kinds(caller):
    """The kinds of namespaces that are others than ours under the given options."""
    script = f"import os; print(*[os.readlink('/proc/self/ns/' + kind) for kind in {KINDS!r}])"

    def find(*options):
        inside = dict(zip(KINDS, caller.python(*options, script=script).split()))
        return {kind for kind, name in namespaces_of().items() if inside[kind] != name}
    return find
