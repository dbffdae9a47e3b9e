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


def _refuse_unknown(self, name, value):
    """A misspelled option would be none."""
    known = get_names(Spacetest.SpacerOptions)
    if name not in known and not hasattr(type(self), name):
        raise AttributeError(f"there is no option {name!r}; there are {', '.join(sorted(known))}")
    GObject.Object.__setattr__(self, name, value)


def _make_init(init):
    def __init__(self, *args, **properties):
        init(self, *args, **{name: to_option(type(self), name.replace("-", "_"), value) for name, value in properties.items()})
    return __init__


def install():
    for cls in (Spacetest.Impairment, Spacetest.SpacerOptions):
        cls.__init__ = _make_init(cls.__init__)
    for cls in arguments.get_classes():
        if issubclass(cls, GObject.Object):
            for name in get_names(cls):
                if not hasattr(cls, name):
                    setattr(cls, name, _make(name))
    Spacetest.SpacerOptions.__setattr__ = _refuse_unknown
