# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Exceptions that are printed, while the program goes on as if nothing had happened: PyGObject does so with those of callbacks."""
import os
import sys
import traceback

from gi.module import get_introspection_module

Spacetest = get_introspection_module("Spacetest")
MOST_KEPT = 20
_here = os.getpid()
_kept = []


def note(exception):
    """Somebody has seen it printed. A program that ends with status 0 all the same has not passed."""
    if os.getpid() == _here:
        Spacetest.exit_guard_fail()
        if len(_kept) < MOST_KEPT:
            _kept.append("".join(traceback.format_exception_only(type(exception), exception)).strip())


def take():
    """What was noted since it was asked for last. For test frameworks."""
    taken = _kept[:]
    _kept.clear()
    return taken


def _print(kind, exception, trace):
    """Also what ends the program, which fails anyway. Who types in what fails has seen it."""
    sys.__excepthook__(kind, exception, trace)
    if not hasattr(sys, "ps1"):
        note(exception)


def install():
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _print
