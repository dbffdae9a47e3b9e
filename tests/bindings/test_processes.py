# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Programs in a space, in the style of subprocess and in that of GIO."""
import errno
import gc
import os
import pathlib
import signal
import subprocess
import threading
import warnings

import pytest
from gi.repository import Gio, GLib, Spacetest

from inside import iterate_until, raises

Code = Spacetest.Error
PIPE, DEVNULL, STDOUT = subprocess.PIPE, subprocess.DEVNULL, subprocess.STDOUT
WHERE = ["readlink", "/proc/self/ns/net"]


def read_all(process):
    """Without communicate(), which leaves a thread of GLib's pool for a while."""
    content = process.get_stdout_pipe().read_bytes(100, None).get_data()
    process.wait_check(None)
    process.get_stdout_pipe().close(None)
    return content


def test_where(netns):
    assert netns.check_output(WHERE, text=True) == f"{netns}\n"
    assert netns.check_output(WHERE) == f"{netns}\n".encode()
    with netns.popen(WHERE, stdout=PIPE, text=True) as process:
        assert process.communicate() == (f"{netns}\n", None)
    assert process.returncode == process.poll() == process.wait() == 0
    assert netns.run(WHERE, stdout=PIPE, encoding="ascii").stdout == f"{netns}\n"


@pytest.mark.parametrize("argv", (["sh", "-c", "echo $0", "a"], (b"sh", b"-c", b"echo $0", b"a"), [pathlib.Path("/bin/sh"), "-c", "echo $0", "a"]))
def test_arguments(netns, argv):
    assert netns.check_output(argv) == b"a\n"
    assert read_all(netns.spawnv(argv, Gio.SubprocessFlags.STDOUT_PIPE)) == b"a\n"
    launcher = Spacetest.Launcher.new(Gio.SubprocessFlags.STDOUT_PIPE)
    with launcher:
        assert read_all(launcher.spawnv(netns, iter(argv))) == b"a\n"


def test_one_argument(netns):
    """As subprocess has it: a program without arguments. GIO's way takes a list, and would take a string apart."""
    assert netns.check_output("true") == netns.check_output(pathlib.Path("/bin/true")) == b""
    for wrong in ("true", b"true", None, pathlib.Path("true"), 3):
        with pytest.raises(TypeError):
            netns.spawnv(wrong)
    for wrong in ([3], [None], 3):
        with pytest.raises(TypeError):
            netns.popen(wrong)
    with raises(Code.INVALID_ARGUMENT):
        netns.popen([])


def test_input(netns):
    assert netns.check_output(["cat"], input=b"a\0b") == b"a\0b"
    assert netns.check_output(["cat"], input="\u00e4\r\nb", encoding="utf-8") == "\u00e4\nb"
    assert netns.run(["cat"], input=b"", capture_output=True).stdout == b""
    much = os.urandom(1 << 20)
    assert netns.check_output(["cat"], input=much) == much
    assert netns.run(["true"], input=much).returncode == 0  # who does not read it


def test_streams(netns):
    both = ["sh", "-c", "echo out; echo err >&2"]
    result = netns.run(both, capture_output=True, text=True)
    assert (result.stdout, result.stderr, result.args, result.returncode) == ("out\n", "err\n", both, 0)
    assert netns.run(both, stdout=PIPE, stderr=STDOUT).stdout == b"out\nerr\n"
    assert netns.run(both, stdout=PIPE, stderr=DEVNULL).stdout == b"out\n"
    assert netns.run(both, stdout=DEVNULL, stderr=PIPE).stderr == b"err\n"
    assert netns.run(both, stdout=DEVNULL, stderr=STDOUT).stdout is None
    assert netns.check_output(["cat"], stdin=DEVNULL) == b""


def test_files(netns, tmp_path):
    path = tmp_path / "file"
    path.write_text("content")
    with path.open() as file:
        assert netns.check_output(["cat"], stdin=file) == b"content"
        assert not file.closed
    with path.open("w") as file:
        netns.run(["sh", "-c", "echo a; echo b >&2"], stdout=file, stderr=STDOUT, check=True)
    assert path.read_text() == "a\nb\n"
    with path.open("w") as file:
        netns.run(["sh", "-c", "echo a; echo b >&2"], stdout=DEVNULL, stderr=file.fileno(), check=True)
    assert path.read_text() == "b\n"


def test_inherited_streams(netns, capfd):
    netns.run(["sh", "-c", "echo out; echo err >&2"], check=True)
    assert capfd.readouterr() == ("out\n", "err\n")
    netns.run(["sh", "-c", "echo err >&2"], stderr=STDOUT, check=True)
    assert capfd.readouterr() == ("err\n", "")


def test_directory_and_environment(netns, tmp_path):
    assert netns.check_output(["pwd"], cwd=tmp_path, text=True) == f"{tmp_path}\n"
    assert netns.check_output(["/usr/bin/env"], env={"A": "b", "C": tmp_path}, text=True) == f"A=b\nC={tmp_path}\n"
    assert netns.check_output(["/usr/bin/env"], env={}) == b""
    with pytest.raises(GLib.Error, match="no/such"):
        netns.run(["true"], cwd="/no/such/directory")


def test_program_of_environment(netns, tmp_path):
    """As subprocess has it: the PATH that the program gets."""
    program = tmp_path / "only-there"
    program.write_text("#!/bin/sh\necho found\n")
    program.chmod(0o755)
    assert netns.check_output(["only-there"], env={"PATH": str(tmp_path)}) == b"found\n"
    with raises(Code.NOT_FOUND):
        netns.check_output(["only-there"], env={**os.environ})


def test_shell(netns):
    assert netns.check_output("echo $((1 + 1))", shell=True) == b"2\n"
    assert netns.check_output(["echo $0 $1", "a", "b"], shell=True) == b"a b\n"


def test_buffers(netns):
    with netns.popen(["cat"], stdin=PIPE, stdout=PIPE, bufsize=0) as process:
        process.stdin.write(b"a\n")
        assert process.stdout.readline() == b"a\n"
    with netns.popen(["cat"], stdin=PIPE, stdout=PIPE, bufsize=1, text=True) as process:
        process.stdin.write("a\n")
        assert process.stdout.readline() == "a\n"


@pytest.mark.parametrize("name, value, cure", (("start_new_session", True, "setsid"), ("process_group", 0, "setsid"), ("user", 0, "setpriv"),
                                               ("preexec_fn", print, "run_action"), ("close_fds", False, "pass_fds"), ("umask", 0, "shell")))
def test_what_cannot_be_had(netns, name, value, cure):
    for way in (netns.popen, netns.run, netns.check_output):
        with pytest.raises(TypeError, match=f"{name} can't be had for a program in a space: .*{cure}"):
            way(["true"], **{name: value})


def test_what_is_so_anyhow(netns):
    assert netns.run(["true"], close_fds=True, start_new_session=False, preexec_fn=None, umask=-1).returncode == 0
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        netns.run(["true"], nonsense=None)


def test_own_arguments_of_check_output(netns):
    read, write = os.pipe()
    os.write(write, b"not for it")
    os.close(write)
    before = os.dup(0)
    os.dup2(read, 0)
    try:
        assert netns.check_output(["cat"], input=None) == b""
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(read)
    for name, value in (("stdout", PIPE), ("check", False)):
        with pytest.raises(ValueError, match=name):
            netns.check_output(["true"], **{name: value})


def test_descriptors(netns):
    read, write = os.pipe()
    try:
        netns.run(["sh", "-c", f"echo hello >/dev/fd/{write}"], pass_fds=[write], check=True)
        assert os.read(read, 9) == b"hello\n"
        assert netns.run(["sh", "-c", f"echo hello >/dev/fd/{write}"], stderr=DEVNULL).returncode != 0
    finally:
        os.close(read)
        os.close(write)


def test_status(netns):
    assert netns.run(["sh", "-c", "exit 3"]).returncode == 3
    assert netns.run(["sh", "-c", "kill -9 $$"]).returncode == -9
    with pytest.raises(subprocess.CalledProcessError) as caught:
        netns.run(["sh", "-c", "echo out; exit 3"], check=True, stdout=PIPE)
    assert (caught.value.returncode, caught.value.stdout, caught.value.cmd) == (3, b"out\n", ["sh", "-c", "echo out; exit 3"])
    with pytest.raises(subprocess.CalledProcessError):
        netns.check_output(["false"])


def test_missing_program(netns):
    for way in (netns.popen, netns.run, netns.check_output, netns.spawnv):
        with raises(Code.NOT_FOUND, "/no/such/program"):
            way(["/no/such/program"])


def test_signals(netns):
    for end, status in ((lambda process: process.terminate(), -15), (lambda process: process.kill(), -9),
                        (lambda process: process.send_signal(signal.SIGUSR1), -signal.SIGUSR1)):
        with netns.popen(["sleep", "1000"]) as process:
            assert process.poll() is None and process.returncode is None and process.pid > 0
            assert os.path.exists(f"/proc/{process.pid}")
            end(process)
            assert process.wait() == status


def test_timeouts(netns):
    with netns.popen(["sh", "-c", "echo a; read end; echo b"], stdin=PIPE, stdout=PIPE, text=True) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0)
        assert process.stdin.write("x\n") == 2
        assert process.communicate(timeout=60) == ("a\nb\n", None)
    with netns.popen(["cat"], stdin=PIPE, stdout=PIPE) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.01)
        process.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        netns.run(["sleep", "1000"], timeout=0.01)
    with pytest.raises(subprocess.TimeoutExpired):
        netns.check_output(["sleep", "1000"], timeout=0)


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("timeout", (None, 20))
def test_signals_while_waiting(netns, timeout):
    """As subprocess has it: Ctrl-C, and time limits of test frameworks."""
    def interrupt(*_):
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with netns.popen(["sleep", "20"]) as process:
            timer = threading.Timer(0.05, signal.pthread_kill, (threading.main_thread().ident, signal.SIGUSR1))
            with pytest.raises(Interrupted):
                timer.start()
                process.wait(timeout)
            assert process.poll() is None
            process.kill()
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_waiting_without_pidfds(netns, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSYS, "no pidfds here")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    with netns.popen(["sleep", "1000"]) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.01)
        process.kill()
        assert process.wait(timeout=60) == -9
    assert netns.run(["sh", "-c", "exit 3"]).returncode == 3


def test_what_was_read_before_a_timeout(netns):
    """As subprocess has it: bytes, also of text; and None instead of none."""
    read, write = os.pipe()
    command = ["sh", "-c", f"echo part; echo problem >&2; echo >/dev/fd/{write}; exec sleep 1000"]
    with netns.popen(command, stdout=PIPE, stderr=PIPE, text=True, pass_fds=[write]) as process:
        assert os.read(read, 1) == b"\n"
        with pytest.raises(subprocess.TimeoutExpired) as caught:
            process.communicate(timeout=0)
        process.kill()
    os.close(read)
    os.close(write)
    assert (caught.value.output, caught.value.stderr, caught.value.timeout) == (b"part\n", b"problem\n", 0)
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        netns.check_output(["sleep", "1000"], timeout=0.01)
    assert caught.value.output is caught.value.stderr is None


def test_nothing_lost_by_a_timeout(netns):
    read, write = os.pipe()
    with netns.popen(["sh", "-c", f"echo a; read x </dev/fd/{read}; echo b"], stdout=PIPE, pass_fds=[read]) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=0.05)
        os.write(write, b"go on\n")
        os.close(write)
        os.close(read)
        assert process.communicate(timeout=60) == (b"a\nb\n", None)


def test_wrong_use(netns):
    with pytest.raises(ValueError, match="stdin"):
        netns.run(["cat"], stdin=DEVNULL, input=b"")
    with pytest.raises(ValueError, match="capture_output"):
        netns.run(["cat"], stdout=DEVNULL, capture_output=True)
    with netns.popen(["true"]) as process, pytest.raises(ValueError, match="stdin"):
        process.communicate(b"x")


def test_forgotten(netns):
    process = netns.popen(["sleep", "1000"])
    gio = process._process
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del process
        gc.collect()
    assert [warning.category for warning in caught] == [ResourceWarning]
    gio.force_exit()
    gio.wait(None)


def test_failed_starts_leave_nothing(netns):
    """The check that follows each test does the rest."""
    for _ in range(20):
        with pytest.raises(GLib.Error):
            netns.popen(["/no/such/program"], stdin=PIPE, stdout=PIPE, stderr=PIPE)
    netns.close()
    with raises(Code.CLOSED):
        netns.popen(["true"], stdout=PIPE)


def test_launcher(netns, tmp_path):
    with Spacetest.Launcher.new() as launcher:
        launcher.set_cwd(tmp_path)
        launcher.setenv("GREETING", "hello")
        launcher.set_stdout_file_path(tmp_path / "out")
        launcher.spawnv(netns, ["sh", "-c", "pwd; echo $GREETING"]).wait_check(None)
    assert (tmp_path / "out").read_text() == f"{tmp_path}\nhello\n"
    with raises(Code.CLOSED):
        launcher.spawnv(netns, ["true"])


def test_without_blocking(netns):
    future = netns.spawnv_async(["true"])
    iterate_until(future.done)
    assert future.result().wait_check(None)
    future = netns.spawnv_async(["/no/such/program"])
    iterate_until(future.done)
    with raises(Code.NOT_FOUND, "/no/such/program"):
        future.result()
