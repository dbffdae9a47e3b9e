# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Objects that were made without their constructor, or closed, say so in each method that can fail."""
import os

import pytest
from gi.repository import Gio, GLib, Spacetest

from inside import iterate_until, raises

Code = Spacetest.Error
CLASSES = (Spacetest.Space, Spacetest.NamespaceRef, Spacetest.TransientNetns, Spacetest.TransientMntns, Spacetest.Visit,
           Spacetest.MountView, Spacetest.NetnsPool, Spacetest.Capture, Spacetest.Link, Spacetest.Spacer)
VALUES = {
    "NamespaceType": Spacetest.NamespaceType.NET, "SocketFamily": Gio.SocketFamily.IPV4, "SocketType": Gio.SocketType.STREAM,
    "SocketProtocol": Gio.SocketProtocol.TCP, "NamespaceRef": Spacetest.NamespaceRef(), "Bytes": GLib.Bytes.new(b""),
    "Space": Spacetest.NamespaceRef(), "Link": Spacetest.Link(), "AddressFlags": 0, "address": "10.0.0.1/24", "destination": "default",
    "gateway": None, "mac": "02:00:00:00:00:01", "mtu": 1500, "number": 0, "up": True,
    "Cancellable": None, "Func": int, "path": "/etc/hostname", "size": 0, "protocol": 0, "flags": os.O_RDONLY, "mode": 0, "allow_host": False,
    "name": "net/ipv4/ip_forward", "value": "1", "hosts": [], "addresses": [], "keep": True,
    "timeout": 1, "Impairment": None, "SocketAddress": Gio.InetSocketAddress.new_from_string("127.0.0.1", 1),
    "argv": ["true"], "SubprocessFlags": Gio.SubprocessFlags.NONE, "SpacerOptions": None, "seconds": 7,
}
HIDDEN = ("user_data", "func_data", "free_func_data")


def get_methods(cls):
    for base in cls.__mro__:
        if base.__module__.endswith("Spacetest"):
            yield from (info for info in base.__info__.get_methods() if info.is_method())


def get_values(info):
    """An argument for each parameter, but for callbacks of asynchronous calls."""
    for argument in info.get_arguments():
        interface = argument.get_type().get_interface()
        name = interface.get_name() if interface else argument.get_name()
        if argument.get_name() not in HIDDEN and name not in ("AsyncReadyCallback", "DestroyNotify"):
            yield VALUES[name] if name in VALUES else VALUES[argument.get_name()]


def invoke(thing, info):
    """Calls a method; an asynchronous one with its finish."""
    values = list(get_values(info))
    name = info.__name__
    if name.startswith("run_in_thread"):  # the override's signature
        future = getattr(thing, name)(int)
        if name.endswith("_async"):
            iterate_until(future.done)
            future.result()
        return
    if not name.endswith("_async"):
        getattr(thing, name)(*values)
        return
    results = []
    getattr(thing, name)(*values, lambda _source, result: results.append(result))
    iterate_until(lambda: results)
    getattr(thing, name.removesuffix("_async") + "_finish")(results[0])


def assert_all_closed(thing, still_answers=()):
    failing = []
    for info in get_methods(type(thing)):
        name = info.__name__
        if name.endswith("_finish"):
            continue
        if (info.can_throw_gerror() or name.endswith("_async")) and name not in still_answers:
            with raises(Code.CLOSED):
                invoke(thing, info)
                pytest.fail(f"{name} did not fail")
            failing.append(name)
        elif name != "get_ref":
            invoke(thing, info)
    return failing


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_made_without_constructor(cls):
    failing = assert_all_closed(cls())
    if issubclass(cls, Spacetest.Space):
        assert {"enter", "call", "run_in_thread", "run_in_thread_async", "get_ref", "create_socket"} <= set(failing)
    if issubclass(cls, Spacetest.NamespaceRef):
        assert {"get_id", "get_serial", "get_owner", "get_parent", "get_owner_uid", "peek_fd", "dup_fd", "to_portable"} <= set(failing)
    if issubclass(cls, Spacetest.TransientMntns):
        assert {"mount_sysfs", "mount_proc", "mount_tmpfs", "overlay_file", "get_root_path"} <= set(failing)
    if cls is Spacetest.Visit:
        assert failing == ["leave"]


@pytest.mark.parametrize("make", (Spacetest.TransientNetns.new, Spacetest.TransientMntns.new,
                                  lambda: Spacetest.NamespaceRef.new_current("user")))
def test_closed(make):
    ref = make()
    ref.close()
    ref.close()
    assert_all_closed(ref, still_answers=("get_ref",))
    assert ref.is_closed() and ref == ref
    with raises(Code.CLOSED):
        Spacetest.Space.new([ref])


def test_a_space_closes_with_its_reference(netns, utsns):
    space = Spacetest.Space.new([netns, utsns])
    netns.close()
    assert_all_closed(space, still_answers=("get_ref",))


@pytest.mark.parametrize("cls", (Spacetest.NamespaceRef, Spacetest.TransientNetns, Spacetest.TransientMntns))
def test_unmade_references_as_values(cls):
    ref, other = cls(), cls()
    assert str(ref) == "closed" and repr(ref) == f"<Spacetest.{cls.__name__} closed, closed>"
    assert ref == ref and ref != other and hash(ref) == hash(other)
    assert ref.get_namespace_type() == ref.get_types() == Spacetest.NamespaceType.NONE
    with ref:
        pass
    with raises(Code.CLOSED):
        Spacetest.Space.new([ref])


def test_unmade_visit():
    visit = Spacetest.Visit()
    assert not visit.is_active() and visit.get_space() is None
    with raises(Code.CLOSED), visit:
        pytest.fail("the body ran")


def test_made_later():
    netns = Spacetest.TransientNetns(loopback_up=False)
    with raises(Code.CLOSED):
        netns.enter()
    assert netns.init(None)
    assert not netns.get_loopback_up()
    with netns.enter():
        pass
