# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Descriptors and what else a program inherits: as if nothing was in between."""
import os
import signal
import subprocess

import pytest

from conftest import PYTHON, prepare_way

WAYS = [("run",), ("run", "--net", "--mount"), ("run", "--pid"), ("run", "-nmuiCpU", "--hostname=there"), ("enter", "--net"), ("enter", "--pid")]
# Which of the first thousand are open, without opening one.
FIND_OPEN = """
import fcntl
def is_open(fd):
    try:
        return fcntl.fcntl(fd, fcntl.F_GETFD) >= 0
    except OSError:
        return False
found = [fd for fd in range(1000) if is_open(fd)]
"""


@pytest.fixture(params=WAYS, ids=" ".join)
def way(request, caller):
    yield from prepare_way(caller, request.param)


def test_nothing_leaks_into_the_command(caller, way):
    assert caller.python(*way, script=FIND_OPEN + "print(found)") == "[0, 1, 2]\n"


def test_what_the_caller_hands_on_arrives(caller, way):
    reading, writing = os.pipe()
    try:
        process = caller.start(*way, "--", PYTHON, "-c", f"import os; os.write({writing}, b'handed on')", pass_fds=[writing])
        os.close(writing)
        writing = -1
        assert os.read(reading, 100) == b"handed on"
        assert os.read(reading, 100) == b""
        assert process.wait(60) == 0
    finally:
        os.close(reading)
        if writing >= 0:
            os.close(writing)


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]], ids=str)
def test_closed_standard_streams_stay_closed(caller, way, closed):
    reading, writing = os.pipe()
    process = caller.start(*way, "--", PYTHON, "-c", FIND_OPEN + f"import os; os.write({writing}, str(found).encode())",
                           pass_fds=[writing], preexec_fn=lambda: [os.close(fd) for fd in closed])
    os.close(writing)
    with open(reading) as answer:
        assert answer.read() == str([fd for fd in (0, 1, 2) if fd not in closed] + [writing])
    assert process.wait(60) == 0


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]], ids=str)
def test_failures_with_closed_standard_streams(caller, way, closed):
    result = caller.call(*way, "--", "/no/such/command", preexec_fn=lambda: [os.close(fd) for fd in closed])
    assert result.returncode == 127
    assert result.stdout == ""
    assert ("/no/such/command" in result.stderr) == (2 not in closed)


def test_standard_streams_pass_through(caller, way):
    result = caller.call(*way, "--", "sh", "-c", "cat; echo error >&2", stdin=None, input="input")
    assert (result.returncode, result.stdout, result.stderr) == (0, "input", "error\n")


def test_output_ends_when_the_command_closes_it(caller, way):
    """Nobody of ours holds the caller's pipes while the command runs."""
    process = caller.start(*way, "--", "sh", "-c", "exec >&- 2>&- sleep 1000", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
        assert process.poll() is None
        process.terminate()
    assert process.returncode == -signal.SIGTERM


def test_signals_are_treated_as_before(caller, way):
    ignored, blocked = {signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR2}, {signal.SIGTERM, signal.SIGUSR1, signal.SIGCONT}

    def prepare():
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    shown = caller.run(*way, "--", "grep", "^Sig[BI]", "/proc/self/status", preexec_fn=prepare, restore_signals=True)
    masks = {line.split()[0]: int(line.split()[1], 16) for line in shown.splitlines()}
    assert masks["SigBlk:"] == sum(1 << (number - 1) for number in blocked)
    assert masks["SigIgn:"] == sum(1 << (number - 1) for number in ignored)


def test_process_is_the_command_itself(caller):
    """Without a pid namespace nothing of ours is left."""
    for options in ((), ("-nmuiC",)):
        process = caller.start("run", *options, "--", "sh", "-c", "echo $$", stdout=subprocess.PIPE)
        assert int(process.communicate(timeout=60)[0]) == process.pid
