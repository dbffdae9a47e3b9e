# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""How a test ends, and ways to end that look like passing."""
import contextlib
import inspect
import os
import sys

import pytest

END = pytest.StashKey()
ENDED = pytest.StashKey()
FAILED = pytest.StashKey()
KEPT = pytest.StashKey()


def note(item, report):
    if END in item.stash and report.when == "teardown":
        report.spacetest_end = item.stash[END]  # travels to who can end the session
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
    refuse(report, f"{item.nodeid}: {reason}")


def refuse_end_of_session(item, result):
    """By pytest.exit(): with status 0, tests that did not run would have passed; and workers of pytest-xdist can't."""
    reason = result.excinfo[1] if result.excinfo else None
    if not isinstance(reason, pytest.exit.Exception):
        return
    is_worker = hasattr(item.config, "workerinput")
    if not is_library_used() or (reason.returncode != 0 and not is_worker):
        item.stash[ENDED] = item.stash[FAILED] = True
        return
    message = f"pytest.exit({reason.msg!r}, {reason.returncode}) in the middle of a test, {item.nodeid}"
    if is_worker:
        item.stash[END] = message
    else:
        item.session.shouldfail = message
    failed = pytest.fail.Exception(message, pytrace=False)
    if hasattr(result, "force_exception"):
        result.force_exception(failed)
    else:
        result._excinfo = type(failed), failed, None


class EndOfWorkers:
    """Where the session runs that pytest-xdist has workers for."""

    def __init__(self, config):
        self._config = config

    def pytest_runtest_logreport(self, report):
        workers = self._config.pluginmanager.getplugin("dsession")
        if workers and hasattr(report, "spacetest_end"):
            workers.shouldstop = report.spacetest_end


def refuse(report, message):
    """Whatever it was before."""
    report.__dict__.pop("wasxfail", None)
    if report.failed:
        report.sections.append(("Namespaces", message))
    else:
        report.outcome, report.longrepr = "failed", message


def has_failed(item):
    return item.stash.get(FAILED, False)


def has_ended_session(item):
    return item.stash.get(ENDED, False)


def is_library_used():
    return "gi.repository.Spacetest" in sys.modules


def complain(config, message):
    """Where it is seen, also by who is about to end the process."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with contextlib.suppress(Exception):
        capture.suspend_global_capture(in_=True)
    os.write(2, f"\nspacetest: {message}\n".encode())
