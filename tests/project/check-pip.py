# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What pip installs works wherever that is, beside the stubs of others, and goes away again. Without network."""
import os
import pathlib
import re
import shutil
import sys
import tempfile

from project import BUILD, SOURCE, attempt, clean_env, done, problem, run

PYTHON = '/usr/bin/python3'
PIP = ['-m', 'pip', '--no-input', '--disable-pip-version-check']
OTHER_STUBS = SOURCE / 'tests' / 'bindings' / 'types' / 'gi'
WHERE = '''
import gi
gi.require_version('Spacetest', '1')
from gi.repository import Spacetest
from gi.overrides._spacetest import visits
assert Spacetest.leave_visits is visits.leave_visits
print(visits.__file__)
'''
TESTS = '''
import pytest
def test_fixture(netns, spaces):
    assert netns.check_output(["true"]) == b"" and spaces("alice") != netns
'''
TYPED = '''
from gi.repository import Gio, Spacetest
made: Gio.Socket = Spacetest.TransientNetns.new().create_socket(Gio.SocketFamily.IPV4, Gio.SocketType.STREAM)
wrong: int = Spacetest.TransientNetns.new()
'''


def get_env(**more):
    return clean_env(GI_TYPELIB_PATH=BUILD / 'spacetest', LD_LIBRARY_PATH=BUILD / 'spacetest', PIP_NO_INDEX=1,
                     SPACETEST_LIBEXECDIR=BUILD / 'spacetest' / 'process' / 'helper', PYTHONDONTWRITEBYTECODE=1,
                     PATH=f'{BUILD}/spacetest/cli:/usr/bin:/bin', **more)


def build(folder):
    """Returns the wheel; the source stays as it is."""
    shutil.copytree(SOURCE / 'bindings' / 'python', folder / 'python', ignore=shutil.ignore_patterns('__pycache__', 'build', '*.egg-info'))
    before = set((folder / 'python').rglob('*'))
    run(PYTHON, *PIP, 'wheel', '--no-build-isolation', '--no-deps', '-w', folder, folder / 'python', env=get_env(), cwd=folder)
    if new := set((folder / 'python').rglob('*')) - before:
        problem(f'pip left in the source: {sorted(map(str, new))}')
    wheel, = folder.glob('*.whl')
    version = re.search(r"^\s*version: '([^']+)'", (SOURCE / 'meson.build').read_text(encoding='utf-8'), re.MULTILINE)[1]
    if not wheel.name.startswith(f'spacetest-{version}-'):
        problem(f'{wheel.name} is not of version {version}')
    return wheel


def check_use(folder, python, place, env):
    """As somebody would who knows nothing of where it is."""
    found = run(python, '-c', WHERE, env=env, cwd=folder).strip()
    if not found.startswith(f'{place}{os.sep}'):
        problem(f'the overrides are those of {found}, not below {place}')
    (folder / 'test_it.py').write_text(TESTS, encoding='utf-8')
    for options in ([], ['-p', 'pytest_spacetest']):
        command = [python, '-m', 'pytest', '-c', os.devnull, '-p', 'no:cacheprovider', '--strict-markers', *options, 'test_it.py']
        output = run(*command, env=env, cwd=folder)
        if '1 passed' not in output:
            problem(f'the plug-in was not of use with {options}: {output}')
    if '--namespaces=KINDS' not in run(python, '-m', 'pytest', '--help', env=env, cwd=folder):
        problem('pytest has no option --namespaces')


def check_types(folder, python, stubs, env):
    """Stubs of others for gi, in the same place and in another one."""
    (folder / 'typed.py').write_text(TYPED, encoding='utf-8')
    for place in (stubs, folder / 'other'):
        for path in OTHER_STUBS.rglob('*.pyi'):
            copy = place / 'gi-stubs' / path.relative_to(OTHER_STUBS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        (stubs / 'other.pth').write_text(f'{folder / "other"}\n', encoding='utf-8')
        finished = attempt(python, '-m', 'mypy', '--strict', '--cache-dir', os.devnull, 'typed.py', env=env, cwd=folder)
        if re.findall(r': error: (.*?) \(', finished.stdout) != ['Incompatible types in assignment']:
            problem(f'a type checker says {finished.stdout}')
        for path in OTHER_STUBS.rglob('*.pyi'):
            (place / 'gi-stubs' / path.relative_to(OTHER_STUBS)).unlink()
        (stubs / 'other.pth').unlink()


def check_gone(python, place, before):
    run(python, *PIP, 'uninstall', '--yes', 'spacetest', env=get_env())
    left = {path for path in place.rglob('*') if not path.is_dir()} - before
    if left:
        problem(f'left behind: {sorted(map(str, left))}')
    if attempt(python, '-c', WHERE, env=get_env()).returncode == 0:
        problem('the overrides are still found')


def main():
    has_mypy = 'mypy' in sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix='spacetest-pip-') as name:
        folder = pathlib.Path(name).resolve()
        wheel = build(folder)

        run(PYTHON, '-m', 'venv', '--system-site-packages', '--without-pip', folder / 'venv')
        python = folder / 'venv' / 'bin' / 'python'
        place, = (folder / 'venv' / 'lib').glob('python3*/site-packages')
        before = {path for path in place.rglob('*') if not path.is_dir()}
        run(python, *PIP, 'install', '--no-deps', wheel, env=get_env())
        check_use(folder, python, place, get_env())
        if has_mypy:
            check_types(folder, python, place, get_env())
        check_gone(python, place, before)

        run(PYTHON, *PIP, 'install', '--no-deps', '--target', folder / 'target', wheel, env=get_env())
        check_use(folder, PYTHON, folder / 'target', get_env(PYTHONPATH=folder / 'target'))
        shutil.copytree(next((folder / 'target').glob('*.dist-info')), folder / 'twice' / 'spacetest.egg-info')
        check_use(folder, PYTHON, folder / 'target', get_env(PYTHONPATH=f"{folder / 'target'}:{folder / 'twice'}"))
    done('what pip installs')


main()
