# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Users, PIDs and clocks: options by keyword and as attributes, kinds as strings, futures, the end of a block."""
import concurrent.futures
import datetime
import os

import pytest
from gi.repository import Gio, GLib, Spacetest

from inside import assert_cancelled, iterate_until, raises

Code = Spacetest.Error
YEAR = datetime.timedelta(days=365)
MICROSECOND = 1000000


@pytest.fixture
def spacer():
    with Spacetest.Spacer.new() as made:
        yield made


def get_offsets(subspace):
    with open(f"/proc/{subspace.get_pid()}/timens_offsets") as file:
        return {line.split()[0]: int(line.split()[1]) for line in file}


def test_kinds_as_strings(spacer):
    inside = spacer.create_subspace("user,pid").get_space()
    assert inside.check_output(["id", "-u"], text=True) == "0\n"
    with pytest.raises(GLib.Error, match="nonsense"):
        spacer.create_subspace("nonsense")
    with pytest.raises(GLib.Error, match="nonsense"):
        spacer.create_space("net,nonsense")


def test_rooms(spacer):
    sub = spacer.create_subspace("user")
    rooms = sub.create_space("net,uts")
    assert rooms.get_ref("net").get_owner() == sub.get_space().get_ref("user")
    assert str(sub.create_transient("ipc")).startswith("ipc:")


def test_options_by_keyword(spacer):
    by_keyword = spacer.create_subspace("user,time", boottime_offset=YEAR, monotonic_offset=7 * MICROSECOND)
    assert get_offsets(by_keyword) == {"monotonic": 7, "boottime": 365 * 24 * 3600}
    named = spacer.create_subspace("user", host_name="blue", id_map="self")
    assert named.get_space().check_output(["uname", "-n"], text=True) == "blue\n"
    assert named.get_space().check_output(["id", "-u"], text=True) == f"{os.getuid()}\n"
    with Spacetest.Spacer.new_with_options(id_map=Spacetest.IdMap.SELF) as made:
        assert made.get_pid() > 0


def test_options_as_attributes(spacer):
    """PyGObject knows them below `props` only: what is set would be set nowhere."""
    options = Spacetest.SpacerOptions()
    options.boottime_offset = 3 * MICROSECOND
    options.monotonic_offset = datetime.timedelta(seconds=5)
    options.id_map = "self"
    assert (options.get_boottime_offset(), options.monotonic_offset, options.id_map) == (3 * MICROSECOND, 5 * MICROSECOND,
                                                                                       Spacetest.IdMap.SELF)
    assert get_offsets(spacer.create_subspace("user,time", options)) == {"monotonic": 5, "boottime": 3}


def test_options_that_are_none(spacer):
    with pytest.raises(TypeError, match="boot_offset.*boottime_offset"):
        spacer.create_subspace("user,time", boot_offset=3)
    with pytest.raises(TypeError, match="not both"):
        spacer.create_subspace("user,time", Spacetest.SpacerOptions(), boottime_offset=3)
    with pytest.raises(AttributeError, match="boot_offset"):
        Spacetest.SpacerOptions().boot_offset = 3
    with pytest.raises(ValueError, match="'mine'; there are root, self"):
        spacer.create_subspace("user", id_map="mine")
    with pytest.raises(TypeError):
        spacer.create_subspace("user,time", boottime_offset="soon")
    with raises(Code.INVALID_ARGUMENT):
        spacer.create_subspace("user", boottime_offset=3)


def test_closed(spacer):
    with spacer.create_subspace("user") as sub:
        inside = sub.get_space()
    assert sub.is_closed() and sub.closed
    with raises(Code.HELPER_FAILED):
        inside.spawnv(["true"])
    with raises(Code.CLOSED):
        sub.create_space("net")


def finish(future):
    assert isinstance(future, concurrent.futures.Future)
    iterate_until(future.done)
    return future.result()


def test_futures(spacer):
    """Whatever ends in _async gives one if it gets no callback."""
    sub = finish(spacer.create_subspace_async("user,time", boottime_offset=YEAR))
    assert get_offsets(sub)["boottime"] == 365 * 24 * 3600
    assert finish(sub.create_space_async("net")).get_types() & Spacetest.NamespaceType.NET
    assert str(finish(sub.create_transient_async("uts", None))).startswith("uts:")
    assert finish(sub.create_transient_async("uts", cancellable=Gio.Cancellable()))
    with finish(Spacetest.Spacer.new_async()) as other:
        assert other.get_pid() != spacer.get_pid()
    with finish(Spacetest.TransientNetns.new_async()) as netns:
        assert isinstance(netns, Spacetest.TransientNetns)
        assert finish(netns.create_socket_async(Gio.SocketFamily.IPV4, Gio.SocketType.STREAM)).close()
    assert finish(Spacetest.probe_async("net")) is True


def test_futures_that_fail(spacer):
    with raises(Code.INVALID_ARGUMENT):
        finish(spacer.create_space_async(Spacetest.NamespaceType.NONE))
    with pytest.raises(TypeError):
        spacer.create_space_async()
    cancellable = Gio.Cancellable()
    cancellable.cancel()
    with pytest.raises(GLib.Error) as caught:
        finish(spacer.create_space_async("net", cancellable))
    assert_cancelled(caught.value)


def test_futures_that_are_cancelled(spacer):
    future = spacer.create_space_async("net")
    assert future.cancel() and future.cancelled()
    with pytest.raises(concurrent.futures.CancelledError):
        future.result()
    assert finish(spacer.create_space_async("uts"))


def test_callbacks_as_before(spacer):
    results = []
    assert spacer.create_space_async("net", None, lambda source, result: results.append(source.create_space_finish(result))) is None
    assert spacer.create_space_async("net", None, lambda source, result, data: results.append(data), "mine") is None
    iterate_until(lambda: len(results) == 2)
    assert "mine" in results


def test_policy():
    try:
        Spacetest.Spacer.set_policy("auto")
        assert Spacetest.Spacer.get_policy() == Spacetest.SpacerPolicy.AUTO
        with pytest.raises(ValueError, match="sometimes"):
            Spacetest.Spacer.set_policy("sometimes")
    finally:
        Spacetest.Spacer.set_policy("never")


def test_properties_as_attributes(netns):
    assert netns.loopback_up is True and netns.closed is False
    with pytest.raises(TypeError):
        netns.closed = True
    with Spacetest.MountView.new(Spacetest.NamespaceRef.new_current("mnt")) as view:
        view.allow_host = True
        assert view.get_allow_host()
