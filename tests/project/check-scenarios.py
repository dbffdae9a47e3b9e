# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""tests/scenarios.md: every scenario has one line, and the tests that it names exist."""
import re

from project import SOURCE, done, problem

PAGE = SOURCE / 'tests' / 'scenarios.md'
# The families that are to be complete, and how many there are of each.
COMPLETE = {
    'API': 7,
    'BIND': 4,
    'DUMY': 2,
    'GONS': 14,
    'LINK': 12,
    'MCVL': 4,
    'MNT': 8,
    'MTNR': 4,
    'NDSI': 10,
    'NET': 16,
    'OPS': 24,
    'PORT': 10,
    'REEX': 12,
    'RTST': 11,
    'SBOX': 4,
    'SPACE': 31,
    'SPCR': 19,
    'SPEC': 5,
    'UDS': 7,
    'VETH': 4,
}
# The lists of bugs that are to be complete, by their headings.
BUGS = {
    'Actions': range(1, 14),
    'Chains of mount namespaces': range(14, 18),
    'Portable references': range(13, 14),
    'Startup switch': range(1, 12),
}
BUG = re.compile(r'^\| (\d+) \| (.+?) \| (.+) \|$')
ROW = re.compile(r'^\| ([A-Z]+-\d\d) \| (.+?) \| (.+) \|$')
TEST_PATH = re.compile(r'`(/[^`]+)`')
FILE = re.compile(r'`([\w.-]+/[\w./-]+)`')


def read_rows():
    rows = {}
    for line in PAGE.read_text(encoding='utf-8').splitlines():
        match = ROW.match(line)
        if match and match[1] in rows:
            problem(f'{match[1]} is listed twice')
        elif match:
            rows[match[1]] = match[3]
        elif re.match(r'^\| *[A-Z]+-\d', line):
            problem(f'cannot read the line: {line}')
    return rows


def read_bugs():
    rows, heading = {}, None
    for line in PAGE.read_text(encoding='utf-8').splitlines():
        match = BUG.match(line)
        if line.startswith('## '):
            heading = line[3:]
        elif match and (heading, int(match[1])) in rows:
            problem(f'bug {match[1]} of {heading} is listed twice')
        elif match:
            rows[heading, int(match[1])] = match[3]
    return rows


def known_paths():
    text = '\n'.join(path.read_text(encoding='utf-8') for path in sorted((SOURCE / 'tests').rglob('*.c')))
    return set(re.findall(r'test_add\w* \("(/[^"]+)"', text))


def check_row(name, answer, paths):
    named = TEST_PATH.findall(answer)
    files = [file for file in FILE.findall(answer) if not file.startswith('/')]
    for path in named:
        if path not in paths:
            problem(f'{name}: there is no test {path}')
    for file in files:
        if not (SOURCE / file).exists():
            problem(f'{name}: there is no {file}')
    if not named and not files and not answer.startswith(('with issue ', 'no: ')):
        problem(f'{name}: neither a test nor a reason: {answer}')


def main():
    rows = read_rows()
    paths = known_paths()
    for family, count in COMPLETE.items():
        for number in range(1, count + 1):
            if f'{family}-{number:02}' not in rows:
                problem(f'{family}-{number:02} is not listed')
    for name, answer in rows.items():
        check_row(name, answer, paths)
        if name.split('-')[0] not in COMPLETE:
            problem(f'{name} is of no known family')
    bugs = read_bugs()
    for heading, number in {(heading, number) for heading, numbers in BUGS.items() for number in numbers} | set(bugs):
        check_row(f'bug {number} of {heading}', bugs.get((heading, number), 'it is not listed'), paths)
    for path in sorted(paths):
        for name in re.findall(r'[A-Z]+-\d\d', path):
            if not TEST_PATH.search(rows.get(name, '')):
                problem(f'the line of {name} names no test, but there is {path}')
    done(f'{len(rows)} scenarios, {len(bugs)} bugs, {len(paths)} tests')


main()
