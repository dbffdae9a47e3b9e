# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Which namespaces are new, and what is in them."""
import os

import pytest

FLAGS = {
    "--net": {"net"}, "--mount": {"mnt"}, "--uts": {"uts"}, "--ipc": {"ipc"}, "--cgroup": {"cgroup"}, "--pid": {"pid", "mnt"},
    "--time": {"time"}, "--monotonic=1": {"time"}, "--boottime=0": {"time"}, "-T": {"time"},
    "--user": {"user"}, "--hostname=there": {"uts"},
    "-n": {"net"}, "-m": {"mnt"}, "-u": {"uts"}, "-i": {"ipc"}, "-C": {"cgroup"}, "-p": {"pid", "mnt"}, "-U": {"user"},
    "-nmuiCpTU": {"net", "mnt", "uts", "ipc", "cgroup", "pid", "time", "user"},
    "-nu": {"net", "uts"}, "-np": {"net", "pid", "mnt"}, "-mi": {"mnt", "ipc"}, "-nU": {"net", "user"},
}


def for_caller(caller, kinds):
    return kinds if caller.is_admin else kinds | {"user"}


@pytest.mark.parametrize("flag", FLAGS)
def test_flag(caller, new_kinds, flag):
    assert new_kinds(flag) == for_caller(caller, FLAGS[flag])


def test_no_flag(caller, new_kinds):
    """Without privileges everything that a thread can visit: it could not come home to what belongs to others."""
    assert new_kinds() == (set() if caller.is_admin else {"user", "cgroup", "ipc", "mnt", "net", "uts"})


def test_said_twice(caller, new_kinds):
    assert new_kinds("--net", "-n", "--net") == for_caller(caller, {"net"})


def test_abbreviated(caller, new_kinds):
    assert new_kinds("--mou") == for_caller(caller, {"mnt"})


@pytest.mark.parametrize("flags", [(), ("--user",), ("--user", "--pid")])
def test_own_ids_are_root(caller, flags):
    if caller.is_admin and not flags:
        flags = ("--user",)
    script = "import os; print(os.getresuid(), os.getresgid()); print(open('/proc/self/setgroups').read())"
    assert caller.python(*flags, script=script).split("\n")[:2] == ["(0, 0, 0) (0, 0, 0)", "deny"]


def test_root_in_it_can_make_the_others(caller):
    nested = ("-nmuiCp", "--", caller.command, "run", "-nmuiCp")
    assert caller.run("--user", "--", caller.command, "run", *nested, "--", "echo", "done") == "done\n"


def test_capability_counts_not_the_user(caller):
    """Root without the capability gets a user namespace as well."""
    drop = ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-all")
    if not caller.is_admin:
        drop = ()
    kind = caller.run("--user", "--", *drop, caller.command, "run", "--net", "--", "readlink", "/proc/self/ns/user")
    outer = caller.run("--user", "--", *drop, "readlink", "/proc/self/ns/user")
    assert len({kind, outer, os.readlink("/proc/self/ns/user") + "\n"}) == 3


@pytest.mark.parametrize("options", [("--net",), ("--net", "--user"), ("--net", "--pid")])
def test_lo_is_up(caller, options):
    script = """
import socket
server = socket.create_server(("127.0.0.1", 80))
client = socket.create_connection(server.getsockname())
print(socket.if_nameindex())"""
    assert caller.python(*options, script=script) == "[(1, 'lo')]\n"


@pytest.mark.parametrize("name", ["there", "a" * 64, "with space", "h\u00f6st"])
def test_host_name(caller, name):
    assert caller.run("--hostname", name, "--", "uname", "-n") == name + "\n"
    assert os.uname().nodename != name


def test_last_host_name_counts(caller):
    assert caller.run("--hostname=one", "--uts", "--hostname=two", "--", "uname", "-n") == "two\n"


def test_host_name_is_kept_without_one(caller):
    assert caller.run("--uts", "--", "uname", "-n") == os.uname().nodename + "\n"


def test_mount_table_is_private(caller):
    script = """
import subprocess
assert not [line for line in open("/proc/self/mountinfo") if " shared:" in line or " master:" in line]
subprocess.run(["mount", "-t", "tmpfs", "inside", "/mnt"], check=True)
print(sum(line.split()[-2] == "inside" for line in open("/proc/self/mountinfo")))"""
    assert caller.python("--mount", script=script) == "1\n"


def test_ipc(caller):
    assert caller.run("--ipc", "--mount", "--", "ipcmk", "-Q").startswith("Message queue id: ")
    assert len(caller.run("--ipc", "--", "cat", "/proc/sysvipc/msg").splitlines()) == 1


def test_cgroup(caller):
    paths = {line.split(":", 2)[2] for line in caller.run("--cgroup", "--", "cat", "/proc/self/cgroup").splitlines()}
    assert paths <= {"/"}


STORY = """
set -eu
there=$(mktemp -d)
trap 'kill "$(cat "$there/pid")" 2>/dev/null || true; rm -rf "$there"' EXIT
mkfifo "$there/ready"
spacetest run --net --uts --hostname elsewhere -- sh -c "uname -n > $there/name; echo \\$\\$ > $there/pid; echo > $there/ready; exec sleep 30" &
read -r line < "$there/ready"
inside=$(cat "$there/pid")
[ "$(cat "$there/name")" = elsewhere ]
[ "$(readlink "/proc/$inside/ns/net")" != "$(readlink /proc/$$/ns/net)" ]
[ "$inside" = "$!" ]
status=0
spacetest run --net -- sh -c 'exit 7' || status=$?
[ "$status" -eq 7 ]
echo inside
"""


def test_story(caller):
    import subprocess
    path = os.path.dirname(caller.command) + ":" + os.environ["PATH"]
    result = subprocess.run([*caller.prefix, "sh", "-c", STORY], env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "inside\n", "")
