# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""The types for TypeScript: a sample passes with them, and they have each symbol that GJS has, as it is there, and no other."""
import json
import pathlib
import re
import shutil
import tempfile

from gir import CORE, GLIB, load, symbols_in, tag_of
from project import BUILD, SOURCE, done, problem, run, sample_in
from typescript_signatures import signatures_in_gir, signatures_in_types, values_in_gir, values_in_types

TYPES = SOURCE / 'bindings' / 'gjs' / 'spacetest.d.ts'
SAMPLES = SOURCE / 'tests' / 'project' / 'typescript'
# Besides what the guide to GJS says, and instead of the packages that it takes from npm.
OPTIONS = {'noEmit': True, 'noUnusedLocals': True, 'types': [], 'lib': ['es2022', 'dom']}
# Of the overrides, of JavaScript, of GObject and of Gio.Initable.
ADDED = {'Space.runAction', 'registerAction', 'runActions', 'withCapture', 'withVisit', 'using', 'Error.name', 'Error.cause',
         'Error.toJSON'}
ADDED_METHODS = {'toString', 'constructor', 'init', 'connect'}
# What memory management and refusals leave out.
LEFT_OUT = re.compile(r'\.(copy|free)$|\.run_in_thread_finish$')
# What the overrides make of it: any arguments, or none.
REFUSED_OR_GENERIC = {'Space.call', 'Space.run_in_thread', 'Space.run_in_thread_async'}
CONTAINER = re.compile(r'^(class|enum|namespace) (\w+)')
MEMBER = re.compile(r"^(?:static )?(?:readonly )?(?:connect\(signal: '([\w-]+)'|(\w+)\??(?=[(:<]| =))")
FUNCTION = re.compile(r'^(?:function|const) (\w+)')
HELPERS = re.compile(r'^(type|interface) ')


def names_in_gir():
    for tag, name, element in symbols_in(load(BUILD / 'spacetest' / 'Spacetest-1.gir')):
        if element.get('introspectable') == '0' or tag in ('alias', 'callback', 'function-macro') or LEFT_OUT.search(name):
            continue
        yield name.replace('-', '_')
        members = element.findall(f'{CORE}member') if tag in ('enumeration', 'bitfield') else []
        yield from (f'{name}.{member.get("name").upper()}' for member in members)
        if tag == 'record' and element.get(f'{GLIB}get-type'):
            yield from (f'{name}.{field.get("name")}' for field in element if tag_of(field) == 'field')


def names_in_types():
    """By the indentation: what is in the namespace, and what is in its containers."""
    container = None
    for line in TYPES.read_text(encoding='utf-8').splitlines():
        depth, text = len(line) - len(line.lstrip()), line.strip()
        if depth == 8 and text != '}':
            found = CONTAINER.match(text)
            container = found[2] if found else None
            name = found or FUNCTION.match(text)
            if name:
                yield name[name.lastindex]
        elif depth == 12 and container:
            found = MEMBER.match(re.sub('^function ', '', text))
            if found and (found[1] or found[2]) not in ADDED_METHODS:
                yield f'{container}.{found[1] or found[2]}'


def check_names():
    gir, types = set(names_in_gir()), set(names_in_types()) - ADDED
    for name in sorted(gir - types):
        problem(f'{name} is not in {TYPES.name}')
    for name in sorted(types - gir):
        problem(f'{name} is in {TYPES.name}, but not in the GIR')
    return len(gir)


def check_kinds(what, gir, types):
    for name, wanted in gir.items():
        if name in types and name not in REFUSED_OR_GENERIC and types[name] != wanted:
            problem(f'{what} of {name}: by the GIR {wanted}, in {TYPES.name} {types[name]}')
    return len(gir.keys() & types.keys())


def check_signatures():
    namespace, text = load(BUILD / 'spacetest' / 'Spacetest-1.gir'), TYPES.read_text(encoding='utf-8')
    count = check_kinds('parameters and result', dict(signatures_in_gir(namespace)), dict(signatures_in_types(text)))
    count += check_kinds('type', dict(values_in_gir(namespace)), dict(values_in_types(text)))
    if not count:
        problem('nothing was compared')
    return count


def check_sample():
    with tempfile.TemporaryDirectory(prefix='spacetest-typescript-') as name:
        folder = pathlib.Path(name)
        for path in [TYPES, SAMPLES / 'gi.d.ts']:
            shutil.copy(path, folder)
        shutil.copy(SAMPLES / 'sample.ts', folder / 'test.ts')
        config = json.loads(sample_in('gjs.md', 'json').replace('/usr/share/gjs-1.0/spacetest.d.ts', TYPES.name))
        config['compilerOptions'].update(OPTIONS)
        config['files'].append('gi.d.ts')
        (folder / 'tsconfig.json').write_text(json.dumps(config), encoding='ascii')
        print(run('tsc', '--project', folder))


def main():
    count, n_compared = check_names(), check_signatures()
    check_sample()
    done(f'{count} symbols, of which {n_compared} have types')


main()
