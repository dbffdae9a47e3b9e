# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""--namespaces: the whole session elsewhere; and several sessions at once."""
import os

from conftest import get_counts

INSIDE = '''
    def test_inside():
        assert {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "mnt")}.items().isdisjoint(HOME.items())
    @pytest.mark.namespaces("net")
    def test_further_inside(netns):
        with netns.enter():
            assert os.geteuid() == 0
'''


def get_home():
    return "    HOME = " + repr({kind: os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "mnt")})


def test_as_nobody(nobody):
    for kinds in ("user", "net,mnt", "net, user"):
        result = nobody.pytest(get_home() + INSIDE, f"--namespaces={kinds}")
        assert result.returncode == 0 and get_counts(result) == {"passed": 2}, result.stdout + result.stderr


def test_as_root(passes):
    passes(get_home() + INSIDE, "--namespaces=net,mnt", count=2)


def test_status_and_output(nobody):
    """Those of the session."""
    result = nobody.pytest('''
    def test_it():
        print("from inside", file=sys.stderr)
        assert 1 == 2
    ''', "--namespaces=user")
    assert result.returncode == 1 and "from inside" in result.stdout and get_counts(result) == {"failed": 1}
    assert nobody.pytest("", "--namespaces=user").returncode == 5  # no tests
    assert nobody.pytest("raise SystemExit(0)", "--namespaces=user").returncode != 0


def test_before_anybody_imports_anything(nobody):
    """conftest.py runs inside, once."""
    nobody.write("conftest.py", '''
    with open("runs", "a") as file:
        file.write(os.readlink("/proc/self/ns/net") + str(threading.active_count()) + "\\n")
    ''')
    home = os.readlink("/proc/self/ns/net")
    result = nobody.pytest("def test_it(): pass", "--namespaces=user", "--rootdir", nobody.folder)
    assert result.returncode == 0, result.stdout + result.stderr
    runs = (nobody.folder / "runs").read_text().splitlines()
    assert len(runs) == 1 and not runs[0].startswith(home) and runs[0].endswith("]1")


def test_in_an_ini_file(nobody):
    (nobody.folder / "pytest.ini").write_text("[pytest]\naddopts = --namespaces=user\n")
    result = nobody.pytest(get_home() + INSIDE, "-c", "pytest.ini")
    assert result.returncode == 0 and get_counts(result) == {"passed": 2}, result.stdout + result.stderr


def test_temporary_files(nobody):
    """Who is called root inside keeps out of the way of root, and of others who are called so."""
    source = '''
    def test_it(tmp_path):
        (tmp_path / "mine").write_text("x")
        print(tmp_path)
        assert str(tmp_path).startswith(os.environ["EXPECTED"])
    '''
    (nobody.folder / "pytest-of-root").mkdir()
    (nobody.folder / "pytest-of-nobody").mkdir(mode=0o700)
    os.chown(nobody.folder / "pytest-of-nobody", 65534, -1)
    nameless = {name: "" for name in ("LOGNAME", "USER", "LNAME", "USERNAME")}
    own = str(nobody.folder / "pytest-inside-of-65534")
    for variables in (nameless | {"EXPECTED": own}, nameless | {"USER": "root", "EXPECTED": own},
                      nameless | {"USER": "nobody", "EXPECTED": str(nobody.folder / "pytest-of-nobody")},
                      nameless | {"PYTEST_DEBUG_TEMPROOT": str(nobody.folder / "pytest-of-nobody"), "EXPECTED": str(nobody.folder / "pytest-of-nobody")}):
        result = nobody.pytest(source, "--namespaces=user", **variables)
        assert result.returncode == 0, result.stdout + result.stderr
    if os.getuid() == 0:    # only root can make what is somebody else's
        os.rename(own, f"{own}-away")
        os.mkdir(own)
        result = nobody.pytest(source, "--namespaces=user", **nameless)
        assert result.returncode == 4 and "belongs to somebody else" in result.stderr, result.stdout + result.stderr


INNER = '''
import os
def test_inner():
    assert os.readlink("/proc/self/ns/net") != OUTER
'''


def test_a_session_in_a_test(nobody):
    """It finds its own way, and is not taken for the outer one."""
    result = nobody.pytest(f'''
    def test_outer(tmp_path):
        (tmp_path / "test_inner.py").write_text({INNER!r}.replace("OUTER", repr(os.readlink("/proc/self/ns/net"))))
        inner = [sys.executable, "-m", "pytest", "-p", "pytest_spacetest", "--namespaces=net,mnt", "test_inner.py"]
        subprocess.run(inner, cwd=tmp_path, check=True)
    ''', "--namespaces=user")
    assert result.returncode == 0, result.stdout + result.stderr


def test_refused(nobody):
    for kinds, word in (("nonsense", "'nonsense' is no kind of namespace"), (",", "no kind"), ("", "no kind"), ("net,many", "'many'")):
        result = nobody.pytest("def test_it(): pass", f"--namespaces={kinds}")
        assert result.returncode == 4 and word in result.stderr, result.stdout + result.stderr
    result = nobody.pytest("def test_it(): pass", "--namespaces=user", PATH="/usr/bin:/bin")
    assert result.returncode == 4 and "not in the PATH" in result.stderr


def test_too_late(nobody):
    """Never at home without a word."""
    nobody.write("conftest.py", 'pytest_plugins = ["pytest_spacetest"]', header="")
    path = nobody.write("test_it.py", "def test_it(): pass", header="")
    for options, status in (([], 0), (["--namespaces=user"], 4), (["--namespaces="], 4)):
        result = nobody.run("-m", "pytest", "-p", "no:cacheprovider", "--rootdir", nobody.folder, *options, path)
        assert result.returncode == status and ("comes too late" in result.stderr) == bool(options), result.stdout + result.stderr


PORTS = INSIDE + '''
    @pytest.mark.parametrize("n", range(6))
    @pytest.mark.namespaces("net")
    def test_port(n):
        with Spacetest.NamespaceRef.new_current("net").socket() as server:
            server.bind(("127.0.0.1", 80))
            server.listen()
'''


def test_workers(caller):
    """Those of pytest-xdist."""
    result = caller.pytest(get_home() + PORTS, "-n", "2", "--namespaces=net,mnt")
    assert result.returncode == 0 and get_counts(result) == {"passed": 8}, result.stdout + result.stderr


def test_workers_of_nobody(nobody):
    result = nobody.pytest(get_home() + PORTS, "-n", "2", "--namespaces=user")
    assert result.returncode == 0 and get_counts(result) == {"passed": 8}, result.stdout + result.stderr


def test_nobody_pays(nobody):
    """Who does not use it does not load it."""
    result = nobody.run("-m", "pytest", "-p", "pytest_spacetest", "-p", "no:cacheprovider", nobody.write("test_it.py", '''
    import sys
    def test_it():
        assert "gi" not in sys.modules
    ''', header=""))
    assert result.returncode == 0, result.stdout + result.stderr
