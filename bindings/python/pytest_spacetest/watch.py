# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What a test left behind."""
import contextlib
import gc
import os
import time

import pytest

from . import outcome

_state = {}
FIXTURES = {"capture", "mntns", "netns", "spacer", "spaces"}
OF_GLIB = ("gmain", "gdbus", "pool-")  # threads that stay, for all to use
PATIENCE = 1  # seconds, for what is about to end


def begin(request):
    _state["current"] = Watcher(request)
    return _state["current"]


def get_current():
    """That of the test that runs; None while none does."""
    return _state.get("current")


def end():
    _state.clear()


def is_ours(item):
    """Whether it uses namespaces through pytest."""
    return bool(FIXTURES.intersection(getattr(item, "fixturenames", ())) or list(item.iter_markers("namespaces")))


def _is_looked_after(request):
    whose = request.config.getini("spacetest_leaks")
    return is_ours(request.node) if whose == "ours" else whose == "all"


def _read(path):
    with contextlib.suppress(OSError), open(path) as file:
        return file.read().strip()
    return ""


def _get_descriptors():
    found = {}
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # that of the listing itself
            target = os.readlink(f"/proc/self/fd/{fd}")
            found["descriptor", fd, target] = f"descriptor {fd}: {target}"
    return found


def _get_threads():
    names = {tid: _read(f"/proc/self/task/{tid}/comm") for tid in os.listdir("/proc/self/task")}
    return {("thread", tid): f"thread {tid}: {name}" for tid, name in names.items() if name and not name.startswith(OF_GLIB)}


def _describe(pid):
    name, _, rest = _read(f"/proc/{pid}/stat").partition("(")[2].rpartition(")")
    return f"process {pid}: {name}" + (", which has ended, and nobody waited for it" if rest.strip().startswith("Z") else "")


def _get_children():
    pids = [pid for tid in os.listdir("/proc/self/task") for pid in _read(f"/proc/self/task/{tid}/children").split()]
    return {("process", pid): _describe(pid) for pid in pids}


def _get_strays():
    from ._library import Spacetest
    return {("stray", stray): f"thread in other namespaces: {stray}" for stray in Spacetest.find_strays()}


def _get_under_way():
    from ._library import Spacetest
    return {("call", call): f"{call}: under way, and nobody knows how it went; wait for it, or cancel() it" for call in Spacetest.get_under_way()}


def _get_visits_elsewhere():
    """Of other threads, those that have ended on one among them; by how many there are."""
    from ._library import Spacetest
    n = Spacetest.exit_guard_count_visits() - Spacetest.count_visits()
    return {("visit", i): "a visit of another thread that was not left: leave() on that thread, or use with" for i in range(n)}


def _look():
    """By what does not change: a process may change its name, or end, and is still the same."""
    return _get_descriptors() | _get_threads() | _get_children()


def _open_what_stays():
    """What the library opens once and keeps, the default spacer among it, is nobody's leak."""
    from ._library import GLib, Spacetest
    with contextlib.suppress(GLib.Error):
        Spacetest.Spacer.get_default()
    with contextlib.suppress(GLib.Error):
        with Spacetest.enter_transient("net,mnt"):
            pass
    with contextlib.suppress(GLib.Error), Spacetest.TransientMntns.new() as mntns:
        Spacetest.Space.new([mntns])
    GLib.MainContext.default()


class Watcher:
    """Looks after one test."""
    _is_ready = False

    def __init__(self, request):
        self._config = request.config
        self._is_looked_after = _is_looked_after(request)
        self._knows_strays = self._is_looked_after or outcome.is_library_used()
        if self._is_looked_after and not Watcher._is_ready:
            _open_what_stays()
            Watcher._is_ready = True
        self._n_visits = self._count_visits()
        self._strays = _get_strays() if self._knows_strays else {}
        self._before = self.look()

    @staticmethod
    def _count_visits():
        if not outcome.is_library_used():
            return 0
        from ._library import Spacetest
        return Spacetest.count_visits()

    def look(self):
        found = _look() if self._is_looked_after else {}
        return found | _get_under_way() | _get_visits_elsewhere() if outcome.is_library_used() else found

    def allow(self, before):
        self._before |= {key: text for key, text in self.look().items() if key not in before}

    def come_home(self, visit):
        """Leaves what the test did not leave, so that the next one runs where it should."""
        if not outcome.is_library_used():
            return []
        from ._library import GLib, Spacetest
        problems = [f"an exception that a callback raised, and that nobody handled: {text}" for text in Spacetest.take_unhandled()]
        mine = visit is not None and visit.is_active()
        try:
            forgotten = Spacetest.leave_visits(self._n_visits) - mine
        except GLib.Error as error:  # the next test would run elsewhere
            outcome.complain(self._config, error.message)
            pytest.exit(error.message, 1)
        if forgotten <= 0:
            return problems
        visits = "1 visit was" if forgotten == 1 else f"{forgotten} visits were"
        return [*problems, f"{visits} not left, and would have lasted on: use with, or leave() on every way out"]

    def _find(self):
        found = self.look() | (_get_strays() if outcome.is_library_used() else {})
        return {key: text for key, text in found.items() if key not in self._before and key not in self._strays}

    def find_leaks(self):
        """What is still there once all that was about to end has ended."""
        found = self._find()
        if not found:
            return []
        gc.collect()
        deadline = time.monotonic() + PATIENCE
        while (found := self._find()) and time.monotonic() < deadline:
            os.sched_yield()
        return sorted(found.values())
