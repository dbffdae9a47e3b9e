# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Processes that hold namespaces while a test looks at them."""
import contextlib
import json
import os
import subprocess

from conftest import KINDS, LONG, PYTHON

# Root in a user namespace of its own, unless it has the privilege anyway. tell() ends the preparation; the process ends with the test.
PREAMBLE = """
import ctypes, json, os, socket, sys, threading
CLONE = {"mnt": 0x20000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000, "time": 0x80}
MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 0x1000, 0x4000, 0x40000, 2
libc = ctypes.CDLL(None, use_errno=True)

def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def unshare(*kinds):
    uid, gid = os.geteuid(), os.getegid()
    check(libc.unshare(sum(CLONE[kind] for kind in kinds)))
    if "user" in kinds:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)

def bind(source, target):
    check(libc.mount(os.fsencode(source), os.fsencode(target), None, MS_BIND, None))

def make_room():
    unshare("mnt")
    check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    check(libc.mount(b"room", b"/mnt", b"tmpfs", 0, None))

def name_of(kind, task=None):
    return os.readlink(f"/proc/{task or threading.get_native_id()}/ns/{kind}")

def fork(work):
    "A child that works, tells with what result, and stays until we end. Gives its pid and the result."
    ours, theirs = os.pipe()
    until = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        os.close(until[1])
        os.write(theirs, json.dumps(work()).encode())
        os.close(theirs)
        os.read(until[0], 1)
        os._exit(0)
    os.close(theirs)
    os.close(until[0])
    with open(ours) as result:
        return pid, json.load(result), until[1]

def end(child):
    os.close(child[2])
    os.waitpid(child[0], 0)

def tell(**facts):
    print(json.dumps({"pid": os.getpid(), **facts}), flush=True)
    sys.stdin.read()
    os._exit(0)
"""


@contextlib.contextmanager
def hold(caller, script):
    """Gives what the script tells of itself."""
    unprivileged = "" if caller.is_admin else 'unshare("user")\n'
    holder = subprocess.Popen([*caller.prefix, PYTHON, "-c", PREAMBLE + unprivileged + script],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with holder:
        line = holder.stdout.readline()
        try:
            yield json.loads(line)
        finally:
            holder.stdin.close()
            assert holder.wait(LONG) == 0


def is_ours(pid):
    """Whether this process started it, or one that it started."""
    while pid > 1 and pid != os.getpid():
        try:
            with open(f"/proc/{pid}/stat") as stat:
                pid = int(stat.read().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return pid > 1


def show(caller, *arguments, **options):
    """By name. Some of it may be on the way out on a busy machine, and other tests look at everything, too: for that they open it."""
    result = caller.call("show", "--json", *map(str, arguments), **options)
    assert (result.returncode, result.stderr) == (0, "")
    found = {one["name"]: one for one in json.loads(result.stdout)}
    assert all(name == f"{one['kind']}:[{one['inode']}]" and one["kind"] in KINDS for name, one in found.items())
    for one in found.values():
        one["fds"] = [holder for holder in one["fds"] if is_ours(holder["pid"])]
    return found


HOLDERS = ("processes", "threads", "for_children", "fds", "mounts", "sockets")


def holders_of(one):
    """Those sorts of which there are some."""
    return {sort: one[sort] for sort in HOLDERS if one[sort]}
