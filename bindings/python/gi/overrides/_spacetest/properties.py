# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Properties as attributes, which PyGObject has below `props` only: `options.boottime_offset = ...` would do nothing."""
import datetime
import math

from gi.module import get_introspection_module
from gi.repository import GObject

from . import arguments

Spacetest = get_introspection_module("Spacetest")
WHOLE = {GObject.TYPE_INT, GObject.TYPE_UINT, GObject.TYPE_INT64, GObject.TYPE_UINT64}
_INHERITED = set(dir(GObject.Object))


def to_option(cls, name, value):
    """Offsets are in microseconds, or a timedelta; choices may be called by name."""
    if isinstance(value, datetime.timedelta):
        return value // datetime.timedelta(microseconds=1)
    if name == "id_map":
        return arguments.to_choice_of(Spacetest.IdMap)(value)
    known = cls.find_property(name)
    if known and known.value_type in WHOLE:
        return arguments.to_whole(value)
    if known and known.value_type == GObject.TYPE_DOUBLE and isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} must be a number, not {value}")
    return value


def get_names(cls):
    return {info.get_name().replace("-", "_") for info in cls.__info__.get_properties()}


def to_options(keywords):
    """The SpacerOptions that somebody spelled out."""
    options = Spacetest.SpacerOptions()
    for name, value in keywords.items():
        try:
            setattr(options, name, value)
        except AttributeError as error:
            raise TypeError(str(error)) from None
    return options


def _make(name):
    def get(self):
        return self.get_property(name)

    def set(self, value):
        self.set_property(name, to_option(type(self), name, value))

    return property(get, set)


def _make_accessors(name):
    """In milliseconds, as the functions are."""
    return property(lambda self: getattr(self, f"get_{name}")(), lambda self, value: getattr(self, f"set_{name}")(value))


def _list_settable(cls):
    """What somebody may have meant."""
    names = get_names(cls) | {name for name in dir(cls) if isinstance(getattr(cls, name), property)}
    return sorted(names) + sorted(f"{name}()" for name in dir(cls) if name.startswith("set_") and name not in _INHERITED)


def _make_setattr(ours, set):
    def __setattr__(self, name, value):
        """What is misspelled would do nothing. Subclasses of others have what they like."""
        cls = type(self)
        if cls in ours and not name.startswith("_") and not hasattr(cls, name):
            what = "option" if cls.__name__.endswith("Options") else "attribute"
            raise AttributeError(f"there is no {what} {name!r}; there are {', '.join(_list_settable(cls)) or 'none that can be set'}")
        set(self, name, value)
    return __setattr__


def _make_init(init):
    def __init__(self, *args, **properties):
        init(self, *args, **{name: to_option(type(self), name.replace("-", "_"), value) for name, value in properties.items()})
    return __init__


def install():
    for cls in (Spacetest.Impairment, Spacetest.SpacerOptions):
        cls.__init__ = _make_init(cls.__init__)
    ours = set(arguments.get_classes())
    Spacetest.ReexecOptions.timeout = _make_accessors("timeout")
    Spacetest.ReexecOptions.start_timeout = _make_accessors("start_timeout")
    for cls in ours:
        if issubclass(cls, GObject.Object):
            for name in get_names(cls):
                if not hasattr(cls, name):
                    setattr(cls, name, _make(name))
        cls.__setattr__ = _make_setattr(ours, GObject.Object.__setattr__ if issubclass(cls, GObject.Object) else cls.__setattr__)
