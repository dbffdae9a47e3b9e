# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""The symbols that the library exports are those of the checked-in list: a change of the ABI is never an accident.

    check-symbols.py [--update]
"""
import sys

from project import LIBRARY, SOURCE, done, problem, run

# In a coverage build, see st-coverage.h.
COUNTING = {'_exit', 'abort'}
LIST = SOURCE / 'tests' / 'project' / 'exported-symbols.txt'


def main():
    exported = sorted(line.split()[-1] for line in run('nm', '-D', '--defined-only', LIBRARY).splitlines())
    if COUNTING <= set(exported):
        exported = [symbol for symbol in exported if symbol not in COUNTING]
    if '--update' in sys.argv:
        LIST.write_text(''.join(f'{symbol}\n' for symbol in exported), encoding='ascii')
    listed = LIST.read_text(encoding='ascii').splitlines()
    for symbol in sorted(set(exported) - set(listed)):
        problem(f'{symbol} is exported, but not listed')
    for symbol in sorted(set(listed) - set(exported)):
        problem(f'{symbol} is listed, but not exported')
    for symbol in exported:
        if not symbol.startswith('st_'):
            problem(f'{symbol} does not start with st_')
    if listed != sorted(set(listed)):
        problem('the list is not sorted, or has something twice')
    if listed != exported:
        print('if that is intended: meson compile -C BUILD update-exported-symbols')
    done(f'{len(exported)} exported symbols')


main()
