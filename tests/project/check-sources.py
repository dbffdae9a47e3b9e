# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Source files: whose they are, how long they may be, and what does not belong in them."""
import re

from project import SOURCE, done, problem, source_files

SUFFIXES = ('.c', '.h', '.in', '.py', '.pyi', '.js', '.sh', '.ts', '.vala')
MARKS = ('SPDX-License-Identifier: LGPL-2.1-or-later', 'SPDX-FileCopyrightText: ')
UNFINISHED = re.compile(r'\b(' + '|'.join(('TO' 'DO', 'FIX' 'ME', 'XX' 'X')) + r')(?=[:\s(]|$)')
MOST_LINES = 600


def is_source(path, text):
    return path.suffix in SUFFIXES or text.startswith('#!')


def main():
    count = 0
    for path in source_files():
        try:
            text = path.read_text(encoding='utf-8')
        except UnicodeDecodeError:
            continue
        if not is_source(path, text):
            continue
        count += 1
        name = path.relative_to(SOURCE)
        lines = text.splitlines()
        head = '\n'.join(lines[:6])
        for mark in MARKS:
            if mark not in head:
                problem(f'{name} has no {mark}')
        if name.parts[0] == 'spacetest' and len(lines) > MOST_LINES:
            problem(f'{name} has {len(lines)} lines, more than {MOST_LINES}')
        for number, line in enumerate(lines, 1):
            if UNFINISHED.search(line):
                problem(f'{name}:{number} is not finished')
            if line != line.rstrip():
                problem(f'{name}:{number} ends in white space')
        if text and not text.endswith('\n'):
            problem(f'{name} does not end in a line')
    done(f'{count} source files')


main()
