# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""The symbols of a GIR, for the checks."""
import xml.etree.ElementTree as ElementTree

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'
CONTAINERS = ('class', 'record', 'union', 'interface', 'enumeration', 'bitfield')
SYMBOLS = CONTAINERS + ('alias', 'callback', 'constant', 'constructor', 'function', 'function-macro', 'method', 'property', 'virtual-method')


def load(path):
    """Returns the namespace."""
    return ElementTree.parse(path).getroot().find(f'{CORE}namespace')


def tag_of(element):
    return element.tag.split('}')[1]


def is_class_structure(element):
    return element.get(f'{GLIB}is-gtype-struct-for') is not None


def symbols_in(element, path=''):
    """Each symbol's kind, name with that of its container, and element."""
    for child in element:
        tag = tag_of(child)
        if tag not in SYMBOLS and tag != 'signal' or is_class_structure(child):
            continue
        name = f'{path}{child.get("name")}'
        yield tag, name, child
        if tag in CONTAINERS:
            yield from symbols_in(child, f'{name}.')
