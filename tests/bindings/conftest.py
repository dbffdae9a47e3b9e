# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Each test is checked for what it leaves behind: descriptors, threads, mounts, and where its thread is."""
import gc
import os
import pathlib
import tempfile
import time

import pytest

import gi
gi.require_version("Spacetest", "1")
from gi.repository import GLib, Spacetest  # noqa: E402

import inside  # noqa: E402

PATIENCE = 30   # seconds


def pytest_sessionstart():
    """Meson takes 77 for a skip; the rootless run has what it takes."""
    Spacetest.Spacer.set_policy(Spacetest.SpacerPolicy.NEVER)
    try:
        Spacetest.TransientNetns.new()
    except GLib.Error as error:
        refused = error.matches(Spacetest.error_quark(), Spacetest.Error.PERMISSION_DENIED)
        pytest.exit(error.message, 77 if refused and os.environ.get("SPACETEST_REQUIRE") != "1" else 1)


def get_traces():
    fds = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            fds[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except FileNotFoundError:  # that of the listing itself
            pass
    with open("/proc/self/mountinfo") as mounts:
        return {"fds": fds, "threads": set(os.listdir("/proc/self/task")), "mounts": mounts.read(), "place": inside.get_place(),
                "strays": Spacetest.find_strays()}


def is_back(before):
    """A thread that was about to end before may have done so."""
    now = get_traces()
    return now["threads"] <= before["threads"] and {**now, "threads": before["threads"]} == before


def wait_for(before):
    """What ended elsewhere may still hold something: threads, GLib's worker, results on their way. What was left behind is there for ever."""
    deadline = time.monotonic() + PATIENCE
    while (GLib.MainContext.default().iteration(False) or not is_back(before)) and time.monotonic() < deadline:
        gc.collect()


@pytest.fixture(scope="session", autouse=True)
def what_the_first_use_starts():
    """The library's workshop, what it and GLib keep for each thread, the default main context."""
    Spacetest.NamespaceRef.new_current("uts").spawnv(["true"], 0).wait(None)
    with Spacetest.enter_transient("net,mnt"):
        pass
    Spacetest.TransientMntns.new().run_in_thread(int)
    inside.iterate_until(Spacetest.NamespaceRef.new_current("net").run_in_thread_async(int).done)
    gc.collect()


@pytest.fixture(autouse=True)
def nothing_left_behind(what_the_first_use_starts):
    gc.collect()
    before = get_traces()
    yield
    gc.collect()
    wait_for(before)
    after = get_traces()
    for what, trace in before.items():
        assert after[what] <= trace if what == "threads" else after[what] == trace
    assert not GLib.MainContext.default().pending()


@pytest.fixture
def tmp_path():
    """Not pytest's, which is that of the user's name: there are two who are called root."""
    with tempfile.TemporaryDirectory() as path:
        yield pathlib.Path(path)


@pytest.fixture
def netns():
    with Spacetest.TransientNetns.new() as ref:  # pytest holds it for too long
        yield ref


@pytest.fixture
def utsns():
    with Spacetest.NamespaceRef.new_transient("uts") as ref:
        yield ref


@pytest.fixture
def mntns():
    with Spacetest.TransientMntns.new() as ref:
        yield ref
