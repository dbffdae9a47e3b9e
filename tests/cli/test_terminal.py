# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""On a terminal, as a job of a shell: the same with a process in between as without."""
import os
import pty
import select
import signal

import pytest

from conftest import LONG, PYTHON, libc, prepare_way

JOBS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "jobs.py")
WAYS = [("run",), ("run", "--pid"), ("enter", "--net"), ("enter", "--pid")]


@pytest.fixture(params=WAYS, ids=" ".join)
def way(request, caller):
    yield from prepare_way(caller, request.param)


class Terminal:
    """A job on a terminal. @script is its Python program."""

    def __init__(self, caller, way, script):
        event_pipe, order_pipe = os.pipe(), os.pipe()
        for fd in (event_pipe[1], order_pipe[0]):
            os.set_inheritable(fd, True)
        arguments = [str(event_pipe[1]), str(order_pipe[0]), *caller.argv(*way, "--", PYTHON, "-c", script)]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(PYTHON, [PYTHON, JOBS, *arguments])
        os.close(event_pipe[1])
        os.close(order_pipe[0])
        self.orders = order_pipe[1]
        self.events = os.fdopen(event_pipe[0])
        self.shown = b""

    def type(self, keys):
        os.write(self.fd, keys)

    def expect(self, text):
        """Reads from the screen up to @text; gives what was before."""
        while text not in self.shown:
            assert select.select([self.fd], [], [], LONG)[0], self.shown
            self.shown += os.read(self.fd, 1000)
        before, self.shown = self.shown.split(text, 1)
        return before

    def order(self, order):
        os.write(self.orders, order)

    def event(self):
        assert select.select([self.events], [], [], LONG)[0], self.shown
        return self.events.readline().strip()

    def job(self):
        """The process outside."""
        with open(f"/proc/self/task/{os.getpid()}/children") as children:
            assert str(self.pid) in children.read().split()
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as children:
            return int(children.read())

    def close(self):
        os.close(self.fd)
        os.close(self.orders)
        self.events.close()


@pytest.fixture
def start(caller, way):
    terminals = []

    def start_terminal(script):
        terminals.append(Terminal(caller, way, script))
        terminals[0].expect(b"ready")
        return terminals[0]
    yield start_terminal
    for terminal in terminals:
        terminal.close()


LISTENER = """
import signal
listened = {signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGWINCH, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGCONT}
signal.pthread_sigmask(signal.SIG_BLOCK, listened)
print("ready", flush=True)
while (number := signal.sigwait(listened)) != signal.SIGUSR2:
    print(f"<{signal.Signals(number).name}>", flush=True)
"""


@pytest.mark.parametrize("key, name", [(b"\x03", b"SIGINT"), (b"\x1c", b"SIGQUIT"), (b"\x1a", b"SIGTSTP")])
def test_key_arrives_once(start, key, name):
    terminal = start(LISTENER)
    for _ in range(10):
        terminal.type(key)
        terminal.expect(b"<" + name + b">")
        os.kill(terminal.job(), signal.SIGUSR1)     # by the same way, so a second one would come before
        assert b"SIG" not in terminal.expect(b"<SIGUSR1>")
    os.kill(terminal.job(), signal.SIGUSR2)
    assert terminal.event() == "ended 0 job"


def test_window_size_arrives_once(start):
    import fcntl
    import struct
    import termios
    terminal = start(LISTENER)
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("4H", 10, 20, 0, 0))
    terminal.expect(b"<SIGWINCH>")
    os.kill(terminal.job(), signal.SIGUSR1)
    assert b"SIG" not in terminal.expect(b"<SIGUSR1>")
    os.kill(terminal.job(), signal.SIGUSR2)
    assert terminal.event() == "ended 0 job"


def test_interrupt_key_ends(start):
    terminal = start("import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); print('ready', flush=True); signal.pause()")
    terminal.type(b"\x03")
    assert terminal.event() == f"ended {-signal.SIGINT} job"


ECHO = "print('ready', flush=True)\nwhile (line := input()) != 'end': print(f'<{line}>', flush=True)"


@pytest.mark.parametrize("order", [b"fg", b"me"])
def test_stop_key_and_continue(start, order):
    """Once by a signal to the group, as a shell does, once by one to the process outside only."""
    terminal = start(ECHO)
    for _ in range(5):
        terminal.type(b"\x1a")
        assert terminal.event() == "stopped SIGTSTP"
        if order == b"me":
            break
        terminal.order(order)
        terminal.type(b"line\n")
        terminal.expect(b"<line>")
    if order == b"me":     # runs in the background then, until it wants to read
        terminal.order(order)
        assert terminal.event() == "stopped SIGTTIN"
        terminal.order(b"fg")
    terminal.type(b"end\n")
    assert terminal.event() == "ended 0 job"


def test_read_in_the_background(start):
    terminal = start(ECHO)
    terminal.type(b"\x1a")
    assert terminal.event() == "stopped SIGTSTP"
    terminal.order(b"bg")
    assert terminal.event() == "stopped SIGTTIN"
    terminal.order(b"fg")
    terminal.type(b"end\n")
    assert terminal.event() == "ended 0 job"


@pytest.mark.parametrize("name", ["SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"])
def test_command_stops_itself(start, name):
    script = f"import os, signal; print('ready', flush=True); os.kill(os.getpid(), signal.{name}); print('<back>')"
    terminal = start(script)
    assert terminal.event() == "stopped " + name
    terminal.order(b"fg")
    terminal.expect(b"<back>")
    assert terminal.event() == "ended 0 job"


def test_stop_signal_to_the_process_outside(start):
    terminal = start(ECHO)
    os.kill(terminal.job(), signal.SIGTSTP)
    assert terminal.event() == "stopped SIGTSTP"
    terminal.order(b"fg")
    terminal.type(b"end\n")
    assert terminal.event() == "ended 0 job"


def test_hang_up(start):
    """When the session's leader is gone, the job in the foreground is told."""
    terminal = start("import signal; print('ready', flush=True); signal.pause()")
    job = os.pidfd_open(terminal.job())
    os.kill(terminal.pid, signal.SIGKILL)
    assert select.select([job], [], [], LONG)[0]
    os.close(job)


def test_hang_up_of_the_leader_itself(caller, way):
    """A leader is told alone when its terminal goes."""
    script = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {1}); print('ready', flush=True); exit(signal.sigwait({1}) + 40)"
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp((argv := caller.argv(*way, "--", PYTHON, "-c", script))[0], argv)
    shown = b""
    while b"ready\r\n" not in shown:
        shown += os.read(fd, 100)
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 41


@pytest.mark.parametrize("way", [("run", "--pid"), ("enter", "--pid")], ids=" ".join, indirect=True)
def test_terminal_taken_by_the_command(start, way):
    """Inside a pid namespace nobody can give it back to a process group from outside."""
    script = """
import os, signal
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
print("ready", flush=True)
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    os._exit(os.tcgetpgrp(0) != os.getpid())
exit(os.waitstatus_to_exitcode(os.wait()[1]))"""
    assert start(script).event() == "ended 0 job"
