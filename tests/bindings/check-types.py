# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""check-types.py STUB: mypy likes the stub, and complains where a user of it is wrong, and nowhere else."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TYPES = pathlib.Path(__file__).parent / "types"


def check(folder):
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir=/dev/null", folder / "sample.py",
               folder / "gi" / "repository" / "Spacetest.pyi"]
    result = subprocess.run(command, cwd=folder, env={"MYPYPATH": str(folder), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
    if result.stderr:
        sys.exit(result.stderr)
    found = set(re.findall(r"sample\.py:(\d+): error", result.stdout))
    wrong = {str(number) for number, line in enumerate((folder / "sample.py").read_text().splitlines(), 1) if line.endswith("# wrong")}
    elsewhere = [line for line in result.stdout.splitlines() if ": error" in line and not line.startswith("sample.py")]
    for number in sorted(wrong ^ found, key=int):
        print(f"sample.py:{number}: {'nobody complains' if number in wrong else 'somebody complains'}")
    if wrong ^ found or elsewhere or len(wrong) < 5:
        sys.exit(result.stdout)


def main():
    with tempfile.TemporaryDirectory(prefix="spacetest-types-") as name:
        folder = pathlib.Path(name) / "types"
        shutil.copytree(TYPES, folder)
        shutil.copy(sys.argv[1], folder / "gi" / "repository")
        check(folder)


main()
