# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Namespaces that end with the test."""
import pytest

from . import outcome
from .reasons import required


@pytest.fixture
def netns():
    """A new network, not entered: Spacetest.TransientNetns."""
    from ._library import Spacetest
    with required("net"):
        made = Spacetest.TransientNetns.new()
    with made:
        yield made


@pytest.fixture
def mntns():
    """A new mount table, not entered: Spacetest.TransientMntns."""
    from ._library import Spacetest
    with required("mnt"):
        made = Spacetest.TransientMntns.new()
    with made:
        yield made


def _make(kinds):
    from ._library import Spacetest
    if not isinstance(kinds, (str, Spacetest.NamespaceType)):
        raise TypeError(f"kinds of namespaces are needed, as 'net,mnt', not {kinds!r}")
    types = Spacetest.namespace_types_from_string(kinds) if isinstance(kinds, str) else kinds
    with required(types):
        if types == Spacetest.NamespaceType.NET:
            return Spacetest.TransientNetns.new()
        if types == Spacetest.NamespaceType.MNT:
            return Spacetest.TransientMntns.new()
        if types.bit_count() == 1:
            return Spacetest.NamespaceRef.new_transient(types)
        return Spacetest.Space.new_transient(types)


def _close(made):
    from ._library import Spacetest
    if hasattr(made, "close"):
        made.close()
        return
    for kind in Spacetest.namespace_types_to_string(made.get_types()).split(","):
        made.get_ref(kind).close()


@pytest.fixture
def spaces():
    """A factory by name: spaces("alice") is a new network, and the same one when asked again; spaces("bob", "net,mnt") a space of both."""
    made = {}

    def get(name, kinds="net"):
        if not isinstance(name, str) or not name:
            raise TypeError(f"spaces() wants a name, as in spaces('alice') and spaces('bob', 'net,mnt'), not {name!r}")
        if name not in made:
            made[name] = _make(kinds), kinds
        space, known = made[name]
        if known != kinds:
            raise ValueError(f"{name!r} was made with {known!r}, not {kinds!r}")
        return space

    yield get
    while made:
        _close(made.popitem()[1][0])


@pytest.fixture
def spacer():
    """A helper process for users, PIDs and clocks: Spacetest.Spacer."""
    from ._library import Spacetest
    with required("user"):
        made = Spacetest.Spacer.new()
    with made:
        yield made


@pytest.fixture
def capture(request, tmp_path):
    """capture(space, interface) records packets; the file is kept if the test fails."""
    from ._library import Spacetest
    made = []

    def start(space, interface):
        path = tmp_path / f"{interface}-{len(made)}.pcapng"
        with required("net"):
            made.append(Spacetest.Capture.new(space, interface, path))
        request.node.stash.setdefault(outcome.KEPT, []).append(path)
        return made[-1]

    yield start
    for recording in made:
        if outcome.has_failed(request.node):
            recording.close()
        elif not recording.is_closed():
            recording.discard()
