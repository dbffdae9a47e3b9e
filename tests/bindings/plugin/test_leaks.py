# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What a test leaves behind fails it, and only it."""
import pytest

from conftest import get_counts

GOOD = '''
    HOME = os.readlink("/proc/thread-self/ns/net")
    def test_next(netns):
        assert os.readlink("/proc/thread-self/ns/net") == HOME
'''

LEAKS = {
    "descriptor": ("os.open('/dev/null', os.O_RDONLY)", "descriptor", "/dev/null"),
    "thread": ("threading.Thread(target=threading.Event().wait, daemon=True).start()", "thread "),
    # It ends with its input, as the program does that left it behind.
    "child": ("kept.append(subprocess.Popen(['cat'], stdin=subprocess.PIPE))", "process ", "cat"),
    "zombie": ("child = kept.append(subprocess.Popen(['true'], stdout=subprocess.PIPE)); kept[-1].stdout.read(); kept[-1].stdout.close(); "
               "os.waitid(os.P_PID, kept[-1].pid, os.WEXITED | os.WNOWAIT)", "which has ended, and nobody waited for it"),
    "namespace": ("kept.append(Spacetest.TransientNetns.new())", "descriptor", "net:["),
    "socket": ("kept.append(netns.socket())", "descriptor", "socket:["),
    "spacer": ("kept.append(Spacetest.Spacer.new())", "process ", ": spacer"),
    "visit": ("netns.enter()", "1 visit was not left, and would have lasted on: use with, or leave() on every way out"),
    "visits": ("kept.append(netns.enter()); netns.enter()", "2 visits were not left"),
    "stray": ("with netns.enter(): threading.Thread(target=threading.Event().wait, daemon=True).start()", "thread in other namespaces: "),
}


@pytest.mark.parametrize("body, words", [(body, words) for body, *words in LEAKS.values()], ids=LEAKS)
def test_left_behind(fails, body, words):
    result = fails(f'''
    kept = []
    def test_it(netns):
        {body}
    ''' + GOOD, "left behind:", *words)
    assert get_counts(result) == {"passed": 2, "error": 1}, result.stdout


@pytest.mark.parametrize("body", ("kept.append(Spacetest.enter_transient('net'))", "Spacetest.enter_transient('net')"))
def test_visits_of_whoever(fails, body):
    """Also without any of our fixtures."""
    result = fails(f'''
    kept = []
    def test_it():
        {body}
    ''' + GOOD, "1 visit was not left")
    assert get_counts(result) == {"passed": 2, "error": 1}, result.stdout


ELSEWHERE = "a visit of another thread that was not left: leave() on that thread, or use with"
STAYS = """
    def stay(space, has_entered, end):
        space.enter()
        has_entered.set()
        end.wait()
    def start(space, end):
        has_entered = threading.Event()
        thread = threading.Thread(target=stay, args=(space, has_entered, end), daemon=True)
        thread.start()
        has_entered.wait()
        return thread
"""


@pytest.mark.parametrize("ends, options", ((True, ()), (False, ()), (True, ("-n", "2"))))
def test_visits_of_other_threads(fails, ends, options):
    """With pytest-xdist, a worker's exit status is nobody's."""
    result = fails(STAYS + f"""
    def test_it(netns):
        end = threading.Event()
        thread = start(netns, end)
        if {ends}:
            end.set()
            thread.join()
    """ + GOOD, ELSEWHERE, options=options)
    assert get_counts(result) == {"passed": 2, "error": 1}, result.stdout


def test_other_threads_that_leave(passes):
    """Soon enough, or when the fixture that they belong to ends."""
    passes("""
    def visit(space, has_entered, end):
        with space.enter():
            has_entered.set()
            end.wait()
    @pytest.fixture(scope="module")
    def guest():
        has_entered, end = threading.Event(), threading.Event()
        with Spacetest.TransientNetns.new() as netns:
            thread = threading.Thread(target=visit, args=(netns, has_entered, end))
            thread.start()
            has_entered.wait()
            yield
            end.set()
            thread.join()
    def test_late(netns):
        has_entered, end = threading.Event(), threading.Event()
        threading.Thread(target=visit, args=(netns, has_entered, end)).start()
        has_entered.wait()
        end.set()
    def test_fixture(request):
        request.getfixturevalue("guest")
    def test_next(netns, guest):
        with netns.enter():
            pass
    """, count=3)


def test_not_left_by_a_marked_test(fails):
    result = fails('''
    @pytest.mark.namespaces("net")
    def test_it(netns):
        netns.enter()
    ''' + GOOD, "1 visit was not left")
    assert get_counts(result) == {"passed": 2, "error": 1}, result.stdout


def test_visits_of_longer_fixtures(passes):
    """Are none of the test."""
    passes('''
    @pytest.fixture(scope="module")
    def elsewhere():
        with Spacetest.enter_transient("net"):
            yield os.readlink("/proc/thread-self/ns/net")
    def test_a(elsewhere):
        assert os.readlink("/proc/thread-self/ns/net") == elsewhere
    def test_b(elsewhere):
        assert os.readlink("/proc/thread-self/ns/net") == elsewhere
    ''', count=2)


def test_what_longer_fixtures_keep(passes):
    passes('''
    @pytest.fixture(scope="module")
    def early():
        with Spacetest.TransientNetns.new() as made:
            yield made
    @pytest.fixture(scope="session")
    def late():
        with Spacetest.TransientNetns.new() as made:
            yield made
    def test_early(early, netns):
        pass
    def test_late(netns, request):
        request.getfixturevalue("late")
    ''', count=2)


def test_what_ends_by_itself(passes):
    passes('''
    def test_it(netns, spaces):
        thread = threading.Thread(target=int)
        thread.start()
        cycle = [Spacetest.TransientNetns.new()]
        cycle.append(cycle)
        netns.run_in_thread(int)
        spaces("alice").check_output(["true"])
    ''')


def test_of_others(passes, fails):
    """Who does not use namespaces through pytest is left alone, unless he wants to be looked after."""
    source = '''
    def test_it():
        os.open("/dev/null", os.O_RDONLY)
    '''
    passes(source)
    fails(source, "left behind:", options=["-o", "spacetest_leaks=all"])
    marked = "    @pytest.mark.namespaces('net')" + source
    fails(marked, "left behind:")
    passes(marked, "-o", "spacetest_leaks=none")
    fails(source, "spacetest_leaks is 'some'", options=["-o", "spacetest_leaks=some"])


def test_failures_come_first(fails):
    """A test that failed has its traceback, which holds what it held."""
    result = fails('''
    def test_it(netns):
        kept = os.open("/dev/null", os.O_RDONLY)
        assert 1 == 2
    ''')
    assert get_counts(result) == {"failed": 1}


def test_fork_that_comes_back(caller):
    result = caller.pytest('''
    def test_it(netns):
        with netns.enter():
            if os.fork() == 0:
                return
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 1
    def test_next():
        pass
    ''', "-s")
    assert result.stderr.count("test_it had forked came back from it") == 1, result.stdout + result.stderr
    assert result.returncode == 1 and get_counts(result) == {"failed": 1, "passed": 1}, result.stdout + result.stderr
