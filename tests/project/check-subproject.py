# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Another meson project uses the tree as a subproject, from a path with a space in it."""
import os
import pathlib
import shutil
import tempfile

from project import SOURCE, attempt, clean_env, done, problem, run, source_files

MESON_BUILD = '''project('user of spaces', 'c', version: '7', meson_version: '>= 1.0.0')
spacetest = dependency('spacetest-1', fallback: ['spacetest', 'spacetest_dep'])
assert(spacetest.version().version_compare('>= 0.1.0'), 'has no version')
executable('sample', 'sample.c', dependencies: spacetest)
'''


def copy_tree(destination):
    for path in source_files():
        copy = destination / path.relative_to(SOURCE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)


def main():
    with tempfile.TemporaryDirectory(prefix='spacetest as a subproject ') as name:
        folder = pathlib.Path(name)
        copy_tree(folder / 'subprojects' / 'spacetest')
        shutil.copy2(SOURCE / 'tests' / 'project' / 'sample.c', folder)
        (folder / 'meson.build').write_text(MESON_BUILD, encoding='ascii')
        build = folder / 'a build'
        env = clean_env()
        output = run('meson', 'setup', '--force-fallback-for=spacetest', build, folder, env=env)
        for line in output.splitlines():
            if 'WARNING' in line:
                problem(line)
        run('ninja', '-j2', '-C', build, 'sample', env=env)
        finished = attempt(build / 'sample', env=env, cwd=os.sep)
        print(finished.stdout)
        if finished.returncode != 0 or not finished.stdout.startswith('net:['):
            problem(f'the sample ended with status {finished.returncode}')
    done('a subproject')


main()
