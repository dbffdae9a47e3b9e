# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Chains of mount namespaces as lists of paths; what belongs to a user namespace of the caller, who has no privilege."""
import contextlib
import os
import pathlib
import subprocess
import sys

import pytest
from gi.repository import Spacetest

from inside import raises, where

Code = Spacetest.Error
Ref = Spacetest.NamespaceRef


@contextlib.contextmanager
def foreign(*options, script=""):
    """Somebody else's container, by its process."""
    command = ["unshare", "--user", "--map-root-user", *options, "sh", "-ec", f"{script}\necho up; read nothing"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "up\n"
            yield process.pid
        finally:
            process.kill()


def test_list_of_paths():
    with foreign("--mount", "--net") as pid:
        first, second = f"/proc/{pid}/ns/mnt", pathlib.Path(f"/proc/{pid}/ns/net")
        net = os.readlink(second)
        assert str(Ref.new_for_chain([first, second], "net")) == net != where("net")
        assert str(Ref.new_for_chain((pathlib.Path(first), str(second)))) == net
        assert str(Ref.new_for_chain(paths=[first], type="mnt")) == os.readlink(first)
        with raises(Code.WRONG_TYPE, "link 2 of 2", str(second), "mnt"):
            Ref.new_for_chain([first, second], "mnt")


def test_view_at_the_end():
    with foreign("--mount", script="mount -t tmpfs none /mnt; echo hello >/mnt/note") as pid:
        ref = Ref.new_for_chain([f"/proc/{pid}/ns/mnt"] * 2, "mnt")
        view = Spacetest.MountView.new(ref)
        assert view.load("/mnt/note").get_data() == b"hello\n"
        view.close()
        ref.close()


@pytest.mark.parametrize("paths, words", (
    ([], ("at least one",)),
    ([""], ("link 1 of 1",)),
    (["proc/self/ns/mnt"], ("link 1 of 1", "absolute")),
    (["/proc/self/ns/mnt", "mnt"], ("link 2 of 2", "absolute")),
))
def test_bad_chains(paths, words):
    with raises(Code.INVALID_ARGUMENT, *words):
        Ref.new_for_chain(paths, "mnt")


@pytest.mark.parametrize("wrong", (None, "/proc/self/ns/mnt", b"/proc/self/ns/mnt", pathlib.Path("/proc"), 1, [1]))
def test_no_list(wrong):
    with pytest.raises(TypeError):
        Ref.new_for_chain(wrong, "mnt")


UNPRIVILEGED = """
import sys
import gi
gi.require_version("Spacetest", "1")
from gi.repository import Gio, GLib, Spacetest
pid = int(sys.argv[1])
chain = [f"/proc/{pid}/ns/mnt"] * 2
print(Spacetest.MountView.new(Spacetest.NamespaceRef.new_for_chain(chain)).load("/mnt/note").get_data().decode(), end="")
net = Spacetest.NamespaceRef.new_for_pid(pid, "net")
socket = net.create_socket(Gio.SocketFamily.IPV4, Gio.SocketType.STREAM)
socket.bind(Gio.InetSocketAddress.new_from_string("0.0.0.0", 80), False)
Spacetest.Spacer.set_policy(Spacetest.SpacerPolicy.NEVER)
try:
    net.create_socket(Gio.SocketFamily.IPV4, Gio.SocketType.STREAM)
except GLib.Error as error:
    print(error.matches(Spacetest.error_quark(), Spacetest.Error.PERMISSION_DENIED))
"""


def test_without_privilege():
    """Who has dropped all capabilities is as ordinary as nobody."""
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    with foreign("--mount", "--net", script="mount -t tmpfs none /mnt; echo hello >/mnt/note") as pid:
        result = subprocess.run([*drop, sys.executable, "-c", UNPRIVILEGED, str(pid)], stdout=subprocess.PIPE, text=True, check=True)
    assert result.stdout == "hello\nTrue\n"
