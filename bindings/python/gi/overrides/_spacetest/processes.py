# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Programs in a space, in the style of subprocess."""
import inspect
import io
import locale
import os
import subprocess
import time
import warnings

from gi.module import get_introspection_module
from gi.repository import Gio, GLib

from . import arguments, pipes

Spacetest = get_introspection_module("Spacetest")
Flags = Gio.SubprocessFlags
# Of subprocess.Popen, what there is no way to.
INSTEAD = {"close_fds": "only what pass_fds names is passed on", "executable": "it is the first of args",
           "extra_groups": "start it by setpriv(1)", "group": "start it by setpriv(1)", "preexec_fn": "run_action() calls a function there",
           "process_group": "start it by setsid(1)", "start_new_session": "start it by setsid(1)", "umask": "have a shell set it",
           "user": "start it by setpriv(1)"}


def _refuse_others(options):
    """But what subprocess does unasked."""
    known = inspect.signature(subprocess.Popen).parameters
    for name, value in options.items():
        if name not in known:
            raise TypeError(f"Popen.__init__() got an unexpected keyword argument {name!r}")
        if value != known[name].default:
            hint = f": {INSTEAD[name]}" if name in INSTEAD else ""
            raise TypeError(f"{name} can't be had for a program in a space{hint}")


def _to_argv(args, shell):
    if shell:
        return ["/bin/sh", "-c", *_to_argv(args, False)]
    return [os.fspath(item) for item in ([args] if isinstance(args, (str, bytes, os.PathLike)) else args)]


def _to_environ(env):
    return [os.fsdecode(arguments.to_variable(name)) + "=" + os.fsdecode(value) for name, value in env.items()]


def _dup(what):
    return os.dup(what if isinstance(what, int) else what.fileno())


class Popen:
    """A program that runs in a space, as subprocess.Popen has it, made by popen() of the space.

    Where subprocess.Popen raises FileNotFoundError or PermissionError, this is GLib.Error."""

    _process = returncode = None

    def __init__(self, space, args, *, stdin=None, stdout=None, stderr=None, cwd=None, env=None, text=None, encoding=None, errors=None,
                 universal_newlines=None, pass_fds=(), shell=False, bufsize=-1, **options):
        _refuse_others(options)
        self.stdin = self.stdout = self.stderr = None
        self._text = bool(text or universal_newlines or encoding or errors)
        self._encoding, self._errors = encoding or locale.getpreferredencoding(False), errors or "strict"
        self._bufsize = bufsize
        self._exchange = None
        self.args = args
        argv = _to_argv(args, shell)
        ours = []
        flags = Flags.NONE if stdin is not None else Flags.STDIN_INHERIT
        launcher = Spacetest.Launcher.new(flags)
        try:
            if cwd is not None:
                launcher.set_cwd(os.fspath(cwd))
            if env is not None:
                launcher.set_environ(_to_environ(env))
            for fd in pass_fds:
                launcher.take_fd(os.dup(fd), fd)
            self._plug(launcher, stdin, stdout, stderr, ours, flags if env is None else flags | Flags.SEARCH_PATH_FROM_ENVP)
            self._process = launcher.spawnv(space, argv)
        except BaseException:
            for file in ours:
                file.close()
            raise
        finally:
            launcher.close()
        identifier = self._process.get_identifier()
        self.pid = int(identifier) if identifier else None  # of one that has ended already

    def _plug(self, launcher, stdin, stdout, stderr, ours, flags):
        if stdin == subprocess.PIPE:
            read, write = os.pipe()
            launcher.take_stdin_fd(read)
            self.stdin = self._open(write, "w", ours)
        elif stdin not in (None, subprocess.DEVNULL):
            launcher.take_stdin_fd(_dup(stdin))
        out = 1
        if stdout == subprocess.PIPE:
            read, out = os.pipe()
            launcher.take_stdout_fd(out)
            self.stdout = self._open(read, "r", ours)
        elif stdout == subprocess.DEVNULL:
            flags |= Flags.STDOUT_SILENCE
        elif stdout is not None:
            out = _dup(stdout)
            launcher.take_stdout_fd(out)
        if stderr == subprocess.PIPE:
            read, write = os.pipe()
            launcher.take_stderr_fd(write)
            self.stderr = self._open(read, "r", ours)
        elif stderr == subprocess.DEVNULL or stderr == subprocess.STDOUT and stdout == subprocess.DEVNULL:
            flags |= Flags.STDERR_SILENCE
        elif stderr == subprocess.STDOUT:
            launcher.take_stderr_fd(os.dup(out))
        elif stderr is not None:
            launcher.take_stderr_fd(_dup(stderr))
        launcher.set_flags(flags)

    def _open(self, fd, mode, ours):
        by_line = self._text and self._bufsize == 1
        file = open(fd, mode + "b", -1 if by_line else self._bufsize)
        if self._text:
            file = io.TextIOWrapper(file, encoding=self._encoding, errors=self._errors, write_through=mode == "w",
                                    line_buffering=by_line and mode == "w")
        ours.append(file)
        return file

    def __repr__(self):
        return f"<Spacetest.Popen: returncode: {self.returncode} args: {self.args!r}>"

    def poll(self):
        """The exit status, or None while it runs. That of a program that a signal killed is negative."""
        if self.returncode is None and self._process.get_identifier() is None:
            self.wait()
        return self.returncode

    def wait(self, timeout=None):
        """Waits for the end of the program; the main context of the caller does not run meanwhile."""
        if self.returncode is None and not pipes.wait(self._process, timeout):
            raise subprocess.TimeoutExpired(self.args, timeout)
        if self.returncode is None:
            by_signal = self._process.get_if_signaled()
            self.returncode = -self._process.get_term_sig() if by_signal else self._process.get_exit_status()
        return self.returncode

    def communicate(self, input=None, timeout=None):
        """Writes input, reads to the end, and waits. After TimeoutExpired it can be called again, without losing anything."""
        if self._exchange and input is not None:
            raise ValueError("the input was given already")
        if input is not None and self.stdin is None:
            raise ValueError("there is no stdin to write the input to: stdin=PIPE")
        deadline = None if timeout is None else time.monotonic() + timeout
        if self._exchange is None:
            if isinstance(input, str) and self._text:
                input = input.encode(self._encoding, self._errors)
            self._exchange = pipes.Exchange(self.stdin, input, [file for file in (self.stdout, self.stderr) if file])
        if not self._exchange.run(deadline):
            raise self._give_up(timeout)
        try:
            self.wait(None if deadline is None else max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise self._give_up(timeout) from None
        return self._decode(self.stdout), self._decode(self.stderr)

    def _give_up(self, timeout):
        """With what was read by then, which subprocess does not decode."""
        stdout, stderr = (self._exchange.get_content(file) or None if file else None for file in (self.stdout, self.stderr))
        return subprocess.TimeoutExpired(self.args, timeout, stdout, stderr)

    def _decode(self, file):
        if file is None:
            return None
        content = self._exchange.get_content(file)
        if not self._text:
            return content
        return content.decode(self._encoding, self._errors).replace("\r\n", "\n").replace("\r", "\n")

    def send_signal(self, signal):
        self._process.send_signal(int(signal))

    def terminate(self):
        self.send_signal(15)

    def kill(self):
        self._process.force_exit()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for file in (self.stdout, self.stderr, self.stdin):
            if file:
                try:
                    file.close()
                except BrokenPipeError:
                    pass
        self.wait()

    def __del__(self):
        if self._process is not None and self.returncode is None and self._process.get_identifier() is not None:
            warnings.warn(f"{self!r} is still running", ResourceWarning, source=self)


def popen(self, args, **options):
    """Starts a program in the space, as subprocess.Popen() does."""
    return Popen(self, args, **options)


def run(self, args, *, input=None, capture_output=False, timeout=None, check=False, **options):
    """Runs a program in the space to its end, as subprocess.run() does."""
    if input is not None:
        if options.get("stdin") is not None:
            raise ValueError("stdin and input can't both be given")
        options["stdin"] = subprocess.PIPE
    if capture_output:
        if options.get("stdout") is not None or options.get("stderr") is not None:
            raise ValueError("stdout and stderr can't be given with capture_output")
        options["stdout"] = options["stderr"] = subprocess.PIPE
    with Popen(self, args, **options) as process:
        try:
            stdout, stderr = process.communicate(input, timeout)
        except BaseException:
            process.kill()
            raise
    if check and process.returncode:
        raise subprocess.CalledProcessError(process.returncode, args, stdout, stderr)
    return subprocess.CompletedProcess(args, process.returncode, stdout, stderr)


def check_output(self, args, *, timeout=None, **options):
    """What a program in the space writes, as subprocess.check_output() has it."""
    for name in ("stdout", "check"):
        if name in options:
            raise ValueError(f"{name} can't be given: check_output() has its own")
    if options.get("input", b"") is None:
        options["input"] = b""  # no more than that
    return run(self, args, timeout=timeout, check=True, stdout=subprocess.PIPE, **options).stdout


def install():
    Spacetest.Space.popen = popen
    Spacetest.Space.run = run
    Spacetest.Space.check_output = check_output
