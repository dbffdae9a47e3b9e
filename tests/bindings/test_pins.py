# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Namespaces that are bound to files, and their descriptions for other processes."""
import os
import subprocess
import sys

import pytest
from gi.repository import GLib, Spacetest

from inside import in_thread, raises

Code = Spacetest.Error
Pin = Spacetest.Pin
Ref = Spacetest.NamespaceRef


@pytest.fixture
def inside(mntns):
    """In a mount namespace that has empty files at /mnt, which nobody else sees."""
    mntns.mount_tmpfs("/mnt", 0)
    with Spacetest.MountView.new(mntns) as view:
        for name in ("pin", "other"):
            view.replace(f"/mnt/{name}", b"")
    with mntns.enter():
        yield mntns


def find_pin(path):
    return next((info for info in Pin.list() if info.get_path() == path), None)


def test_pin(inside, netns):
    with Pin.new(netns, "/mnt/pin") as pin:
        assert pin.get_path() == pin.props.path == "/mnt/pin" and not pin.is_closed()
        assert repr(pin) == "<Spacetest.Pin /mnt/pin>"
        info = find_pin("/mnt/pin")
        assert repr(info) == f"<Spacetest.PinInfo {netns} at /mnt/pin>"
        assert info.get_namespace_type() == Spacetest.NamespaceType.NET and info.get_id() == netns.get_id()
        bound = Ref.new_for_path("/mnt/pin", "net")
        assert bound == netns
        described = bound.to_portable()
        assert bytes(described.lookup_value("path", None).get_bytestring()) == b"/mnt/pin"
        assert Ref.new_from_portable(described) == netns
    assert pin.is_closed() and not find_pin("/mnt/pin")
    assert repr(pin) == "<Spacetest.Pin /mnt/pin, closed>"
    assert os.path.getsize("/mnt/pin") == 0
    with raises(Code.STALE, "/mnt/pin does not hold net:["):
        Ref.new_from_portable(described)
    bound.close()


def test_gone_with_the_object(inside, netns):
    pin = Pin.new(netns, "/mnt/pin")
    assert find_pin("/mnt/pin")
    del pin
    assert not find_pin("/mnt/pin")


def test_found_by_its_number(inside):
    """Nobody holds it but the file; who asks is elsewhere."""
    netns = Ref.new_transient("net")
    ident = netns.get_id()
    with Pin.new(netns, "/mnt/pin"):
        netns.close()
        found = Ref.new_for_id(ident, "net")
        assert found.get_id() == ident
        found.close()
    with raises(Code.NOT_FOUND):
        Ref.new_for_id(ident, "net")


def test_bad_places(inside, netns):
    with open("/mnt/other", "w") as file:
        file.write("mine")
    with Pin.new(netns, "/mnt/pin"):
        for path, code, words in (
            ("/mnt/pin", Code.INVALID_ARGUMENT, "pinned there already"),
            ("/mnt/other", Code.INVALID_ARGUMENT, "the file is not empty"),
            ("/mnt", Code.INVALID_ARGUMENT, "Is a directory"),
            ("/mnt/missing", Code.NOT_FOUND, "away from home no file is made"),
            ("", Code.INVALID_ARGUMENT, "without a name"),
        ):
            with raises(code, words):
                Pin.new(netns, path)
    with open("/mnt/other") as file:
        assert file.read() == "mine"
    netns.close()
    with raises(Code.CLOSED):
        Pin.new(netns, "/mnt/pin")
    for wrong in (None, 3, b"/mnt/pin\0"):
        with pytest.raises((TypeError, ValueError)):
            Pin.new(inside, wrong)


def test_text(netns):
    text = netns.to_portable_string()
    assert "\n" not in text
    assert Ref.new_from_portable_string(text) == netns
    assert in_thread(Ref.new_from_portable_string, text) == netns
    for cut in range(len(text)):
        with raises(Code.INVALID_ARGUMENT, "not a portable reference"):
            Ref.new_from_portable_string(text[:cut])
    with raises(Code.STALE, "before this host was booted"):
        boot = netns.to_portable().lookup_value("boot", None).get_string()
        Ref.new_from_portable_string(text.replace(boot, boot[::-1]))
    with raises(Code.STALE, "process 1 is gone: another one has its number"):
        Ref.new_from_portable_string(text.replace(f"'pid': <{os.getpid()}>", "'pid': <1>"))
    netns.close()
    with raises(Code.STALE):
        Ref.new_from_portable_string(text)
    with raises(Code.CLOSED):
        netns.to_portable_string()
    for wrong in (None, 3, GLib.Variant("s", text)):
        with pytest.raises(TypeError):
            Ref.new_from_portable_string(wrong)


OPEN = """
import sys, gi
gi.require_version("Spacetest", "1")
from gi.repository import Spacetest
print(Spacetest.NamespaceRef.new_from_portable_string(sys.argv[1]))
"""


def test_text_in_another_process(netns):
    output = subprocess.run([sys.executable, "-c", OPEN, netns.to_portable_string()], capture_output=True, text=True, check=True).stdout
    assert output.strip() == str(netns)


def test_startup_of_what_is_loaded_later():
    assert Spacetest.startup_get_status()
    code = OPEN.split("print")[0] + "Spacetest.startup_get_status()"
    finished = subprocess.run([sys.executable, "-c", code, ""], env={**os.environ, "spacetest_net": "/proc/self/ns/net"}, capture_output=True, text=True)
    assert finished.returncode == 1 and "the library was loaded after the start of the program" in finished.stderr
