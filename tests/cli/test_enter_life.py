# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""spacetest enter: with a process in between, neither side outlives the other."""
import os
import select
import signal
import subprocess
import time

import pytest

from conftest import LONG, NOBODY, SOON, can_become_nobody, find_children, inside, reap_all


def state_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def wait_for_stop(pid):
    """It was sent the signal already, but there may be no processor for it yet."""
    deadline = time.monotonic() + SOON
    while state_of(pid) != "T" and time.monotonic() < deadline:
        os.sched_yield()
    assert state_of(pid) == "T"


class Entered:
    """A command in a PID namespace, and the process that stands in for it outside; a job of ours: what nobody controls can't be stopped."""

    def __init__(self, caller, target, command, *options):
        self.process = caller.start("enter", f"--target={target}", "--pid", *options, "--", "sh", "-c", command, stdout=subprocess.PIPE,
                                    process_group=0)
        assert self.process.stdout.readline() == "ready\n"
        name = os.readlink(f"/proc/{target}/ns/pid")
        self.command = next(pid for pid in find_children(self.process.pid) if os.readlink(f"/proc/{pid}/ns/pid") == name)
        self.others = [pid for pid in find_children(self.process.pid) if pid != self.command]
        self.fd = os.pidfd_open(self.command)

    def is_gone(self, seconds=SOON):
        return bool(select.select([self.fd], [], [], seconds)[0])

    def close(self):
        os.close(self.fd)
        self.process.kill()
        self.process.wait(LONG)
        self.process.stdout.close()


@pytest.fixture
def enter(caller):
    """Starts commands in a PID namespace that a fixture keeps."""
    with inside(caller, "--pid") as pid:
        entered = []

        def start(command="echo ready; exec sleep 1000", *options):
            entered.append(Entered(caller, pid, command, *options))
            return entered[-1]
        yield start
        for one in entered:
            one.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_kill_of_the_outer(enter, number):
    one = enter()
    one.process.send_signal(number)
    assert one.process.wait(LONG) == -number
    assert one.is_gone()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1])
def test_kill_of_the_command(enter, number):
    one = enter()
    os.kill(one.command, number)
    assert one.process.wait(LONG) == -number


def test_kill_of_the_others(enter):
    """Of ours, whatever else there is: the command and the process outside live on or end together."""
    one = enter()
    for pid in one.others:
        os.kill(pid, signal.SIGKILL)
    os.kill(one.command, signal.SIGTERM)
    assert one.process.wait(LONG) == -signal.SIGTERM
    two = enter()
    for pid in two.others:
        os.kill(pid, signal.SIGKILL)
    two.process.kill()
    assert two.process.wait(LONG) == -signal.SIGKILL
    assert two.is_gone()


def test_end_of_the_namespace(caller):
    """With PID 1, all in it is killed."""
    with inside(caller, "--pid") as pid:
        one = Entered(caller, pid, "echo ready; exec sleep 1000")
        with open(f"/proc/{pid}/stat") as stat:
            init = int(stat.read().rpartition(")")[2].split()[1])
        os.kill(init, signal.SIGKILL)
        assert one.process.wait(LONG) == -signal.SIGKILL
        one.close()


@pytest.mark.skipif(not can_become_nobody(), reason="there is nobody else to be")
def test_kill_of_the_outer_when_the_command_is_somebody_else(enter, caller):
    if not caller.is_admin:
        pytest.skip("only root can become somebody else")
    one = enter("echo ready; exec sleep 1000", f"--setuid={NOBODY}", f"--setgid={NOBODY}")
    one.process.kill()
    assert one.process.wait(LONG) == -signal.SIGKILL
    assert one.is_gone()


def test_stop_and_continue(enter):
    """As seen by a shell that waits for the process outside."""
    one = enter()
    for number in (signal.SIGTSTP, signal.SIGSTOP, signal.SIGTTIN):
        one.process.send_signal(number)
        assert os.waitid(os.P_PID, one.process.pid, os.WSTOPPED).si_status == number
        wait_for_stop(one.command)
        one.process.send_signal(signal.SIGCONT)
        assert os.waitid(os.P_PID, one.process.pid, os.WCONTINUED).si_code == os.CLD_CONTINUED
    assert one.process.poll() is None


def test_command_stops_itself(enter):
    one = enter("echo ready; kill -STOP $$; echo back; exec sleep 1000")
    assert os.waitid(os.P_PID, one.process.pid, os.WSTOPPED).si_status == signal.SIGSTOP
    one.process.send_signal(signal.SIGCONT)
    assert one.process.stdout.readline() == "back\n"


def test_killed_while_stopped(enter):
    one = enter("echo ready; kill -STOP $$; exec sleep 1000")
    os.waitid(os.P_PID, one.process.pid, os.WSTOPPED)
    os.kill(one.command, signal.SIGKILL)
    assert one.process.wait(LONG) == -signal.SIGKILL
    two = enter("echo ready; kill -STOP $$; exec sleep 1000")
    os.waitid(os.P_PID, two.process.pid, os.WSTOPPED)
    two.process.kill()
    assert two.process.wait(LONG) == -signal.SIGKILL
    assert two.is_gone()


def test_nothing_is_left(caller):
    with inside(caller, "--pid"):
        pass
    assert reap_all() == []
