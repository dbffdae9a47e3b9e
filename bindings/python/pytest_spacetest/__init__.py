# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Namespaces for pytest: fixtures, a marker, a session that runs inside, and tests that can't pass by mistake."""
import pytest

from . import inside, outcome, watch
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
    kinds = early_config.known_args_namespace.namespaces
    if kinds is not None:
        inside.go(kinds)
    yield


def pytest_configure(config):
    config.addinivalue_line("markers", MARKER_HELP)
    if config.getini("spacetest_leaks") not in ("ours", "all", "none"):
        raise pytest.UsageError(f"spacetest_leaks is {config.getini('spacetest_leaks')!r}, not ours, all or none")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    with outcome.no_exit(item.config):
        yield


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
    outcome.note(item, result.get_result())
