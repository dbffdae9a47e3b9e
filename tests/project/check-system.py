# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""spacetest/system/ is plain C: it compiles without GLib in sight, and its objects want nothing of it."""
import re

from project import BUILD, CC, SANITIZED, SOURCE, attempt, done, problem, run

FLAGS = ['-std=c17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-Wno-missing-field-initializers', '-fsyntax-only']


def main():
    folder = SOURCE / 'spacetest' / 'system'
    sources = sorted(folder.glob('*.[ch]'))
    for source in sources:
        finished = attempt(*CC, *FLAGS, f'-I{folder}', '-x', 'c', source)
        errors = [line for line in finished.stdout.splitlines() if '#pragma once in main file' not in line]
        if finished.returncode != 0 and source.suffix == '.c':
            print('\n'.join(errors))
            problem(f'{source.name} does not compile without GLib')
        for line in source.read_text(encoding='utf-8').splitlines():
            if re.search(r'\bg_[a-z]+_?\w* ?\(|\bG_[A-Z]|[<"]g(lib|io|object)', line):
                problem(f'{source.name} knows GLib: {line.strip()}')

    archive = BUILD / 'spacetest' / 'system' / 'libspacetest-system.a'
    symbols = {line.split()[-1] for line in run('nm', archive).splitlines() if re.search(r' [A-Za-z] \S+$', line)}
    for symbol in sorted(symbols):
        if symbol.startswith('g_'):
            problem(f'{archive.name} wants {symbol}')
        if symbol.startswith('__') and 'san' in symbol and not SANITIZED:
            problem(f'{archive.name} has {symbol}')
    if not any(symbol.startswith('st_') for symbol in symbols):
        problem(f'{archive.name} has nothing of ours')
    done(f'{len(sources)} files in {folder.name}')


main()
