# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""A look around in a fresh network and mount table, and again at home."""
import os

import gi
gi.require_version("Spacetest", "1")
from gi.repository import Spacetest


def look_around():
    net, mnt = (os.readlink(f"/proc/thread-self/ns/{kind}") for kind in ("net", "mnt"))
    return f"{net} {mnt}, interfaces: {' '.join(os.listdir('/sys/class/net'))}"


before = look_around()
with Spacetest.enter_transient("net,mnt"):
    inside = look_around()
after = look_around()
print(f"  Python  before: {before}\n          inside: {inside}\n          after:  {after}")
assert before == after and before != inside
