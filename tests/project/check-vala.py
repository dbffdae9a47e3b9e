# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Vala programs compile against the vapi without a warning, and run."""
import os
import pathlib
import tempfile

from project import BUILD, CC, SOURCE, attempt, done, glib_flags, own_flags, problem, run

SAMPLES = {'sample': 'net:[', 'spaces': 'lo\neth0\n'}


def check(name, beginning, folder):
    source = SOURCE / 'tests' / 'project' / f'{name}.vala'
    output = run('valac', '--ccode', '--fatal-warnings', '--basedir', source.parent, '--directory', folder, '--vapidir', BUILD / 'spacetest',
                 '--pkg', 'gio-2.0', '--pkg', 'spacetest-1', source)
    if 'warning' in output:
        problem(output)
    run(*CC, '-w', *own_flags(), *glib_flags(), folder / f'{name}.c', '-o', folder / name, f'-L{BUILD / "spacetest"}',
        '-lspacetest-1', *run('pkg-config', '--libs', 'gio-2.0').split())
    env = {**os.environ, 'SPACETEST_LIBEXECDIR': str(BUILD / 'spacetest' / 'process' / 'helper')}
    finished = attempt(folder / name, folder / 'capture.pcapng', env=env)
    print(finished.stdout)
    if finished.returncode != 0 or not finished.stdout.startswith(beginning):
        problem(f'{name} ended with status {finished.returncode}')


def main():
    with tempfile.TemporaryDirectory(prefix='spacetest-vala-') as folder:
        for name, beginning in SAMPLES.items():
            check(name, beginning, pathlib.Path(folder))
        if not (pathlib.Path(folder) / 'capture.pcapng').stat().st_size:
            problem('nothing was captured')
    done(' and '.join(SAMPLES))


main()
