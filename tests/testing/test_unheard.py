# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Callbacks that were never called asserted nothing."""
import pytest

from conftest import UNHEARD

NEVER = "{} of {} was under way when the program ended, and its callback was never called: iterate the main context until it was, or cancel it"


@pytest.mark.parametrize("name, function", [
    ("context-gone", "st_space_run_in_thread_async"),
    ("create-socket", "st_space_create_socket_async"),
    ("probe", "st_probe_async"),
    ("run-and-closed", "st_space_run_in_thread_async"),
    ("run-in-thread", "st_space_run_in_thread_async"),
])
def test_unheard(caller, name, function):
    path = f"/unheard/{name}"
    result = caller.run(path, program=UNHEARD)
    message = NEVER.format(function, path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"Bail out! spacetest: {message}" in result.stdout
    assert f"spacetest: {message}" in result.stderr


def test_unheard_in_copy(caller):
    result = caller.fails("/unheard/in/user", program=UNHEARD)
    assert NEVER.format("st_probe_async", "/unheard/in/user") in result.stderr


@pytest.mark.parametrize("name", ["cancelled", "heard", "no-callback"])
def test_heard(caller, name):
    assert caller.passes(f"/good/{name}", program=UNHEARD).stderr == ""
