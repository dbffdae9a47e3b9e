# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Namespaces for pytest: fixtures, a marker, a session that runs inside, and tests that can't pass by mistake."""
import pytest

from . import guard, inside, outcome, watch
from .fixtures import capture, mntns, netns, spacer, spaces
from .visit import spacetest_test

__all__ = ["capture", "mntns", "netns", "spacer", "spaces", "spacetest_test"]

KINDS_HELP = """run the session in new namespaces, as root of a user namespace if need be: "user" for all that tests can visit, or kinds
like "net,mnt" """
LEAKS_HELP = """whose descriptors, threads and children are looked after: "ours" (of tests that use namespaces through pytest), "all", "none" """
MARKER_HELP = 'namespaces("net", "mnt", ...): the test and its function fixtures run in new namespaces of these kinds.'


def pytest_addoption(parser):
    parser.getgroup("spacetest").addoption("--namespaces", metavar="KINDS", help=KINDS_HELP)
    parser.addini("spacetest_leaks", help=LEAKS_HELP, default="ours")


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config):
    """Before pytest captures what is written, and before anybody starts a thread."""
    inside.go(early_config)
    _guard(early_config)
    yield


def _guard(config):
    """Early, so that what modules import by name is guarded, too."""
    if guard.GUARD not in config.stash:
        config.stash[guard.GUARD] = guard.Guard(config)
        config.add_cleanup(config.stash[guard.GUARD].remove)
    config.stash[guard.GUARD].install()


def pytest_configure(config):
    _guard(config)
    config.pluginmanager.register(outcome.EndOfWorkers(config))
    inside.refuse_late(config)
    config.addinivalue_line("markers", MARKER_HELP)
    if config.getini("spacetest_leaks") not in ("ours", "all", "none"):
        raise pytest.UsageError(f"spacetest_leaks is {config.getini('spacetest_leaks')!r}, not ours, all or none")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session):
    guard.get(session.config).begin()


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_sessionfinish(session, exitstatus):
    mine = guard.get(session.config)
    with mine.alone("the session"):
        mine.finish(exitstatus)
        yield
    late = mine.take_told()
    if late:
        outcome.complain(session.config, late)
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
        mine.finish(session.exitstatus)


@pytest.hookimpl(hookwrapper=True, trylast=True, specname="pytest_sessionfinish")
def _tell_late(session):
    """Before a worker of pytest-xdist says its last words."""
    yield
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["spacetest_late"] = guard.get(session.config).take_told()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    guard.get(node.config).hear_late(getattr(node, "workeroutput", {}).get("spacetest_late"))


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_make_collect_report(collector):
    mine = guard.get(collector.config)
    with mine.alone(collector.nodeid or "the session"):
        result = yield
    _refuse_told(mine, result.get_result())


def _refuse_told(mine, report):
    told = mine.take_told()
    if told:
        outcome.refuse(report, told)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def _run_alone(item):
    mine = guard.get(item.config)
    mine.install()
    with mine.alone(item.nodeid):
        result = yield
    outcome.refuse_end_of_session(item, result)


pytest_runtest_protocol = pytest_runtest_setup = pytest_runtest_call = pytest_runtest_teardown = _run_alone


@pytest.hookimpl(hookwrapper=True)
def pytest_fixture_setup(fixturedef):
    """What lives longer than the test is none of its leaks."""
    watcher = watch.get_current() if fixturedef.scope != "function" else None
    before = watcher.look() if watcher else None
    yield
    if watcher:
        watcher.allow(before)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    result = yield
    if watch.is_ours(item):
        outcome.refuse_unrun(item, result.get_result())
    _refuse_told(guard.get(item.config), result.get_result())
    outcome.note(item, result.get_result())
