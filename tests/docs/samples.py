# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Each sample of C, Python or JavaScript in README and the guides stands, word for word, in a file of docs/examples."""
import pathlib
import re
import sys

SAMPLE = re.compile(r"^```(?P<language>c|python|js)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
ENDINGS = {"c": ".c", "python": ".py", "js": ".js"}

top = pathlib.Path(sys.argv[1])
examples = [(path.suffix, path.read_text()) for path in (top / "docs" / "examples").iterdir()]
samples = [(page, sample) for page in [top / "README.md", *sorted((top / "docs").glob("*.md"))]
           for sample in SAMPLE.finditer(page.read_text())]
print(f"1..{len(samples)}")
for number, (page, sample) in enumerate(samples, 1):
    quoted = any(suffix == ENDINGS[sample["language"]] and sample["code"] in text for suffix, text in examples)
    line = page.read_text()[:sample.start()].count("\n") + 1
    print(f"{'ok' if quoted else 'not ok'} {number} {page.name}:{line}")
if not samples:
    sys.exit("no samples found")
