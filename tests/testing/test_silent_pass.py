# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Tests that left something undone don't pass, whatever they say."""
import re
import subprocess

import pytest

from conftest import COMMAND, LONG, PLAIN

NOT_LEFT = "1 visit was not left"


@pytest.mark.parametrize("name", ["leave", "scope", "fixture", "skip"])
def test_good(caller, name):
    result = caller.passes(f"/good/{name}")
    assert result.stderr == ""


@pytest.mark.parametrize("path", ["/forgotten", "/dropped", "/dropped-in-scope", "/skipped-inside", "/fixture-forgot", "/in/forgotten"])
def test_visit_not_left(caller, path):
    result = caller.fails(path)
    assert f"not ok 1 {path} - " in result.stdout
    assert NOT_LEFT in result.stdout


def test_scope_names_its_line(caller):
    assert "failing.c:62: ST_TEST_ENTER: 1 visit" in caller.fails("/dropped-in-scope").stdout


def test_fixture_of_glib(caller):
    """The tear-down would leave, but nobody can know that."""
    result = caller.fails("/fixture-of-glib")
    assert NOT_LEFT in result.stdout and "st_test_add()" in result.stdout


@pytest.mark.parametrize("path", ["/forgotten", "/stray"])
def test_others_go_on_at_home(caller, path):
    """With -k, the next tests run all the same, and find themselves at home."""
    result = caller.fails(path, "-p", "/good", "-k")
    assert f"not ok 1 {path}" in result.stdout
    assert result.stdout.count("\nok ") == 4
    assert "\n1..5\n" in result.stdout


@pytest.mark.parametrize("path, message", [
    ("/exit", "ended in the middle of a test"),
    ("/exit-inside", "ended on a visit that it had not left"),
    ("/exit-in-call", "ended on a visit that it had not left"),
])
def test_exit(caller, path, message):
    result = caller.fails(path)
    assert result.returncode == 1
    assert f"Bail out! spacetest: the program {message}" in result.stdout
    assert f"spacetest: the program {message}" in result.stderr


def test_visit_of_the_program(caller):
    """Tests may run on a visit that main() entered, but the program has to leave it."""
    result = caller.run("/good", ENTER_FIRST="1")
    assert result.stdout.count("\nok ") == 4
    assert result.returncode == 1
    assert "Bail out! spacetest: the program ended on a visit" in result.stdout


@pytest.mark.parametrize("path", ["/stray", "/stray-of-call"])
def test_stray(caller, path):
    result = caller.fails(path)
    assert f"not ok 1 {path} - started on a visit, and stays there" in result.stdout
    assert "a-stray" in result.stdout


def test_cannot_enter(caller):
    result = caller.fails("/bad-kinds")
    assert "failing.c:159:test_bad_kinds: ST_TEST_ENTER: cannot create pid namespace" in result.stderr


def test_never_goes_on_at_home(caller):
    """Not even where assertions are not fatal: the test would do to the host what it wants to do to a new network."""
    result = caller.run("/not-fatal")
    assert result.returncode < 0
    assert "ST_TEST_ENTER: cannot create pid namespace" in result.stderr
    assert "went on" not in result.stdout


def test_in_space(caller):
    assert "went on" in caller.passes("/in/net").stdout
    assert "failing.c" in caller.fails("/in/fail").stderr


@pytest.mark.parametrize("path, message", [
    ("/in/none", "the test was not run"),
    ("/in/nonsense", "is not a list of namespace kinds"),
])
def test_in_space_not_run(caller, path, message):
    result = caller.fails(path)
    assert f"not ok 1 {path} - " in result.stdout
    assert message in result.stdout
    assert "went on" not in result.stdout


@pytest.mark.parametrize("path", ["/in/pid", "/in/pid-and-net"])
def test_in_copy(caller, path):
    assert re.search("^# process [1-9] of user 0$", caller.passes(path).stdout, re.MULTILINE)


def test_in_copy_of_a_name_that_can_not_be_printed(caller):
    """Nobody calls setlocale()."""
    result = caller.run("/in/pid-ü")
    assert result.returncode == 0, result.stdout
    assert "\nok 1 /in/pid-?\n" in result.stdout


def test_in_copy_skipped(caller):
    result = caller.run("/in/user-skip")
    assert result.returncode == 0
    assert "ok 1 /in/user-skip # SKIP no reason" in result.stdout


def test_in_copy_incomplete(caller):
    result = caller.run("/in/user-incomplete")
    assert "/in/user-incomplete # TO" "DO not yet" in result.stdout
    assert "# said" in result.stdout
    assert "# printed" in result.stdout


@pytest.mark.parametrize("variable, message", [
    ("CAPTURE_FIRST", "ST_TEST_CAPTURE: there is no test that could fail"),
    ("CHECK_FIRST", "st_test_assert_nothing_leaked() needs st_test_init()"),
])
def test_outside_of_tests(caller, variable, message):
    result = caller.run("/good", **{variable: "1"})
    assert result.returncode != 0
    assert message in result.stderr
    assert "\nok " not in result.stdout


@pytest.mark.parametrize("path, message", [
    ("/in/user-assert", "assertion failed (getuid () == 42): (0 == 42)"),
    ("/in/user-exit", "the program ended in the middle of a test"),
    ("/in/user-fail", "inside: by itself"),
    ("/in/user-killed", "was killed by signal 9"),
])
def test_in_copy_failed(caller, path, message):
    result = caller.fails(path)
    assert f"not ok 1 {path} - " in result.stdout
    assert message in result.stdout


def test_require_nonsense(caller):
    """A mistake is no reason to skip."""
    assert "not ok 1 /require/nonsense" in caller.fails("/require/nonsense").stdout


def test_not_where_it_was_told_to_be(caller):
    """By the startup switch."""
    result = caller.run("/good", spacetest_net="/nowhere")
    assert result.returncode != 0 and "\nok " not in result.stdout
    assert "cannot open spacetest_net=/nowhere: No such file or directory" in result.stderr


@pytest.mark.parametrize("path, status", [("left", 0), ("torn-down", 0), ("dropped", 1), ("dropped-by-thread", 0)])
def test_without_our_init(caller, path, status):
    """With g_test_init() as well, the program fails, though nobody knows which test it was. A visit ends with its thread."""
    result = subprocess.run(caller.argv(COMMAND, "run", "--uts", "--mount", "--", PLAIN, "-p", f"/plain/{path}"), stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=LONG)
    assert result.returncode == status, result.stdout + result.stderr
    assert f"ok 1 /plain/{path}" in result.stdout
    assert ("exit status 1, not 0: the program ended on a visit" in result.stderr) == (status == 1)
