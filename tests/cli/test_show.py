# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""spacetest show: what is listed and how, next to lsns, on busy systems, and where it can't be done."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

import pytest

from conftest import KINDS, LONG, NOBODY, namespaces_of
from holders import HOLDERS, hold, holders_of, show

MANUAL = pathlib.Path(os.environ["G_TEST_SRCDIR"]).parent / "docs" / "spacetest.1"
MEMBERS = ("name", "kind", "inode", "serial", "owner", "parent", "owner_uid", *HOLDERS)
TITLES = ["KIND", "INODE", "SERIAL", "OWNER", "UID", "PROC", "THR", "FDS", "MNT", "SOC", "PID", "COMMAND"]
SETS = """
unshare("net", "uts", "ipc")
children = [fork(lambda: (unshare("mnt"), name_of("mnt"))[1]) for _ in range(3)]
tell(mine=[name_of("net"), name_of("uts"), name_of("ipc"), *(child[1] for child in children)])
"""


def lsns(caller):
    """Kind, number of processes and first process by inode. It fails when a process ends while it looks: then once more."""
    for _ in range(100):
        result = subprocess.run([*caller.prefix, "lsns", "-J", "-o", "NS,TYPE,NPROCS,PID"], capture_output=True, timeout=LONG)
        if result.returncode == 0:
            break
    assert result.returncode == 0, result.stderr
    output = result.stdout
    return {int(one["ns"]): (one["type"], one["nprocs"], one["pid"]) for one in json.loads(output)["namespaces"]}


def test_agrees_with_lsns(caller):
    """What is there before and after must be there in between; in what is ours, nothing changes."""
    with hold(caller, SETS) as facts:
        before, found, after = lsns(caller), show(caller), lsns(caller)
    for inode in before.keys() & after.keys():
        kind, _, pid = before[inode]
        if (kind, pid) == (after[inode][0], after[inode][2]):
            assert f"{kind}:[{inode}]" in found
    assert len(set(facts["mine"])) == 6
    for name in facts["mine"]:
        one = found[name]
        assert before[one["inode"]] == (one["kind"], len(one["processes"]), one["processes"][0])


def test_json(caller):
    result = caller.call("show", "-J")
    assert (result.returncode, result.stderr) == (0, "")
    everything = json.loads(result.stdout)
    names = [one["name"] for one in everything]
    assert names == sorted(set(names), key=lambda name: (name.split(":")[0], int(name.split("[")[1][:-1])))
    assert set(namespaces_of().values()) >= {one["name"] for one in everything if os.getpid() in one["processes"]}
    for one in everything:
        assert tuple(one) == MEMBERS
        assert one["owner"] is None or one["owner"] in names
        assert one["parent"] is None or (one["parent"] in names and one["kind"] in ("user", "pid"))
        assert (one["owner_uid"] is None) == (one["kind"] != "user")


def test_members_are_documented():
    section = MANUAL.read_text(encoding="utf-8").partition("\n.SH SHOW\n")[2].partition("\n.SH ")[0]
    for member in MEMBERS:
        assert re.search(rf"^\.BR? {member}\b", section, re.MULTILINE), member


def test_only_what_may_be_seen(caller):
    """Of nobody, only what is nobody's; of root, what lsns can see."""
    found = show(caller)
    assert {one["kind"] for one in found.values()} == set(KINDS)
    owners = set()
    for pid in {pid for one in found.values() for pid in one["processes"]}:
        try:
            owners.add(os.stat(f"/proc/{pid}").st_uid)
        except FileNotFoundError:
            continue
    assert owners <= {NOBODY} if caller.name == "nobody" else os.geteuid() in owners


def rows_of(result):
    """The cells of a table after checking its form; the command may have blanks, or not be there."""
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].split() == TITLES
    assert all(len(line) <= 80 and line == line.rstrip() and line.isprintable() for line in lines)
    return [line.split(None, len(TITLES) - 1) for line in lines[1:]]


def test_table(caller):
    with hold(caller, SETS) as facts:
        rows = rows_of(caller.call("show"))
        found = show(caller)
        for name in facts["mine"]:
            one = found[name]
            number = "-" if one["serial"] is None else str(one["serial"])
            owner = one["owner"].split("[")[1][:-1]
            count = str(len(one["processes"]))
            expected = [one["kind"], str(one["inode"]), number, owner, "-", count, "0", "0", "0", "0", str(one["processes"][0])]
            assert [row[:-1] for row in rows if row[1] == str(one["inode"])] == [expected]


def test_large_counts(caller):
    script = """
unshare("uts")
first = os.open("/proc/self/ns/uts", os.O_RDONLY)
child = [fork(lambda: [os.dup(first) for _ in range(200)] and None) for _ in range(10)]
tell(uts=name_of("uts"))"""
    with hold(caller, script) as facts:
        path = f"/proc/{facts['pid']}/ns/uts"
        assert [row[5:10] for row in rows_of(caller.call("show", path))] == [["11", "0", "2k", "0", "0"]]
        assert len(show(caller, path)[facts["uts"]]["fds"]) == 2011


def test_name_that_confuses_a_terminal(caller):
    script = """
libc.prctl(15, b"\\x1b[2J\\n\\xc3\\xa4", 0, 0, 0)
unshare("uts")
tell()"""
    with hold(caller, script) as facts:
        assert [row[11] for row in rows_of(caller.call("show", f"/proc/{facts['pid']}/ns/uts"))] == ["?[2J???"]


def test_command_of_a_holder(caller):
    """Where nobody is in it, whoever has it open is of interest."""
    script = """
child = fork(lambda: unshare("uts"))
fd = os.open(f"/proc/{child[0]}/ns/uts", os.O_RDONLY)
end(child)
tell(fd=fd)"""
    with hold(caller, script) as facts:
        rows = rows_of(caller.call("show", f"/proc/{facts['pid']}/fd/{facts['fd']}"))
        assert [row[5:] for row in rows] == [["0", "0", "1", "0", "0", str(facts["pid"]), "python3"]]


def test_arguments(caller):
    """In the order given, each once."""
    with hold(caller, SETS) as facts:
        pid, names = facts["pid"], namespaces_of(facts["pid"])
        assert list(show(caller, pid)) == [names[kind] for kind in KINDS]
        assert list(show(caller, f"/proc/{pid}/ns/net")) == [names["net"]]
        paths = [f"/proc/{pid}/ns/{kind}" for kind in ("uts", "net")]
        expected = [names["uts"], names["net"], *(names[kind] for kind in KINDS if kind not in ("uts", "net"))]
        assert list(show(caller, *paths, pid, paths[0], pid)) == expected
        assert [row[1] for row in rows_of(caller.call("show", *paths))] == [re.sub(r"\D", "", names[kind]) for kind in ("uts", "net")]
        assert holders_of(show(caller, "--", paths[0])[names["uts"]])["processes"][0] == pid


def test_number_is_no_file(caller):
    """A number is a process, whatever files there are."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        path = shutil.copy("/etc/passwd", os.path.join(directory, "1000000000"))
        assert "process 1000000000: No such process" in caller.complaint("show", "1000000000", cwd=directory)
        assert "not a namespace" in caller.complaint("show", "./1000000000", cwd=directory)
        assert "not a namespace" in caller.complaint("show", path)


def gone_pid():
    child = subprocess.Popen(["true"])
    child.wait()
    return str(child.pid)


@pytest.mark.parametrize("arguments, words", [
    (("/etc/passwd",), "cannot open namespace /etc/passwd: Inappropriate ioctl for device (not a namespace)"),
    (("/",), "not a namespace"),
    (("/dev/null",), "not a namespace"),
    (("/nonsense",), "cannot open namespace /nonsense: No such file or directory"),
    (("",), "No such file or directory"),
    (("0",), "No such file or directory"),
    (("4294967296",), "No such file or directory"),
    (("a" * 5000,), "File name too long"),
    (("/" + "ab/" * 1700,), "File name too long"),
    (("two\nlines",), "two?lines"),
    (("/proc/self/ns/net", "/etc/passwd"), "/etc/passwd"),
    (("--nonsense",), "unrecognized option '--nonsense'"),
    (("-z",), "invalid option -- 'z'"),
    (("-1",), "invalid option -- '1'"),
    (("--json=x",), "'--json'"),
    (("--json", "--tree"), "don't go together"),
    (("-tJ",), "don't go together"),
])
def test_wrong_usage(caller, arguments, words):
    assert words in caller.complaint("show", *arguments)


def test_program_is_missing(caller, tmp_path):
    """What links with the library is a program of its own."""
    message = caller.complaint("show", env={**os.environ, "SPACETEST_LIBEXECDIR": str(tmp_path)})
    assert f"cannot run {tmp_path}/spacetest-show: " in message and "SPACETEST_LIBEXECDIR" in message
    message = caller.complaint("show", env={**os.environ, "SPACETEST_LIBEXECDIR": "/" + "a" * 3000})
    assert "File name too long" in message


def test_gone_process(caller):
    pid = gone_pid()
    assert f"cannot open process {pid}: No such process" in caller.complaint("show", pid)
    assert f"cannot open namespace /proc/{pid}/ns/net: No such file" in caller.complaint("show", f"/proc/{pid}/ns/net")


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: socket.socket(socket.AF_UNIX).bind(path)])
def test_neither_waits_nor_opens(caller, make, tmp_path):
    """For files that are closed to nobody there is another answer, but there is one."""
    path = str(tmp_path / "file")
    make(path)
    message = caller.complaint("show", path)
    assert "not a namespace" in message or (caller.name == "nobody" and "Permission denied" in message)


def test_process_of_another(caller):
    """Of a privileged one, nobody may know."""
    if caller.name == "nobody":
        assert "Permission denied" in caller.complaint("show", str(os.getpid()))
    else:
        assert list(show(caller, os.getpid())) == list(namespaces_of().values())


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("--json", "--help", "--nonsense")])
def test_help(caller, arguments):
    result = caller.call("show", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: spacetest show ")
    for option in ("-J, --json", "-t, --tree", "-h, --help", "-V, --version", "125"):
        assert option in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_version(caller):
    assert caller.call("show", "--version").stdout == caller.call("--version").stdout


@pytest.mark.parametrize("option", ["--json", "--tree", "--version", "--help"])
def test_no_room_for_the_answer(caller, option):
    with open("/dev/full", "w") as full:
        result = caller.call("show", option, stdout=full, stderr=-1, capture_output=False)
    assert (result.returncode, result.stderr) == (125, "spacetest show: cannot write to standard output: No space left on device\n")


def test_processes_that_end_meanwhile(caller):
    """One after the other, each in a namespace of its own, as fast as it goes."""
    script = """
import select
print(json.dumps({"pid": os.getpid()}), flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    pid = os.fork()
    if pid == 0:
        unshare("uts")
        threading.Thread(target=unshare, args=["ipc"]).start()
        os._exit(0)
    os.waitpid(pid, 0)"""
    with hold(caller, script) as facts:
        for _ in range(10):
            assert facts["pid"] in show(caller)[namespaces_of(facts["pid"])["uts"]]["processes"]


# But for the file in which a sanitizer looks its options up: it can't find leaks without a /proc.
NO_PROC = """
mount -t tmpfs none /proc
mkdir /proc/self
printf 'ASAN_OPTIONS=detect_leaks=0\\0' >/proc/self/environ
"""


@pytest.mark.parametrize("options, script, words", [
    (["--mount"], NO_PROC, "cannot look around: there is no /proc"),
    (["--pid", "--fork"], "", "cannot look around: /proc is that of another pid namespace"),
])
def test_no_proc_of_ours(caller, options, script, words):
    """A sanitizer misses it as well, and says so in lines of its own."""
    unshare = ["unshare", "--user", "--map-root-user", *options, "sh", "-ec", script + '\nexec "$0" show']
    result = subprocess.run([*caller.prefix, *unshare, caller.command], capture_output=True, text=True, timeout=LONG)
    lines = [line for line in result.stderr.splitlines() if not line.startswith("==")]
    assert (result.returncode, result.stdout, len(lines)) == (125, "", 1)
    assert lines[0].startswith(f"spacetest show: {words}")


def test_inside(caller):
    """From a world of its own, only that world is seen."""
    inside = json.loads(caller.run("--pid", "--net", "--", caller.command, "show", "--json"))
    counts = {one["kind"]: len(one["processes"]) for one in inside if one["processes"]}
    assert {counts[kind] for kind in KINDS} == {2}


MANY = """
def work():
    names = []
    for _ in range(200):
        unshare("uts")
        names.append(name_of("uts"))
        os.open("/proc/self/ns/uts", os.O_RDONLY)
    return names
tell(names=[name for _ in range(6) for name in fork(work)[1]])
"""


def test_no_descriptor_is_kept(caller):
    """1200 namespaces, all seen with 256 descriptors and with the few that owners upon owners need."""
    with hold(caller, MANY) as facts:
        names = set(facts["names"])
        assert len(names) == 1200
        for limit in (256, 16):
            limited = type(caller)(caller.name, "prlimit")
            result = limited.call(f"--nofile={limit}", caller.command, "show", "--json")
            assert (result.returncode, result.stderr) == (0, "")
            found = {one["name"]: one for one in json.loads(result.stdout)}
            assert names <= found.keys()
            assert all(found[name]["fds"] for name in names)


def test_too_few_descriptors(caller):
    """Rather no answer than half of one."""
    limited = type(caller)(caller.name, "prlimit")
    result = limited.call("--nofile=4", caller.command, "show", str(os.getpid()) if caller.is_admin else "--json")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (125, "", 1)
    assert "Too many open files" in result.stderr
