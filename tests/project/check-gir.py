# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Everything public says what it is and since when: each symbol of the GIR, and each exported function."""
import xml.etree.ElementTree as ElementTree

from project import BUILD, SOURCE, done, problem

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'
CONTAINERS = ('class', 'record', 'union', 'interface', 'enumeration', 'bitfield')
SYMBOLS = CONTAINERS + ('alias', 'callback', 'constant', 'constructor', 'function', 'function-macro', 'method', 'property', 'virtual-method')


def tag_of(element):
    return element.tag.split('}')[1]


def is_class_structure(element):
    return element.get(f'{GLIB}is-gtype-struct-for') is not None


def symbols_in(element, path=''):
    for child in element:
        tag = tag_of(child)
        if tag not in SYMBOLS and tag != 'signal' or is_class_structure(child):
            continue
        name = f'{path}{child.get("name")}'
        yield tag, name, child
        if tag in CONTAINERS:
            yield from symbols_in(child, f'{name}.')


def documentation(element):
    doc = element.find(f'{CORE}doc')
    return (doc.text or '').strip() if doc is not None else ''


def check(tag, name, element):
    if element.get('moved-to') or name.startswith('DECLARE_'): # for our own headers
        return
    if not element.get('version') and tag != 'alias': # whose version the scanner drops
        problem(f'{tag} {name} has no "Since:"')
    if not documentation(element):
        problem(f'{tag} {name} has no documentation')
    for member in element.findall(f'{CORE}member'):
        if not documentation(member):
            problem(f'{member.get(f"{C}identifier")} has no documentation')
    returned = element.find(f'{CORE}return-value')
    if returned is not None and returned.find(f'{CORE}type[@name="none"]') is None and not documentation(returned):
        problem(f'{tag} {name} does not say what it returns')
    for parameter in element.findall(f'{CORE}parameters/{CORE}parameter'):
        if not documentation(parameter):
            problem(f'{tag} {name} does not say what {parameter.get("name")} is')


def main():
    root = ElementTree.parse(BUILD / 'spacetest' / 'Spacetest-1.gir').getroot()
    known = set()
    count = 0
    for tag, name, element in symbols_in(root.find(f'{CORE}namespace')):
        check(tag, name, element)
        count += 1
        known.add(element.get(f'{C}identifier'))
        known.add(element.get(f'{GLIB}get-type'))
    listed = (SOURCE / 'tests' / 'project' / 'exported-symbols.txt').read_text(encoding='ascii').split()
    for symbol in listed:
        if symbol not in known:
            problem(f'{symbol} is exported, but the GIR does not have it')
    done(f'{count} symbols of the GIR')


main()
