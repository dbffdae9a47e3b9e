# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""peers.py SOURCE BUILD: the same two tests with us and with others work, and are as long as the overview says.

Each passes, on a machine where its port is taken; fails with another expectation, and says what arrived; and leaves nothing behind.
What is written with something that is not installed is skipped."""
import contextlib
import os
import pathlib
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile

source, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
peers = source / "docs" / "examples" / "peers"
EXPECTED = {"port": "hello", "cable": "HELLO"}
ROWS = {
    "C": (".c", {"spacetest": "spacetest", "system calls, libnl": "raw", "`ip netns`": "ip"}),
    "Python": (".py", {"spacetest": "spacetest", "pyroute2": "pyroute2", "`ip netns`": "ip"}),
    "JavaScript": (".js", {"spacetest": "spacetest", "`ip netns`": "ip"}),
}
COMMENTS = {".c": r"/\*.*?\*/", ".py": r"^\s*#.*?$", ".js": r"^\s*//.*?$"}
# Others get from it to be root, a home to come back to, a place for names, and the end of all that they start.
SANDBOX = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", """
mount -t tmpfs none /run || exit
"$@"
status=$?
[ ! -e /run/netns ] || ls /run/netns | sed 's/^/left behind: /'
exit $status""", "sh"]


class Failed(Exception):
    pass


class Missing(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Failed(what)


def make_env():
    env = dict(os.environ)
    env.pop("G_DEBUG", None)
    env["PATH"] = f"{build / 'spacetest' / 'cli'}:/usr/bin:/usr/sbin:{env['PATH']}"
    env["PKG_CONFIG_PATH"] = str(build / "meson-uninstalled")
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env["SPACETEST_REQUIRE"] = "1"
    return env


def find_program(test, peer, suffix):
    """Modules of Python have no hyphens."""
    return peers / f"{test}{'_' if suffix == '.py' else '-'}{peer}{suffix}"


def find_programs():
    return sorted(path for path in peers.iterdir() if path.suffix in COMMENTS)


def count_lines(program):
    text = re.sub(COMMENTS[program.suffix], "", program.read_text(), flags=re.DOTALL | re.MULTILINE)
    return sum(bool(line.strip()) for line in text.splitlines())


def check_table():
    rows, known = [], {peers / "shout.py"}
    for language, (suffix, names) in ROWS.items():
        for name, peer in names.items():
            programs = [find_program(test, peer, suffix) for test in EXPECTED]
            known |= set(programs)
            lines = [count_lines(program) if program.exists() else None for program in programs]
            rows.append(f"| {language} | {name} | " + " | ".join(str(count or "–") for count in lines) + " |")
            print("# " + rows[-1])
            if peer == "spacetest":
                ours = lines
            else:
                expect(all(theirs is None or theirs > mine for mine, theirs in zip(ours, lines)), f"we are no shorter: {rows[-1]}")
    expect(known >= set(find_programs()), "there are programs that are not counted")
    expect("\n".join(rows) + "\n\n" in (source / "docs" / "overview.md").read_text(), "the overview says otherwise")


def look_for_needs(program):
    if "pyroute2" in program.name and subprocess.run(["/usr/bin/python3", "-c", "import pyroute2"], stderr=subprocess.DEVNULL, check=False).returncode:
        raise Missing("python3-pyroute2 is not installed")
    if program.stem.endswith("ip") and not shutil.which("ip", path=make_env()["PATH"]):
        raise Missing("iproute2 is not installed")


def compile_program(program):
    packages = ["spacetest-1"] if "spacetest" in program.name else ["gio-2.0", "libnl-route-3.0"]
    flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", *packages], env=make_env(), text=True)
    subprocess.run(["cc", "-Wall", "-Werror", "-o", program.with_name("program"), program, *shlex.split(flags)], check=True)


def get_command(program):
    ours = "spacetest" in program.name
    if program.suffix == ".c":
        compile_program(program)
        command = ["./program"]
    elif program.suffix == ".py":
        options = ["-p", "pytest_spacetest", "--namespaces=user"] if ours else []
        command = ["/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider", *options, program.name]
    else:
        command = [*(["spacetest", "run", "--"] if ours else []), "gjs", "-m", program.name]
    return command if ours else SANDBOX + command


def run(program):
    """What is left behind has its output, so that this does not end."""
    try:
        finished = subprocess.run(get_command(program), cwd=program.parent, env=make_env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False, timeout=100)
    except subprocess.TimeoutExpired as error:
        raise Failed("it does not end, or left a process behind") from error
    print("# " + finished.stdout.rstrip("\n").replace("\n", "\n# "), flush=True)
    expect("left behind" not in finished.stdout, "it left a network behind")
    return finished


def check_program(program, expected):
    expect(run(program).returncode == 0, "it does not pass")
    before, _, after = program.read_text().rpartition(expected)
    program.write_text(before + "other" + after)
    failing = run(program)
    expect(failing.returncode not in (0, 77), "it passes with another expectation")
    expect(expected in failing.stdout, "it does not say what arrived")


def check(path):
    if not path:
        check_table()
        return
    look_for_needs(path)
    with tempfile.TemporaryDirectory(prefix="spacetest-peers-") as folder:
        shutil.copytree(peers, folder, dirs_exist_ok=True)
        check_program(pathlib.Path(folder) / path.name, EXPECTED[re.match("[a-z]+", path.name)[0]])


def take_port(stack):
    """Maybe somebody has it already."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with contextlib.suppress(OSError):
            stack.enter_context(socket.socket(type=kind)).bind(("127.0.0.1", 8080))


def main():
    paths = [None, *(path for path in find_programs() if path.name != "shout.py")]
    status = 0
    print(f"1..{len(paths)}")
    with contextlib.ExitStack() as stack:
        take_port(stack)
        for number, path in enumerate(paths, 1):
            result, reason = "ok", ""
            try:
                check(path)
            except Missing as missing:
                reason = f" # SKIP {missing}"
            except (Failed, OSError, subprocess.CalledProcessError) as failure:
                result, reason, status = "not ok", f" # {failure}", 1
            print(f"{result} {number} {path.name if path else 'table'}{reason}", flush=True)
    sys.exit(status)


main()
