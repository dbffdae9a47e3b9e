# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What can be got wrong ends with a message that says what to do instead."""
import pytest

from conftest import HOSTILE

NAMES = "cgroup,ipc,mnt,net,pid,time,user,uts"
KINDS = f"(of {NAMES})"


@pytest.mark.parametrize("path, message", [
    ("/add/late", "st_test_add_in: /late/net would not be run; tests are added before g_test_run()"),
    ("/add/late-fixture", "st_test_add: /late/fixture would not be run; tests are added before g_test_run()"),
    ("/capture/null", "ST_TEST_CAPTURE: there is no space to record (at home, st_test_get_space() gives none: ST_TEST_ENTER comes first)"),
    ("/enter/none", f"ST_TEST_ENTER: no namespace kinds given; there are {NAMES}"),
    ("/enter/nonsense", f'ST_TEST_ENTER: "0x3039" is not a list of namespace kinds {KINDS}'),
    ("/in/user", "this test was added in a user namespace of its own, but its net belongs to another one, and no thread could come home to "
                 'that: add it in "net", too'),
    ("/in/user-require", "not ok 1 /in/user-require - inside: this test was added in a user namespace of its own"),
    ("/init-again", "st_test_init: the test framework is initialised already; it is called once, and instead of g_test_init()"),
    ("/require/none", f"not ok 1 /require/none - no namespace kinds given; there are {NAMES}"),
    ("/require/pid", "a test in there is added by st_test_add_in()"),
    ("/scope/elsewhere", "ST_TEST_ENTER: a visit can be left only on the thread that entered"),
    ("/thread/ended-begun", "not ok 1 /thread/ended-begun - ended on a visit that it began in a test: visitor (thread "),
    ("/thread/ended-in-call", "not ok 1 /thread/ended-in-call - ended on a visit that it began in a test: visitor (thread "),
    ("/thread/left-elsewhere", "a visit can be left only on the thread that entered"),
    ("/thread/stays-begun", "not ok 1 /thread/stays-begun - still on a visit that it began in a test: visitor (thread "),
])
def test_in_a_test(caller, path, message):
    result = caller.fails(path, program=HOSTILE)
    assert message in result.stdout + result.stderr


def test_only_the_cure_that_helps(caller):
    """Others, as for who may make no namespaces at all, would lead nowhere from here."""
    result = caller.fails("/in/user", program=HOSTILE)
    assert "ST_TEST_ENTER: this test was added in a user namespace of its own" in result.stdout + result.stderr
    assert "spacetest run" not in result.stdout + result.stderr


@pytest.mark.parametrize("path, what", [("ended", "ended"), ("ended-exit", "ended"), ("stays", "still")])
def test_thread(caller, path, what):
    """Where nobody tells of the end of the test, the end of the program shows it."""
    result = caller.run(f"/thread/{path}", program=HOSTILE)
    assert result.returncode == 1
    assert f"Bail out! spacetest: {what} on a visit that it began in a test: visitor (thread " in result.stdout


@pytest.mark.parametrize("path", ["/good/in/user-and-net", "/scope/null", "/thread/left"])
def test_not_wrong(caller, path):
    caller.passes(path, program=HOSTILE)


@pytest.mark.parametrize("how, message", [
    ("null-fixture-test", "st_test_add: /null/fixture has no function"),
    ("null-init", "st_test_init: it takes the arguments of main(): st_test_init (&argc, &argv, NULL)"),
    ("null-path", 'st_test_add_in: "NULL" is no path of a test; that begins with a slash'),
    ("null-space", "st_test_add_in_space: /null/space has no space; what makes one sets an error when it can't"),
    ("null-test", "st_test_add_in: /null/test has no function"),
    ("relative-path", 'st_test_add_in: "relative" is no path of a test; that begins with a slash'),
    ("require", "st_test_require: there is no test that could be skipped; call it in a test or its set-up, or ask st_probe()"),
    ("require-fine", "st_test_require: there is no test that could be skipped"),
])
def test_in_main(caller, how, message):
    result = caller.run("/good/children", program=HOSTILE, MISUSE=how)
    assert result.returncode < 0
    assert message in result.stdout + result.stderr
    assert "\nok " not in result.stdout


def test_skip_after_failure(nobody):
    """What is to be skipped has failed already."""
    result = nobody.fails("/require/failed", program=HOSTILE, SPACETEST_NO_USERNS="1")
    assert "not ok 1 /require/failed - it failed" in result.stdout and "# SKIP" not in result.stdout


def test_without_init(caller):
    result = caller.fails("/in/user", program=HOSTILE, MISUSE="no-init")
    assert "st_test_init() was not called, so that a copy of the program would not know what to do" in result.stdout
