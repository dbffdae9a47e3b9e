# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""ST_TEST_CAPTURE() keeps the packets of a test that failed, however it did, and says where."""
import pathlib
import re
import tempfile

import pytest

WHERE = re.compile(r"^spacetest: (?P<test>/\S+) did not pass; its packets are in (?P<path>/\S+\.pcapng)$", re.MULTILINE)
MAGIC = b"\x0a\x0d\x0d\x0a"


@pytest.fixture
def folder():
    """For everybody: each pytest that starts takes its own folders away from others again."""
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name)
        path.chmod(0o777)
        yield path


@pytest.mark.parametrize("path", ["/captured/fail", "/captured/assertion", "/captured/inside"])
def test_failed(caller, folder, path):
    result = caller.fails(path, SPACETEST_CAPTURES=str(folder))
    assert [found["test"] for found in WHERE.finditer(result.stderr)] == [path], result.stderr
    file, = folder.iterdir()
    assert str(file) == WHERE.search(result.stderr)["path"]
    assert re.fullmatch(path[1:].replace("/", "-") + r"-\d+-\w{6}\.pcapng", file.name)
    assert file.read_bytes().startswith(MAGIC)


def test_packets(caller, folder):
    """A failure that lets the test end: nothing is missing."""
    caller.fails("/captured/fail", SPACETEST_CAPTURES=str(folder))
    file, = folder.iterdir()
    assert b"a packet of the test" in file.read_bytes()


def test_passed(caller, folder):
    result = caller.passes("/captured/passed", SPACETEST_CAPTURES=str(folder))
    assert list(folder.iterdir()) == []
    assert "packets" not in result.stderr


def test_nowhere(caller, folder):
    result = caller.fails("/captured/fail", SPACETEST_CAPTURES=str(folder / "missing"))
    assert re.search(r"failing\.c:\d+:start_capture: ST_TEST_CAPTURE: .*missing", result.stderr), result.stderr
