# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""--namespaces: the session, started anew where it wants to be."""
import os
import pathlib
import pwd
import shutil
import sys
import tempfile

import pytest

VARIABLE = "SPACETEST_PYTEST_INSIDE"
OPTIONS = {"cgroup": "--cgroup", "ipc": "--ipc", "mnt": "--mount", "net": "--net", "pid": "--pid", "time": "--time", "user": "--user",
           "uts": "--uts"}
VISITED = ("net", "mnt", "uts", "ipc", "cgroup")
CAP_SYS_ADMIN = 21
TEMPORARY = "PYTEST_DEBUG_TEMPROOT"

CHECKED = pytest.StashKey()

# Of this process only: a pytest that a test starts has to find its own way.
_is_there = os.environ.pop(VARIABLE, None) is not None


def _may_make_namespaces():
    with open("/proc/thread-self/status") as status:
        capabilities = next(int(line.split()[1], 16) for line in status if line.startswith("CapEff:"))
    return bool(capabilities >> CAP_SYS_ADMIN & 1)


def _is_worker():
    """One of pytest-xdist, started by a session that is inside."""
    return "PYTEST_XDIST_WORKER" in os.environ and "-c" in sys.orig_argv[1:3]


def get_options(kinds):
    """Who becomes root in a user namespace needs a home of his own there: he could not come back to that of somebody else."""
    names = [name.strip() for name in kinds.split(",") if name.strip()]
    unknown = [name for name in names if name not in OPTIONS]
    if unknown or not names:
        raise pytest.UsageError(f"--namespaces: {unknown[0] if unknown else kinds!r} is no kind of namespace; there are {', '.join(OPTIONS)}")
    if "user" in names or not _may_make_namespaces():
        names += ["user", *VISITED]
    return [OPTIONS[name] for name in OPTIONS if name in names]


def _has_own_name():
    """As getpass has it, which asks the environment first."""
    said = next((os.environ[name] for name in ("LOGNAME", "USER", "LNAME", "USERNAME") if os.environ.get(name)), None)
    try:
        return said == pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return False


def _keep_temporary_files_apart():
    """pytest calls its directory after the user. Who is root inside only would find that of root, or be in root's way."""
    if os.getuid() == 0 or os.environ.get(TEMPORARY) or _has_own_name():
        return
    folder = pathlib.Path(tempfile.gettempdir()) / f"pytest-inside-of-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise pytest.UsageError(f"--namespaces: {folder} belongs to somebody else; set {TEMPORARY} to a directory")
    os.environ[TEMPORARY] = str(folder)


def go(config):
    """Does not return, unless this is inside already, or nobody wants to go."""
    kinds = config.known_args_namespace.namespaces
    config.stash[CHECKED] = True
    if kinds is None:
        return
    options = get_options(kinds)
    if _is_there or _is_worker():
        return
    command = shutil.which("spacetest")
    if not command:
        raise pytest.UsageError("--namespaces needs the command spacetest, which is not in the PATH")
    if OPTIONS["user"] in options:
        _keep_temporary_files_apart()
    sys.stdout.flush()
    sys.stderr.flush()
    os.environ[VARIABLE] = "1"
    os.execv(command, [command, "run", *options, "--", sys.executable, *sys.orig_argv[1:]])


def refuse_late(config):
    """A plug-in that conftest.py loads was not there when it could have gone."""
    if config.option.namespaces is not None and CHECKED not in config.stash:
        raise pytest.UsageError("--namespaces comes too late for a plug-in that conftest.py names: install it, or load it with -p pytest_spacetest")
