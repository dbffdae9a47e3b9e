# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""How a test ends, and ways to end that look like passing."""
import contextlib
import inspect
import os
import sys

import pytest

FAILED = pytest.StashKey()
KEPT = pytest.StashKey()
_exit = os._exit


def note(item, report):
    if report.failed:
        item.stash[FAILED] = True
        for path in item.stash.get(KEPT, ()):
            report.sections.append(("Packets", f"kept in {path}"))


def refuse_unrun(item, report):
    """A body that pytest does not run, and skips, or expects to fail, proves nothing."""
    function = getattr(item, "obj", None)
    is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    if is_async and report.skipped and "async def function" in str(report.longrepr):
        reason = "nothing runs async tests here: install a plug-in for that, as pytest-asyncio, or write a plain function"
    elif inspect.isgeneratorfunction(function) and report.skipped and "yield tests" in getattr(report, "wasxfail", ""):
        reason = "a test that yields is not run: write a plain function"
    else:
        return
    report.__dict__.pop("wasxfail", None)
    report.outcome, report.longrepr = "failed", f"{item.nodeid}: {reason}"


def has_failed(item):
    return item.stash.get(FAILED, False)


def is_library_used():
    return "gi.repository.Spacetest" in sys.modules


def complain(config, message):
    """Where it is seen, also by a thread that is about to end the process."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with contextlib.suppress(Exception):
        capture.suspend_global_capture(in_=True)
    os.write(2, f"\nspacetest: {message}\n".encode())


@contextlib.contextmanager
def no_exit(config):
    """Whoever leaves by os._exit() takes the session with him, and its exit status."""
    pid = os.getpid()

    def refuse(status):
        if os.getpid() == pid and is_library_used():
            with contextlib.suppress(Exception):
                complain(config, f"os._exit({status}) in the middle of a test, {os.environ.get('PYTEST_CURRENT_TEST', '')}: "
                                 "that would end the session; raise something, or start a process for it")
            _exit(1)
        _exit(status)

    os._exit = refuse
    try:
        yield
    finally:
        os._exit = _exit
    end_if_forked(config, pid)


def end_if_forked(config, pid):
    """A child that went on where its parent did would run all tests once more."""
    if os.getpid() != pid:
        complain(config, "a child that a test had forked came back from it: end it with os._exit(), or use subprocess or popen()")
        _exit(1)
