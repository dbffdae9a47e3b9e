# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Never run: a type checker complains about each line that says so, and about no other."""
import datetime
import pathlib
import subprocess
from concurrent.futures import Future

from gi.repository import Gio, GLib, Spacetest

netns = Spacetest.TransientNetns.new()
length: int = netns.call(len, "abc")
word: str = netns.call(len, "abc")  # wrong
netns.call(len, 3)  # wrong
netns.call("len")  # wrong

Spacetest.enter_transient("net,mnt")
Spacetest.enter_transient(Spacetest.NamespaceType.NET | Spacetest.NamespaceType.MNT)
Spacetest.enter_transient(3.5)  # wrong
with netns.enter() as visit:
    visit.leave()

future: Future[Spacetest.TransientNetns] = Spacetest.TransientNetns.new_async()
later: Future[int] = netns.run_in_thread_async(len, "abc")
Spacetest.TransientNetns.new_async(None, lambda source, result: None)


async def use() -> str:
    awaited: int = await netns.run_in_thread_async(len, "abc")
    made: Spacetest.Space = await Spacetest.TransientNetns.new_async()
    return await Spacetest.probe_async("net")  # wrong



text: str = netns.check_output(["id", "-u"], text=True)
text = netns.check_output("id -u", shell=True, encoding="utf-8")
text = netns.check_output(["id", "-u"], universal_newlines=True)
raw: bytes = netns.check_output([pathlib.Path("/bin/id")])
raw = netns.check_output(["id"], text=True)  # wrong
with netns.popen(["cat"], stdin=subprocess.PIPE) as process:
    process.communicate(b"x", timeout=3)

with Spacetest.Spacer.new() as spacer:
    inside = spacer.create_subspace("user,time", boottime_offset=datetime.timedelta(days=3)).get_space()
    spacer.create_subspace("user", boot_offset=3)  # wrong
    inside.get_ref("user").get_owner_uid()
    inside.get_reference("user")  # wrong

with netns.socket() as server:
    server.bind(("127.0.0.1", 80))
made: Gio.Socket = netns.create_socket(Gio.SocketFamily.IPV4, Gio.SocketType.STREAM)
Spacetest.Spacer.set_policy("never")
with Spacetest.Capture.new(netns, None, pathlib.Path("all.pcapng")) as capture:
    capture.keep = False
    capture.path = "other"  # wrong
names = [link.get_name() for link in Spacetest.Link.list(netns)]
Spacetest.TransientMntns.new().overlay_file(pathlib.Path("/etc/hostname"), b"blue")
Spacetest.TransientMntns.new().overlay_file("/etc/hostname", "blue")  # wrong
try:
    netns.close()
except GLib.Error as error:
    error.matches(Spacetest.error_quark(), Spacetest.Error.CLOSED)
