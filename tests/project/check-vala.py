# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""A Vala program compiles against the vapi without a warning, and runs."""
import os
import pathlib
import tempfile

from project import BUILD, CC, SOURCE, attempt, done, glib_flags, own_flags, problem, run

SAMPLE = SOURCE / 'tests' / 'project' / 'sample.vala'


def main():
    with tempfile.TemporaryDirectory(prefix='spacetest-vala-') as name:
        folder = pathlib.Path(name)
        output = run('valac', '--ccode', '--fatal-warnings', '--directory', folder, '--vapidir', BUILD / 'spacetest',
                     '--pkg', 'gio-2.0', '--pkg', 'spacetest-1', SAMPLE)
        if 'warning' in output:
            problem(output)
        run(*CC, '-w', *own_flags(), *glib_flags(), folder / 'sample.c', '-o', folder / 'sample', f'-L{BUILD / "spacetest"}',
            '-lspacetest-1', *run('pkg-config', '--libs', 'gio-2.0').split())
        finished = attempt(folder / 'sample', env=os.environ)
        print(finished.stdout)
        if finished.returncode != 0 or not finished.stdout.startswith('net:['):
            problem(f'the sample ended with status {finished.returncode}')
    done(SAMPLE.name)


main()
