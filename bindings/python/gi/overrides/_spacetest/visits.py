# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""`with` for visits and for what can be closed, and visits that nobody left."""
import atexit
import functools
import os
import sys
import threading

from gi.module import get_introspection_module
from gi.repository import GLib

Spacetest = get_introspection_module("Spacetest")
_here = threading.local()
_leave = Spacetest.Visit.leave
_exit = os._exit


def _get_under_way():
    """The visits of this thread, the innermost last: a dropped one goes on, and only the object can leave it."""
    _here.visits = [visit for visit in getattr(_here, "visits", []) if visit.is_active()]
    return _here.visits


def remembering(enter):
    @functools.wraps(enter)
    def remember(*args, **kwargs):
        __tracebackhide__ = True
        visit = enter(*args, **kwargs)
        if visit is not None:
            _get_under_way().append(visit)
        return visit
    return remember


def leave(self):
    """Comes home. To do so twice is no error."""
    result = _leave(self)
    _get_under_way()
    return result


def count_visits():
    """How many visits of the calling thread are under way, dropped ones among them. For test frameworks."""
    return len(_get_under_way())


def leave_visits(down_to=0):
    """Leaves visits of the calling thread, the innermost first, until so many are left; says how many it left. For test frameworks."""
    visits = _get_under_way()[down_to:]
    for visit in reversed(visits):
        visit.leave()
    return len(visits)


def count_call(step):
    """Of functions that this thread runs in a space now."""
    _here.n_calls = getattr(_here, "n_calls", 0) + step


def _enter(self):
    if not self.is_active():
        raise GLib.Error.new_literal(Spacetest.error_quark(), "the visit is not under way: with takes a new one, of enter()",
                                     Spacetest.Error.CLOSED)
    return self


def _end(end):
    def leave_or_close(self, _kind, failure, _traceback):
        try:
            end(self)
        except GLib.Error as lost:
            raise lost from failure
    return leave_or_close


def flush_output(*ignored):
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, ValueError, *ignored):
            pass  # there is none, it is closed, or it can only be written to


def _refuse_end(pid):
    """A program that ends elsewhere has forgotten something, whatever status it wants to end with."""
    if os.getpid() != pid or not (_get_under_way() or getattr(_here, "n_calls", 0) or Spacetest.exit_guard_count_visits()):
        return
    flush_output(OSError)
    os.write(2, b"spacetest: the program ended on a visit that it had not left: use with, or leave() on every way out\n")
    _exit(1)


def _make_exit(pid):
    """It asks nobody who registered with atexit."""
    @functools.wraps(_exit)
    def exit_unless_on_a_visit(status):
        _refuse_end(pid)
        _exit(status)
    return exit_unless_on_a_visit


def install():
    Spacetest.Space.enter = remembering(Spacetest.Space.enter)
    Spacetest.Visit.leave = leave
    Spacetest.Visit.__enter__ = _enter
    Spacetest.Visit.__exit__ = _end(leave)
    for cls in (Spacetest.NamespaceRef, Spacetest.MountView, Spacetest.NetnsPool, Spacetest.Pin, Spacetest.Capture,
                Spacetest.Spacer, Spacetest.Launcher):
        cls.__enter__ = lambda self: self
        cls.__exit__ = _end(cls.close)
    atexit.register(_refuse_end, os.getpid())
    os._exit = _make_exit(os.getpid())
