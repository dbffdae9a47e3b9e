#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Writes the seed corpora of fuzz-parcel.c, fuzz-portable.c and fuzz-startup.c, each into a folder of its name.

Run it when what they read changes: seeds-inside.py DIRECTORY
"""
import pathlib
import re
import struct
import sys

from gi.repository import GLib
from wire import write

TEXT = (pathlib.Path(__file__).resolve().parents[2] / 'spacetest' / 'system' / 'st-parcel.c').read_text(encoding='utf-8')
MAGIC = int(re.search(r'#define MAGIC (0x[0-9a-f]+)', TEXT).group(1), 16)
ALL = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts']


def row(data, n_fds, which):
    return struct.pack('=HBB', len(data), n_fds, which) + data


def label(kind, n_fds, which=0, magic=MAGIC):
    return row(struct.pack('=II', magic, kind), n_fds, which)


def value_row(text, which=0x80):
    return row(GLib.Variant.parse(None, text, None, None).get_data_as_bytes().get_data(), 0, which)


PARCEL = {
    'hello': label(1, 0),
    'order': label(2, 1, 1),
    'answer': label(3, 1),
    'empty-content': label(3, 1, 2),
    'not-sealed': label(3, 1, 3),
    'no-file': label(3, 1, 5),
    'two-descriptors': label(3, 2, 8),
    'many-descriptors': label(3, 24, 9),
    'no-label': row(b'', 1, 0),
    'end': row(b'', 0, 0),
    'magic': label(3, 1, 0, MAGIC + 1),
    'long': row(struct.pack('=III', MAGIC, 3, 0), 1, 0),
    'value': value_row("(@mv <(1, 'two', [<3.0>])>, @ms nothing, 0, '')"),
    'error': value_row("(@mv nothing, @ms 'st-error-quark', 3, 'a message')"),
    'neither': value_row("(@mv nothing, @ms nothing, 0, '')"),
    'name': value_row("('name', @mv <{'key': <@ay [1, 2]>}>)", 0xc0),
    'nested': value_row("(@mv " + '<' * 60 + '1' + '>' * 60 + ", @ms nothing, 0, '')"),
    'odd-value': row(b'\xff' * 40, 0, 0x80),
}

WHAT = "'kind': <$K>, 'device': <uint64 $D>, 'inode': <uint64 $I>"
BOOT = "'boot': <$B>"
HOLDER = "'pid': <$P>, 'start-time': <uint64 $T>, 'fd': <$F>"
PATH = "'path': <b'/proc/self/ns/net'>"


def describe(*parts):
    return ('{' + ', '.join(parts) + '}').encode()


def create_value(text):
    value = GLib.Variant.parse(None, text, None, None)
    return b'\1' + value.get_type_string().encode() + b'\0' + value.get_data_as_bytes().get_data()


PORTABLE = {
    'text': b'\0' + describe(WHAT, BOOT, HOLDER),
    'text-path': b'\0' + describe(WHAT, PATH),
    'text-both': b'\0' + describe(WHAT, HOLDER, PATH),
    'text-serial': b'\0' + describe(WHAT, "'serial': <uint64 $S>", HOLDER),
    'text-nowhere': b'\0' + describe("'kind': <'uts'>, 'device': <uint64 $D>, 'inode': <uint64 1>"),
    'text-other-boot': b'\0' + describe(WHAT, "'boot': <'another'>", HOLDER),
    'text-other-process': b'\0' + describe(WHAT, HOLDER.replace('$T', '1')),
    'text-other-path': b'\0' + describe(WHAT, PATH.replace('net', 'uts')),
    'text-no-time': b'\0' + describe(WHAT, "'pid': <$P>, 'fd': <$F>"),
    'text-cut': b'\0' + describe(WHAT, HOLDER)[:-9],
    'text-not-utf-8': b"\0{'kind': <'\xff'>}",
    'text-surrogate': b"\0{'kind': <'\\ud800'>}",
    'value': create_value("{'kind': <'net'>, 'device': <uint64 4>, 'inode': <uint64 1>, 'path': <b'/nowhere'>}"),
    'value-of-another-type': create_value("('kind', <1>)"),
    'value-nested': create_value('<' * 90 + '1' + '>' * 90),
    'bytes': b'\2' + bytes(2),
    'bytes-cut': b'\2' + struct.pack('=H', 40),
    'bytes-changed': b'\2' + bytes(2) + struct.pack('=HBHB', 0, 120, 9, 255),
}


def startup(lines, refused=(), traits=0):
    return bytes([sum(1 << ALL.index(kind) for kind in refused), traits]) + '\n'.join(lines).encode()


GIVEN = [f'{kind}=fd:{100 + number}' for number, kind in enumerate(ALL)]
NET, USER, UTS = GIVEN[3], GIVEN[6], GIVEN[7]
STARTUP = {
    'all': startup(GIVEN),
    'all-helped': startup(GIVEN, ['mnt', 'net'], 1),
    'paths': startup([f'{kind}=/proc/self/ns/{kind}' for kind in ALL]),
    'process': startup(['net=pid:1', 'uts=pid:999999999']),
    'order': startup([*GIVEN, 'order=!user,!mnt,net,uts,!pid,time,cgroup,ipc']),
    'order-of-more': startup([NET, 'order=!user,net,uts']),
    'order-lacks': startup([NET, UTS, 'order=net']),
    'order-doubled': startup([NET, 'order=net,!net']),
    'order-unknown': startup([NET, 'order=net,!,other']),
    'order-empty': startup([NET, 'order=']),
    'unknown': startup(['other=/proc/self/ns/net', NET]),
    'empty': startup(['net=']),
    'twice': startup([NET, 'net=/nowhere', UTS]),
    'same-descriptor': startup([NET, 'uts=fd:103']),
    'no-number': startup(['net=fd:1x', 'pid=pid:']),
    'refused': startup([GIVEN[1], NET, UTS], ['uts']),
    'no-way-back': startup([GIVEN[1], NET, UTS], ['uts'], 2),
    'user-has-no-way-back': startup([USER, 'uts=/nowhere', 'order=user,uts']),
    'long': startup([NET, 'uts=/' + 'x' * 6000]),
    'no-variable': startup(['net', '=', '']),
}

for name, seeds in {'parcel': PARCEL, 'portable': PORTABLE, 'startup': STARTUP}.items():
    write(seeds, pathlib.Path(sys.argv[1]) / name)
