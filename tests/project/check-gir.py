# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Everything public says what it is and since when: each symbol of the GIR, and each exported function."""
from gir import C, CORE, GLIB, load, symbols_in
from project import BUILD, SOURCE, done, problem


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
    known = set()
    count = 0
    for tag, name, element in symbols_in(load(BUILD / 'spacetest' / 'Spacetest-1.gir')):
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
