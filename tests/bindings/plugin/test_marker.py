# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""@pytest.mark.namespaces: where the test, its fixtures and those of others run."""
import re

import pytest

from conftest import get_counts

WHERE = '''
    def where(kind="net"):
        return os.readlink(f"/proc/thread-self/ns/{kind}")
    HOME = where()
'''


def test_entered(passes):
    passes(WHERE + '''
    @pytest.fixture
    def of_function():
        yield where()
        assert where() != HOME
    @pytest.fixture(scope="module")
    def of_module():
        yield where()
        assert where() == HOME
    @pytest.fixture(scope="session", autouse=True)
    def of_session():
        assert where() == HOME
    @pytest.mark.namespaces("net", "mnt")
    def test_inside(of_module, of_function):
        assert of_module == HOME and where() == of_function != HOME
        assert os.listdir("/sys/class/net") == ["lo"]
    def test_home():
        assert where() == HOME
    @pytest.mark.namespaces("net,uts")
    class TestMany:
        def setup_method(self):
            self.seen = where()
        @pytest.mark.namespaces(Spacetest.NamespaceType.IPC)
        def test_added(self):
            assert self.seen == where() != HOME and len({where(kind) for kind in ("net", "uts", "ipc")}) == 3
    ''', count=3)


def test_module_and_unittest(passes):
    passes(WHERE + '''
    import unittest
    pytestmark = pytest.mark.namespaces("net")
    seen = set()
    class TestOld(unittest.TestCase):
        def setUp(self):
            assert where() != HOME
        def test_a(self):
            seen.add(where())
        def test_b(self):
            seen.add(where())
            assert HOME not in seen
    ''', count=2)


@pytest.mark.parametrize("marker, word", (
    ("()", 'wants kinds of namespaces, as in @pytest.mark.namespaces("net", "mnt")'),
    ("(kinds='net')", "wants kinds of namespaces"),
    ("('nonsense')", "nonsense"),
    ("('')", "namespace"),
    ("(3)", "3 is no kind"),
    ("('pid')", 'no test can enter namespaces of kind pid; use the fixture spacer, as in spacer.create_subspace("pid").get_space().run([...])'),
    ("('net', 'user', 'time')", "no test can enter namespaces of kind time,user; use the fixture spacer"),
    ("(Spacetest.NamespaceType.USER)", "no test can enter namespaces of kind user; use the fixture spacer"),
    ("(Spacetest.NamespaceType.NONE)", "is no kind"),
))
def test_wrong(fails, marker, word):
    """A mistake is no reason to skip, and the test never goes on at home."""
    result = fails(f'''
    @pytest.mark.namespaces{marker}
    def test_it():
        print("went on")
    ''', word)
    assert get_counts(result) == {"error": 1} and "went on" not in result.stdout
    assert not re.search(r"Traceback|_enter\(|spacetest run", result.stdout)


def test_strict_markers(passes, fails):
    """Which the guide recommends, as nobody but pytest can know of typos."""
    body = """
    @pytest.mark.namespace%s("net")
    def test_it():
        pass
    """
    passes(body % "s", "--strict-markers")
    fails(body % "", "'namespace' not found in `markers`", options=["--strict-markers"])


def test_async(fails):
    fails('''
    @pytest.mark.namespaces("net")
    async def test_it():
        pass
    ''', "an async test would take other tasks along")
    fails('''
    @pytest.mark.namespaces("net")
    async def test_it():
        yield
    ''', "an async test would take other tasks along")


@pytest.mark.parametrize("source, words", (
    ("async def test_it(netns): assert False", "nothing runs async tests here"),
    ("async def test_it(netns):\n  yield\n  assert False", "nothing runs async tests here"),
    ("def test_it(netns):\n  yield\n  assert False", "a test that yields is not run"),
    ("@pytest.mark.namespaces('net')\ndef test_it():\n  yield\n  assert False", "a test that yields is not run"),
))
def test_bodies_that_pytest_does_not_run(fails, source, words):
    """It would skip them, or expect them to fail."""
    result = fails(source, words, options=["-p", "no:asyncio", "-p", "no:anyio"])
    assert list(get_counts(result).values()) == [1] and not {"passed", "skipped"} & set(get_counts(result)), result.stdout + result.stderr


def test_bodies_that_are_none_of_ours(caller):
    result = caller.pytest("async def test_it(): pass\ndef test_other():\n  yield", "-p", "no:asyncio", "-p", "no:anyio")
    assert result.returncode == 0 and get_counts(result) == {"skipped": 1, "xfailed": 1}, result.stdout + result.stderr


def test_wider_scopes(passes):
    """A visit of a module, a class or a session stays where it is around those of the marker."""
    passes(WHERE + '''
    @pytest.fixture(scope="session")
    def of_session():
        with Spacetest.TransientNetns.new() as ref:
            yield ref
    @pytest.fixture(scope="module")
    def of_module(of_session):
        with of_session.enter():
            yield of_session
    def test_module(of_module):
        assert where() == str(of_module)
    @pytest.mark.namespaces("net")
    def test_marker(of_module):
        assert where() not in (HOME, str(of_module))
    @pytest.mark.namespaces("uts")
    def test_other_kind(of_module, netns):
        with netns.enter():
            assert where() == str(netns)
        assert where() == str(of_module)
    class TestIt:
        @pytest.fixture(scope="class", autouse=True)
        def of_class(self):
            with Spacetest.enter_transient("uts"):
                self.__class__.name = where("uts")
                yield
        @pytest.mark.namespaces("uts", "net")
        def test_inside(self):
            assert where("uts") != self.name
        def test_class(self):
            assert where("uts") == self.name
    ''', count=5)


def test_many_calls(passes):
    """Parameters, marks of parameters, and functions that are called again and again, as of hypothesis."""
    passes(WHERE + '''
    def repeated(func):
        def test():
            for i in range(20):
                func(i)
        return test
    seen = set()
    @pytest.mark.namespaces("net")
    @repeated
    def test_repeated(i):
        assert where() != HOME
        seen.add(where())
        assert len(seen) == 1
        with Spacetest.TransientNetns.new() as netns, netns.enter():
            assert where() == str(netns)
    @pytest.mark.parametrize("kind", [pytest.param(kind, marks=pytest.mark.namespaces(kind)) for kind in ("net", "uts", "ipc")])
    def test_each(kind):
        assert where(kind) != where("user")
    ''', count=4)


def test_skipped(nobody):
    source = '''
    @pytest.mark.namespaces("net")
    def test_it():
        print("went on")
    '''
    result = nobody.pytest(source)
    assert result.returncode == 0 and get_counts(result) == {"skipped": 1}, result.stdout + result.stderr
    assert "pytest with --namespaces=user" in result.stdout
    result = nobody.pytest(source, SPACETEST_REQUIRE="1")
    assert result.returncode == 1 and get_counts(result) == {"error": 1}, result.stdout + result.stderr
    assert "pytest with --namespaces=user" in result.stdout and "went on" not in result.stdout


def test_fixture_that_is_entered(nobody):
    """As the guide has it: only the marker tells before the test that it will enter something."""
    body = "def test_it(netns):\n  assert netns.check_output(['true']) == b''\n  with netns.enter(): pass"
    result = nobody.pytest(body)
    assert result.returncode == 1 and get_counts(result) == {"failed": 1}, result.stdout + result.stderr
    result = nobody.pytest(f"@pytest.mark.namespaces('net')\n{body}")
    assert result.returncode == 0 and get_counts(result) == {"skipped": 1}, result.stdout + result.stderr


def test_exhausted(caller):
    """What is used up is no reason to skip: somebody has to know."""
    if caller.name != "rootless":
        pytest.skip("the limit is for a user namespace of our own")
    result = caller.pytest('''
    with open("/proc/sys/user/max_net_namespaces", "w") as limit:
        limit.write("0")
    @pytest.mark.namespaces("net")
    def test_it():
        pass
    ''')
    assert result.returncode == 1 and "/proc/sys/user/" in result.stdout, result.stdout + result.stderr
