# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What things look like, and which are the same."""
from gi.module import get_introspection_module

Spacetest = get_introspection_module("Spacetest")


def _repr_ref(self):
    return f"<Spacetest.{type(self).__name__} {self}{', closed' if self.is_closed() else ''}>"


def install():
    for cls in (Spacetest.NamespaceRef, Spacetest.NamespaceId):
        cls.__str__ = lambda self: self.to_string()
        cls.__eq__ = lambda self, other, cls=cls: self.equal(other) if isinstance(other, cls) else NotImplemented
        cls.__ne__ = lambda self, other, cls=cls: not self.equal(other) if isinstance(other, cls) else NotImplemented
        cls.__hash__ = lambda self: self.hash()
    for cls in (Spacetest.Impairment, Spacetest.Link, Spacetest.Route, Spacetest.Neighbour):
        cls.__str__ = lambda self: self.to_string()
    Spacetest.NamespaceRef.__repr__ = _repr_ref
    Spacetest.NamespaceId.__repr__ = lambda self: f"<Spacetest.NamespaceId {self}>"
