# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the checks of the project share: where things are, how to run a program, how to report."""
import os
import pathlib
import re
import shlex
import subprocess
import sys

SOURCE = pathlib.Path(os.environ['SPACETEST_SOURCE_ROOT'])
BUILD = pathlib.Path(os.environ['SPACETEST_BUILD_ROOT'])
CC = shlex.split(os.environ['SPACETEST_CC'])
CXX = shlex.split(os.environ.get('SPACETEST_CXX', ''))
LIBRARY = BUILD / 'spacetest' / 'libspacetest-1.so.0'
SANITIZED = os.environ.get('SPACETEST_SANITIZED') == '1'

_problems = []


def problem(text):
    _problems.append(text)
    print(f'PROBLEM: {text}', flush=True)


def done(what):
    """Ends the check; @what was looked at."""
    print(f'{what}: {len(_problems)} problem(s)')
    sys.exit(1 if _problems else 0)


def clean_env(**more):
    """The environment without what makes the uninstalled library be found."""
    found_by = ('LD_LIBRARY_PATH', 'GI_TYPELIB_PATH', 'PYTHONPATH', 'GJS_PATH', 'PKG_CONFIG_PATH')
    env = {name: value for name, value in os.environ.items() if name not in found_by}
    env.update({name: str(value) for name, value in more.items()})
    return env


def attempt(*command, **options):
    """Returns the finished process, with all of its output in stdout."""
    command = [str(word) for word in command]
    print('$', shlex.join(command), flush=True)
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)


def run(*command, **options):
    """Returns the output; it is a problem, and the end, if the command fails."""
    finished = attempt(*command, **options)
    if finished.returncode != 0:
        print(finished.stdout)
        problem(f'exit status {finished.returncode}')
        done(shlex.join(str(word) for word in command))
    return finished.stdout


def glib_flags():
    """As system headers, so that their warnings are not ours."""
    words = shlex.split(run('pkg-config', '--cflags', 'gio-2.0'))
    return [re.sub('^-I', '-isystem', word) for word in words]


def own_flags():
    return [f'-I{SOURCE}', f'-I{BUILD}']


def sample_in(guide, language):
    """The one that a guide has of a language."""
    sample, = re.findall(rf'^```{language}\n(.*?)^```$', (SOURCE / 'docs' / guide).read_text(encoding='utf-8'), re.MULTILINE | re.DOTALL)
    return sample


def is_build_directory(path):
    return (path / 'meson-private').exists()


def source_files(top=SOURCE):
    """All files of the tree, leaving out build directories and what tools leave behind."""
    for directory, names, files in os.walk(top):
        here = pathlib.Path(directory)
        names[:] = sorted(name for name in names if not name.startswith(('.', '__')) and not is_build_directory(here / name))
        for name in sorted(files):
            yield here / name
