#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Writes the seed corpus of fuzz-answer.c: answers as they should be, and some as they should not.

Run it when spacetest/system/st-wire.h changes: seeds-answer.py DIRECTORY
"""
import struct
import sys

from wire import MNT, NET, PID, USER, VERSION, record, write

SIX = 0x4e020080
FITTING, SUBSPACE, ONE, SERIAL = 0x80, 0x40, 0x20, 0x10


def done(kinds, which, sysfs=0, n_fds=0, version=VERSION):
    return record('DONE', struct.pack('=II', kinds, sysfs), n_fds, which, version)


def failed(step, kinds, number, which=0):
    return record('FAILED', struct.pack('=IIi', step, kinds, number), 0, which)


SEEDS = {
    'space': done(SIX, FITTING, 1),
    'one': done(NET, FITTING | ONE),
    'subspace': done(USER | PID | MNT, FITTING | SUBSPACE),
    'subspace-without-mounts': done(USER | PID, FITTING | SUBSPACE),
    'other-kinds': done(MNT, FITTING | ONE),
    'serial': done(SIX, FITTING | SERIAL),
    'mixed': done(SIX, 3, 0, 6),
    'mixed-subspace': done(USER | PID, SUBSPACE | 8, 0, 3),
    'many-descriptors': done(SIX, 1, 0, 24),
    'version': done(SIX, FITTING, 0, 0, 2),
    'forbidden': failed(1, NET, 1),
    'too-deep': failed(1, USER, 28, SUBSPACE),
    'shared': failed(19, 0, 18),
    'odd-failure': failed(0xffffffff, 0xffffffff, -5),
    'request': record('SPACE', struct.pack('=II', NET, 1), 1, 0),
    'empty': struct.pack('=HBB', 0, 0, 0),
    'garbage': struct.pack('=HBB', 16, 0, 0) + b'not what you see',
}

write(SEEDS, sys.argv[1])
