# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Vala programs compile against the vapi without a warning, and run."""
import os
import pathlib
import tempfile
import textwrap

from project import BUILD, CC, SOURCE, attempt, done, glib_flags, own_flags, problem, run

HERE, EXAMPLES = SOURCE / 'tests' / 'project', SOURCE / 'docs' / 'examples'
SAMPLES = {HERE / 'sample.vala': 'net:[', HERE / 'spaces.vala': 'lo\neth0\n', EXAMPLES / 'guide.vala': '', EXAMPLES / 'test-ports.vala': 'ok 1 /ports/80\n'}
NOT_LEFT = {'Test.init': 'exit status 1, not 0: the program ended on a visit', 'test_init': 'not ok 1 /forgotten - 1 visit was not left'}
ENV = {**os.environ, 'SPACETEST_LIBEXECDIR': str(BUILD / 'spacetest' / 'process' / 'helper')}


def build(source, folder):
    name = source.stem
    output = run('valac', '--ccode', '--fatal-warnings', '--basedir', source.parent, '--directory', folder, '--vapidir', BUILD / 'spacetest',
                 '--pkg', 'gio-2.0', '--pkg', 'spacetest-1', source)
    if 'warning' in output:
        problem(output)
    run(*CC, '-w', *own_flags(), *glib_flags(), folder / f'{name}.c', '-o', folder / name, f'-L{BUILD / "spacetest"}',
        '-lspacetest-1', *run('pkg-config', '--libs', 'gio-2.0').split())
    return folder / name


def quote(text):
    """Its results are none of this test."""
    print(textwrap.indent(text, '| '))


def check(source, words, folder):
    name = source.stem
    finished = attempt(build(source, folder), *([folder / 'capture.pcapng'] if name == 'spaces' else []), env=ENV)
    quote(finished.stdout)
    if finished.returncode != 0 or words not in finished.stdout:
        problem(f'{name} ended with status {finished.returncode}')


def check_forgotten(folder):
    """Who is nobody visits nothing after Test.init, and fails for that."""
    program = build(HERE / 'forgotten.vala', folder)
    for how, message in NOT_LEFT.items():
        finished = attempt(program, env={**ENV, **({} if how == 'Test.init' else {'WITH_SPACETEST': '1'})})
        quote(finished.stdout)
        if finished.returncode == 0 or (message not in finished.stdout and (how != 'Test.init' or os.geteuid() == 0)):
            problem(f'a forgotten visit passes after {how}')


def main():
    with tempfile.TemporaryDirectory(prefix='spacetest-vala-') as folder:
        for source, words in SAMPLES.items():
            check(source, words, pathlib.Path(folder))
        check_forgotten(pathlib.Path(folder))
        if not (pathlib.Path(folder) / 'capture.pcapng').stat().st_size:
            problem('nothing was captured')
    done(' and '.join(source.stem for source in SAMPLES))


main()
