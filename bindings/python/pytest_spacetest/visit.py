# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""The marker, and what surrounds each test: its visit, and the look at what it left behind."""
import functools
import inspect
import operator

import pytest

from . import outcome, watch
from .reasons import required


def _get_kinds(item):
    """Of all markers: those of the module and the class count, too."""
    markers = list(item.iter_markers("namespaces"))
    for marker in markers:
        if not marker.args or marker.kwargs:
            pytest.fail('@pytest.mark.namespaces wants kinds of namespaces, as in @pytest.mark.namespaces("net", "mnt")', pytrace=False)
    arguments = [argument for marker in markers for argument in marker.args]
    if not arguments:
        return None
    return functools.reduce(operator.or_, map(_to_kind, arguments))


def _to_kind(argument):
    from ._library import GLib, Spacetest
    if isinstance(argument, Spacetest.NamespaceType) and argument:
        return argument
    if not isinstance(argument, str):
        pytest.fail(f"@pytest.mark.namespaces: {argument!r} is no kind of namespace", pytrace=False)
    try:
        return Spacetest.namespace_types_from_string(argument)
    except GLib.Error as error:
        pytest.fail(f"@pytest.mark.namespaces: {error.message}", pytrace=False)


def _refuse_elsewhere(kinds):
    """Where no thread goes that is one of many."""
    from ._library import Spacetest
    elsewhere = kinds & (Spacetest.NamespaceType.USER | Spacetest.NamespaceType.PID | Spacetest.NamespaceType.TIME)
    if elsewhere:
        names = Spacetest.namespace_types_to_string(elsewhere)
        pytest.fail(f'@pytest.mark.namespaces: no test can enter namespaces of kind {names}; use the fixture spacer, as in '
                    f'spacer.create_subspace("{names}").get_space().run([...])', pytrace=False)


def _enter(item):
    kinds = _get_kinds(item)
    if kinds is None:
        return None
    from ._library import Spacetest
    _refuse_elsewhere(kinds)
    function = getattr(item, "obj", None)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        pytest.fail("@pytest.mark.namespaces: an async test would take other tasks along; use call() or a socket of the space", pytrace=False)
    with required(kinds):
        return Spacetest.enter_transient(kinds)


@pytest.fixture(autouse=True)
def spacetest_test(request):
    """Of each test; comes before the other fixtures of a function, and after those that live longer."""
    watcher = watch.begin(request)
    visit = _enter(request.node)
    yield
    problems = watcher.come_home(visit)
    del visit
    if not outcome.has_failed(request.node):
        problems += watcher.find_leaks()
    watch.end()
    if problems:
        message = "\n  ".join(["left behind:", *problems])
        if outcome.has_ended_session(request.node):  # pytest reports no more tests
            outcome.complain(request.config, f"{request.node.nodeid} has {message}")
        else:
            pytest.fail(message, pytrace=False)
