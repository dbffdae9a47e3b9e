# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""coverage.py SOURCE PROGRAM: in a coverage build, lines that only other processes run are covered: those of actions, of programs that start
themselves, and of the helper program. What is counted is written to a folder of this run, which others than the owner of the build may do."""
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

source, program = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
build = program.parent.parent


def get_counts(folder, file_name):
    """Of the lines of a source file, added up."""
    counts = {}
    for data in folder.rglob(f"*{file_name}.gcda"):
        notes = pathlib.Path("/") / data.relative_to(folder).with_suffix(".gcno")
        shutil.copy(notes, data.with_suffix(".gcno"))
        subprocess.run(["gcov", "--json-format", data], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        for report in folder.glob("*.gcov.json.gz"):
            for entry in json.loads(gzip.decompress(report.read_bytes()))["files"]:
                if entry["file"].endswith(file_name):
                    for line in entry["lines"]:
                        counts[line["line_number"]] = counts.get(line["line_number"], 0) + line["count"]
            report.unlink()
    return counts


def get_line(path, text):
    lines = [number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line]
    assert len(lines) == 1, (path, text, lines)
    return lines[0]


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    folder.chmod(0o777)
    subprocess.run([program], check=True, env={**os.environ, "GCOV_PREFIX": name})
    for path, text in ((source / "tests/inside/counted.c", "line of the action"), (source / "tests/inside/counted.c", "line of the spawned"),
                       (source / "spacetest/process/helper/join.c", "environment = copy_environment ();"),
                       (source / "spacetest/process/helper/service.c", "_exit (EXIT_SUCCESS);")):
        count = get_counts(folder, path.name).get(get_line(path, text), 0)
        print(f"{path.name}: {text}: {count}")
        assert count > 0, "not covered"
