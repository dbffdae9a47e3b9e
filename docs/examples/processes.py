# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the guide to users, processes and clocks shows of Python."""
import datetime

import gi
gi.require_version("Spacetest", "1")
from gi.repository import GLib, Spacetest

space = Spacetest.Space.new_transient("user,pid,net")
assert space.check_output(["id", "-u"], text=True) == "0\n"

with Spacetest.Spacer.new() as spacer:
    inside = spacer.create_subspace("user,pid,time", host_name="blue", boottime_offset=datetime.timedelta(days=365))
    home = inside.get_space()
    assert home.check_output(["uname", "-n"], text=True) == "blue\n"
    assert float(home.check_output(["cat", "/proc/uptime"]).split()[0]) > 365 * 24 * 3600

    below = inside.create_subspace("pid")
    rooms = below.create_space("net,mnt")
    assert rooms.check_output(["id", "-u"], text=True) == "0\n"
    with rooms.socket() as listener:
        listener.bind(("127.0.0.1", 80))

try:
    rooms.run(["true"])
except GLib.Error as error:
    assert error.matches(Spacetest.error_quark(), Spacetest.Error.HELPER_FAILED)
