# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""st_test_assert_nothing_leaked() finds what is left behind, and says whose it is."""
import re

import pytest


@pytest.mark.parametrize("path, pattern", [
    ("/leaked/child", r"child process \d+, failing, which has ended, and nobody waited for it"),
    ("/leaked/descriptor", r"descriptor \d+: /dev/null"),
    ("/leaked/namespace", r"descriptor \d+: net:\[\d+\], held by the new StTransientNetns, made by /leaked/namespace at failing\+0x"),
    ("/leaked/stray", r"thread in other namespaces: a-stray \(thread \d+\): net:\[\d+\] uts:"),
    ("/leaked/visit", r"visit number 1 of thread \d+"),
])
def test_leaked(caller, path, pattern):
    result = caller.fails(path)
    assert re.search(rf"ERROR:.*failing\.c:\d+:test_leaked_\w+: left behind:\n(.*\n)*  {pattern}", result.stderr), result.stderr
    assert re.search(r"^(Bail out! |not ok \S+ - )ERROR:", result.stdout, re.MULTILINE), result.stdout


def test_only_what_leaked(caller):
    result = caller.fails("/leaked/descriptor")
    assert result.stderr.count("\n  ") == 1


def test_not_fatal(caller):
    result = caller.fails("/leaked/not-fatal")
    assert result.returncode == 1
    assert "left behind" in result.stderr
    assert "# went on" in result.stdout
    assert "not ok 1 /leaked/not-fatal" in result.stdout


def test_told_once(caller):
    """What one test has left is not held against the next."""
    result = caller.fails("/leaked/not-fatal", "-p", "/good")
    assert result.stdout.count("not ok") == 1
    assert result.stdout.count("\nok ") == 4
