# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""guides.py SOURCE BUILD: what README, the guides and the man page name is there, and what is there is named where it has to be."""
import ast
import html
import pathlib
import re
import sys

source, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
docs = source / "docs"
PAGES = [source / "README.md", *sorted(docs.glob("*.md")), docs / "spacetest.1"]
problems = []

# All that the five systems export, by their own names.
PREDECESSORS = """
NS_GET_NSTYPE Reference Name Type Ino Current CurrentIno EnterTransient NewTransient NewUnmanagedTransient Execute Call
netns.Current netns.EnterTransient netns.Execute mntns.Current mntns.EnterTransient mntns.NewTransient mntns.MountSysfsRO
mntns.MountTmpfs MountTmpfsOn units.Capacity bindmount.NewTransient bindmount.AllNsfsMounts
spacer.New WithOut WithErr Client.Close Client.PID PIDfromPIDFd Client.Subspace Client.NewTransient Client.Rooms api gobmsg
service.Spacer service.Serve Spacemaker spacer-service NewPair NewUnixConn SendWithFds ReceiveWithFds
netns.NewNetlinkHandle netns.NsID link.NewTransient InNamespace WithPeerNamespace WithLinkNamespace link.Link WrapWithLinkNamespace
EnsureWrap Unwrap link.RandomNifname link.EnsureUp veth.NewTransient dummy.NewTransient NewTransientUp macvlan.NewTransient
CreateTransient WithMode macvlan.LocateHWParent netdevsim.NewTransient HasNetdevsim Link Unlink ensure.Netdevsim NetdevsimRoot
NamespacePath TypedNamespacePath NewTypedNamespacePath NamespaceFd TypedNamespaceFd NewTypedNamespaceFd NamespaceFile
NewNamespaceFile TypedNamespaceFile NewTypedNamespaceFile Relation Opener OpenTypedReference NsFd ID User Parent OwnerUID String
InvalidNamespaceError NamespaceOperationError SwitchNamespaceErr RestoreNamespaceErr species.NamespaceType NaNS AllNS NameToType
species.NamespaceID NoneID IDwithType NamespaceIDfromInode Visit Go PortableReference Open LocateNamespace
LocateNamespaceInNamespaces mountineer.New NewWithMountNamespace NewInContext OpenFile ReadFile ReadDir Resolve Mountineer.Ref Close
Mountineer.PID mntnssandbox StandaloneSandboxBinary MntnsSandboxBinary procfsroot.EvalSymlinks
gons_net gons_order Status NamespaceSwitchError Register CheckAction RunAction ReexecAction NewReexecAction RunReexecAction ForkReexec
ForkReexecEnv Namespaces Param Result Environment M.Run TestMainWithCoverage
""".split()
# Theirs, and not ours: what some make is told to others of us.
PRIVATE_VARIABLES = {"SPACETEST_ACTION", "SPACETEST_STARTED_AGAIN", "SPACETEST_PYTEST_INSIDE"}
# Of the tests, which CONTRIBUTING tells of.
VARIABLES_OF_TESTS = {"SPACETEST_FUZZ_SECONDS", "SPACETEST_SOAK_SECONDS"}


def read(path):
    return path.read_text(encoding="utf-8").replace("\\-", "-")


def find_words(pattern):
    """Each match in the pages, with where it is."""
    for page in PAGES:
        for number, line in enumerate(read(page).splitlines(), 1):
            for word in re.findall(pattern, line):
                yield f"{page.name}:{number}", word


def check_symbols():
    """Functions and macros of C, by the headers."""
    headers = "".join(read(path) for path in (source / "spacetest").rglob("*.h"))
    known = set(re.findall(r"\b(?:st_\w+|ST_\w+)", headers)) | {"ST_SPACE", "ST_NAMESPACE_REF", "ST_TRANSIENT_MNTNS"}
    for where, word in find_words(r"\b(?:st_[a-z]\w+|ST_[A-Z]\w+)"):
        if word not in known:
            problems.append(f"{where}: there is no {word}")


def check_variables():
    """What is read of the environment, and what is told of it."""
    quoted = re.compile(r"[\"'](SPACETEST_[A-Z_]+)[=\"']")
    code = [path for folder in ("spacetest", "bindings") for path in (source / folder).rglob("*") if path.suffix in (".c", ".h", ".py", ".js")]
    read_by_code = {name for path in code for name in quoted.findall(read(path))} - PRIVATE_VARIABLES
    told = {}
    for where, name in find_words(r"\bSPACETEST_[A-Z_]*[A-Z]\b"):
        told.setdefault(name, where)
    for name in sorted(read_by_code - set(told)):
        problems.append(f"{name} is read, and no page tells of it")
    for name in sorted(set(told) - read_by_code - VARIABLES_OF_TESTS):
        problems.append(f"{told[name]}: nobody reads {name}")


def check_errors():
    """Errors that lead to a guide."""
    for path in (source / "spacetest").rglob("*.[ch]"):
        for guide in re.findall(r"see docs: (\w+)", read(path)):
            if not (docs / f"{guide}.md").exists():
                problems.append(f"{path.name}: there is no guide {guide}")


def check_links():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)", read(page)):
            if re.match(r"(https?|man):", target):
                continue
            is_guide = target.endswith(".html") and (docs / target).with_suffix(".md").exists()
            if not is_guide and not (page.parent / target).exists():
                problems.append(f"{page.name}: there is no {target}")
    guides = re.findall(r"'([\w-]+\.md)'", read(docs / "meson.build"))
    for page in docs.glob("*.md"):
        is_rendered = page.read_text(encoding="utf-8").startswith("Title: ")
        if is_rendered != (page.name in guides):
            problems.append(f"{page.name} has a title if, and only if, it is one of the guides")
        if page.name not in {pathlib.Path(target).name for target in re.findall(r"\]\(([^)]+)\)", read(source / "README.md"))}:
            problems.append(f"README leads nowhere near {page.name}")


def check_reference():
    """Where it was made: links of pages lead to pages and places that are there."""
    reference = build / "docs" / "spacetest-1"
    pages = {path.name: path.read_text(encoding="utf-8") for path in reference.glob("*.html")}
    mapped = set(re.findall(r"\['(\w+)', 'https:", read(reference / "urlmap.js"))) if pages else set()
    for name, text in pages.items():
        for namespace in set(re.findall(r'data-namespace="(\w+)"', text)) - mapped:
            problems.append(f"{name}: nobody says where {namespace} is")
        for target in map(html.unescape, re.findall(r'(?:href|src)="([^"]+)"', text)):
            path, _, place = target.partition("#")
            is_of_an_alias = name.startswith("alias.") and path == name.replace("alias.", "struct.")  # gi-docgen's own mistake
            if re.match(r"(https?|man|javascript):", target) or is_of_an_alias:
                continue
            if path and not (reference / path).exists():
                problems.append(f"{name}: there is no {path}")
            elif place and (path or name) in pages and f'id="{place}"' not in pages[path or name]:
                problems.append(f"{name}: {path or name} has no {place}")
    return len(pages)


def split_arguments(text):
    """What stands between commas, as far as those of the outermost brackets go."""
    parts, depth, quoted = [""], 0, False
    for index, character in enumerate(text):
        if character == '"' and text[index - 1] != "\\":
            quoted = not quoted
        depth += 0 if quoted else {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            return parts
        if character == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def get_texts(argument):
    return [ast.literal_eval(text) for text in re.findall(r'"(?:[^"\\]|\\.)*"', argument)]


def get_blockers():
    """For each message of the probe: what it looks like, and its cures."""
    code = read(source / "spacetest" / "system" / "st-probe-blocker.c")
    calls = [split_arguments(code[found.end():]) for found in re.finditer(r"\bset \((?=blocker,)", code)]
    for _, _, cure, what, *_ in calls:
        for text in get_texts(what):
            yield re.sub(r"%l?[sdu]", r"\\S+", re.escape(text).replace("\\%", "%")), text, get_texts(cure)


def check_blockers():
    rows = re.findall(r"^\| (`.+?) \| (.+) \|$", read(docs / "privileges.md").split("| the message says |")[1].split("\n\n")[0], re.MULTILINE)
    told = [(message, cure.replace("`", "")) for messages, cure in rows for message in re.findall("`(.+?)`", messages)]
    blockers = list(get_blockers())
    for message, cure in told:
        cures = [cures for pattern, _, cures in blockers if re.fullmatch(pattern, message)]
        if not cures:
            problems.append(f"privileges.md: the probe never says {message!r}")
        elif not any(cure in each or not each for each in cures):
            problems.append(f"privileges.md: to {message!r} the probe does not say {cure!r}, but {cures}")
    for pattern, text, _ in blockers:
        if not any(re.fullmatch(pattern, message) for message, _ in told):
            problems.append(f"privileges.md lacks {text!r}")
    return len(blockers)


def check_predecessors():
    page = read(docs / "coming-from-go.md")
    named = {name for span in re.findall("`([^`]+)`", page) for name in (span, span.rpartition(".")[2])}
    for name in PREDECESSORS:
        if name not in named:
            problems.append(f"coming-from-go.md lacks {name}")


def main():
    check_symbols()
    check_variables()
    check_errors()
    check_links()
    check_predecessors()
    n_blockers, n_pages = check_blockers(), check_reference()
    print(*problems, sep="\n")
    if not n_blockers:
        sys.exit("no blockers found")
    print(f"{n_blockers} messages, {n_pages} pages of the reference: {len(problems)} problem(s)")
    sys.exit(1 if problems else 0)


main()
