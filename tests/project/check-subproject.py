# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Another meson project uses the tree as a subproject, from a path with a space in it."""
import os
import pathlib
import shutil
import tempfile

from project import SOURCE, attempt, clean_env, done, problem, run, sample_in, source_files

# With what the guide to installing says in between.
BEFORE = "project('user of spaces', 'c', version: '7', meson_version: '>= 1.0.0')\n"
AFTER = "assert(spacetest.version().version_compare('>= 0.1.0'), 'has no version')\n"


def copy_tree(destination):
    for path in source_files():
        copy = destination / path.relative_to(SOURCE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)


def main():
    with tempfile.TemporaryDirectory(prefix='spacetest as a subproject ') as name:
        folder = pathlib.Path(name)
        copy_tree(folder / 'subprojects' / 'spacetest')
        shutil.copy2(SOURCE / 'tests' / 'project' / 'sample.c', folder / 'my-tests.c')
        (folder / 'meson.build').write_text(BEFORE + sample_in('installing.md', 'meson') + AFTER, encoding='ascii')
        build = folder / 'a build'
        env = clean_env()
        output = run('meson', 'setup', '--force-fallback-for=spacetest', build, folder, env=env)
        for line in output.splitlines():
            if 'WARNING' in line:
                problem(line)
        run('ninja', '-j2', '-C', build, 'my-tests', env=env)
        finished = attempt(build / 'my-tests', env=env, cwd=os.sep)
        print(finished.stdout)
        if finished.returncode != 0 or not finished.stdout.startswith('net:['):
            problem(f'the sample ended with status {finished.returncode}')
    done('a subproject')


main()
