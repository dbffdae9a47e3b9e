# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Programs that are gone before their tests are over, and children that come back from a test."""
import os
import re
import signal
import subprocess

import pytest

from conftest import COMMAND, FORGETFUL, HOSTILE, LONG

GONE = "the test program was gone before its end, by _exit() or exec, so that its exit status {} says nothing"
CAME_BACK = "spacetest: a child that {} had forked came back from the test"


@pytest.mark.parametrize("name", ["at-once", "exec", "exec-inside", "in-call", "in/net", "in/net-exec", "inside", "on-worker", "quick",
                                  "unfinished-line"])
def test_gone(caller, name):
    result = caller.fails(f"/gone/{name}", program=HOSTILE)
    assert result.returncode == 1
    assert re.search(f"^Bail out! spacetest: {re.escape(GONE.format(0))}", result.stdout, re.MULTILINE)
    assert f"spacetest: {GONE.format(0)}" in result.stderr


def test_gone_as_skipped(caller):
    result = caller.fails("/gone/skipped", program=HOSTILE)
    assert result.returncode == 1
    assert GONE.format(77) in result.stderr


def test_gone_with_failure(caller):
    """That says itself that it failed."""
    assert caller.run("/gone/other-status", program=HOSTILE).returncode == 3


@pytest.mark.parametrize("name", ["user", "user-exec"])
def test_gone_in_copy(caller, name):
    result = caller.fails(f"/gone/in/{name}", program=HOSTILE)
    assert f"not ok 1 /gone/in/{name} - the copy of the program ended with status 0 before the test was over" in result.stdout


@pytest.mark.parametrize("how", ["exit-at-once", "exit-by-run"])
def test_gone_outside_of_tests(caller, how):
    result = caller.run("/good/children", program=HOSTILE, MISUSE=how)
    assert result.returncode == 1
    assert GONE.format(0) in result.stderr


@pytest.mark.parametrize("path", ["/good/children", "/good/child-inside", "/good/subprocess"])
def test_good_children(caller, path):
    """A forked child has none of the threads by which a leak checker finds what is theirs."""
    assert caller.passes(path, program=HOSTILE, ASAN_OPTIONS=os.environ["ASAN_OPTIONS"]).stderr == ""


@pytest.mark.parametrize("option", ["--help", "-l"])
def test_good_ends_of_glib(caller, option):
    result = subprocess.run(caller.argv(HOSTILE, option), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONG)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("path", ["/forked/came-back", "/forked/inside", "/forked/on-visit", "/forked/in/net"])
def test_child_came_back(caller, path):
    """Nothing is run twice, and even if the parent takes any status of its child, the program fails."""
    result = caller.run(path, "-p", "/good/children", program=HOSTILE)
    assert result.returncode == 1
    assert result.stderr.count(CAME_BACK.format(path)) == 1
    assert len(re.findall("^Bail out! spacetest: a forked child came back", result.stdout, re.MULTILINE)) == 1
    assert len(re.findall("^ok . /good/children$", result.stdout, re.MULTILINE)) == 1


def test_child_came_back_in_copy(caller):
    result = caller.fails("/forked/in/user", program=HOSTILE)
    assert "not ok 1 /forked/in/user - inside: spacetest: a forked child came back from the test" in result.stdout
    assert CAME_BACK.format("/forked/in/user") in result.stderr


def test_child_not_waited_for(caller):
    result = caller.fails("/forked/not-waited-for", program=HOSTILE)
    assert CAME_BACK.format("/forked/not-waited-for") in result.stderr
    assert re.search(r"left behind:\n  child process \d+, hostile, which has ended, and nobody waited for it\n", result.stderr)


def test_never_run(caller):
    def run(*options, **variables):
        return subprocess.run(caller.argv(FORGETFUL, *options), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONG,
                              env={**os.environ, **variables})
    assert run().returncode == 0
    for options in [], ["-k", "--tap"]:
        result = run(*options, RUN_NONE="1")
        assert result.returncode == 1
        assert "Bail out! spacetest: /forgetful/run was added, and never run: g_test_run()" in result.stdout
    assert run("-p", "/forgetful/run", RUN_NONE="1").returncode == 0
    for options in [], ["-p", "/forgetful/run"]:
        # GLib has freed what it would be added to: this makes sure that nobody looks there.
        result = run(*options, ADD_MORE="1", G_SLICE="always-malloc", MALLOC_PERTURB_="165")
        assert result.returncode == -signal.SIGTRAP
        assert "/forgetful/after-run would not be run; tests are added before g_test_run()" in result.stdout + result.stderr


def read_field(pid, name):
    with open(f"/proc/{pid}/status") as status:
        return re.search(rf"^{name}:\s*(\S+)", status.read(), re.MULTILINE)[1]


class Waiting:
    """A program in the middle of a test, and its witness."""

    def __init__(self, caller, **variables):
        self.process = subprocess.Popen(caller.argv(HOSTILE, "-p", "/wait"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env={**os.environ, **variables})
        for line in self.process.stdout:
            if match := re.match("# process ([0-9]+)$", line):
                self.program = int(match[1])
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(LONG)
        self.process.stdin.close()
        self.process.stdout.close()

    def go_on(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        output = self.process.stdout.read()
        return self.process.wait(LONG), output


def test_witness_is_parent(caller):
    with Waiting(caller) as waiting:
        assert int(read_field(waiting.program, "PPid")) == waiting.process.pid
        status, output = waiting.go_on()
        assert status == 0
        assert "ok 1 /wait\n" in output


def test_no_witness(caller):
    with Waiting(caller, SPACETEST_NO_WITNESS="1") as waiting:
        assert waiting.program == waiting.process.pid
        assert waiting.go_on()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_signal(caller, number):
    """What is sent to the witness is for the program, which it ends as it did."""
    with Waiting(caller) as waiting:
        waiting.process.send_signal(number)
        assert waiting.process.wait(LONG) == -number


def test_killed_with_witness(caller):
    """Nothing is left of the program."""
    with Waiting(caller) as waiting:
        waiting.process.kill()
        assert waiting.process.wait(LONG) == -signal.SIGKILL
        assert waiting.process.stdout.read() == ""      # the program has it open as long as it lives


def test_killed(caller):
    with Waiting(caller) as waiting:
        os.kill(waiting.program, signal.SIGKILL)
        assert waiting.process.wait(LONG) == -signal.SIGKILL


def test_traced(caller):
    """A debugger follows the program that it was given: there is no witness."""
    result = subprocess.run(caller.argv("strace", "-o", "/dev/null", "-e", "trace=none", HOSTILE, "-p", "/gone/at-once"),
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONG)
    assert (result.returncode, result.stderr) == (0, "")


def test_under_command(caller):
    """Which has its own way to stand in for somebody."""
    for path, status in ("/good/children", 0), ("/gone/at-once", 1):
        command = [COMMAND, "run", "--user", "--pid", "--mount", "--", HOSTILE, "-p", path]
        assert subprocess.run(caller.argv(*command), stdin=subprocess.DEVNULL, capture_output=True, timeout=LONG).returncode == status


def test_failures_end_as_ever(caller):
    assert caller.fails("/assertion").returncode == -signal.SIGABRT
    assert caller.run("/crash").returncode == -signal.SIGSEGV
