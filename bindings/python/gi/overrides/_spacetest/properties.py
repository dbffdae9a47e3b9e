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
_FIELDS = {"g_type_instance", "qdata", "ref_count"}


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
    """Records have none."""
    return {info.get_name().replace("-", "_") for info in cls.__info__.get_properties()} if issubclass(cls, GObject.Object) else set()


def to_options(keywords):
    """The SpacerOptions that somebody spelled out."""
    return Spacetest.SpacerOptions(**keywords)


def _make(name):
    def get(self):
        return self.get_property(name)

    def set(self, value):
        self.set_property(name, to_option(type(self), name, value))

    return property(get, set)


def _make_accessors(name):
    """In milliseconds, as the functions are."""
    def set(self, value):
        try:
            getattr(self, f"set_{name}")(value)
        except (OverflowError, TypeError, ValueError) as error:
            raise type(error)(f"{name}: {error}") from None

    return property(lambda self: getattr(self, f"get_{name}")(), set)


def _get_attributes(cls):
    """What can be set, or read at least; not what GObject keeps for itself."""
    return get_names(cls) | {name for name in dir(cls) if isinstance(getattr(cls, name), property) and name not in _INHERITED}


def _is_settable(cls, name):
    known = cls.find_property(name) if name in get_names(cls) else None
    return not known or known.flags & GObject.ParamFlags.WRITABLE


def _refuse_unknown(cls, name, kind):
    """Says what somebody may have meant."""
    names = _get_attributes(cls)
    functions = {f"set_{name}" for name in names if _is_settable(cls, name)}
    setters = {name for name in dir(cls) if name.startswith("set_")} - functions - _INHERITED
    known = sorted(names) + [f"{name}()" for name in sorted(setters)]
    what = "option" if cls.__name__.endswith("Options") else "attribute"
    raise kind(f"there is no {what} {name!r}; there are {', '.join(known) or 'none that can be set'}")


def _make_setattr(ours, set):
    def __setattr__(self, name, value):
        """What is misspelled would do nothing. Subclasses of others have what they like."""
        cls = type(self)
        if cls in ours and not name.startswith("_") and (not hasattr(cls, name) or name in _FIELDS):
            _refuse_unknown(cls, name, AttributeError)
        set(self, name, value)
    return __setattr__


def _make_init(cls, init, accessors):
    """Takes each attribute by keyword, also those of `accessors`, which are no properties."""
    def __init__(self, *args, **values):
        given = {name.replace("-", "_"): value for name, value in values.items()}
        for name in sorted(given.keys() - _get_attributes(cls)):
            _refuse_unknown(cls, name, TypeError)
        init(self, *args, **{name: to_option(cls, name, value) for name, value in given.items() if name not in accessors})
        for name in given.keys() & accessors:
            setattr(self, name, given[name])
    return __init__


def install():
    for cls in (Spacetest.Impairment, Spacetest.ReexecOptions, Spacetest.SpacerOptions):
        accessors = {"timeout", "start_timeout"} if cls is Spacetest.ReexecOptions else set()
        for name in accessors:
            setattr(cls, name, _make_accessors(name))
        cls.__init__ = _make_init(cls, cls.__init__, accessors)
    ours = set(arguments.get_classes())
    for cls in ours:
        if issubclass(cls, GObject.Object):
            for name in get_names(cls):
                if not hasattr(cls, name):
                    setattr(cls, name, _make(name))
        cls.__setattr__ = _make_setattr(ours, GObject.Object.__setattr__ if issubclass(cls, GObject.Object) else cls.__setattr__)
