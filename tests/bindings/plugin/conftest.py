# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Programs and tests of others, run as root, as nobody, and as a nobody who is root in namespaces of his own."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

import pytest

AS_NOBODY = os.environ["SPACETEST_AS_NOBODY"]
LONG = 100  # seconds; more than anything here takes on a slow machine
IMPORTS = """
import os, subprocess, sys, threading
import gi
gi.require_version("Spacetest", "1")
from gi.repository import Gio, GLib, Spacetest
"""


def may_make_namespaces():
    with open("/proc/self/status") as status:
        return bool(int(re.search(r"^CapEff:\s*(\w+)", status.read(), re.MULTILINE)[1], 16) >> 21 & 1)


class Caller:
    """Somebody who runs Python."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.prefix = {"self": [], "nobody": [AS_NOBODY], "rootless": [AS_NOBODY, "--userns"]}[name]

    def run(self, *arguments, **variables):
        env = {name: value for name, value in os.environ.items() if name not in ("SPACETEST_REQUIRE", "PYTEST_CURRENT_TEST")}
        return subprocess.run([*self.prefix, sys.executable, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LONG, env={**env, "TMPDIR": str(self.folder), **variables}, cwd=self.folder)

    def write(self, name, source, header=IMPORTS):
        path = self.folder / name
        path.write_text(header + textwrap.dedent(source))
        path.chmod(0o644)
        return path

    def script(self, source, **variables):
        return self.run(self.write("script.py", source), **variables)

    def pytest(self, source, *options, **variables):
        path = self.write("test_it.py", source, IMPORTS + "import pytest\n")
        return self.run("-m", "pytest", "-p", "pytest_spacetest", "-p", "no:cacheprovider", "-rs", *options, path, **variables)


def get_counts(result):
    """What pytest says last."""
    last = result.stdout.strip().splitlines()[-1] if result.stdout.strip() else ""
    return {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error|xfailed)", last)}


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="spacetest-plugin-") as name:
        os.chmod(name, 0o777)
        yield pathlib.Path(name)


@pytest.fixture(params=["self", "rootless"] if may_make_namespaces() else ["rootless"])
def caller(request, folder):
    """Who may make namespaces."""
    return Caller(request.param, folder)


@pytest.fixture
def nobody(folder):
    """Who may not."""
    return Caller("nobody", folder)


@pytest.fixture
def passes(caller):
    def check(source, *options, count=1, **variables):
        result = caller.pytest(source, *options, **variables)
        assert result.returncode == 0 and get_counts(result).get("passed", 0) == count, result.stdout + result.stderr
        return result
    return check


@pytest.fixture
def fails(caller):
    """What nobody can miss, with words that say why."""
    def check(source, *words, options=(), **variables):
        result = caller.pytest(source, *options, **variables)
        everything = result.stdout + result.stderr
        assert result.returncode != 0, everything
        for word in words:
            assert word in everything, everything
        return result
    return check
