# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""The session can't be ended, or doubled, by a test: with no use of the library, too."""
import pytest

from conftest import get_counts

WORKERS = {"": [], "in workers": ["-n", "2"]}
CAME_BACK = "test_it had forked came back from it"


@pytest.fixture
def plain(nobody):
    """Who uses nothing of the library."""
    def run(source, *options):
        path = nobody.write("test_it.py", source, header="import os, posix, pytest, subprocess, sys\n")
        return nobody.run("-m", "pytest", "-p", "pytest_spacetest", "-p", "no:cacheprovider", *options, path)
    return run


@pytest.mark.parametrize("exit", ("os._exit", "posix._exit", "by_name"))
def test_exit(plain, exit):
    result = plain(f'''
    from os import _exit as by_name
    def test_it():
        {exit}(0)
    ''')
    assert result.returncode == 1 and "os._exit(0) in the middle of a test, test_it.py::test_it" in result.stderr, result.stdout + result.stderr


def test_exit_inside(plain):
    result = plain("def test_it(): os._exit(0)", "--namespaces=user")
    assert result.returncode == 1 and "os._exit(0) in the middle of a test" in result.stderr, result.stdout + result.stderr


def test_exit_by_name_with_the_library(fails):
    fails("from os import _exit\ndef test_it(netns): _exit(0)", "os._exit(0) in the middle of a test")
    fails("from os import _exit\ndef test_it(netns):\n  with netns.enter(): _exit(0)", "spacetest: ")


def test_exit_while_collecting(plain):
    result = plain("os._exit(0)")
    assert result.returncode == 1 and "os._exit(0) in the middle of the session" in result.stderr, result.stdout + result.stderr


@pytest.mark.parametrize("options", WORKERS.values(), ids=WORKERS)
@pytest.mark.parametrize("call", ('os.execl("/bin/true", "true")', 'os.execlp("true", "true")', 'os.execve("/bin/true", ["true"], {})',
                                  'posix.execv("/bin/true", ["true"])', 'by_name("/bin/true", ["true"])'))
def test_exec(plain, call, options):
    result = plain(f'''
    from os import execv as by_name
    def test_it():
        {call}
    def test_other():
        pass
    ''', *options)
    assert result.returncode == 1 and get_counts(result) == {"failed": 1, "passed": 1}, result.stdout + result.stderr
    assert "in the middle of a test, test_it.py::test_it" in result.stdout


@pytest.mark.parametrize("options", WORKERS.values(), ids=WORKERS)
@pytest.mark.parametrize("end", ("assert 0", "pass", "sys.exit(0)", "pytest.skip('mine')", "pytest.exit('mine', 0)"))
def test_child_that_comes_back(plain, end, options):
    result = plain(f'''
    def test_it():
        if os.fork():
            os.wait()
        else:
            {end}
    def test_other():
        pass
    ''', *options)
    assert result.returncode == 1 and get_counts(result) == {"failed": 1, "passed": 1}, result.stdout + result.stderr
    assert CAME_BACK in result.stdout and CAME_BACK in result.stderr


def test_child_that_comes_back_from_fixtures(plain):
    result = plain('''
    @pytest.fixture
    def before():
        if os.fork():
            os.wait()
    @pytest.fixture
    def after():
        yield
        if os.fork():
            os.wait()
    def test_before(before):
        pass
    @pytest.mark.xfail
    def test_after(after):
        assert False
    ''')
    assert result.returncode == 1 and get_counts(result) == {"xfailed": 1, "error": 2}, result.stdout + result.stderr


def test_child_that_comes_back_while_collecting(plain):
    result = plain("if os.fork(): os.wait()\ndef test_it(): pass")
    assert result.returncode == 2 and get_counts(result) == {"error": 1}, result.stdout + result.stderr


@pytest.mark.parametrize("options", WORKERS.values(), ids=WORKERS)
def test_child_that_comes_back_late(plain, options):
    """The session has to wait for it to see that: here, the finish of it."""
    result = plain('''
    r, w = os.pipe()
    def test_it():
        if not os.fork():
            os.close(w)
            os.read(r, 1)
    @pytest.fixture(scope="session", autouse=True)
    def last():
        yield
        os.close(w)
        os.wait()
    ''', *options)
    assert result.returncode == 1 and CAME_BACK in result.stderr, result.stdout + result.stderr


@pytest.mark.parametrize("options", WORKERS.values(), ids=WORKERS)
def test_what_children_may(passes, options):
    passes('''
    import multiprocessing
    def end():
        os._exit(3)
    @pytest.mark.parametrize("how", ("fork", "spawn", "forkserver"))
    def test_multiprocessing(how):
        process = multiprocessing.get_context(how).Process(target=end)
        process.start()
        process.join()
        assert process.exitcode == 3
    def test_subprocess():
        subprocess.run(["true"], check=True, preexec_fn=int)
    def test_fork():
        if not os.fork():
            os.execlp("true", "true")
        assert os.wait()[1] == 0
    ''', *options, count=5)


def test_hooks_of_others(nobody):
    """Whoever ends the process once all is done keeps the status, and can't better it."""
    nobody.write("conftest.py", '''
    def pytest_unconfigure(config):
        sys.stdout.flush()
        os._exit(int(os.environ["STATUS"]))
    ''')
    for test, wanted, status in (("pass", 0, 0), ("pass", 3, 3), ("assert False", 0, 1), ("assert False", 3, 3)):
        result = nobody.pytest(f"def test_it(): {test}", "--rootdir", nobody.folder, STATUS=str(wanted))
        assert result.returncode == status, result.stdout + result.stderr


def test_sessions_in_a_test(passes):
    """Each has a guard of its own, and takes it away."""
    passes('''
    pytest_plugins = ["pytester"]
    def test_it(pytester):
        before = os._exit
        pytester.makepyfile(test_inner="def test_inner(): pass")
        assert pytester.runpytest_inprocess("-p", "pytest_spacetest").ret == 0
        assert os._exit is before
    ''')


def test_nothing_stays(nobody):
    result = nobody.script('''
    import posix, pytest
    before = [getattr(place, name) for place in (os, posix) for name in ("_exit", "execv", "execve")]
    with open("test_empty.py", "w") as file:
        file.write("def test_it(): pass")
    assert pytest.main(["-p", "pytest_spacetest", "-p", "no:cacheprovider", "test_empty.py"]) == 0
    assert before == [getattr(place, name) for place in (os, posix) for name in ("_exit", "execv", "execve")]
    ''')
    assert result.returncode == 0, result.stdout + result.stderr
