#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Writes the seed corpus of fuzz-serve.c: one file for each request as it should be, and some as they should not.

Run it when spacetest/system/st-wire.h changes: seeds-serve.py DIRECTORY
"""
import struct
import sys

from wire import CGROUP, IPC, MNT, NET, PID, SYSCTL_NAME, TIME, USER, UTS, record, write

NULL, CONTENT, NAMESPACE, PROCESS = 0, 1, 2, 5


def subspace(kinds, mapped=0, monotonic=0, boottime=0, outputs=0, host=b''):
    body = struct.pack('=IIqqII65s7x', kinds, mapped, monotonic, boottime, outputs, outputs, host)
    return record('SUBSPACE', body, 2 + 2 * outputs, 3)


def mount(what, size, path, n_fds, which):
    return record('MOUNT', struct.pack('=I4xQ4096s', what, size, path), n_fds, which)


def sysctl(kind, name, value=None):
    body = struct.pack(f'=IIQ{SYSCTL_NAME}s', kind, value is not None, value or 0, name)
    return record('SYSCTL', body, 2 if value is None else 3, NAMESPACE)


SEEDS = {
    'subspace': subspace(USER | PID | TIME, 0, -1, 5, 1, b'inside'),
    'subspace-user': subspace(USER, 1),
    'space': record('SPACE', struct.pack('=II', CGROUP | IPC | MNT | NET | TIME | UTS, 1), 1),
    'space-time': record('SPACE', struct.pack('=II', TIME, 0), 1),
    'socket': record('SOCKET', struct.pack('=iii', 2, 2, 0), 2, NAMESPACE),
    'tap': record('TAP', b'', 2, NAMESPACE),
    'root': record('ROOT', b'', 2, NAMESPACE),
    'mount-proc': mount(0, 0, b'', 2, NAMESPACE),
    'mount-sysfs': mount(1, 0, b'', 3, NAMESPACE),
    'mount-tmpfs': mount(2, 65536, b'/var', 2, NAMESPACE),
    'mount-overlay': mount(3, 7, b'/etc/hosts', 3, CONTENT),
    'sysctl-get': sysctl(NET, b'net/ipv4/ip_forward'),
    'sysctl-set': sysctl(UTS, b'kernel/hostname', 7),
    'guard': record('GUARD', b'', 2, PROCESS),
    'guard-pair': record('GUARD', b'', 3, PROCESS),
    'guard-no-process': record('GUARD', b'', 3, NULL),
    'join': record('JOIN', struct.pack('=II', NET, 1), 2),
    'done': record('DONE', struct.pack('=II', NET, 0), 1),
    'failed': record('FAILED', struct.pack('=IIi', 1, 0, 1), 0),
    'empty': struct.pack('=HBB', 0, 0, 0),
    'version': record('SPACE', struct.pack('=II', NET, 1), 1, version=2),
    'long': record('SPACE', bytes(4900), 1),
    'many-descriptors': record('SPACE', struct.pack('=II', NET, 1), 24),
    'two': record('SPACE', struct.pack('=II', NET, 1), 1) + record('ROOT', b'', 2, NAMESPACE),
}

write(SEEDS, sys.argv[1])
