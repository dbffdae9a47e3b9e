# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the tests of the Python overrides share."""
import concurrent.futures
import contextlib
import ctypes
import os

import pytest
from gi.repository import Gio, GLib, Spacetest

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")


def where(kind="net"):
    return os.readlink(f"/proc/thread-self/ns/{kind}")


def get_place():
    return {kind: where(kind) for kind in KINDS} | {"cwd": os.getcwd(), "root": os.readlink("/proc/thread-self/root")}


@contextlib.contextmanager
def raises(code, *words):
    """An error of the library, and nothing else."""
    with pytest.raises(GLib.Error) as caught:
        yield caught
    error = caught.value
    assert error.matches(Spacetest.error_quark(), code), error
    for word in words:
        assert word in error.message, error.message


def assert_cancelled(error):
    assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED), error


def iterate_until(condition):
    while not condition():
        GLib.MainContext.default().iteration(True)


def in_thread(func, *args):
    """On a thread of its own, which ends afterwards."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(func, *args).result()


def drop_capabilities():
    """Of the calling thread, for good."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing) < 0:
        raise OSError(ctypes.get_errno(), "capset")


def get_raw(cls, name):
    """The introspected method, without the override."""
    return next(info for info in cls.__info__.get_methods() if info.__name__ == name)
