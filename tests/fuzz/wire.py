# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""The protocol as spacetest/system/st-wire.h has it, for seeds: a file is the records that one side reads, each with the number of
its descriptors and what they are."""
import pathlib
import re
import struct

TEXT = (pathlib.Path(__file__).resolve().parents[2] / 'spacetest' / 'system' / 'st-wire.h').read_text(encoding='utf-8')
NAMES = re.findall(r'^  ST_WIRE_(\w+)(?: = 1)?,', TEXT.split('} StWireType;')[0], re.MULTILINE)
TYPES = {name: number for number, name in enumerate(NAMES, 1)}
MAGIC = int(re.search(r'ST_WIRE_MAGIC +(0x[0-9a-f]+)', TEXT).group(1), 16)
VERSION = int(re.search(r'ST_WIRE_VERSION +(\d+)', TEXT).group(1))
SYSCTL_NAME = int(re.search(r'ST_WIRE_SYSCTL_NAME +(\d+)', TEXT).group(1))
CGROUP, IPC, MNT, NET, PID, TIME, USER, UTS = (
    0x02000000, 0x08000000, 0x00020000, 0x40000000, 0x20000000, 0x80, 0x10000000, 0x04000000)


def record(name, body, n_fds, which=0, version=VERSION, serial=1):
    data = struct.pack('=IHHII', MAGIC, version, TYPES[name], serial, 16 + len(body)) + body
    return struct.pack('=HBB', len(data), n_fds, which) + data


def write(seeds, directory):
    folder = pathlib.Path(directory)
    folder.mkdir(exist_ok=True)
    for name, data in seeds.items():
        (folder / name).write_bytes(data)
