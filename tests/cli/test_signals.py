# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Signals on their way to the command, and what PID 1 does about its children."""
import os
import select
import signal
import subprocess

import pytest

from conftest import LONG, PYTHON, prepare_way

WAYS = [("run",), ("run", "--net", "--mount"), ("run", "--pid"), ("enter", "--net"), ("enter", "--pid")]

# Prints each signal it gets; SIGRTMAX ends it.
LISTENER = """
import signal
listened = set(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD} | {signal.SIGRTMIN, signal.SIGRTMAX}
signal.pthread_sigmask(signal.SIG_BLOCK, listened)
print("ready", flush=True)
while (got := signal.sigwaitinfo(listened)).si_signo != signal.SIGRTMAX:
    print(signal.Signals(got.si_signo).name, flush=True)
"""


@pytest.fixture(params=WAYS, ids=" ".join)
def way(request, caller):
    yield from prepare_way(caller, request.param)


@pytest.fixture
def listener(caller, way):
    with caller.start(*way, "--", PYTHON, "-c", LISTENER, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.send_signal(signal.SIGRTMAX)
        assert process.wait(LONG) == 0


def test_signals_are_passed_on(listener):
    names = [number.name for number in sorted(signal.Signals)
             if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGRTMAX)]
    for name in names:
        listener.send_signal(getattr(signal, name))
        assert listener.stdout.readline() == name + "\n"


def test_alarm_of_the_caller(caller, way):
    """An alarm set before the command is executed is meant for the command."""
    process = caller.start(*way, "--", "sleep", "1000",
                           preexec_fn=lambda: signal.setitimer(signal.ITIMER_REAL, 0.2))
    assert process.wait(LONG) == -signal.SIGALRM


def test_queued_value(caller, way):
    script = """
import ctypes, os, signal
class Info(ctypes.Structure):
    _fields_ = [("head", ctypes.c_int * 6), ("value", ctypes.c_uint64), ("rest", ctypes.c_byte * 96)]
wanted = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print("ready", flush=True)
info, mask = Info(), ctypes.c_uint64(1 << (signal.SIGUSR1 - 1))
ctypes.CDLL(None).sigwaitinfo((ctypes.c_uint64 * 16)(mask.value), ctypes.byref(info))
print(hex(info.value))"""
    import ctypes
    with caller.start(*way, "--", PYTHON, "-c", script, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == "ready\n"
        assert ctypes.CDLL(None).sigqueue(process.pid, signal.SIGUSR1, ctypes.c_void_p(0x123456789abcdef)) == 0
        assert process.stdout.readline() == "0x123456789abcdef\n"
        assert process.wait(LONG) == 0


def test_fatal_signal_from_outside(caller, way):
    with caller.start(*way, "--", "sh", "-c", "echo ready; exec sleep 1000", stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.wait(LONG) == -signal.SIGTERM


def test_signals_to_pid_1_from_inside(caller):
    script = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
for number in (signal.SIGTERM, signal.SIGUSR1):
    os.kill(1, number)
    print(signal.sigwait({signal.SIGTERM, signal.SIGUSR1}).name)"""
    assert caller.python("--pid", script=script) == "SIGTERM\nSIGUSR1\n"


def test_pid_1_is_safe_from_inside(caller):
    assert caller.run("--pid", "--", "sh", "-c", "kill -KILL 1; kill -STOP 1; kill -0 1 && echo there") == "there\n"


ORPHANS = """
import os, signal
ping = {signal.SIGRTMIN}
signal.pthread_sigmask(signal.SIG_BLOCK, ping)
reading, writing = os.pipe()
for _ in range(20):
    if os.fork() == 0:
        orphan = os.fork()
        if orphan == 0:
            os.read(reading, 1)     # until its parent is gone
        else:
            os.write(writing, b"x")
        os._exit(0)
    os.wait()
def others():
    return {int(name) for name in os.listdir("/proc") if name.isdigit()} - {1, os.getpid()}
while others():                     # PID 1 answers when it is through with those before
    os.kill(1, signal.SIGRTMIN)
    signal.sigwait(ping)
print("reaped")
"""


def test_orphans_are_reaped(caller):
    assert caller.python("--pid", script=ORPHANS) == "reaped\n"


def test_zombies_at_the_end(caller):
    """What the command did not wait for does not keep anybody."""
    script = "import os\nfor _ in range(20):\n    os.fork() or os._exit(0)\nprint('left')"
    assert caller.python("--pid", script=script) == "left\n"


def test_command_leaves_processes(caller):
    """They are killed before the status is given: the pipe has no writer any more when the command is done."""
    reading, writing = os.pipe()
    script = "setsid sleep 1000 & trap '' TERM INT HUP; sleep 1000 & exit 3"
    process = caller.start("run", "--pid", "--", "sh", "-c", script, pass_fds=[writing])
    os.close(writing)
    assert process.wait(LONG) == 3
    assert select.select([reading], [], [], 0)[0] == [reading]
    assert os.read(reading, 1) == b""
    os.close(reading)
