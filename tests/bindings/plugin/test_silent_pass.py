# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Whatever goes wrong inside, a program ends with its message, and not with 0; a test does not pass."""
import pytest

LATE = "def late():\n    threading.Event().wait(0.3)\n    boom()\n"
UNTIL_DONE = "while not done: GLib.MainContext.default().iteration(True)\n"
UNDER_WAY = "and nobody knows how it went: iterate the main context until it is done"
SCRIPTS = {
    "exception in a visit": ("with netns.enter(): raise ValueError('mine')", "ValueError: mine"),
    "assertion in a call": ("netns.call(boom)", "AssertionError: inside"),
    "assertion on the thread": ("netns.run_in_thread(boom)", "AssertionError: inside"),
    "assertion in a future": ("future = netns.run_in_thread_async(boom)\nwhile not future.done(): GLib.MainContext.default().iteration(True)\n"
                              "future.result()", "AssertionError: inside"),
    "assertion in a mount table": ("Spacetest.TransientMntns.new().call(boom)", "AssertionError: inside"),
    "coroutine": ("async def later(): boom()\nnetns.call(later)", "whose body would run outside"),
    "generator": ("def later(): yield boom()\nnetns.run_in_thread(later)", "whose body would run outside"),
    "no function": ("netns.call(None)", "func must be callable"),
    "no program": ("netns.popen(['/no/such/program'])", "/no/such/program"),
    "program that fails": ("netns.check_output(['false'])", "CalledProcessError"),
    "program that GIO waits for": ("netns.spawnv(['false']).wait_check(None)", "exited with code 1"),
    "dead helper": ("spacer = Spacetest.Spacer.new()\nos.kill(spacer.get_pid(), 9)\nspacer.create_space('net')", "the helper process ended"),
    "dropped visit": ("netns.enter()\nimport gc\ngc.collect()", "the program ended on a visit that it had not left"),
    "kept visit": ("visit = netns.enter()", "the program ended on a visit that it had not left: use with, or leave()"),
    "exit on a visit": ("visit = netns.enter()\nsys.exit(0)", "the program ended on a visit"),
    "os._exit on a visit": ("with netns.enter(): os._exit(0)", "the program ended on a visit"),
    "os._exit inside a call": ("netns.call(os._exit, 0)", "the program ended on a visit"),
    "os._exit on the thread": ("netns.run_in_thread(os._exit, 0)", "the program ended on a visit"),
    "await of nobody's": ("import asyncio\nasync def main(): await netns.run_in_thread_async(int)\nasyncio.run(main())", "gi.events"),
    "not callable": ("Spacetest.probe_async('net', None, 3)", "Callback needs to be a function"),
    "exit inside a call": ("netns.call(sys.exit, 'mine')", "mine"),
    "visit that a call did not leave": ("netns.call(Spacetest.TransientNetns.new().enter)", "1 of its visits"),
    "visit left by another": ("visit = netns.enter()\ntry:\n    import concurrent.futures\n"
                              "    concurrent.futures.ThreadPoolExecutor().submit(visit.leave).result()\nfinally:\n    visit.leave()", "thread"),
    "closed": ("netns.close()\nnetns.enter()", "closed"),
    "made without its constructor": ("Spacetest.TransientNetns().enter()", "closed, or was made without its constructor"),
    "unknown kind": ("Spacetest.enter_transient('nett')", "nett"),
    "misspelled option": ("Spacetest.SpacerOptions().boot_time = 3", "there is no option 'boot_time'; there are boottime_offset"),
    "future that is dropped early": ("future = netns.run_in_thread_async(boom)\nnetns.run_in_thread(int)\ndel future", "AssertionError: inside"),
    "future that is dropped at once": ("netns.run_in_thread_async(boom)\nnetns.run_in_thread(int)", "AssertionError: inside"),
    "future that is kept": ("future = netns.run_in_thread_async(boom)\nnetns.run_in_thread(int)", "AssertionError: inside"),
    "future that is kept when it is done": ("future = netns.run_in_thread_async(boom)\n"
                                            "while not future.done(): GLib.MainContext.default().iteration(True)", "AssertionError: inside"),
    "future that calls back": ("netns.run_in_thread_async(boom).add_done_callback(print)\nnetns.run_in_thread(int)", "AssertionError: inside"),
    "function that fails late": (LATE + "netns.run_in_thread_async(late)", "AssertionError: inside"),
    "function that fails late, and is kept": (LATE + "future = netns.run_in_thread_async(late)", "AssertionError: inside"),
    "function that does not end": ("netns.run_in_thread_async(threading.Event().wait)",
                                   "Event.wait() of run_in_thread_async() was under way, and nobody knows how it went"),
    "function that did not leave": ("netns.run_in_thread_async(Spacetest.TransientNetns.new().enter)\nnetns.run_in_thread(int)", UNDER_WAY),
    "function after which somebody wants to be called": ("netns.run_in_thread_async(int).add_done_callback(boom)\nnetns.run_in_thread(int)",
                                                         UNDER_WAY),
    "future of the library": ("Spacetest.Space.new_transient_async('user')", UNDER_WAY),
    "callback that is not called": ("Spacetest.probe_async('net', None, boom)", UNDER_WAY),
    "callback by keyword that is not called": ("Spacetest.probe_async('net', callback=boom)", UNDER_WAY),
    "exception in a callback of ours": ("done = []\ndef failing(*_):\n    done.append(1)\n    boom()\n"
                                        "Spacetest.probe_async('net', None, failing)\n" + UNTIL_DONE, "something failed that nobody handled"),
    "exception in a callback of the main loop": ("done = []\ndef failing():\n    done.append(1)\n    netns.call(boom)\n"
                                                 "GLib.idle_add(failing)\n" + UNTIL_DONE, "something failed that nobody handled"),
    "exception in a callback on a visit": ("done = []\ndef failing():\n    done.append(1)\n    boom()\nGLib.idle_add(failing)\n"
                                           "with netns.enter():\n    " + UNTIL_DONE, "something failed that nobody handled"),
    "future that nobody asks": ("import warnings\nsys.unraisablehook = lambda args: os._exit(3)\n"
                                "netns.run_in_thread_async(boom)\nfor _ in range(999): GLib.MainContext.default().iteration(True)", ""),
}
PROGRAM = """
def boom():
    assert 1 == 2, "inside"

netns = Spacetest.TransientNetns.new()
"""


@pytest.mark.parametrize("body, message", SCRIPTS.values(), ids=SCRIPTS)
def test_script(caller, body, message):
    path = caller.folder / "script.py"
    result = caller.run(caller.write(path.name, PROGRAM + body + "\n"))
    assert result.returncode not in (0, 77), result.stdout + result.stderr
    assert message in result.stderr, result.stdout + result.stderr


@pytest.mark.parametrize("body", ("pass", "with netns.enter(): pass", "visit = netns.enter(); visit.leave()", "netns.call(int)",
                                  "with netns.enter() as visit: visit.leave()", "netns.enter().leave()\nsys.exit(0)",
                                  "with netns.enter(): sys.exit(0)",
                                  "with netns.enter():\n  if not os.fork(): os._exit(0)\nassert os.wait()[1] == 0",
                                  "with netns.enter():\n  if not os.fork(): sys.exit(0)\nassert os.wait()[1] == 0",
                                  "with netns.enter(): pass\nos._exit(0)",
                                  "sys.unraisablehook = lambda args: None\nnetns.run_in_thread_async(boom)\nnetns.run_in_thread(int)",
                                  LATE + "netns.run_in_thread_async(threading.Event().wait, 0.1)",
                                  "begun = threading.Event()\nfuture = netns.run_in_thread_async(lambda: begun.set() or threading.Event().wait())\n"
                                  "begun.wait()\nassert not future.cancel()",
                                  "Spacetest.probe_async('net').cancel()",
                                  "cancellable = Gio.Cancellable()\nSpacetest.probe_async('net', cancellable, boom)\ncancellable.cancel()",
                                  "Spacetest.probe_async('net', None, None)",
                                  "done = []\nSpacetest.probe_async('net', None, lambda *_: done.append(1))\n" + UNTIL_DONE,
                                  "sys.excepthook = lambda *_: done.append(1)\ndone = []\nGLib.idle_add(boom)\n" + UNTIL_DONE))
def test_good_script(caller, body):
    result = caller.run(caller.write("script.py", PROGRAM + body + "\n"))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


TESTS = {
    "exception": ("raise ValueError('mine')", "ValueError: mine"),
    "assertion": ("assert 1 == 2, 'inside'", "AssertionError: inside"),
    "fail": ("pytest.fail('mine')", "Failed: mine"),
    "exit": ("sys.exit(0)", "SystemExit: 0"),
    "os._exit": ("os._exit(0)", "os._exit(0) in the middle of a test, test_it.py::test_it"),
    "pytest.exit": ("pytest.exit('mine')", "mine"),
}
WAYS = {
    "visit": "with netns.enter(): boom()",
    "call": "netns.call(boom)",
    "thread": "netns.run_in_thread(boom)",
    "transient": "with Spacetest.enter_transient('net,mnt'): boom()",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("body, message", TESTS.values(), ids=TESTS)
def test_test(fails, body, message, way):
    result = fails(f'''
    def boom():
        {body}
    def test_it(netns):
        {way}
    ''', message)
    assert " passed" not in result.stdout.splitlines()[-1]


def test_future_that_nobody_asks(fails):
    """A warning, as of all that nobody could catch; a failure for those who have it so."""
    body = '''
    def boom():
        raise ValueError("mine")
    def test_it(netns):
        netns.run_in_thread_async(boom)
        netns.run_in_thread(int)
    '''
    fails(body, "PytestUnraisableExceptionWarning", "ValueError: mine", options=["-W", "error::pytest.PytestUnraisableExceptionWarning"])


def test_exception_that_is_only_printed(fails):
    """By PyGObject, which goes on; the test fails for it, and the next one does not."""
    fails('''
    def test_it(netns):
        done = []
        def failing():
            done.append(1)
            raise ValueError("mine")
        GLib.idle_add(failing)
        while not done:
            GLib.MainContext.default().iteration(True)
    ''', "an exception that a callback raised, and that nobody handled: ValueError: mine")


def test_call_under_way(fails):
    fails('''
    begun, go_on = threading.Event(), threading.Event()
    network = Spacetest.TransientNetns.new()
    @pytest.fixture(scope="module", autouse=True)
    def end():
        yield
        go_on.set()
    def test_it():
        network.run_in_thread_async(lambda: begun.set() or go_on.wait())
        begun.wait()
    ''', "of run_in_thread_async(): under way, and nobody knows how it went; wait for it, or cancel() it")


def test_call_under_way_of_the_session(passes):
    """A fixture may have begun it, for more than one test."""
    passes('''
    @pytest.fixture(scope="module")
    def server():
        network, go_on = Spacetest.TransientNetns.new(), threading.Event()
        future = network.run_in_thread_async(go_on.wait)
        yield
        go_on.set()
        while not future.done():
            GLib.MainContext.default().iteration(True)
    def test_it(server, netns):
        pass
    def test_other(server):
        pass
    ''', count=2)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_skip(caller, way):
    """A skip is a skip, with its reason."""
    result = caller.pytest(f'''
    def boom():
        pytest.skip("mine")
    def test_it(netns):
        {way}
        raise SystemExit("went on")
    ''')
    assert result.returncode == 0 and "1 skipped" in result.stdout and "mine" in result.stdout, result.stdout + result.stderr


def test_exit_of_a_marked_test(fails):
    fails('''
    @pytest.mark.namespaces("net")
    def test_it():
        os._exit(0)
    ''', "os._exit(0) in the middle of a test")


def test_exit_of_a_worker(fails):
    fails('''
    def test_it(netns):
        os._exit(0)
    ''', "crashed", options=["-n", "2"])


EXITS = {"left": "with netns.enter(): pytest.exit('mine', {status})", "not left": "visit = netns.enter()\n  pytest.exit('mine', {status})",
         "fixture alone": "pytest.exit('mine', {status})"}


@pytest.mark.parametrize("body", EXITS.values(), ids=EXITS)
def test_end_of_the_session(caller, body):
    """With a message that can be read, and a status that is not that of passing."""
    for status, expected, options in ((0, 1, []), (5, 5, []), (0, 2, ["-n", "2"]), (5, 2, ["-n", "2"])):
        result = caller.pytest(f"def test_it(netns):\n  {body.format(status=status)}\ndef test_more(): pass", *options)
        everything = result.stdout + result.stderr
        assert result.returncode == expected and "mine" in everything, everything
        assert not {"Traceback", "INTERNALERROR", "descriptor"} & set(everything.replace(">", " ").split()), everything
        assert ("1 visit was not left" in everything) == ("visit =" in body), everything


def test_exit_of_children(passes):
    """Is theirs."""
    passes('''
    def test_it(netns):
        with netns.enter():
            child = os.fork()
            if child == 0:
                os._exit(3)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    ''')
