# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""A program that is root and finds no process but itself, whoever starts it; and a command in another network of its own."""
import os
import subprocess

import gi
gi.require_version("Spacetest", "1")
from gi.repository import Gio, Spacetest

LOOK_AROUND = 'echo "uid $(id -u), process $$ of: $(ls /proc | grep "^[0-9]" | sort -n | tr "\\n" " ")"'


def output_of(process):
    text = process.communicate_utf8(None, None)[1].strip()
    assert process.get_successful()
    return text


spacer = Spacetest.Spacer.new()
inside = spacer.create_subspace("user,pid")
seen = output_of(inside.get_space().spawnv(["sh", "-c", LOOK_AROUND], Gio.SubprocessFlags.STDOUT_PIPE))
network = output_of(inside.create_space("net").spawnv(["readlink", "/proc/self/ns/net"], Gio.SubprocessFlags.STDOUT_PIPE))
outside = subprocess.run(["sh", "-c", f"{LOOK_AROUND} | cut -c -60"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
print(f"  Python  program outside: {outside} ...\n          in a subspace:   {seen}\n          in a network:    {network}")
assert seen.startswith("uid 0, process ") and network != os.readlink("/proc/self/ns/net")
spacer.close()
