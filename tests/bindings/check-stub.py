# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""check-stub.py GIR STUB [--print]: the stub has each symbol of the GIR and what the overrides add, and they look as it says.

With --print, it shows what the stub should say of the symbols of the GIR."""
import ast
import inspect
import sys

import gi
gi.require_version("Spacetest", "1")
from gi.overrides._spacetest import arguments  # noqa: E402
from gi.repository import Spacetest  # noqa: E402

from signatures import Gir  # noqa: E402

# What the overrides do in their own way: their functions say what they take.
OWN = {"ReexecOptions": {"start_timeout", "timeout"},
       "Space": {"call", "check_output", "popen", "run", "run_action", "run_in_thread", "run_in_thread_async", "socket"},
       "": {"action", "count_visits", "get_under_way", "leave_visits", "take_unhandled"}}
OWN_CLASSES = {"ActionError", "Popen"}
FOR_TYPES_ONLY = {"File", "Future", "Kinds", "StrPath", "Callback", "P", "T"}
problems = []


def normalize(lines):
    return ast.unparse(ast.parse("\n".join(line + ("\n  pass" if line.startswith("class") else "") for line in lines)))


def group(body):
    """By name: overloads and setters belong together."""
    groups = {}
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            groups.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.AnnAssign):
            groups.setdefault(node.target.id, []).append(node)
        elif isinstance(node, ast.Assign):
            groups.setdefault(node.targets[0].id, []).append(node)
    return groups


def compare_with_gir(owner, expected, groups):
    for name, lines in expected.items():
        if name in OWN.get(owner, ()):
            continue
        said = ast.unparse(ast.Module(groups.get(name, []), []))
        if said != normalize(lines):
            problems.append(f"{owner or 'module'}: expected\n{normalize(lines)}\nbut the stub says\n{said or 'nothing'}")


def get_parameters(node):
    spec = node.args
    return {argument.arg for argument in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg] if argument}


def compare_with_function(owner, name, nodes, function):
    """Each way to call it that the stub has is one."""
    for node in nodes:
        wanted = set(inspect.signature(function).parameters)
        takes_any = any(kind == inspect.Parameter.VAR_KEYWORD for kind in
                        (parameter.kind for parameter in inspect.signature(function).parameters.values()))
        if get_parameters(node) - wanted and not takes_any or wanted - get_parameters(node) - {"options"}:
            problems.append(f"{owner}.{name}: the stub has {sorted(get_parameters(node))}, the function {sorted(wanted)}")


def check_class(name, groups, members, is_ours):
    cls = getattr(Spacetest, name)
    for member, nodes in groups.items():
        if not hasattr(cls, member) and not (is_ours and all(isinstance(node, ast.AnnAssign) for node in nodes)):
            problems.append(f"{name} has no {member}")
        elif isinstance(nodes[0], ast.FunctionDef) and (is_ours or member in OWN.get(name, ())):
            compare_with_function(name, member, nodes, getattr(cls, member))
        elif not is_ours and member not in members and member not in OWN.get(name, ()) and not member.startswith("__"):
            problems.append(f"{name}.{member} is in the stub, and not in the GIR")


def check_what_is_there(groups, functions, classes):
    for name, nodes in groups.items():
        if name in FOR_TYPES_ONLY:
            continue
        if not hasattr(Spacetest, name):
            problems.append(f"there is no {name}")
        elif isinstance(nodes[0], ast.ClassDef):
            check_class(name, group(nodes[0].body), classes.get(name, (None, {}))[1], name in OWN_CLASSES)
        elif name in OWN[""]:
            compare_with_function("module", name, nodes, getattr(Spacetest, name))
        elif name not in functions:
            problems.append(f"{name} is in the stub, and not in the GIR")


def show(functions, classes):
    for lines in functions.values():
        print(*lines, sep="\n")
    for name, (base, members) in classes.items():
        print(f"\n\nclass {name}({base}):")
        for member, lines in members.items():
            if member not in OWN.get(name, ()):
                print(*("    " + line for line in lines), sep="\n")


def main():
    functions, classes = Gir(sys.argv[1], arguments.DEFAULTS).get_module()
    if "--print" in sys.argv:
        show(functions, classes)
        return
    with open(sys.argv[2]) as stub:
        groups = group(ast.parse(stub.read()).body)
    compare_with_gir("", functions, groups)
    for name, (base, members) in classes.items():
        if name not in groups:
            problems.append(f"the class {name} is not in the stub")
            continue
        compare_with_gir(name, members, group(groups[name][0].body))
        if [ast.unparse(parent) for parent in groups[name][0].bases] != [base]:
            problems.append(f"{name} is a {base}")
    missing = (OWN[""] | OWN_CLASSES) - set(groups)
    problems.extend(f"{name} is not in the stub" for name in missing)
    check_what_is_there(groups, functions, classes)
    print(*problems, sep="\n\n")
    sys.exit(1 if problems else 0)


main()
