# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""spacetest show: who keeps a namespace alive, who owns it, and which one it is."""
import fcntl
import os
import pathlib
import struct
import subprocess

import pytest

from conftest import LONG, NOBODY, PYTHON, namespaces_of
from holders import hold, holders_of, show

NS_GET_ID = 0x8008b70d
SERIAL = """
import sys, gi
gi.require_version("Spacetest", "1")
from gi.repository import GLib, Spacetest
try:
    print(Spacetest.NamespaceRef.new_for_path(sys.argv[1], 0).get_serial())
except GLib.Error:
    print(0)
"""


def uid_of(caller):
    return NOBODY if caller.name == "nobody" else os.geteuid()


def test_process(caller):
    with hold(caller, 'unshare("net", "uts")\ntell(net=name_of("net"), uts=name_of("uts"))') as facts:
        found = show(caller)
        assert holders_of(found[facts["net"]]) == holders_of(found[facts["uts"]]) == {"processes": [facts["pid"]]}


def test_several_processes(caller):
    script = 'unshare("ipc")\nchildren = [fork(lambda: None) for _ in range(3)]\ntell(ipc=name_of("ipc"), pids=[child[0] for child in children])'
    with hold(caller, script) as facts:
        assert holders_of(show(caller)[facts["ipc"]]) == {"processes": sorted([facts["pid"], *facts["pids"]])}


ELSEWHERE = """
there = []
ready = threading.Event()
def work():
    unshare("uts")
    there.extend([name_of("uts"), threading.get_native_id()])
    ready.set()
    sys.stdin.read()
    os._exit(0)
thread = threading.Thread(target=work)
thread.start()
ready.wait()
"""


def test_thread(caller):
    with hold(caller, ELSEWHERE + "tell(uts=there[0], tid=there[1])") as facts:
        found = show(caller)
        assert holders_of(found[facts["uts"]]) == {"threads": [{"pid": facts["pid"], "tid": facts["tid"]}]}
        assert facts["pid"] in found[namespaces_of(facts["pid"])["uts"]]["processes"]


def test_thread_that_outlives_the_first(caller):
    """The process has no namespaces any more, but this thread has. The first one ends in the call, and holds no lock."""
    script = ELSEWHERE + """
print(json.dumps({"pid": os.getpid(), "uts": there[0], "tid": there[1]}), flush=True)
libc.pthread_exit(None)"""
    with hold(caller, script) as facts:
        wait_for_zombie(facts["pid"])
        assert holders_of(show(caller)[facts["uts"]]) == {"threads": [{"pid": facts["pid"], "tid": facts["tid"]}]}


def wait_for_zombie(pid):
    """Nothing tells when a first thread ends, but it is on its way."""
    while pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        os.sched_yield()


def test_descriptor(caller):
    script = """
child = fork(lambda: unshare("uts"))
name, fd = name_of("uts", child[0]), os.open(f"/proc/{child[0]}/ns/uts", os.O_RDONLY)
end(child)
tell(uts=name, fds=[fd, os.dup(fd)])"""
    with hold(caller, script) as facts:
        assert holders_of(show(caller)[facts["uts"]]) == {"fds": [{"pid": facts["pid"], "fd": fd} for fd in facts["fds"]]}


BOUND = """
make_room()
path = "/mnt/a b\\n\\\\ö"
open(path, "w").close()
child = fork(lambda: unshare("net"))
name = name_of("net", child[0])
bind(f"/proc/{child[0]}/ns/net", path)
end(child)
"""


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_mount(caller, locale):
    with hold(caller, BOUND + "tell(net=name, path=path)") as facts:
        found = show(caller, env={**os.environ, "LC_ALL": locale}, encoding="utf-8")
        assert holders_of(found[facts["net"]]) == {"mounts": [{"pid": facts["pid"], "path": facts["path"]}]}


def test_descriptor_of_a_mount(caller):
    """Its link in /proc is the mount point, or nothing that makes sense once it is unmounted."""
    script = BOUND + """
first = os.open(path, os.O_RDONLY)
check(libc.umount2(os.fsencode(path), MNT_DETACH))
tell(net=name, fd=first, link=os.readlink(f"/proc/self/fd/{first}"))"""
    with hold(caller, script.replace("check(libc.umount2", "0 and (libc.umount2")) as facts:
        assert facts["link"].startswith("/mnt/a b")
        assert show(caller)[facts["net"]]["fds"] == [{"pid": facts["pid"], "fd": facts["fd"]}]
    with hold(caller, script) as facts:
        assert holders_of(show(caller)[facts["net"]]) == {"fds": [{"pid": facts["pid"], "fd": facts["fd"]}]}


def test_mount_that_the_first_process_does_not_see(caller):
    script = BOUND + """
os.mkdir("/mnt/jail")
other = fork(lambda: os.chroot("/mnt/jail") if os.getpid() < os.getppid() else None)
if os.getpid() < other[0]:
    os.chroot("/mnt/jail")
tell(net=name, path=path, last=max(os.getpid(), other[0]))"""
    with hold(caller, script) as facts:
        assert holders_of(show(caller)[facts["net"]]) == {"mounts": [{"pid": facts["last"], "path": facts["path"]}]}


def test_mount_that_is_seen_from_two_roots(caller):
    """Is one mount."""
    script = BOUND + """
other = fork(lambda: os.chroot("/mnt"))
tell(net=name, jail=other[0])"""
    with hold(caller, script) as facts:
        paths = {facts["pid"]: "/mnt/a b\n\\ö", facts["jail"]: "/a b\n\\ö"}
        first = min(paths)
        assert holders_of(show(caller)[facts["net"]]) == {"mounts": [{"pid": first, "path": paths[first]}]}


def test_mount_that_a_thread_sees(caller):
    script = """
ready, there = threading.Event(), []
def work():
""" + "".join(f"    {line}\n" for line in BOUND.strip().splitlines()) + """
    there.extend([name, path, threading.get_native_id()])
    ready.set()
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=work).start()
ready.wait()
tell(there=there)"""
    with hold(caller, script) as facts:
        name, path, tid = facts["there"]
        assert holders_of(show(caller)[name]) == {"mounts": [{"pid": tid, "path": path}]}


def test_socket(caller):
    """One that came from a process that is gone."""
    script = """
ours, theirs = socket.socketpair()
def work():
    unshare("net")
    with socket.socket() as inside:
        socket.send_fds(theirs, [b"."], [inside.fileno()])
    return name_of("net")
child = fork(work)
fd = socket.recv_fds(ours, 1, 1)[1][0]
end(child)
tell(net=child[1], fd=fd)"""
    with hold(caller, script) as facts:
        found = show(caller)
        assert holders_of(found[facts["net"]]) == {"sockets": [{"pid": facts["pid"], "fd": facts["fd"]}]}
        assert found[facts["net"]]["owner"] == namespaces_of(facts["pid"])["user"]


def test_where_children_will_be(caller):
    """A new time namespace has nobody in it at first; a new pid namespace has not its maker."""
    script = """
unshare("time", "pid")
child = fork(lambda: None)
unshare("time")
tell(time=name_of("time_for_children"), pid_namespace=name_of("pid", child[0]), child=child[0])"""
    with hold(caller, script) as facts:
        found = show(caller)
        maker = [{"pid": facts["pid"], "tid": facts["pid"]}]
        assert holders_of(found[facts["time"]]) == {"for_children": maker}
        assert holders_of(found[facts["pid_namespace"]]) == {"processes": [facts["child"]], "for_children": maker}
        assert found[facts["pid_namespace"]]["parent"] == namespaces_of()["pid"]


NESTED = """
unshare("user")
def work():
    unshare("user", "net")
    return name_of("user"), name_of("net")
child = fork(work)
tell(outer=name_of("user"), inner=child[1][0], net=child[1][1], child=child[0])
"""


def test_owners_and_parents(caller):
    with hold(caller, NESTED) as facts:
        found = show(caller)
        outer, inner, net = (found[facts[key]] for key in ("outer", "inner", "net"))
        assert inner["parent"] == inner["owner"] == facts["outer"]
        assert (net["owner"], net["parent"], net["owner_uid"]) == (facts["inner"], None, None)
        assert outer["owner_uid"] == inner["owner_uid"] == uid_of(caller)
        home = namespaces_of()["user"]
        assert outer["parent"] == home if caller.is_admin else found[outer["parent"]]["parent"] == home
        assert (found[home]["parent"], found[home]["owner"], found[home]["owner_uid"]) == (None, None, 0)


def test_tree(caller):
    with hold(caller, NESTED) as facts:
        result = caller.call("show", "--tree")
        below = caller.call("show", "-t", str(facts["child"]), f"/proc/{facts['pid']}/ns/user").stdout.splitlines()
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    names = [line.split(",")[0].split()[0] for line in lines]
    assert len(set(names)) == len(names)
    depths = {name: (len(line) - len(line.lstrip())) // 2 for name, line in zip(names, lines)}

    def above(name):
        return next((other for other in reversed(names[:names.index(name)]) if depths[other] < depths[name]), None)
    assert above(facts["net"]) == facts["inner"]
    assert above(facts["inner"]) == facts["outer"]
    assert above(namespaces_of()["user"]) is None
    uid = uid_of(caller)
    assert f"{facts['outer']} of uid {uid}, 1 process" in [line.strip() for line in below]
    outer = next(i for i, line in enumerate(below) if line.startswith(facts["outer"]) or line.startswith("  " + facts["outer"]))
    indent = below[outer][:len(below[outer]) - len(below[outer].lstrip())]
    assert below[outer + 1:outer + 3] == [f"{indent}  {facts['inner']} of uid {uid}, 1 process", f"{indent}    {facts['net']}, 1 process"]


def serial_of(path):
    """As the library has it, where it can be asked."""
    if not any((pathlib.Path(folder) / "Spacetest-1.typelib").exists() for folder in os.environ.get("GI_TYPELIB_PATH", "").split(":")):
        with open(path) as file:
            return ask_kernel(file)
    return int(subprocess.run([PYTHON, "-c", SERIAL, path], capture_output=True, text=True, check=True, timeout=LONG).stdout)


def ask_kernel(file):
    try:
        return struct.unpack("Q", fcntl.ioctl(file, NS_GET_ID, bytes(8)))[0]
    except OSError:
        return 0


def test_serial(caller):
    with hold(caller, 'unshare("net")\ntell(net=name_of("net"))') as facts:
        path = f"/proc/{facts['pid']}/ns/net"
        assert show(caller, path)[facts["net"]]["serial"] == (serial_of(path) or None)
