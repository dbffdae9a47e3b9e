# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Exit statuses and fatal signals."""
import os
import pathlib
import resource
import signal
import tempfile

import pytest

from conftest import PYTHON, prepare_way

WAYS = [("run",), ("run", "--net", "--mount"), ("run", "--pid"), ("enter", "--net"), ("enter", "--pid")]


@pytest.fixture(params=WAYS, ids=" ".join)
def way(request, caller):
    yield from prepare_way(caller, request.param)


@pytest.fixture
def directory():
    """A directory that everybody can read."""
    with tempfile.TemporaryDirectory() as path:
        os.chmod(path, 0o755)
        yield pathlib.Path(path)


@pytest.mark.parametrize("status", [0, 1, 7, 125, 126, 127, 128, 255])
def test_exit_status(caller, way, status):
    result = caller.call(*way, "--", "sh", "-c", f"exit {status}")
    assert (result.returncode, result.stdout, result.stderr) == (status, "", "")


@pytest.mark.parametrize("name", ["HUP", "INT", "TERM", "KILL", "SEGV", "ABRT", "USR1", "RTMIN"])
def test_fatal_signal(caller, way, name, directory):
    number = getattr(signal, "SIG" + name)
    script = f"import os; os.kill(os.getpid(), {int(number)})"
    # Python keeps SIGINT for itself unless it was told otherwise.
    script = f"import signal; {int(number)} in (9, 34) or signal.signal({int(number)}, signal.SIG_DFL)\n" + script
    result = caller.call(*way, "--", PYTHON, "-c", script, cwd=directory)
    assert (result.returncode, result.stderr) == (-number, "")


def test_one_core_dump_is_enough(caller, directory):
    """The process outside dies of the same signal, but leaves no core dump of its own."""
    os.chmod(directory, 0o777)

    def allow_dumps():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    process = caller.start("run", "--pid", "--", "sh", "-c", "ulimit -c 0; kill -SEGV $$", cwd=directory, preexec_fn=allow_dumps)
    status = os.waitpid(process.pid, 0)[1]
    process.returncode = 0
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSEGV
    assert not os.WCOREDUMP(status)
    assert os.listdir(directory) == []


@pytest.mark.parametrize("command", ["no-such-command", "/no/such/command", "/etc/passwd/no-directory", ""])
def test_not_found(caller, way, command):
    assert f"'{command}'" in caller.complaint(*way, "--", command, status=127)


@pytest.mark.parametrize("command", ["/etc/passwd", "/etc"])
def test_not_executable(caller, way, command):
    message = caller.complaint(*way, "--", command, status=126)
    assert f"'{command}'" in message and "Permission denied" in message


def test_no_interpreter(caller, way, directory):
    script = directory / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    assert "interpreter is missing" in caller.complaint(*way, "--", str(script), status=126)


def test_name_with_a_newline(caller, way):
    assert "'two?lines'" in caller.complaint(*way, "--", "two\nlines", status=127)


def test_path_is_searched_and_environment_kept(caller, way, directory):
    program = directory / "program"
    program.write_text('#!/bin/sh\necho "$0 $1 $MEANING"\n')
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{directory}:{os.environ['PATH']}", "MEANING": "kept"}
    assert caller.run(*way, "--", "program", "one", env=env) == f"{program} one kept\n"


def test_children_ignored_by_the_caller(caller, way):
    """With SIGCHLD ignored the kernel forgets how children ended."""
    result = caller.call(*way, "--", "sh", "-c", "exit 7",
                         preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert result.returncode == 7


def test_nested(caller):
    script = f'{caller.command} run --pid -- sh -c "kill -USR1 \\$\\$"; echo $?; exit 9'
    result = caller.call("run", "--pid", "--", "sh", "-c", script)
    assert (result.returncode, result.stdout) == (9, f"{128 + signal.SIGUSR1}\n")


def test_as_pid_1(caller):
    """PID 1 does not die of its own signals: then the status says it, as a shell would."""
    script = "import os, sys; pid = os.fork() or os.execv(sys.argv[1], sys.argv[1:]); print(os.waitstatus_to_exitcode(os.wait()[1]))"
    inner = (caller.command, "run", "--pid", "--", "sh", "-c", "kill -USR1 $$")
    unshared = "import os, ctypes, sys; assert ctypes.CDLL(None).unshare(0x20000000) == 0\n" + script
    assert caller.run("--user", "--", PYTHON, "-c", unshared, *inner) == f"{128 + signal.SIGUSR1}\n"
