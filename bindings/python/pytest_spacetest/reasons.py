# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Why a test can't run here: it is skipped with that, or fails where everything is expected to run."""
import contextlib
import os

import pytest


def _is_reason(error, kinds):
    """A mistake is no reason to skip: no thread of a process like this goes to a user namespace, wherever it runs."""
    from ._library import Spacetest
    if error.matches(Spacetest.error_quark(), Spacetest.Error.PERMISSION_DENIED):
        return True
    elsewhere = Spacetest.NamespaceType.USER | Spacetest.NamespaceType.PID | Spacetest.NamespaceType.TIME
    return error.matches(Spacetest.error_quark(), Spacetest.Error.NOT_SUPPORTED) and not kinds & elsewhere


def _explain(error, kinds):
    """What the probe says; where it finds nothing wrong, the session can go where it works."""
    from ._library import GLib, Spacetest
    try:
        Spacetest.probe(kinds)
    except GLib.Error as blocker:
        return blocker.message
    return f"{error.message}; or run pytest with --namespaces=user"


@contextlib.contextmanager
def required(kinds):
    from ._library import GLib, Spacetest
    if isinstance(kinds, str):
        kinds = Spacetest.namespace_types_from_string(kinds)
    try:
        yield
    except GLib.Error as error:
        if not _is_reason(error, kinds):
            raise
        reason = _explain(error, kinds)
    else:
        return
    if os.environ.get("SPACETEST_REQUIRE") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
