# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What PyGObject would take for something else, or for nothing."""
import datetime
import enum
import os
import re
import types

import pytest
from gi.overrides._spacetest import arguments
from gi.repository import Gio, GLib, Spacetest

from inside import raises

NO_NUMBERS = (float("nan"), float("inf"), "3650 days", None, 1.5, [], True)
NO_PERCENTAGES = (float("nan"), float("inf"), -float("inf"), "3", None)
REFUSALS = (TypeError, ValueError, OverflowError)


@pytest.mark.parametrize("value", NO_NUMBERS + (2**63,))
def test_clock_offsets(value):
    for name in ("boottime_offset", "monotonic_offset"):
        with pytest.raises(REFUSALS):
            Spacetest.SpacerOptions(**{name: value})
        options = Spacetest.SpacerOptions()
        with pytest.raises(REFUSALS):
            setattr(options, name, value)
        with pytest.raises(REFUSALS):
            getattr(options, f"set_{name}")(value)
        assert getattr(options, name) == 0


def test_options_of_the_constructor():
    options = Spacetest.SpacerOptions(boottime_offset=datetime.timedelta(seconds=3), id_map="self", host_name="blue")
    assert (options.boottime_offset, options.id_map, options.host_name) == (3000000, Spacetest.IdMap.SELF, "blue")
    assert Spacetest.SpacerOptions(monotonic_offset=2.0).monotonic_offset == 2


@pytest.mark.parametrize("value", ("mine", 7, None, [], 1.5))
def test_choices(value):
    with pytest.raises(ValueError, match="there are root, self"):
        Spacetest.SpacerOptions(id_map=value)
    with pytest.raises(ValueError, match="there are root, self"):
        Spacetest.SpacerOptions().id_map = value


@pytest.mark.parametrize("value", NO_PERCENTAGES)
def test_percentages(value):
    for name in ("loss", "duplication", "reordering", "corruption"):
        with pytest.raises(REFUSALS):
            Spacetest.Impairment(**{name: value})
        with pytest.raises(REFUSALS):
            setattr(Spacetest.Impairment(), name, value)
    assert Spacetest.Impairment(loss=12.5, duplication=3).loss == 12.5


@pytest.mark.parametrize("value", NO_NUMBERS + (-1, 2**70))
def test_numbers(value, netns):
    for name in ("rate", "delay", "jitter", "limit"):
        with pytest.raises(REFUSALS):
            Spacetest.Impairment(**{name: value})
        with pytest.raises(REFUSALS):
            setattr(Spacetest.Impairment(), name, value)
    nobody = Gio.InetSocketAddress.new_from_string("127.0.0.1", 1)
    calls = (lambda: netns.wait_listening(nobody, Gio.SocketType.STREAM, value), lambda: netns.create_netlink_socket(value),
             lambda: Spacetest.NetnsPool.new(value), lambda: Spacetest.NamespaceRef.new_for_pid(value, "net"))
    for call in calls:
        with pytest.raises((*REFUSALS, GLib.Error)):
            call()


def test_numbers_that_are_whole(netns):
    Spacetest.NamespaceRef.new_for_pid(float(os.getpid()), "net").close()


@pytest.mark.parametrize("name", ("a=b", "", "=", b"a=b"))
def test_names_of_variables(name, netns):
    with Spacetest.Launcher.new() as launcher:
        for call in (lambda: launcher.setenv(name, "x"), lambda: launcher.unsetenv(name), lambda: launcher.getenv(name),
                     lambda: netns.check_output(["env"], env={name: "x"})):
            with pytest.raises(ValueError, match="no name of a variable"):
                call()


@pytest.mark.parametrize("line", ("a", "", "=x"))
def test_environments(line):
    with Spacetest.Launcher.new() as launcher:
        with pytest.raises(ValueError, match="NAME=value"):
            launcher.set_environ(["A=1", line])
        with pytest.raises(TypeError, match="must be a list"):
            launcher.set_environ("A=1")
        launcher.set_environ(["A=1", "B="])
        assert [launcher.getenv(name) for name in ("A", "B", "PATH")] == ["1", "", None]
        launcher.set_environ(None)
        assert launcher.getenv("PATH")


@pytest.mark.parametrize("value", ("127.0.0.1 here", b"127.0.0.1 here", None))
def test_lists(value, mntns):
    for call in (mntns.set_hosts, mntns.set_name_servers):
        with pytest.raises(TypeError, match="must be a list"):
            call(value)
    mntns.set_name_servers(["127.0.0.1"])


def test_what_c_refuses(netns):
    """A launcher that was given nonsense past the overrides starts nothing."""
    with Spacetest.Launcher.new() as launcher:
        next(info for info in Spacetest.Launcher.__info__.get_methods() if info.__name__ == "setenv")(launcher, "a=b", "x", True)
        with raises(Spacetest.Error.INVALID_ARGUMENT, '"a=b"'):
            launcher.spawnv(netns, ["true"])


class Nick(enum.IntEnum):
    """Choices as PyGObject 3.52 and newer has them."""
    BIG_ONE = 1
    SMALL = 2

    @property
    def value_nick(self):
        return self.name.lower().replace("_", "-")


def test_choices_of_newer_versions():
    convert = arguments.to_choice_of(Nick)
    assert (convert("big-one"), convert(Nick.SMALL)) == (Nick.BIG_ONE, Nick.SMALL)
    with pytest.raises(ValueError, match="there are big-one, small"):
        convert("large")


def test_types_of_newer_versions():
    array = types.SimpleNamespace(get_array_length_index=lambda: 3)
    assert arguments.get_length_of(arguments.get_type(types.SimpleNamespace(get_type_info=lambda: array))) == 3
    array = types.SimpleNamespace(get_array_length=lambda: 4)
    assert arguments.get_length_of(arguments.get_type(types.SimpleNamespace(get_type=lambda: array))) == 4


@pytest.mark.parametrize("thing, words", [(Spacetest.Impairment(), "corruption, delay"), (Spacetest.Link(), "ready_timeout"),
                                          (Spacetest.NamespaceRef(), ""), (Spacetest.SpacerOptions(), "boottime_offset"),
                                          (Spacetest.ReexecOptions.new(), "timeout, set_command()"), (Spacetest.Spacer(), "timeout"),
                                          (Spacetest.Visit(), "none that can be set"), (Spacetest.NamespaceId.new_for_inode(3), "device, inode")],
                         ids=lambda value: type(value).__name__)
def test_misspelled_attributes(thing, words):
    with pytest.raises(AttributeError, match="there is no (option|attribute) 'rat'.*" + re.escape(words)):
        thing.rat = 5
    assert not hasattr(thing, "rat")
    thing._mine = 5
    assert thing._mine == 5


def test_what_gobject_keeps_for_itself():
    """Neither told nor taken."""
    options = "there are boottime_offset, host_name, id_map, monotonic_offset"
    link = ("there are carrier, index, kind, mac, mtu, name, network, present, ready_timeout, up, "
            "set_impairment(), set_mac(), set_mtu(), set_up()")
    for name in ("ref_count", "qdata", "g_type_instance", "hostname"):
        for thing, words in ((Spacetest.SpacerOptions(), options), (Spacetest.Link(), link)):
            with pytest.raises(AttributeError) as caught:
                setattr(thing, name, 3)
            assert str(caught.value).partition("; ")[2] == words
        for make in (Spacetest.SpacerOptions, lambda **values: Spacetest.Spacer().create_subspace("user", **values)):
            with pytest.raises(TypeError) as caught:
                make(**{name: 3})
            assert str(caught.value) == f"there is no option {name!r}; {options}"
    with pytest.raises(TypeError, match="there is no option 'to_string'"):
        Spacetest.Spacer().create_subspace("user", to_string=3)


@pytest.mark.parametrize("call, words", [
    (lambda: Spacetest.Spacer().create_subspace(), "Spacer.create_subspace() needs types; it takes types, options, cancellable"),
    (lambda: Spacetest.Spacer().create_subspace(host_name="blue"), "Spacer.create_subspace() needs types; it takes types, options, cancellable"),
    (lambda: Spacetest.Spacer().create_subspace_async(), "create_subspace_async() needs types; it takes types, options, cancellable, callback"),
    (lambda: Spacetest.NamespaceRef().wait_listening(timeout=3), "Space.wait_listening() needs address; it takes address, type, timeout, cancellable"),
    (lambda: Spacetest.TransientMntns().overlay_file("/etc/hosts"), "TransientMntns.overlay_file() needs content; it takes path, content"),
    (lambda: Spacetest.enter_transient(), "enter_transient() needs types; it takes types"),
    (lambda: Spacetest.reexec_run_async(), "reexec_run_async() needs space and name; it takes"),
], ids=range(7))
def test_missing_arguments(call, words):
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value).startswith("Spacetest.") and words in str(caught.value)


def test_limits_of_the_constructor():
    options = Spacetest.ReexecOptions(timeout=3, start_timeout=4.0)
    assert (options.timeout, options.start_timeout) == (3, 4)
    with pytest.raises(TypeError, match="there is no option 'timout'; there are start_timeout, timeout, set_command"):
        Spacetest.ReexecOptions(timout=3)
    for wrong in (-1, "5", 1.5, float("nan"), None, 2**32):
        with pytest.raises(REFUSALS, match="timeout: "):
            Spacetest.ReexecOptions(timeout=wrong)
        with pytest.raises(REFUSALS, match="timeout: "):
            options.timeout = wrong


def test_attributes_of_subclasses():
    class Mine(Spacetest.NamespaceRef):
        pass
    mine = Mine()
    mine.rat = 5
    assert mine.rat == 5
