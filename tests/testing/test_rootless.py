# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Who is not root becomes root in a user namespace of his own, or hears why not."""
import os
import re
import subprocess

import pytest

from conftest import FAILING, LONG, PATHS, THREADED

NO_USERNS = "tests can visit no new namespaces here: SPACETEST_NO_USERNS=1 forbids a user namespace"
WITHOUT_COMMAND = "/usr/bin:/bin"


def test_root(caller):
    caller.passes("/good/scope")
    assert "# can have them" in caller.passes("/require/net").stdout


def test_forbidden(nobody):
    result = nobody.fails("/assertion", SPACETEST_NO_USERNS="1")
    assert f"test_assertion: ST_TEST_ENTER: cannot create net namespace: Operation not permitted" in result.stderr
    assert NO_USERNS in result.stderr


@pytest.mark.parametrize("path", ["/require/net", "/in/net"])
def test_skipped(nobody, path):
    result = nobody.passes(path, SPACETEST_NO_USERNS="1")
    assert f"ok 1 {path} # SKIP {NO_USERNS}" in result.stdout
    assert "went on" not in result.stdout and "can have them" not in result.stdout


@pytest.mark.parametrize("path", ["/require/net", "/in/net"])
def test_required(nobody, path):
    result = nobody.fails(path, SPACETEST_NO_USERNS="1", SPACETEST_REQUIRE="1")
    assert f"not ok 1 {path} - skipped, but SPACETEST_REQUIRE=1: {NO_USERNS}" in result.stdout


def test_exhausted(nobody):
    """In a user namespace that allows for no more of them, the probe says so."""
    script = 'echo 0 >/proc/sys/user/max_net_namespaces && exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$0" -p /require/net'
    result = subprocess.run(nobody.argv("unshare", "--map-root-user", "sh", "-c", script, FAILING), capture_output=True, text=True, timeout=LONG)
    assert re.search(r"^ok 1 /require/net # SKIP .*max_net_namespaces", result.stdout, re.MULTILINE), result.stdout + result.stderr


def test_home_of_others(nobody):
    """Root in a user namespace whose network is not his could not come home."""
    result = subprocess.run(nobody.argv("unshare", "--map-root-user", FAILING, "-p", "/good/scope"), capture_output=True, text=True, timeout=LONG)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "ok 1 /good/scope" in result.stdout


def test_threads(nobody):
    """With threads, the program starts anew by the command, once."""
    result = nobody.run("/threaded/inside", program=THREADED, PATH=PATHS)
    assert (result.returncode, result.stderr) == (0, "started\nstarted\n")
    assert "# inside as 0\nok 1 /threaded/inside\n" in result.stdout


def test_threads_without_command(nobody):
    result = nobody.run("/threaded/inside", program=THREADED, PATH=WITHOUT_COMMAND)
    assert (result.returncode, result.stderr) == (0, "started\n")
    assert "# SKIP tests can visit no new namespaces here: the process has threads already, and the command" in result.stdout


def test_threads_forbidden(nobody):
    result = nobody.run("/threaded/inside", program=THREADED, PATH=PATHS, SPACETEST_NO_USERNS="1")
    assert (result.returncode, result.stderr) == (0, "started\n")
    assert NO_USERNS in result.stdout


def test_started_anew_only_once(nobody):
    result = nobody.run("/threaded/inside", program=THREADED, PATH=PATHS, SPACETEST_STARTED_AGAIN="1")
    assert (result.returncode, result.stderr) == (0, "started\n")
    assert "# SKIP" in result.stdout and "still is not root" in result.stdout


def test_nothing_of_it_outside(nobody):
    def look():
        with open("/proc/self/mountinfo") as mounts:
            return {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in os.listdir("/proc/self/ns")}, mounts.read()
    before = look()
    nobody.passes("/good/scope")
    assert look() == before
