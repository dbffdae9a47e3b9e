# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What `meson test` left in its JSON log, counted case by case: TAP lines and pytest's totals where there are any.

results.py suites BUILD                   the suites that BUILD has tests in, one a line
results.py tally LABEL SECONDS TOTALS LOG one line for LABEL, the output of what failed; adds the counts to TOTALS
results.py coverage JSON                  a line for each folder of what gcovr counted
results.py total TOTALS                   the sum of it all; fails if anything failed
"""
import collections
import json
import re
import subprocess
import sys

TAP = re.compile(r"^(?P<no>not )?ok\b[^#]*(?:#\s*(?P<directive>SKIP|[T]ODO)\S*\s*(?P<reason>.*))?$", re.IGNORECASE)
TAP_PLAN = re.compile(r"^1\.\.\d+", re.MULTILINE)
TAP_NOTHING = re.compile(r"^1\.\.0\s*#\s*SKIP\S*\s*(?P<reason>.*)$", re.IGNORECASE | re.MULTILINE)
PYTEST = re.compile(r"^=* ?(?P<counts>\d+ [a-z]+(?:, \d+ [a-z]+)*) in [\d.]+s.*$", re.MULTILINE)
PYTEST_REASON = re.compile(r"^SKIPPED \[(?P<count>\d+)\] [^ ]+ (?P<reason>.*)$", re.MULTILINE)
PYTEST_EXIT = re.compile(r"^!+ _pytest\.outcomes\.Exit: (?P<reason>.*?) !+$")
NUMBER = re.compile(r"\[\d+\]")     # of a namespace, another one each time
REPORT = re.compile(r"^(?:==\d+== ?ERROR|WARNING): \w+Sanitizer|: runtime error: |^==\d+== (?! |Process terminating).+\n==\d+== +(?:at|by) 0x",
                    re.MULTILINE)
GOOD = {"OK", "SKIP", "EXPECTEDFAIL"}


class Counts:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.reasons = collections.Counter()

    def skip(self, reason, count=1):
        self.skipped += count
        self.reasons[NUMBER.sub("[...]", reason).strip() or "no reason given"] += count

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.reasons += other.reasons

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def count_tap(text):
    counts = Counts()
    nothing = TAP_NOTHING.search(text)
    if nothing:
        counts.skip(nothing["reason"])
    for line in text.splitlines():
        case = TAP.match(line)
        if not case:
            continue
        if case["directive"]:
            counts.skip(case["reason"])
        elif case["no"]:
            counts.failed += 1
        else:
            counts.passed += 1
    return counts


def count_pytest(text):
    counts = Counts()
    named = collections.Counter()
    for part in PYTEST.search(text)["counts"].split(", "):
        number, name = part.split()
        named[name] += int(number)
    counts.passed = named["passed"] + named["xfailed"]
    counts.failed = named["failed"] + named["error"] + named["errors"] + named["xpassed"]
    for reason in PYTEST_REASON.finditer(text):
        counts.skip(reason["reason"], int(reason["count"]))
    if named["skipped"] > counts.skipped:
        counts.skip("", named["skipped"] - counts.skipped)
    return counts


def count_whole(entry):
    counts = Counts()
    if entry["result"] == "SKIP":
        last_line = (entry.get("stdout") or entry.get("stderr") or "").strip().rpartition("\n")[2]
        counts.skip(PYTEST_EXIT.sub(r"\g<reason>", last_line))
    elif entry["result"] in GOOD:
        counts.passed = 1
    else:
        counts.failed = 1
    return counts


def count(entry):
    text = entry.get("stdout") or ""
    if TAP_PLAN.search(text):
        counts = count_tap(text)
    elif PYTEST.search(text):
        counts = count_pytest(text)
    else:
        return count_whole(entry)
    # It crashed, hung, or broke its own plan; or a checker found something in a process that nobody asks how it ended.
    if not counts.failed and (entry["result"] not in GOOD or REPORT.search(entry.get("stderr") or "")):
        counts.failed = 1
    return counts


def show_failure(entry):
    print(f"---- {entry['name']}: {entry['result']}, exit status {entry['returncode']}")
    print(f"     {' '.join(entry['command'])}")
    for stream in "stdout", "stderr":
        if entry.get(stream):
            print(entry[stream].rstrip())
    print("----")


def tally(label, seconds, totals_path, log_path):
    with open(log_path, encoding="utf-8") as log:
        entries = [json.loads(line) for line in log]
    counts = Counts()
    failed = []
    for entry in entries:
        part = count(entry)
        counts.add(part)
        if part.failed:
            failed.append(entry)
    print(f"{label:14} {counts}   {seconds} s", flush=True)
    for entry in failed:
        show_failure(entry)
    with open(totals_path, "a", encoding="utf-8") as totals:
        totals.write(json.dumps(vars(counts)) + "\n")


def total(totals_path):
    counts = Counts()
    with open(totals_path, encoding="utf-8") as totals:
        for line in totals:
            part = Counts()
            vars(part).update(json.loads(line))
            part.reasons = collections.Counter(part.reasons)
            counts.add(part)
    for reason, number in sorted(counts.reasons.items()):
        print(f"skipped: {number} x {reason}")
    print(counts)
    return 1 if counts.failed or not counts.passed else 0


def coverage(summary_path):
    with open(summary_path, encoding="utf-8") as summary:
        files = json.load(summary)["files"]
    covered, lines = collections.Counter(), collections.Counter()
    for entry in files:
        folder = entry["filename"].rpartition("/")[0]
        covered[folder] += entry["line_covered"]
        lines[folder] += entry["line_total"]
    for folder in sorted(lines):
        print(f"{folder:26} {covered[folder]:5} of {lines[folder]:5} lines, {covered[folder] / max(lines[folder], 1):6.1%}")


def suite_of(test):
    if len(test["suite"]) != 1 or ":" not in test["suite"][0]:
        sys.exit(f"test {test['name']} needs exactly one suite, has {test['suite']}")
    return test["suite"][0].rpartition(":")[2]


def suites(build):
    output = subprocess.run(["meson", "introspect", "--tests", build], check=True, stdout=subprocess.PIPE).stdout
    first = ["core", "process", "inside", "network", "testing", "cli", "bindings", "docs", "project", "stories"]
    found = {suite_of(test) for test in json.loads(output)}
    print(*sorted(found, key=lambda suite: (first.index(suite) if suite in first else len(first), suite)), sep="\n")


if __name__ == "__main__":
    sys.exit({"coverage": coverage, "suites": suites, "tally": tally, "total": total}[sys.argv[1]](*sys.argv[2:]))
