# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the tests of the C helpers share. Each runs as whoever runs pytest and, where that is root, as nobody, too."""
import os
import pathlib
import re
import subprocess
import tempfile

import pytest

FAILING = os.environ["SPACETEST_FAILING"]
FORGETFUL = os.environ["SPACETEST_FORGETFUL"]
HOSTILE = os.environ["SPACETEST_HOSTILE"]
PLAIN = os.environ["SPACETEST_PLAIN"]
THREADED = os.environ["SPACETEST_THREADED"]
UNHEARD = os.environ["SPACETEST_UNHEARD"]
AS_NOBODY = os.environ["SPACETEST_AS_NOBODY"]
COMMAND = os.environ["SPACETEST_COMMAND"]
LONG = 60     # seconds; more than anything here takes on a slow machine
# What crashes on purpose ends as it would without a sanitizer.
UNHANDLED = {name: os.environ.get(name, "") + ":handle_segv=0" for name in ["ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"]}
PATHS = ":".join([os.path.dirname(COMMAND), os.environ["PATH"]])


class Caller:
    """Somebody who runs tests."""

    def __init__(self, name):
        self.name = name
        self.prefix = [AS_NOBODY] if name == "nobody" else []

    def argv(self, *argv):
        return [*self.prefix, *argv]

    def run(self, path, *options, program=FAILING, **variables):
        """One test of a program."""
        env = {**os.environ, "SPACETEST_ON_FAILURE": "", **variables}
        env.pop("SPACETEST_REQUIRE", None) if "SPACETEST_REQUIRE" not in variables else None
        return subprocess.run(self.argv(program, "-p", path, *options), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LONG, env=env)

    def passes(self, path, program=FAILING, **variables):
        variables.setdefault("ASAN_OPTIONS", os.environ["ASAN_OPTIONS"] + ":detect_leaks=1")
        result = self.run(path, program=program, **variables)
        assert result.returncode == 0, result.stdout + result.stderr
        assert re.search(rf"^ok \d+ {path}", result.stdout, re.MULTILINE), result.stdout
        return result

    def fails(self, path, *options, program=FAILING, **variables):
        """A failure that nobody can miss: neither who asks for the exit status, nor who reads TAP."""
        result = self.run(path, *options, program=program, **variables)
        assert result.returncode != 0, result.stdout + result.stderr
        assert re.search(r"^(not ok |Bail out!)", result.stdout, re.MULTILINE), result.stdout
        assert not re.search(rf"^ok \d+ {re.escape(path)}$", result.stdout, re.MULTILINE), result.stdout
        return result


@pytest.fixture(params=["self"] + (["nobody"] if os.geteuid() == 0 else []))
def caller(request):
    return Caller(request.param)


@pytest.fixture
def nobody():
    """Somebody who can't make namespaces as he is."""
    with open("/proc/self/status") as status:
        capabilities = int(re.search(r"^CapEff:\s*(\w+)", status.read(), re.MULTILINE)[1], 16)
    return Caller("self" if os.geteuid() != 0 and not capabilities >> 21 & 1 else "nobody")


@pytest.fixture(autouse=True)
def sanitizers(monkeypatch):
    """What ends in the middle of a test has freed nothing, so leaks are looked for in what passes only. Anything else that is found counts,
    in whatever process: a report would be taken for a failure on purpose. ASan's vfork() dies on the stack for signals that it sets up."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o777)
        for variable, options in UNHANDLED.items():
            monkeypatch.setenv(variable, options)
        monkeypatch.setenv("ASAN_OPTIONS", f"{UNHANDLED['ASAN_OPTIONS']}:detect_leaks=0:use_sigaltstack=0:log_path={folder}/report")
        monkeypatch.setenv("UBSAN_OPTIONS", f"{UNHANDLED['UBSAN_OPTIONS']}:log_path={folder}/report")
        yield
        assert [report.read_text(errors="replace") for report in folder.iterdir()] == []
