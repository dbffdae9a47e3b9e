# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""commands.py SOURCE BUILD: the commands that README and the guides show, as they stand there.

What is different is what stands for something: numbers of processes, names of programs and files, and where a build directory is."""
import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

source, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
examples = source / "docs" / "examples"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ON_DEMAND = {"bench", "fuzz", "programs", "soak"}
PROGRAM = """#include <spacetest/spacetest.h>

int
main (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *net = g_file_read_link ("/proc/self/ns/net", NULL);
  if (!st_startup_get_status (&error))
    g_error ("%s", error->message);
  g_print ("%s\\n", net);
  return 0;
}
"""


class Failed(Exception):
    pass


def make_env():
    env = dict(os.environ)
    env["PATH"] = f"{build / 'spacetest' / 'cli'}:/usr/bin:{env['PATH']}"
    env["PKG_CONFIG_PATH"] = str(build / "meson-uninstalled")
    env["PYTEST_ADDOPTS"] = "-p no:cacheprovider -p pytest_spacetest"
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env["SHELL"] = "/bin/sh"
    return env


def run(text, folder, *before):
    """Returns what it printed."""
    if " " in str(build):  # what the guide to installing says of this
        text = re.sub(r"cc (.*?) (\$\(pkg-config [^)]*\))", r'eval cc \1 "\2"', text)
    print("# " + text.rstrip("\n").replace("\n", "\n# "), flush=True)
    finished = subprocess.run([*before, "sh", "-euc", text], cwd=folder, env=make_env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=100)
    print("# " + finished.stdout.rstrip("\n").replace("\n", "\n# "), flush=True)
    if finished.returncode != 0:
        raise Failed(f"exit status {finished.returncode}")
    return finished.stdout


def expect(condition, what):
    if not condition:
        raise Failed(what)


def put_examples(folder):
    for name in ("test-ports.c", "test_ports.py", "test-ports.js"):
        shutil.copy(examples / name, folder)
    shutil.copy(examples / "test-ports.c", folder / "my-tests.c")
    (folder / "program.c").write_text(PROGRAM)


def compile_program(name, folder):
    run(f"cc -o {name} {name}.c $(pkg-config --cflags --libs spacetest-1)", folder)


@contextlib.contextmanager
def resident(*options):
    """The number of a process in new namespaces."""
    command = [build / "spacetest" / "cli" / "spacetest", "run", *options, "--", "sh", "-c", "echo $$; exec sleep 1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=make_env()) as process:
        try:
            process.stdout.readline()
            yield str(process.pid)
        finally:
            process.kill()


def get_options():
    return {option["name"] for option in json.loads(subprocess.check_output(["meson", "introspect", "--buildoptions", build]))}


def call_for_help(text, folder):
    """It would be this very suite."""
    for line in text.splitlines():
        program, explanation = line.split("#")
        told = run(f"{shlex.quote(str(source / program.strip()))} --help", folder)
        for option in re.findall(r"--\w+", explanation):
            expect(option in told, f"{program} knows no {option}")


def look_at_options(text, folder):
    """It would take minutes; check-install.py installs."""
    words = [word for line in text.splitlines() for word in shlex.split(line, comments=True)]
    options = get_options()
    expect("build" not in words, "tests/quickstart has set up that one already, with another prefix")
    for word in words:
        if word.startswith("--"):
            expect(word[2:].partition("=")[0] in options, f"meson knows no {word}")


def look_at_suites(text, folder):
    tests = json.loads(subprocess.check_output(["meson", "introspect", "--tests", build]))
    suites = {suite.partition(":")[2] for test in tests for suite in test["suite"]}
    line = next(line for line in text.splitlines() if "--suite" in line)
    named = set(re.findall(r"[a-z]+", line.partition("--suite")[2].replace("# or", ""))) - {"or"}
    expect(named == suites - ON_DEMAND, f"the suites are {sorted(suites - ON_DEMAND)}, not {sorted(named)}")


def run_as_it_is(text, folder):
    run(text, folder)


def run_program(text, folder):
    compile_program("my-tests", folder)
    run(text, folder)


def run_in_build(text, folder):
    here = shlex.quote(str(folder))
    text = text.replace("-C build", f"-C {shlex.quote(str(build))}")
    text = text.replace("'cc -o my-tests ../my-tests.c", "'cd \"$FOLDER\"; cc -o my-tests my-tests.c")
    text = text.replace(" ../my-tests", f" --namespaces=user {here}/test_ports.py").replace(" ./my-tests", f" {here}/my-tests")
    run(f"export FOLDER={here}\n{text}", folder)


def use_command(text, folder):
    with resident("--user", "--net") as pid:
        text = text.replace("4711", pid).replace("/run/netns/blue", f"/proc/{pid}/ns/net")
        lines = run(text, folder).splitlines()
    expect(lines[0] == "lo", "it is in the host's network, or in none")
    with open("/proc/uptime", encoding="ascii") as uptime:
        expect(float(lines[1].split()[0]) > float(uptime.read().split()[0]) + 31_000_000, "it is not a year later")
    expect(f"{pid} " in lines[-1], "nobody holds the network")


def join_at_start(text, folder):
    """The first and the last line are for who may go there: for us, from where we are root."""
    compile_program("program", folder)
    with resident("--user", "--net") as pid:
        wanted = os.readlink(f"/proc/{pid}/ns/net")
        text = re.sub(r" +#.*", "", text).replace("1234", pid).replace("/run/netns/blue", f"/proc/{pid}/ns/net")
        for line in text.splitlines():
            before = [] if "spacetest_user" in line else ["spacetest", "enter", f"--target={pid}", "--user"]
            expect(run(line, folder, *before) == wanted + "\n", "it is somewhere else")


def leave_to_pip_check(text, folder):
    """check-pip.py does it without network."""
    check = (source / "tests" / "project" / "check-pip.py").read_text()
    for word in ("--system-site-packages", "--no-deps"):
        expect(word in text and word in check, f"{word} is in one of them only")
    expect((source / "bindings" / "python" / "pyproject.toml").exists(), "nothing to install")


def leave_to_install_check(text, folder):
    """check-install.py does it with what it has installed."""
    expect("export PATH=$prefix/bin:$PATH" in text, "check-install.py does not know it")


def leave_to_vala_check(text, folder):
    """check-vala.py compiles and runs the test, check-install.py compiles what finds the vapi by XDG_DATA_DIRS."""
    expect(text == "valac -X -w --pkg spacetest-1 test-ports.vala && ./test-ports\n", "check-vala.py and check-install.py do not know it")
    expect((examples / "test-ports.vala").exists(), "nothing to compile")


COMMANDS = {
    ("README.md", 0): call_for_help,
    ("README.md", 1): run_as_it_is,
    ("README.md", 2): use_command,
    ("CONTRIBUTING.md", 0): look_at_suites,
    ("inside.md", 0): join_at_start,
    ("installing.md", 0): look_at_options,
    ("installing.md", 1): leave_to_install_check,
    ("installing.md", 2): run_as_it_is,
    ("installing.md", 3): run_in_build,
    ("installing.md", 4): leave_to_pip_check,
    ("privileges.md", 0): run_program,
    ("python.md", 0): run_as_it_is,
    ("vala.md", 0): leave_to_vala_check,
}


def main():
    pages = [source / "README.md", *sorted((source / "docs").glob("*.md"))]
    blocks = {(page.name, number): text for page in pages for number, text in enumerate(BLOCK.findall(page.read_text()))}
    print(f"1..{len(blocks | COMMANDS)}")
    status = 0
    for number, key in enumerate(sorted(blocks | COMMANDS), 1):
        with tempfile.TemporaryDirectory(prefix="spacetest-commands-") as name:
            folder = pathlib.Path(name)
            put_examples(folder)
            try:
                expect(key in blocks, "it is not there any more")
                expect(key in COMMANDS, "nobody runs it")
                COMMANDS[key](blocks[key], folder)
                print(f"ok {number} {key[0]}:{key[1]}")
            except Failed as failure:
                print(f"not ok {number} {key[0]}:{key[1]} # {failure}")
                status = 1
    sys.exit(status)


main()
