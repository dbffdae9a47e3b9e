# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the guide to Python and pytest shows of programs, sockets and spacers."""
import asyncio
import datetime
import subprocess

import gi
gi.require_version("Spacetest", "1")
from gi.repository import GLib, Spacetest

netns = Spacetest.TransientNetns.new()

print(netns.check_output(["cat", "/proc/net/dev"], text=True))
with netns.popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
    print(process.communicate("hello", timeout=60)[0])
result = netns.run(["sh", "-c", "exit 3"])
print(result.returncode)

with netns.socket() as server:
    server.bind(("127.0.0.1", 80))
    server.listen()

with Spacetest.Spacer.new() as spacer:
    old = spacer.create_subspace("user,pid,time", boottime_offset=datetime.timedelta(days=3650))
    print(old.get_space().check_output(["cat", "/proc/uptime"], text=True))

future = Spacetest.TransientNetns.new_async()
while not future.done():
    GLib.MainContext.default().iteration(True)
print(future.result())


async def make_two_networks():
    return await asyncio.gather(Spacetest.TransientNetns.new_async(), Spacetest.TransientNetns.new_async())


try:
    from gi.events import GLibEventLoopPolicy
except ImportError:  # before PyGObject 3.50
    GLibEventLoopPolicy = None
if GLibEventLoopPolicy:
    print(*GLibEventLoopPolicy().get_event_loop().run_until_complete(make_two_networks()))
else:
    try:
        asyncio.run(make_two_networks())
        raise SystemExit("asyncio can't wait for GLib")
    except RuntimeError as error:
        print(error)
