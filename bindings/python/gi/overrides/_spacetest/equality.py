# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What things look like, and which are the same."""
from gi.module import get_introspection_module

Spacetest = get_introspection_module("Spacetest")


def _repr(self):
    return f"<Spacetest.{type(self).__name__} {self}>"


def _repr_ref(self):
    return f"<Spacetest.{type(self).__name__} {self}{', closed' if self.is_closed() else ''}>"


def _describe_space(space):
    kinds = space.get_types()
    return " ".join(str(space.get_ref(kind)) for kind in Spacetest.namespace_types_to_string(kinds).split(",")) if kinds else "closed"


def _describe_visit(visit):
    return f"{visit.get_space() or 'closed'}{'' if visit.is_active() else ', over'}"


def _describe_pin(pin):
    return f"{pin.get_path() or 'closed'}{', closed' if pin.is_closed() else ''}"


def _describe_pin_info(info):
    return f"{Spacetest.namespace_type_get_name(info.get_namespace_type())}:[{info.get_id().inode}] at {info.get_path()}"


def install():
    for cls in (Spacetest.NamespaceRef, Spacetest.NamespaceId):
        cls.__str__ = lambda self: self.to_string()
        cls.__eq__ = lambda self, other, cls=cls: self.equal(other) if isinstance(other, cls) else NotImplemented
        cls.__ne__ = lambda self, other, cls=cls: not self.equal(other) if isinstance(other, cls) else NotImplemented
        cls.__hash__ = lambda self: self.hash()
    for cls in (Spacetest.Impairment, Spacetest.Link, Spacetest.Route, Spacetest.Neighbour):
        cls.__str__ = lambda self: self.to_string()
        cls.__repr__ = _repr
    described = {"Pin": _describe_pin, "PinInfo": _describe_pin_info, "Space": _describe_space, "Visit": _describe_visit}
    for name, describe in described.items():
        getattr(Spacetest, name).__str__ = describe
        getattr(Spacetest, name).__repr__ = _repr
    Spacetest.NamespaceRef.__repr__ = _repr_ref
    Spacetest.NamespaceId.__repr__ = _repr
