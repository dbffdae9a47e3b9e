# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""The process of the session: nobody ends it, or makes it another program, while there are tests to run."""
import contextlib
import functools
import mmap
import os
import posix

import pytest

from . import outcome

GUARD = pytest.StashKey()
ENDS = ("_exit",)
REPLACES = ("execv", "execve")  # all of os.exec*() come down to these
PLACES = (os, posix)
_really_exit = os._exit
_ROOM = mmap.PAGESIZE


def get(config):
    return config.stash[GUARD]


class Guard:
    """Of one session. Children that tests fork are free to end as they like, but not to come back."""

    def __init__(self, config):
        self._config = config
        self._pid = os.getpid()
        self._status = None
        self._runs_tests = False
        self._is_off = False
        self._put = []
        self._told = mmap.mmap(-1, _ROOM)
        self._late = None

    def install(self):
        """Is the first to be asked, also once the library has put its own before it."""
        for names, make in ((ENDS, self._make_exit), (REPLACES, self._make_exec)):
            for name in names:
                for place in PLACES:
                    there = getattr(place, name)
                    if there not in self._put:
                        self._put.append(functools.wraps(there)(make(name, there)))
                        setattr(place, name, self._put[-1])

    def remove(self):
        """Who has kept one of the functions gets what was there before."""
        self._is_off = True
        for name in ENDS + REPLACES:
            for place in PLACES:
                there = getattr(place, name)
                if there in self._put:
                    setattr(place, name, there.__wrapped__)

    def begin(self):
        self._runs_tests = True

    def finish(self, status):
        """From now on, hooks may end the process, but not better than the session ended."""
        self._runs_tests = False
        self._status = int(status)

    def _is_mine(self):
        return os.getpid() == self._pid and not self._is_off

    def _make_exit(self, _name, there):
        def guarded(status):
            if not self._is_mine():
                there(status)
            if self._status is not None:
                there(status or self._status)
            with contextlib.suppress(Exception):
                outcome.complain(self._config, f"os._exit({status}) in the middle of {self._get_place()}: "
                                               "that would end the session; raise something, or start a process for it")
            _really_exit(1)
        return guarded

    def _make_exec(self, name, there):
        def guarded(path, *args):
            __tracebackhide__ = True
            if self._is_mine() and self._runs_tests:
                raise RuntimeError(f"os.{name}({path!r}) in the middle of {self._get_place()}: that would end the session; start a process for it")
            return there(path, *args)
        return guarded

    @staticmethod
    def _get_place():
        test = os.environ.get("PYTEST_CURRENT_TEST")
        return f"a test, {test}" if test else "the session"

    @contextlib.contextmanager
    def alone(self, place):
        """What comes back is who went in: a child that went on where its parent did would report tests, and run more of them."""
        pid = os.getpid()
        try:
            yield
        finally:
            if os.getpid() != pid:
                self._end_child(place)

    def _end_child(self, place):
        """Before it says anything to anybody but those who forked it."""
        with contextlib.suppress(Exception):
            self._told[:] = place.encode()[:_ROOM].ljust(_ROOM, b"\0")
            outcome.complain(self._config, f"a child that {place} had forked came back from it: end it with os._exit(), or use subprocess or popen()")
        _really_exit(1)

    def hear_late(self, message):
        """From a worker that has ended."""
        self._late = self._late or message

    def take_told(self):
        """Where a child came back; None if none did."""
        if self._late:
            late, self._late = self._late, None
            return late
        place = self._told[:].rstrip(b"\0").decode(errors="replace")
        if not place:
            return None
        self._told[:] = bytes(_ROOM)
        return f"a child that {place} had forked came back from it: end it with os._exit(), or use subprocess or popen()"
