# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Where a test failed, and how to get there."""
import os
import pathlib
import pty
import re
import shlex
import signal
import subprocess
import time

import pytest

from conftest import COMMAND, FAILING, LONG

INSIDE = re.compile(r"^spacetest: (?P<test>\S.*) did not pass; it was in net:\[(?P<net>\d+)\], uts:\[(?P<uts>\d+)\]$", re.MULTILINE)
REPEAT = re.compile(r"^  SPACETEST_ON_FAILURE=(?P<mode>\w+) (?P<line>.*)$", re.MULTILINE)


@pytest.mark.parametrize("path, status", [
    ("/assertion", -signal.SIGABRT),
    ("/error", -signal.SIGTRAP),
    ("/crash", -signal.SIGSEGV),
    ("/fail", -signal.SIGABRT),
    ("/worker", -signal.SIGABRT),
    ("/in/fail", -signal.SIGABRT),
    ("/forgotten", -signal.SIGABRT),
    ("/exit-inside", 1),
    ("/with 'quotes'", -signal.SIGABRT),
])
def test_report(caller, path, status):
    result = caller.run(path) if path == "/crash" else caller.fails(path)  # of which GLib says nothing
    assert result.returncode == status
    assert INSIDE.findall(result.stderr)[0][0] == path
    assert len(INSIDE.findall(result.stderr)) == 1
    (mode, line), = REPEAT.findall(result.stderr)
    assert mode == "shell"
    assert shlex.split(line)[1:] == ["-p", path]


def test_line_repeats(caller):
    """The line can be copied: it runs the test again."""
    line = REPEAT.search(caller.fails("/with 'quotes'").stderr)[0]
    again = subprocess.run(caller.argv("sh", "-c", line.replace("=shell", "=report")), capture_output=True, text=True, timeout=LONG)
    assert again.returncode != 0
    assert INSIDE.search(again.stderr)["test"] == "/with 'quotes'"


def test_nothing_to_look_at(caller):
    """At home, and nothing held: there is nowhere to go to."""
    for mode in "report", "keep", "shell":
        result = caller.fails("/at-home", SPACETEST_ON_FAILURE=mode)
        assert "spacetest: " not in result.stderr


def test_wrong_mode(caller):
    result = caller.run("/good/scope", SPACETEST_ON_FAILURE="kep")
    assert result.returncode != 0
    assert 'SPACETEST_ON_FAILURE is "kep"' in result.stdout + result.stderr
    assert "ok" not in result.stdout


class Stopped:
    """A program that stops where a test fails."""

    def __init__(self, caller, path, errors, *command):
        self.caller = caller
        self.errors = errors
        self.process = subprocess.Popen(caller.argv(*command, FAILING, "-p", path), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=errors, env={**os.environ, "SPACETEST_ON_FAILURE": "keep"})

    def __enter__(self):
        _, status = os.waitpid(self.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGSTOP
        self.errors.seek(0)
        self.text = self.errors.read()
        return self

    def __exit__(self, *_):
        line = re.search(r"kill -CONT \d+", self.text)[0]
        subprocess.run(line, shell=True, check=True)
        assert self.process.wait(LONG) == -signal.SIGABRT

    def look(self):
        """What the network is called where the line leads to."""
        line, = re.findall(r"^  (nsenter .*)$", self.text, re.MULTILINE)
        finished = subprocess.run(self.caller.argv("sh", "-c", f"{line} readlink /proc/self/ns/net"), capture_output=True, text=True,
                                  timeout=LONG)
        assert (finished.returncode, finished.stderr) == (0, "")
        return finished.stdout.strip()


@pytest.fixture
def errors(tmp_path):
    with open(tmp_path / "errors", "w+") as file:
        yield file


@pytest.mark.parametrize("path", ["/assertion", "/worker", "/fail", "/forgotten"])
def test_keep(caller, errors, path):
    with Stopped(caller, path, errors) as stopped:
        assert stopped.look() == f"net:[{INSIDE.search(stopped.text)['net']}]"


def test_keep_under_command(caller, errors):
    """From a namespace of its own, a program does not see where it was started from."""
    with Stopped(caller, "/assertion", errors, COMMAND, "run", "--user", "--net", "--mount", "--uts", "--ipc", "--cgroup", "--") as stopped:
        assert stopped.look() == f"net:[{INSIDE.search(stopped.text)['net']}]"


def test_keep_held(caller, errors):
    """The failing thread is at home, and has a namespace that it is not in."""
    with Stopped(caller, "/held", errors) as stopped:
        assert "it held these" in stopped.text
        assert stopped.look() not in ("", os.readlink("/proc/self/ns/net"))


IN_COPY = re.compile(r"^spacetest: (?P<test>\S+) did not pass; it was in (?P<places>.*user:\[\d+\].*)$", re.MULTILINE)


@pytest.mark.parametrize("path", ["/in/all-assert", "/in/user-assert", "/in/user-fail"])
def test_report_of_copy(caller, path):
    """A copy of the program is elsewhere from the beginning; home is where the program is."""
    result = caller.fails(path)
    assert [match["test"] for match in IN_COPY.finditer(result.stderr)] == [path]
    assert "net:" in IN_COPY.search(result.stderr)["places"] or "all" not in path
    assert REPEAT.findall(result.stderr) == [("shell", f"{shlex.quote(FAILING)} -p {path}")]


def wait_until_stopped(number):
    end = time.monotonic() + LONG
    while "\nState:\tT" not in pathlib.Path(f"/proc/{number}/status").read_text():
        assert time.monotonic() < end


@pytest.mark.parametrize("path", ["/in/all-assert", "/in/user-assert"])
def test_keep_copy(caller, path):
    """The numbers are those of outside, and the line leads through the program's own user namespace, if it has one."""
    with subprocess.Popen(caller.argv(FAILING, "-p", path), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "SPACETEST_ON_FAILURE": "keep"}) as process:
        text = ""
        while "is stopped" not in text:
            line = process.stderr.readline()
            assert line, text
            text += line
        number = re.search(r"kill -CONT (\d+)$", text, re.MULTILINE)[1]
        wait_until_stopped(number)
        way, = re.findall("^  (nsenter .*)$", text, re.MULTILINE)
        places = IN_COPY.search(text)["places"].split(", ")
        look = "; ".join(f"readlink /proc/self/ns/{place.partition(':')[0]}" for place in places)
        finished = subprocess.run(caller.argv("sh", "-c", f'{way} sh -c "{look}"'), capture_output=True, text=True, timeout=LONG)
        assert (finished.stderr, finished.stdout.split()) == ("", places)
        subprocess.run(caller.argv("kill", "-CONT", number), check=True)
        assert process.wait(LONG) == -signal.SIGABRT


def run_on_terminal(caller, commands, path="/assertion"):
    """What is seen on a terminal where commands are typed in, and how it ends."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(SPACETEST_ON_FAILURE="shell", SHELL="/bin/sh", PS1="ready> ", ENV="")
        argv = caller.argv(FAILING, "-p", path)
        os.execv(argv[0], argv)
    seen = ""
    for command in commands:
        while "ready> " not in seen.rpartition("\n")[2] and "# " not in seen.rpartition("\n")[2]:
            seen += os.read(terminal, 4096).decode()
        os.write(terminal, f"{command}\n".encode())
        seen += "\n"
    try:
        while data := os.read(terminal, 4096):
            seen += data.decode()
    except OSError:     # so ends a terminal
        pass
    os.close(terminal)
    return seen.replace("\r\n", "\n"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_shell(caller):
    seen, status = run_on_terminal(caller, ["readlink /proc/self/ns/net", "exit"])
    assert status == -signal.SIGABRT
    assert "a shell is started here" in seen
    assert f"\nnet:[{INSIDE.search(seen)['net']}]\n" in seen


def test_shell_in_copy(caller):
    seen, status = run_on_terminal(caller, ["readlink /proc/self/ns/user", "exit"], "/in/user-assert")
    assert status == -signal.SIGABRT
    assert f"\n{IN_COPY.search(seen)['places']}\n" in seen


def test_shell_without_terminal(caller):
    env = {**os.environ, "SPACETEST_ON_FAILURE": "shell"}
    result = subprocess.run(caller.argv(FAILING, "-p", "/assertion"), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONG,
                            env=env, start_new_session=True)
    assert result.returncode == -signal.SIGABRT
    assert "spacetest: there is no terminal for a shell; a process waits without one with SPACETEST_ON_FAILURE=keep" in result.stderr
    assert "a shell is started" not in result.stderr
