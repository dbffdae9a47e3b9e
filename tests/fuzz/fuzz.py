# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""fuzz.py PROGRAM CORPUS: runs a libFuzzer program for SPACETEST_FUZZ_SECONDS (30 if not set), on a copy of its corpus."""
import os
import shutil
import subprocess
import sys
import tempfile


def main():
    program, corpus = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        grown = os.path.join(folder, 'corpus')
        shutil.copytree(corpus, grown)
        seconds = os.environ.get('SPACETEST_FUZZ_SECONDS', '30')
        command = [program, f'-max_total_time={seconds}', '-max_len=16384', '-timeout=10', '-print_final_stats=1', '-verbosity=1',
                   f'-artifact_prefix={folder}/', grown]
        finished = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, errors='replace', check=False)
        print('\n'.join(finished.stdout.splitlines()[-40:]))
        for name in sorted(os.listdir(folder)):
            if name != 'corpus':
                with open(os.path.join(folder, name), 'rb') as file:
                    print(f'{name}: {file.read().hex()}')
    sys.exit(finished.returncode != 0)


main()
