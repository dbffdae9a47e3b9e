# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Arguments as Python has them: strings for kinds and choices, paths, bytes, lists of arguments, options by keyword, defaults."""
import os

import gi
from gi._gi import Direction, EnumInfo, ObjectInfo, StructInfo, TypeTag
from gi.module import get_introspection_module
from gi.repository import Gio, GLib

from . import futures, properties

Spacetest = get_introspection_module("Spacetest")

PATIENCE = 10000  # milliseconds that a server may take to listen

# What can be left out, besides what is nullable and comes last.
DEFAULTS = {
    "Launcher.new": {"flags": Gio.SubprocessFlags.NONE},
    "Launcher.setenv": {"overwrite": True},
    "MountView.open": {"flags": os.O_RDONLY, "mode": 0},
    "NamespaceRef.new_for_chain": {"type": Spacetest.NamespaceType.NONE},
    "NamespaceRef.new_for_path": {"type": Spacetest.NamespaceType.NONE},
    "Space.create_netlink_socket": {"protocol": 0},
    "Space.create_netlink_socket_async": {"protocol": 0},
    "Space.create_socket": {"protocol": Gio.SocketProtocol.DEFAULT},
    "Space.create_socket_async": {"protocol": Gio.SocketProtocol.DEFAULT},
    "Space.spawnv": {"flags": Gio.SubprocessFlags.NONE},
    "Space.spawnv_async": {"flags": Gio.SubprocessFlags.NONE},
    "Space.wait_listening": {"type": Gio.SocketType.STREAM, "timeout": PATIENCE},
    "Space.wait_listening_async": {"type": Gio.SocketType.STREAM, "timeout": PATIENCE},
    "TransientMntns.mount_tmpfs": {"size": 0},
}
OUR_OWN_WAY = {"call", "run_in_thread", "run_in_thread_async"}


def get_classes():
    for info in gi.Repository.get_default().get_infos("Spacetest"):
        if isinstance(info, ObjectInfo) or isinstance(info, StructInfo) and not info.is_gtype_struct():
            yield getattr(Spacetest, info.get_name())


def to_kinds(value):
    return Spacetest.namespace_types_from_string(value) if isinstance(value, str) else value


def to_path(value):
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def to_bytes(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        return GLib.Bytes.new(bytes(value))
    if not isinstance(value, GLib.Bytes):
        raise TypeError(f"content must be bytes, not {type(value).__name__}")
    return value


def to_whole(value):
    """PyGObject would cut off what is behind the point."""
    if isinstance(value, (bool, float)) and (isinstance(value, bool) or not value.is_integer()):
        raise TypeError(f"a whole number is needed, not {value!r}")
    return int(value) if isinstance(value, float) else value


def to_variable(name):
    """The name of one in an environment: what is none would be lost, or be another one."""
    if isinstance(name, (str, bytes)) and (not name or os.fsencode("=") in os.fsencode(name)):
        raise ValueError(f"{name!r} is no name of a variable")
    return name


def to_environ(lines):
    if lines is None:
        return None
    lines = to_list_of("NAME=value lines")(lines)
    for line in lines:
        if isinstance(line, (str, bytes)) and os.fsencode(line).find(b"=") < 1:
            raise ValueError(f"{line!r} is no NAME=value")
    return lines


def to_list_of(what):
    """A single string would be taken apart into its letters."""
    def to_list(value):
        if isinstance(value, (str, bytes, os.PathLike)) or value is None:
            raise TypeError(f"{what} must be a list, not {type(value).__name__}")
        return [to_path(item) for item in value]
    return to_list


LISTS = {"argv": to_list_of("a program and its arguments"), "environment": to_environ, "paths": to_list_of("a chain of paths")}
WHOLE = {TypeTag.INT8, TypeTag.UINT8, TypeTag.INT16, TypeTag.UINT16, TypeTag.INT32, TypeTag.UINT32, TypeTag.INT64, TypeTag.UINT64}


def to_choice_of(choices):
    def to_choice(value):
        if isinstance(value, choices):
            return value
        known = {choice.value_nick: choice for name in dir(choices) if isinstance(choice := getattr(choices, name), choices)}
        if isinstance(value, str) and value in known:
            return known[value]
        raise ValueError(f"no {choices.__name__} is called {value!r}; there are {', '.join(sorted(known))}")
    return to_choice


def get_type(argument):
    """Of an argument; PyGObject 3.52 and newer call it by another name."""
    return (getattr(argument, "get_type_info", None) or argument.get_type)()


def get_length_of(type_info):
    """Which argument has the length of an array."""
    return (getattr(type_info, "get_array_length_index", None) or type_info.get_array_length)()


def _get_converter(argument):
    type_info = get_type(argument)
    if argument.get_name() == "variable":
        return to_variable
    if type_info.get_tag() in WHOLE:
        return to_whole
    if type_info.get_tag() == TypeTag.FILENAME:
        return to_path
    if type_info.get_tag() == TypeTag.ARRAY and argument.get_name() in LISTS:
        return LISTS[argument.get_name()]
    if type_info.get_tag() == TypeTag.ARRAY and type_info.get_param_type(0).get_tag() in (TypeTag.UTF8, TypeTag.FILENAME):
        to_list = to_list_of(argument.get_name())
        return (lambda value: None if value is None else to_list(value)) if argument.may_be_null() else to_list
    if type_info.get_tag() == TypeTag.INTERFACE:
        interface = type_info.get_interface()
        if interface.get_name() in ("NamespaceType", "Bytes"):
            return {"NamespaceType": to_kinds, "Bytes": to_bytes}[interface.get_name()]
        if isinstance(interface, EnumInfo) and interface.get_namespace() == "Spacetest" and not interface.is_flags():
            return to_choice_of(getattr(Spacetest, interface.get_name()))
    return None


def get_visible(info):
    """The arguments that Python sees."""
    arguments = info.get_arguments()
    hidden = {get_length_of(get_type(argument)) for argument in arguments if get_type(argument).get_tag() == TypeTag.ARRAY}
    return [argument for index, argument in enumerate(arguments) if index not in hidden and argument.get_direction() != Direction.OUT]


class _Widened:
    """How to call `info` with what Python has."""

    def __init__(self, info, owner):
        self.info, self.owner = info, owner
        self.first = 1 if info.is_method() or info.is_constructor() else 0
        arguments = get_visible(info)
        self.names = [argument.get_name() for argument in arguments]
        self.converters = {argument.get_name(): convert for argument in arguments if (convert := _get_converter(argument))}
        self.qualname = f"{owner.__name__}.{info.__name__}" if owner else info.__name__
        self.defaults = DEFAULTS.get(self.qualname, {})
        self.needed = self._find_needed(arguments)
        self.takes_options = any(argument.get_name() == "options" for argument in arguments)
        self.is_async = info.__name__.endswith("_async")

    def _find_needed(self, arguments):
        """As PyGObject has it: what is nullable and comes last can be left out."""
        needed = list(arguments)
        while needed and (needed[-1].may_be_null() or needed[-1].get_name() in self.defaults):
            needed.pop()
        return [argument.get_name() for argument in needed if argument.get_name() not in self.defaults]

    def is_useful(self):
        return self.converters or self.defaults or self.takes_options or self.is_async

    def _refuse_missing(self, values, kwargs):
        """PyGObject would count those that can be left out, too."""
        missing = [name for name in self.needed if name not in kwargs and name not in self.names[:len(values)]]
        if missing:
            known = [name for name in self.names if name != "user_data"]
            raise TypeError(f"Spacetest.{self.qualname}() needs {' and '.join(missing)}; it takes {', '.join(known)}")

    def call(self, *args, **kwargs):
        __tracebackhide__ = True  # what pytest shows should end where the test calls us
        if self.info.is_constructor() and args[0] is not self.owner:
            raise TypeError(f"{self.qualname}() makes no {args[0].__name__}")
        things, values = args[:self.first], args[self.first:]
        if len(values) > len(self.names):
            return self.info(*args, **kwargs)  # which knows how to complain
        self._refuse_missing(values, kwargs)
        if self.takes_options:
            kwargs = self._collect_options(values, kwargs)
        values = [self._convert(name, value) for name, value in zip(self.names, values)]
        kwargs = {name: self._convert(name, value) for name, value in kwargs.items()}
        for name, value in self.defaults.items():
            if name not in kwargs and name not in self.names[:len(values)]:
                kwargs[name] = value
        if self.is_async and "callback" not in kwargs and "callback" not in self.names[:len(values)]:
            return futures.start(self.info, things, {**dict(zip(self.names, values)), **kwargs}, self._get_finish(things))
        if self.is_async:
            return self._start(things, values, kwargs)
        return self.info(*things, *values, **kwargs)

    def _start(self, things, values, kwargs):
        place, index = (kwargs, "callback") if "callback" in kwargs else (values, self.names.index("callback"))
        if not callable(place[index]):
            return self.info(*things, *values, **kwargs)
        cancellable = {**dict(zip(self.names, values)), **kwargs}.get("cancellable")
        place[index], give_up = futures.expect(place[index], self.info.__name__, cancellable)
        try:
            return self.info(*things, *values, **kwargs)
        except BaseException:
            give_up()
            raise

    def _convert(self, name, value):
        return self.converters[name](value) if name in self.converters else value

    def _collect_options(self, values, kwargs):
        keywords = {name: value for name, value in kwargs.items() if name not in self.names}
        if not keywords:
            return kwargs
        if "options" in kwargs or self.names.index("options") < len(values):
            raise TypeError(f"{self.qualname}() takes options or single ones by keyword, not both")
        return {"options": properties.to_options(keywords), **{name: value for name, value in kwargs.items() if name in self.names}}

    def _get_finish(self, things):
        name = self.info.__name__.removesuffix("_async") + "_finish"
        return getattr(things[0] if things else self.owner or Spacetest, name)


def widen(info, owner=None):
    """A function that takes "net,mnt", pathlib.Path and so on where `info` takes flags and a path; `info` itself if there is nothing to do."""
    widened = _Widened(info, owner)
    if not widened.is_useful():
        return info

    def function(*args, **kwargs):
        __tracebackhide__ = True
        return widened.call(*args, **kwargs)

    function.__name__ = info.__name__
    function.__qualname__ = widened.qualname
    function.__doc__ = info.__doc__
    return function


def widen_class(cls):
    for info in cls.__info__.get_methods():
        if info.__name__ in OUR_OWN_WAY:
            continue
        widened = widen(info, cls)
        if widened is not info:
            wrap = classmethod if info.is_constructor() else None if info.is_method() else staticmethod
            setattr(cls, info.__name__, wrap(widened) if wrap else widened)
