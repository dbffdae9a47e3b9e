# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Each sample of C, Python, JavaScript or Vala in README, the guides and the reference stands, word for word, in a file of docs/examples.

Those of the shell are run by commands.py, in the reference as parts of them. What other languages there are has a test of its own."""
import pathlib
import re
import sys
import textwrap

SAMPLE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"^/\*\*\n(?P<text>.*?)^ \*/$", re.MULTILINE | re.DOTALL)
ENDINGS = {"c": ".c", "python": ".py", "js": ".js", "vala": ".vala"}
RUN_ELSEWHERE = {"sh": "commands.py", "json": "check-typescript.py", "meson": "check-subproject.py", "": "what a program says"}
top = pathlib.Path(sys.argv[1])


def find_in_pages():
    for page in [top / "README.md", *sorted((top / "docs").glob("*.md"))]:
        text = page.read_text()
        for sample in SAMPLE.finditer(text):
            yield page.name, text[:sample.start()].count("\n") + 1, sample["language"], sample["code"]


def find_in_sources():
    for source in sorted((top / "spacetest").rglob("*.[ch]")):
        text = source.read_text()
        for comment in COMMENT.finditer(text):
            plain = re.sub(r"^ \* ?", "", comment["text"], flags=re.MULTILINE)
            line = text[:comment.start()].count("\n") + 2
            for sample in SAMPLE.finditer(plain):
                yield source.name, line + plain[:sample.start()].count("\n"), sample["language"], sample["code"]


def stands_in(code, text):
    """Maybe further to the right."""
    return any("\n" + textwrap.indent(code, " " * width) in text for width in (0, 2, 4, 8))


def main():
    examples = [(path.suffix, path.read_text()) for path in (top / "docs" / "examples").iterdir() if path.is_file()]
    in_pages, in_sources = list(find_in_pages()), list(find_in_sources())
    commands = "".join(code for _, _, language, code in in_pages if language == "sh")
    print(f"1..{len(in_pages) + len(in_sources)}")
    for number, (name, line, language, code) in enumerate(in_pages + in_sources, 1):
        if language in ENDINGS:
            is_tested = any(suffix == ENDINGS[language] and stands_in(code, text) for suffix, text in examples)
        elif number > len(in_pages):
            is_tested = language == "sh" and code.rstrip("\n") in commands
        else:
            is_tested = language in RUN_ELSEWHERE
        print(f"{'ok' if is_tested else 'not ok'} {number} {name}:{line}")
    if not in_pages or not in_sources:
        sys.exit("no samples found")


main()
