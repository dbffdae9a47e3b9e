# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the guide to languages shows of Python."""
import os
import pathlib

import gi
gi.require_version("Spacetest", "1")
from gi.repository import GLib, Spacetest

assert "__str__" in vars(Spacetest.NamespaceRef), "the overrides of Spacetest are missing"


def where(kind):
    return os.readlink(f"/proc/thread-self/ns/{kind}")


netns = Spacetest.TransientNetns.new()
with netns.enter():
    assert where("net") == str(netns)

assert netns.call(where, "net") == f"{netns}"
assert netns.call(lambda: False) is False

try:
    netns.call(int, "no number")
except ValueError as error:
    print(error)

future = netns.run_in_thread_async(where, "net")
while not future.done():
    GLib.MainContext.default().iteration(True)
print(future.result())

mntns = Spacetest.TransientMntns.new()
mntns.overlay_file(pathlib.Path("/etc/hostname"), b"elsewhere\n")
assert Spacetest.MountView.new(mntns).load("/etc/hostname").get_data() == b"elsewhere\n"
