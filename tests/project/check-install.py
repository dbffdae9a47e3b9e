# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What an installation consists of, and that a program can be built with it and run."""
import json
import os
import pathlib
import re
import shlex
import sys
import tempfile

from project import BUILD, CC, SOURCE, attempt, clean_env, done, problem, run

SAMPLE = SOURCE / 'tests' / 'project' / 'sample.c'
VALA_SAMPLE = SAMPLE.with_suffix('.vala')
ALWAYS = ['lib*/**/libspacetest-1.so', 'lib*/**/libspacetest-1.so.0', 'lib*/**/pkgconfig/spacetest-1.pc',
          'include/spacetest-1/spacetest/spacetest.h', 'include/spacetest-1/spacetest/st-version.h',
          'include/spacetest-1/spacetest/core/st-space.h', 'include/spacetest-1/spacetest/network/st-link.h', 'bin/spacetest', 'share/man/man1/spacetest.1*',
          'share/bash-completion/completions/spacetest', 'libexec/spacetest/spacetest-helper', 'libexec/spacetest/spacetest-show']
WITH_INTROSPECTION = ['lib*/**/girepository-1.0/Spacetest-1.typelib', 'share/gir-1.0/Spacetest-1.gir',
                      'share/gjs-1.0/overrides/Spacetest.js', 'share/gjs-1.0/spacetest.d.ts']
WITH_VAPI = ['share/vala/vapi/spacetest-1.vapi', 'share/vala/vapi/spacetest-1.deps']
NOT_OURS_TO_INSTALL = re.compile(r'-private\.h$|/tests?/|\.a$|/libtestsupport')
PYTHON = '''
import gi
gi.require_version('Spacetest', '1')
from gi.repository import Spacetest
print(Spacetest.NamespaceRef.new_current(Spacetest.NamespaceType.NET).to_string())
'''
OVERRIDDEN = '''
assert "__str__" in vars(Spacetest.NamespaceRef), "the overrides of Spacetest are missing"
'''
SCRIPT = '''
const {Spacetest} = imports.gi;
if (!Object.hasOwn(Spacetest.NamespaceRef.prototype, 'toString'))
    throw new Error('the overrides of Spacetest are missing');
'''


def find(prefix, pattern):
    found = sorted(prefix.glob(pattern))
    if not found:
        problem(f'{pattern} is not installed')
    return found[0] if found else None


def install(destination):
    """Returns the prefix below the destination."""
    run('meson', 'install', '-C', BUILD, '--no-rebuild', '--quiet', '--destdir', destination)
    options = json.loads(run('meson', 'introspect', '--buildoptions', BUILD))
    prefix = next(option['value'] for option in options if option['name'] == 'prefix')
    return destination / prefix.lstrip('/')


def check_files(destination, prefix, wanted):
    for pattern in wanted:
        find(prefix, pattern)
    for path in destination.rglob('*'):
        if NOT_OURS_TO_INSTALL.search(str(path.relative_to(destination))):
            problem(f'{path.relative_to(destination)} is installed')


def relocate(pkgconfig, prefix):
    """The description of a tree that was moved by --destdir."""
    text = pkgconfig.read_text(encoding='utf-8')
    pkgconfig.write_text(re.sub('^prefix=.*$', f'prefix={prefix}', text, flags=re.MULTILINE), encoding='utf-8')


def check_soname(library):
    dynamic = run('readelf', '-d', library)
    if '[libspacetest-1.so.0]' not in dynamic:
        problem('the soname is not libspacetest-1.so.0')
    if 'RPATH' in dynamic or 'RUNPATH' in dynamic:
        problem('the installed library looks for others in the build directory')


def check_command(command):
    """It starts fast only as long as it does without GLib."""
    needed = re.findall(r'\(NEEDED\).*\[(.*)\]', run('readelf', '-d', command))
    for library in needed:
        if re.match(r'lib(glib|gobject|gio|spacetest)', library):
            problem(f'{command.name} needs {library}')


def check_output(*command, **options):
    finished = attempt(*command, **options)
    print(finished.stdout)
    if finished.returncode != 0 or not finished.stdout.startswith('net:['):
        problem(f'{pathlib.Path(str(command[0])).name} ended with status {finished.returncode}')


def check_program(folder, prefix, libdir):
    env = clean_env(PKG_CONFIG_PATH=libdir / 'pkgconfig')
    flags = shlex.split(run('pkg-config', '--cflags', '--libs', 'spacetest-1', env=env))
    if str(prefix) not in ' '.join(flags):
        problem(f'pkg-config does not lead to the installed tree: {flags}')
    if not run('pkg-config', '--print-requires', 'spacetest-1', env=env).startswith('gio-2.0 >= 2.'):
        problem('spacetest-1 does not require gio-2.0')
    run(*CC, '-std=c17', '-Wall', '-Wextra', '-Werror', SAMPLE, '-o', folder / 'sample', *flags, env=env)
    check_output(folder / 'sample', env=clean_env(LD_LIBRARY_PATH=libdir))


def check_vala(folder, prefix):
    """The vapi finds by itself what it needs."""
    run('valac', '--ccode', '--fatal-warnings', '--directory', folder, '--vapidir', prefix / 'share' / 'vala' / 'vapi', '--pkg', 'spacetest-1',
        VALA_SAMPLE)


def place_of_python(prefix):
    """Below a prefix that is nobody's."""
    overrides = run('/usr/bin/python3', SOURCE / 'bindings' / 'find-overrides-dir.py', f'/nowhere/{prefix}').strip()
    return str(pathlib.Path(overrides).parent.parent).removeprefix(f'/nowhere/{prefix}')


def check_guide(folder, prefix, libdir, has_introspection, has_valac):
    """What the guide to installing says of another prefix, but for directories that are other ones for this prefix, or elsewhere than on Debian."""
    text = (SOURCE / 'docs' / 'installing.md').read_text(encoding='utf-8')
    block = next(block for block in re.findall(r'^```sh\n(.*?)^```$', text, re.MULTILINE | re.DOTALL) if block.startswith('prefix='))
    block = block.replace('$prefix/lib/x86_64-linux-gnu', f'$prefix/{libdir.relative_to(prefix)}')
    if has_introspection:
        block = block.replace('$prefix' + place_of_python('$prefix'), f'$prefix/{find(prefix, "lib/**/pytest_spacetest").parent.relative_to(prefix)}')
    (folder / 'home').mkdir()
    (folder / 'home' / 'spacetest').symlink_to(prefix)
    env = clean_env(HOME=folder / 'home')
    env.pop('SPACETEST_LIBEXECDIR', None)
    programs = f'cc -o guide {shlex.quote(str(SAMPLE))} $(pkg-config --cflags --libs spacetest-1)\n./guide\nspacetest --version\n'
    if has_introspection:
        programs += f'/usr/bin/python3 -c {shlex.quote(PYTHON + OVERRIDDEN)}\ngjs -c {shlex.quote(SCRIPT)}\n'
    if has_valac:
        programs += f'valac --ccode --directory . --pkg spacetest-1 {shlex.quote(str(VALA_SAMPLE))}\n'
    finished = attempt('sh', '-euc', block + programs, env=env, cwd=folder)
    print(finished.stdout)
    if finished.returncode != 0:
        problem(f'the commands of the guide end with status {finished.returncode}')


def main():
    has = set(sys.argv[1:])
    wanted = ALWAYS + (WITH_INTROSPECTION if 'introspection' in has else []) + (WITH_VAPI if 'vapi' in has else [])
    with tempfile.TemporaryDirectory(prefix='spacetest-install-') as name:
        folder = pathlib.Path(name)
        prefix = install(folder / 'tree')
        check_files(folder / 'tree', prefix, wanted)
        library = find(prefix, 'lib*/**/libspacetest-1.so.0')
        pkgconfig = find(prefix, 'lib*/**/pkgconfig/spacetest-1.pc')
        command = find(prefix, 'bin/spacetest')
        if command:
            check_command(command)
        if library and pkgconfig:
            relocate(pkgconfig, prefix)
            check_soname(library)
            check_program(folder, prefix, library.parent)
            check_guide(folder, prefix, library.parent, 'introspection' in has, 'valac' in has)
            if 'introspection' in has:
                env = clean_env(LD_LIBRARY_PATH=library.parent, GI_TYPELIB_PATH=library.parent / 'girepository-1.0')
                check_output('/usr/bin/python3', '-c', PYTHON, env=env, cwd=os.sep)
            if 'valac' in has:
                check_vala(folder, prefix)
    done('the installed tree')


main()
