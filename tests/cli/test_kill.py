# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Nothing survives when a process of ours is killed, whenever that is."""
import contextlib
import ctypes
import os
import select
import signal
import subprocess

import pytest

from conftest import LONG, NOBODY, SOON, find_children, libc, reap_all

libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
PTRACE_TRACEME, PTRACE_CONT, PTRACE_DETACH, PTRACE_SYSCALL, PTRACE_SETOPTIONS = 0, 7, 17, 24, 0x4200
PTRACE_O_TRACESYSGOOD, PTRACE_O_TRACEFORK, PTRACE_O_TRACEVFORK, PTRACE_O_TRACECLONE = 1, 2, 4, 8
OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE
WALL = 0x40000000
SYSCALL_STOP = signal.SIGTRAP | 0x80
OUTER, INIT, COMMAND = range(3)


def start_traced(caller, *arguments):
    pid = os.fork()
    if pid > 0:
        return pid
    try:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        if caller.name == "nobody":
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        libc.ptrace(PTRACE_TRACEME, 0, None, None)
        os.execv(caller.command, [caller.command, "run", *arguments])
    finally:
        os._exit(99)


class Trace:
    """Runs the command and stops one of its processes: the outer one, PID 1 or the command."""

    def __init__(self, caller, who, *arguments):
        self.who = who
        self.outer = start_traced(caller, *arguments)
        self.generation = {}
        self.stops = 0

    def go(self, pid, request, number=0):
        libc.ptrace(request, pid, None, number)

    def meet(self, pid):
        """A process seen for the first time; they come in the order of their making."""
        self.generation[pid] = len(self.generation)
        if pid == self.outer:
            libc.ptrace(PTRACE_SETOPTIONS, pid, None, OPTIONS)

    def proceed(self, pid, number):
        generation = self.generation[pid]
        number = 0 if number in (signal.SIGTRAP, SYSCALL_STOP, signal.SIGSTOP) else number
        if generation == self.who:
            self.go(pid, PTRACE_SYSCALL, number)
        elif generation > COMMAND:
            self.go(pid, PTRACE_DETACH, number)
        else:
            self.go(pid, PTRACE_CONT, number)

    def run_until(self, wanted):
        """Until the process stopped @wanted times at a system call: TRUE, or the outer one ended first. As long as the outer
        one is alone, nothing could be left."""
        while True:
            pid, status = os.waitpid(-1, WALL)
            if not os.WIFSTOPPED(status):
                if pid == self.outer:
                    return False
                continue
            if pid not in self.generation:
                self.meet(pid)
            if self.generation[pid] == self.who and os.WSTOPSIG(status) == SYSCALL_STOP:
                self.stops += len(self.generation) > 1
                if self.stops == wanted:
                    return True
            self.proceed(pid, os.WSTOPSIG(status) & 0xff)

    def find(self, generation):
        return next((pid for pid, of in self.generation.items() if of == generation), None)

    def kill(self, generation):
        """The outer one, if the other one is not there yet or not any more."""
        for pid in (self.find(generation), self.outer):
            with contextlib.suppress(ProcessLookupError, TypeError):
                os.kill(pid, signal.SIGKILL)
                return pid

    def let_go(self, killed):
        """Stops nobody any more, and waits for the end of all. A tracer has to wait for those it traces before others can."""
        for pid in self.generation:
            if pid != killed:
                self.go(pid, PTRACE_DETACH)
        with at_most(SOON):
            while True:
                try:
                    pid, status = os.waitpid(-1, WALL)
                except ChildProcessError:
                    return
                if os.WIFSTOPPED(status):
                    self.go(pid, PTRACE_DETACH)


@contextlib.contextmanager
def at_most(seconds):
    def stop(*_):
        raise TimeoutError(find_children())
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    yield
    signal.alarm(0)


SCRIPT = ("sh", "-c", "setsid sleep 1000 & true")


@pytest.mark.parametrize("who", [OUTER, INIT, COMMAND], ids=["outer", "init", "command"])
@pytest.mark.parametrize("victim", [OUTER, INIT], ids=["kill-outer", "kill-init"])
def test_killed_at_each_system_call(caller, who, victim):
    """At each system call of one of the three, before and after, the outer process or PID 1 is killed."""
    wanted = 0
    while True:
        wanted += 1
        trace = Trace(caller, who, "--pid", "--net", "--", *SCRIPT)
        if not trace.run_until(wanted):
            break
        killed = trace.kill(victim)
        trace.let_go(killed)
    assert wanted > 20


WAITING = "setsid sleep 1000 & echo ready; exec sleep 1000"


@pytest.fixture
def waiting(caller):
    with caller.start("run", "--pid", "--net", "--", "sh", "-c", WAITING, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == "ready\n"
        yield process


def find_child(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return int(children.read())


def find_init(process):
    return find_child(process.pid)


def stop_command(process):
    """By SIGSTOP: the others have no effect in a process group that no shell looks after."""
    command = find_child(find_init(process))
    os.kill(command, signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    return command


def test_outer_killed(waiting):
    waiting.kill()
    assert waiting.wait(LONG) == -signal.SIGKILL
    assert reap_all() == []


def test_outer_killed_while_stopped(waiting):
    stop_command(waiting)
    waiting.kill()
    assert waiting.wait(LONG) == -signal.SIGKILL
    assert reap_all() == []


def test_outer_killed_while_pid_1_is_stopped(waiting):
    """Then it can't see the end of its lifeline, but the kernel kills it."""
    init = find_init(waiting)
    os.kill(init, signal.SIGSTOP)
    waiting.kill()
    assert waiting.wait(LONG) == -signal.SIGKILL
    assert reap_all() == []


def test_pid_1_killed(waiting):
    os.kill(find_init(waiting), signal.SIGKILL)
    assert waiting.wait(LONG) == -signal.SIGKILL
    assert find_children() == []


def test_pid_1_killed_while_stopped(waiting):
    stop_command(waiting)
    os.kill(find_init(waiting), signal.SIGKILL)
    assert waiting.wait(LONG) == -signal.SIGKILL


def test_command_killed_while_stopped(waiting):
    """The outer process is stopped as well, and comes to end as the command did."""
    os.kill(stop_command(waiting), signal.SIGKILL)
    assert waiting.wait(LONG) == -signal.SIGKILL


def test_command_continued_by_somebody_else(waiting):
    """Not by a signal to the group or to the outer process: that one goes on nevertheless."""
    os.kill(stop_command(waiting), signal.SIGCONT)
    os.waitid(os.P_PID, waiting.pid, os.WCONTINUED)
    waiting.terminate()
    assert waiting.wait(LONG) == -signal.SIGTERM


def test_continued_by_a_signal_to_the_outer_one(waiting):
    command = os.pidfd_open(stop_command(waiting))
    os.kill(waiting.pid, signal.SIGTERM)
    assert select.select([command], [], [], 0)[0] == []     # waits until it runs again
    os.kill(waiting.pid, signal.SIGCONT)
    assert waiting.wait(LONG) == -signal.SIGTERM
    os.close(command)


def test_namespace_inside_a_namespace(caller):
    script = caller.command + " run --pid -- sh -c 'setsid sleep 1000 & echo ready; exec sleep 1000'"
    with caller.start("run", "--pid", "--", "sh", "-c", script, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == "ready\n"
        process.kill()
        assert process.wait(LONG) == -signal.SIGKILL
        assert reap_all() == []
