# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""References and identities as Python values; strings for kinds, pathlib for paths, bytes for content."""
import os
import pathlib
import tempfile

import pytest
from gi.repository import GLib, Spacetest

from inside import raises, where

T = Spacetest.NamespaceType
Code = Spacetest.Error
Ref = Spacetest.NamespaceRef


def test_str_is_the_kernels_name():
    for kind in (T.NET, T.MNT, T.USER):
        ref = Ref.new_current(kind)
        assert str(ref) == f"{ref}" == ref.to_string() == where(Spacetest.NamespaceType.get_name(kind))


def test_repr_shows_class_and_identity(netns):
    assert repr(netns) == f"<Spacetest.TransientNetns {netns}>"
    assert repr(Ref.new_current("uts")) == f"<Spacetest.NamespaceRef {where('uts')}>"
    netns.close()
    assert repr(netns) == f"<Spacetest.TransientNetns {netns}, closed>"


def test_what_others_look_like(netns, utsns):
    """No bare addresses."""
    space = Spacetest.Space.new([utsns, netns])
    assert str(space) == f"{netns} {utsns}" and repr(space) == f"<Spacetest.Space {netns} {utsns}>"
    with netns.enter() as visit:
        assert repr(visit) == f"<Spacetest.Visit {netns}>"
    assert repr(visit) == f"<Spacetest.Visit {netns}, over>"
    link = Spacetest.Link.new_for_name(netns, "lo")
    assert repr(link) == f"<Spacetest.Link {link}>" and "lo" in repr(link)
    assert repr(Spacetest.Impairment(loss=0.5)) == "<Spacetest.Impairment 50 % lost>"
    assert [repr(cls()) for cls in (Spacetest.Space, Spacetest.Visit, Spacetest.Pin)] == [
        "<Spacetest.Space closed>", "<Spacetest.Visit closed, over>", "<Spacetest.Pin closed, closed>"]


def test_equality(netns):
    here, same, other = Ref.new_current("net"), Ref.new_current("net"), Ref.new_current("uts")
    assert here is not same
    assert here == same and not here != same
    assert here != netns and not here == netns
    assert here != other


@pytest.mark.parametrize("stranger", (None, 1, "net", object(), (), Spacetest.NamespaceId.new(1, 2)))
def test_equals_no_other_type(stranger):
    ref = Ref.new_current("net")
    assert ref != stranger and not ref == stranger
    assert stranger != ref
    assert ref.__eq__(stranger) is NotImplemented


def test_hash_fits_sets_and_dicts(netns):
    assert len({Ref.new_current("net"), Ref.new_current("net"), Ref.new_current("uts"), netns}) == 3
    names = {Ref.new_current("net"): "home"}
    assert names[Ref.new_current("net")] == "home"
    before = hash(netns)
    netns.close()
    assert hash(netns) == before


def test_identity_as_a_value():
    ident, same = Ref.new_current("net").get_id(), Ref.new_current("net").get_id()
    other = Ref.new_current("uts").get_id()
    assert ident == same and hash(ident) == hash(same) and not ident != same
    assert ident != other and ident != None and ident != (ident.device, ident.inode)  # noqa: E711
    assert str(ident) == f"{ident.device}:{ident.inode}"
    assert repr(ident) == f"<Spacetest.NamespaceId {ident}>"
    assert {ident: 1}[same] == 1


def test_identity_parsed():
    ident, kind = Spacetest.NamespaceId.parse(where())
    assert kind == T.NET
    assert ident == Ref.new_current("net").get_id()
    assert not hasattr(ident, "free")  # it is Python's
    with raises(Code.INVALID_ARGUMENT):
        Spacetest.NamespaceId.parse("net")


def test_with_closes(netns):
    with netns as same:
        assert same is netns
        assert not netns.is_closed()
    assert netns.is_closed()
    with pytest.raises(ValueError, match="mine"), Ref.new_current("net") as ref:
        raise ValueError("mine")
    assert ref.is_closed()
    with netns:  # closed already
        pass


def test_with_pool_closes():
    with Spacetest.NetnsPool.new(1) as pool:
        assert pool.acquire() != Ref.new_current("net")
    with raises(Code.CLOSED):
        pool.acquire()


NET = Ref.new_current(T.NET)
OPENERS = {
    "path": lambda kind: Ref.new_for_path("/proc/thread-self/ns/net", kind),
    "keyword": lambda kind: Ref.new_for_path(path="/proc/thread-self/ns/net", type=kind),
    "fd": lambda kind: Ref.new_for_fd(NET.peek_fd(), kind),
    "take": lambda kind: Ref.new_take_fd(NET.dup_fd(), kind),
    "pid": lambda kind: Ref.new_for_pid(os.getpid(), kind),
    "current": lambda kind: Ref.new_current(kind),
    "space": lambda kind: Spacetest.Space.new_for_pid(os.getpid(), kind).get_ref(kind),
}


@pytest.mark.parametrize("opener", OPENERS.values(), ids=OPENERS)
def test_kinds_by_name(opener):
    assert opener("net") == opener(T.NET) == Ref.new_current(T.NET)


@pytest.mark.parametrize("wrong", ("", "nets", "NET", "net,", "net net", "net,net"))
def test_kinds_that_are_none(wrong):
    for refused in (Ref.new_current, Ref.new_transient, Spacetest.Space.new_transient, NET.get_ref, Spacetest.enter_transient,
                    lambda kind: Ref.new_for_path("/proc/thread-self/ns/net", kind)):
        with raises(Code.INVALID_ARGUMENT, "kinds"):
            refused(wrong)


@pytest.mark.parametrize("opener", [OPENERS[name] for name in ("path", "fd", "take")])
def test_another_kind_than_expected(opener):
    for kind in ("uts", T.UTS):
        with raises(Code.WRONG_TYPE, "net", "uts"):
            opener(kind)
    assert opener(T.NONE) == Ref.new_current("net")


def test_one_kind_only():
    with raises(Code.INVALID_ARGUMENT, "mnt,net"):
        Ref.new_current("net,mnt")
    assert Spacetest.Space.new_for_pid(os.getpid(), "net,mnt").get_types() == T.NET | T.MNT


def test_pidfd():
    pidfd = os.pidfd_open(os.getpid())
    try:
        assert Ref.new_for_pidfd(pidfd, "net") == Ref.new_current("net")
    finally:
        os.close(pidfd)


def test_transients_by_name():
    netns = Ref.new_transient("net")
    assert isinstance(netns, Spacetest.TransientNetns) and netns != Ref.new_current("net")
    space = Spacetest.Space.new_transient("uts,net")
    assert isinstance(space.get_ref("net"), Spacetest.TransientNetns)
    assert space.get_ref("uts") != Ref.new_current("uts")
    with raises(Code.NOT_FOUND, "mnt"):
        space.get_ref("mnt")
    with raises(Code.NOT_SUPPORTED, "user"):
        Ref.new_transient("user")


def test_pathlib():
    assert Ref.new_for_path(pathlib.Path("/proc/thread-self/ns/net"), T.NONE) == Ref.new_current("net")
    with raises(Code.NOT_FOUND, "/no/such/thing"):
        Ref.new_for_path(pathlib.Path("/no/such/thing"), T.NONE)


@pytest.fixture
def folder():
    """Not pytest's own, which is one for all who call themselves root."""
    with tempfile.TemporaryDirectory() as name:
        yield pathlib.Path(name)


@pytest.mark.parametrize("content", (b"elsewhere\n", bytearray(b"elsewhere\n"), memoryview(b"elsewhere\n"),
                                     GLib.Bytes.new(b"elsewhere\n")))
def test_overlays_take_bytes(mntns, folder, content):
    target = folder / "file"
    target.write_text("home\n")
    mntns.overlay_file(target, content)
    mntns.mount_tmpfs(pathlib.Path("/mnt"), 0)
    assert target.read_text() == "home\n"
    assert mntns.call(target.read_text) == "elsewhere\n"
    assert mntns.call(os.listdir, "/mnt") == []


@pytest.mark.parametrize("content", ("text", 3, None, [1]))
def test_content_is_bytes(mntns, folder, content):
    with pytest.raises(TypeError, match=f"must be bytes, not {type(content).__name__}"):
        mntns.overlay_file(folder, content)
    with Spacetest.MountView.new(mntns) as view, pytest.raises(TypeError, match="must be bytes"):
        view.replace("/mnt/note", content=content)


def test_space_of_a_list(netns, utsns):
    for refs in ([netns, utsns], (utsns, netns)):
        space = Spacetest.Space.new(refs)
        assert space.get_types() == T.NET | T.UTS
        assert space.get_ref("net") == netns and space.get_ref("net").get_loopback_up()
    with raises(Code.INVALID_ARGUMENT, "at least one"):
        Spacetest.Space.new([])
    with raises(Code.INVALID_ARGUMENT, "two net"):
        Spacetest.Space.new([netns, Ref.new_current("net")])
    with raises(Code.INVALID_ARGUMENT, "place 1"):
        Spacetest.Space.new([netns, None])


def test_mount_views_take_paths_and_bytes(mntns):
    mntns.mount_tmpfs("/mnt", 0)
    with Spacetest.MountView.new(mntns) as view:
        note = pathlib.Path("/mnt/note")
        view.replace(note, b"hello")
        assert view.load(note).get_data() == b"hello"
        assert view.list(note.parent) == ["note"]
        assert view.resolve(note) == str(note)
        os.close(view.open(note, os.O_RDONLY, 0))
        assert not note.exists()
    with raises(Code.CLOSED):
        view.list("/")


def test_probe_by_name():
    assert Spacetest.probe("net,mnt", None) and Spacetest.probe(T.NET)
    for refused, code in (("nonsense", Code.INVALID_ARGUMENT), (T.NONE, Code.INVALID_ARGUMENT)):
        with raises(code):
            Spacetest.probe(refused, None)


WRONG_ARGUMENTS = {
    "no path": lambda: Ref.new_for_path(None, T.NONE),
    "path": lambda: Ref.new_for_path(3, T.NONE),
    "kind": lambda: Ref.new_current(3.5),
    "number": lambda: Ref.new_current(1 << 30),
    "no kind": lambda: Ref.new_current(None),
    "fd": lambda: Ref.new_for_fd("0", T.NONE),
    "no list": lambda: Spacetest.Space.new(None),
    "list": lambda: Spacetest.Space.new(["net"]),
    "no text": lambda: Spacetest.namespace_types_from_string(None),
    "no identity": lambda: Spacetest.NamespaceId.parse(None),
    "no content": lambda: Spacetest.TransientMntns().overlay_file("/etc/hostname", None),
    "content": lambda: Spacetest.TransientMntns().overlay_file("/etc/hostname", "text"),
    "no other": lambda: Ref.new_current("net").equal(None),
    "other": lambda: Ref.new_current("net").equal(Spacetest.Space()),
    "no portable": lambda: Ref.new_from_portable(None),
    "too few": lambda: Ref.new_for_pid(),
    "too many": lambda: Ref.new_current("net", "uts"),
    "unknown keyword": lambda: Ref.new_current(kind="net"),
    "constructor of another class": lambda: Spacetest.TransientNetns.new_current("net"),
    "nothing at all": lambda: Ref.new_for_path(),
}


@pytest.mark.parametrize("wrong", WRONG_ARGUMENTS.values(), ids=WRONG_ARGUMENTS)
def test_wrong_arguments(wrong):
    with pytest.raises(TypeError):
        wrong()


def test_errors_match():
    with pytest.raises(GLib.Error) as caught:
        Ref.new_for_path("/dev/null", T.NONE)
    error = caught.value
    assert error.matches(Spacetest.error_quark(), Code.NOT_A_NAMESPACE)
    assert error.matches(Code.quark(), Code.NOT_A_NAMESPACE)
    assert not error.matches(Spacetest.error_quark(), Code.WRONG_TYPE)
    assert error.domain == "st-error-quark" and error.code == Code.NOT_A_NAMESPACE and "/dev/null" in error.message


def test_a_path_that_is_no_text():
    with raises(Code.NOT_FOUND, "/no/such/"):
        Ref.new_for_path(b"/no/such/\xff", T.NONE)
    with raises(Code.NOT_FOUND, "/no/such/"):  # cut in the midst of a character
        Ref.new_for_path("/no/such/" + "\u20ac" * 1000, T.NONE)
    with raises(Code.INVALID_ARGUMENT, "File name too long"):
        Ref.new_for_path("/" + "long/" * 1000, T.NONE)


def test_portable():
    ref = Ref.new_current("net")
    assert Ref.new_from_portable(ref.to_portable()) == ref
    with raises(Code.INVALID_ARGUMENT):
        Ref.new_from_portable(GLib.Variant("s", "net"))
