# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""The umbrella header stands alone in strict C17 and C++17, has all of the public headers, and is the only way to them."""
import json
import pathlib

from project import BUILD, CC, CXX, attempt, done, glib_flags, own_flags, problem, run

STRICT = ['-Wall', '-Wextra', '-Wpedantic', '-Werror', '-fsyntax-only']
REFUSAL = 'Only <spacetest/spacetest.h> can be included directly.'
UMBRELLA = 'spacetest/spacetest.h'
USE = '''#include <{header}>
StNamespaceRef *use (void);
StNamespaceRef *use (void) {{ g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_current (ST_NAMESPACE_NET, nullptr_);
  return ref ? ST_NAMESPACE_REF (g_object_ref (ref)) : nullptr_; }}
'''


def public_headers():
    installed = json.loads(run('meson', 'introspect', '--installed', BUILD))
    marker = '/include/spacetest-1/'
    return sorted(path.split(marker)[1] for path in installed.values() if marker in path)


def check_language(compiler, language, standard, null, flags):
    text = USE.format(header=UMBRELLA).replace('nullptr_', null)
    finished = attempt(*compiler, '-x', language, f'-std={standard}', *STRICT, *flags, '-', input=text)
    if finished.returncode != 0 or finished.stdout:
        print(finished.stdout)
        problem(f'the umbrella header is not good {standard}')


def check_refused(header, flags):
    finished = attempt(*CC, '-x', 'c', '-std=c17', '-fsyntax-only', *flags, '-', input=f'#include <{header}>\n')
    if finished.returncode == 0 or REFUSAL not in finished.stdout:
        problem(f'{header} can be included directly')


def check_included(headers, flags):
    files = run(*CC, '-x', 'c', '-M', *flags, '-', input=f'#include <{UMBRELLA}>\n').replace('\\\n', ' ').split()
    names = {'/'.join(pathlib.PurePath(path).parts[-3:]) for path in files} | {'/'.join(pathlib.PurePath(path).parts[-2:]) for path in files}
    for header in headers:
        if header not in names:
            problem(f'{header} is installed, but not part of {UMBRELLA}')


def main():
    flags = own_flags() + glib_flags()
    headers = public_headers()
    if UMBRELLA not in headers:
        problem(f'{UMBRELLA} is not installed')
    check_language(CC, 'c', 'c17', 'NULL', flags)
    if CXX:
        check_language(CXX, 'c++', 'c++17', 'nullptr', flags)
    for header in headers:
        if header.endswith('-private.h'):
            problem(f'{header} is installed, but private')
        if header not in (UMBRELLA, 'spacetest/st-version.h'):
            check_refused(header, flags)
    check_included(headers, flags)
    done(f'{len(headers)} public headers')


main()
