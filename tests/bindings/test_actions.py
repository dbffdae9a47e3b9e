# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Functions that run in a fresh interpreter, started in a space."""
import asyncio
import decimal
import fractions
import functools
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import threading

import pytest
from gi.repository import Gio, GLib, Spacetest

from inside import raises


class Refused(Exception):
    def __init__(self, name, reason):
        super().__init__(name, reason)
        self.name = name


class Awkward(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


class Speechless(Exception):
    def __str__(self):
        raise RuntimeError("no words")


@Spacetest.action
def give_back(*args, **kwargs):
    return (args, kwargs)


@Spacetest.action
def stay_on_visits(failure=None):
    Spacetest.enter_transient("mnt")
    Spacetest.enter_transient("uts")
    if failure:
        raise_it(failure)
    return "not to be had"


@Spacetest.action
def raise_it(name):
    if name == "ours":
        raise Refused("door", ["shut"])
    if name == "awkward":
        raise Awkward(1, 2)
    if name == "speechless":
        raise Speechless
    if name == "os":
        open("/no/such/file")
    if name == "glib":
        raise GLib.Error.new_literal(Gio.io_error_quark(), "busy", Gio.IOErrorEnum.BUSY)
    if name == "exit":
        sys.exit(3)
    if name == "not-plain":
        raise ValueError(object())
    raise KeyError(name)


@Spacetest.action
def return_object():
    return {1: [object()]}


async def finish_later():
    return 1


async def give_later():
    yield 1


def give_one_by_one():
    yield 1


@Spacetest.action
def not_yet():
    return finish_later()


@Spacetest.action
def run_to_the_end():
    return asyncio.run(finish_later())


@Spacetest.action
def hang():
    threading.Event().wait()


@Spacetest.action
def leave_a_thread():
    threading.Thread(target=threading.Event().wait).start()
    return "left"


@Spacetest.action
def fork():
    return "child" if os.fork() == 0 else "first"


@Spacetest.action
def end(how):
    os._exit(3) if how == "exit" else os.kill(os.getpid(), 9)


@Spacetest.action
def write_much():
    sys.stderr.write("e" * 4_000_000)
    sys.stdout.write("o" * 4_000_000)
    return 100_000_000 * b"x"


@Spacetest.action
def nested():
    return Spacetest.NamespaceRef.new_current("uts").run_action(give_back)


@Spacetest.action
def read_variable(name):
    return os.environ.get(name)


@Spacetest.action
def with_own_names(timeout=3, *, options=None, cancellable=None):
    return (timeout, options, cancellable)


@Spacetest.action
def by_position(timeout, /, **others):
    return (timeout, others)


class Tee:
    """All that print() asks for."""

    def write(self, text):
        pass

    def flush(self):
        pass


@Spacetest.action
def replace_stdout(how):
    sys.stdout = Tee() if how == "tee" else None
    return how


def not_decorated():
    pass


@Spacetest.action
def hidden():
    pass


was_hidden = hidden
hidden = None


@Spacetest.action
def visit():
    with Spacetest.enter_transient("net"):
        return "visited"


class Tools:
    @staticmethod
    @Spacetest.action
    def name():
        return "tool"

    @Spacetest.action
    @staticmethod
    def other():
        return "other tool"


@pytest.fixture
def here():
    with Spacetest.NamespaceRef.new_current("uts") as ref:
        yield ref


def test_plain_values_come_back(here):
    values = (None, True, False, 0, -1, 2**63 - 1, -2**63, 2**63, -10**5000, 0.1, float("inf"), "", "text", "nul\0", "\udcff", "☃", b"", b"\0\xff", [],
              [1, [2, "x"]], (), (1, (2,)), {}, {"a": {1: None}, (1, 2): b"x", None: [True]})
    positional, keywords = here.run_action(give_back, *values, key=values)
    assert positional == values and keywords == {"key": values}
    assert [type(value) for value in positional] == [type(value) for value in values]


def test_in_namespaces_of_processes():
    with Spacetest.Spacer.new(None) as spacer, spacer.create_subspace("user,pid") as below:
        assert below.get_space().run_action(Tools.name) == "tool"
        assert below.get_space().run_action(Tools.other) == "other tool"


def test_visits_in_there():
    """Nobody comes home to a network of another user namespace, whatever he is allowed in his own."""
    with Spacetest.Spacer.new(None) as spacer, spacer.create_subspace("user,pid") as below:
        with raises(Spacetest.Error.PERMISSION_DENIED, "no thread could come home to the net namespace of this process, which belongs to another "
                    "user namespace", "an action: in a space that has net, too"):
            below.get_space().run_action(visit)
        refs = [below.get_space().get_ref("user"), below.get_space().get_ref("pid"), below.create_space("net").get_ref("net")]
        cured = Spacetest.Space.new(refs)
        assert cured.run_action(visit) == "visited"


@pytest.mark.parametrize("value", [object(), {1, 2}, bytearray(b"x"), 1j, Spacetest.NamespaceType.NET, [range(3)], {"a": object()}], ids=repr)
def test_other_values_are_refused(here, value):
    with pytest.raises(TypeError, match="is no plain value"):
        here.run_action(give_back, value)


def test_deep_values_are_refused(here):
    circle = []
    circle.append(circle)
    with pytest.raises(ValueError, match="nested deeper than 30"):
        here.run_action(give_back, circle)


@pytest.mark.parametrize("func", [not_decorated, print, was_hidden, 3, None], ids=repr)
def test_what_is_no_action(here, func):
    with pytest.raises(TypeError):
        here.run_action(func)


def local_function():
    def func():
        pass
    return func


@pytest.mark.parametrize("func", [lambda: None, local_function(), functools.partial(print), print, int, classmethod(print), 3, None, object()],
                         ids=lambda func: type(func).__name__)
def test_what_can_not_be_an_action(func):
    with pytest.raises(TypeError, match="can't be an action: a fresh interpreter finds functions of modules and static methods only"):
        Spacetest.action(func)


def test_exceptions_come_as_they_are(here):
    with pytest.raises(Refused) as caught:
        here.run_action(raise_it, "ours")
    assert caught.value.args == ("door", ["shut"]) and caught.value.name == "door"
    assert "raise Refused" in str(caught.value.__cause__)
    with pytest.raises(FileNotFoundError) as caught:
        here.run_action(raise_it, "os")
    assert caught.value.filename == "/no/such/file"
    with pytest.raises(KeyError, match="x"):
        here.run_action(raise_it, "x")
    with pytest.raises(GLib.Error) as caught:
        here.run_action(raise_it, "glib")
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.BUSY) and caught.value.message == "busy"


@pytest.mark.parametrize("name, words", [("awkward", "Awkward: 1 and 2"), ("exit", "SystemExit: 3"), ("not-plain", "ValueError: <object"),
                                         ("speechless", "Speechless: <exception str")])
def test_other_exceptions_come_as_text(here, name, words):
    with pytest.raises(Spacetest.ActionError, match=words) as caught:
        here.run_action(raise_it, name)
    assert "in raise_it" in str(caught.value)


def test_results_that_are_no_values(here):
    with pytest.raises(TypeError, match="the result of test_actions.return_object: object is no plain value"):
        here.run_action(return_object)
    with pytest.raises(TypeError, match="coroutine is no plain value"):
        here.run_action(not_yet)


def test_coroutines_are_no_warning(here, capfd):
    with pytest.raises(TypeError, match="coroutine is no plain value"):
        here.run_action(not_yet)
    assert "never awaited" not in capfd.readouterr().err


@pytest.mark.parametrize("func, words", [(finish_later, r"no event loop runs there; call asyncio.run\(\)"), (give_later, "generator is no plain value"),
                                         (give_one_by_one, "generator is no plain value")])
def test_bodies_that_nobody_would_run(func, words):
    for given in (func, staticmethod(func)):
        with pytest.raises(TypeError, match=f"test_actions.{func.__name__} can't be an action: .*{words}"):
            Spacetest.action(given)


def test_event_loops(here):
    assert here.run_action(run_to_the_end) == 1


@pytest.mark.parametrize("name, value", [("timeout", 5), ("timeout", None), ("options", None), ("cancellable", None)])
def test_keywords_that_both_have(here, name, value):
    with pytest.raises(TypeError, match=f"keyword '{name}' of its own.* test_actions.with_own_names has a parameter .*by position"):
        here.run_action(with_own_names, **{name: value})
    assert here.run_action(with_own_names, 5) == (5, None, None)
    assert here.run_action(by_position, 5, timeout=60) == (5, {})


def test_options_that_are_none(here):
    for wrong in 5, {}, Spacetest.SpacerOptions():
        with pytest.raises(TypeError, match=f"options must be ReexecOptions, not {type(wrong).__name__}"):
            here.run_action(give_back, options=wrong)


def test_time_is_limited_by_an_attribute(here):
    options = Spacetest.ReexecOptions.new()
    assert (options.timeout, options.start_timeout) == (0, 60_000)
    options.timeout = 600
    assert options.timeout == options.get_timeout() == 600
    with pytest.raises(GLib.Error) as caught:
        here.run_action(hang, options=options)
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)


def test_ends_without_a_result(here):
    with raises(Spacetest.Error.CALLBACK_FAILED, '"test_actions.end" gave no result', "signal 9"):
        here.run_action(end, "kill")
    with raises(Spacetest.Error.CALLBACK_FAILED, "ended with status 3"):
        here.run_action(end, "exit")


def test_time_is_limited(here):
    with pytest.raises(GLib.Error) as caught:
        here.run_action(hang, timeout=0.6)
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)
    with pytest.raises(TypeError, match="a timeout is given, or options"):
        here.run_action(hang, timeout=1, options=Spacetest.ReexecOptions.new())


@pytest.mark.parametrize("timeout, kind, words", [
    (0, ValueError, "more than 0 seconds, not 0; without a timeout, there is no limit"), (-1, ValueError, "more than 0 seconds, not -1"),
    (float("nan"), ValueError, "more than 0 seconds, not nan"), (float("inf"), ValueError, "4294967 seconds at most"),
    (2**32 / 1000, ValueError, "4294967 seconds at most"), ("5", TypeError, "a number of seconds, not str"),
    (True, TypeError, "a number of seconds, not bool"), ([], TypeError, "a number of seconds, not list")], ids=str)
def test_times_that_are_no_limit(here, timeout, kind, words):
    with pytest.raises(kind, match=f"timeout .*{words}"):
        here.run_action(give_back, timeout=timeout)


@pytest.mark.parametrize("timeout", [None, 600, 600.5, decimal.Decimal("600.5"), fractions.Fraction(1201, 2), 2**32 // 1000], ids=repr)
def test_times_that_are_limits(here, timeout):
    assert here.run_action(Tools.name, timeout=timeout) == "tool"


def test_cancelling(here):
    cancellable = Gio.Cancellable()
    threading.Timer(0.1, cancellable.cancel).start()
    with pytest.raises(GLib.Error) as caught:
        here.run_action(hang, cancellable=cancellable)
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)


def test_threads_that_go_on(here):
    assert here.run_action(leave_a_thread) == "left"


@pytest.mark.parametrize("how", ["tee", "none", "closed"])
def test_output_that_is_no_file(here, monkeypatch, how):
    stream = Tee() if how == "tee" else None
    if how == "closed":
        stream = io.StringIO()
        stream.close()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        value = here.run_action(replace_stdout, how)
    assert value == how


def test_forks(here):
    assert here.run_action(fork) == "first"


def test_much(here):
    with open(os.devnull) as nowhere:
        launcher = Spacetest.Launcher.new(Gio.SubprocessFlags.STDOUT_SILENCE | Gio.SubprocessFlags.STDERR_SILENCE)
        options = Spacetest.ReexecOptions.new()
        options.set_launcher(launcher)
        assert here.run_action(write_much, options=options) == 100_000_000 * b"x"
        launcher.close()
        assert not nowhere.closed


def test_environment(here):
    launcher = Spacetest.Launcher.new(Gio.SubprocessFlags.NONE)
    launcher.setenv("FOOBAR", "baz!", True)
    options = Spacetest.ReexecOptions.new()
    options.set_launcher(launcher)
    assert here.run_action(read_variable, "FOOBAR", options=options) == "baz!"
    assert here.run_action(read_variable, "SPACETEST_ACTION") is None


def test_actions_run_no_actions(here):
    with raises(Spacetest.Error.NOT_SUPPORTED, "can't run actions"):
        here.run_action(nested)


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory() as name:
        yield pathlib.Path(name)


SCRIPT = """
    import gi
    gi.require_version("Spacetest", "1")
    from gi.repository import Spacetest

    class Refused(Exception):
        pass

    @Spacetest.action
    def act(fails):
        print("inside", __name__)
        if fails:
            raise Refused("by itself")
        return __name__

    def main():
        here = Spacetest.NamespaceRef.new_current("uts")
        print(here.run_action(act, False), flush=True)
        try:
            here.run_action(act, True)
        except Refused as refused:
            print("refused", refused)
    """


def run_script(path, text, *args):
    path.write_text(textwrap.dedent(SCRIPT) + text)
    return subprocess.run([sys.executable, *args], cwd=path.parent, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PYTHONPATH": f"{os.environ['PYTHONPATH']}:{path.parent}:{path.parent.parent}"})


@pytest.mark.parametrize("args", [["script.py"], ["-m", "script"]], ids=" ".join)
def test_scripts(folder, args):
    finished = run_script(folder / "script.py", "\nif __name__ == '__main__':\n    main()\n", *args)
    assert finished.stdout.split("\n") == ["inside __mp_main__", "__mp_main__", "inside __mp_main__", "refused by itself", ""], finished.stderr


def test_a_script_without_a_guard_does_not_run_for_ever(folder):
    finished = run_script(folder / "script.py", "\nmain()\n", "script.py")
    assert finished.returncode != 0
    assert 'under if __name__ == "__main__":' in finished.stderr


def test_main_module_of_a_package(folder):
    package = folder / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "other.py").write_text("VALUE = 7\n")
    guarded = "\nfrom . import other\nif __name__ == '__main__':\n    assert other.VALUE == 7\n    main()\n"
    finished = run_script(package / "__main__.py", guarded, "-m", "package")
    assert finished.stdout.startswith("inside __mp_main__\n__mp_main__\n"), finished.stderr
    finished = run_script(package / "__main__.py", "\nif __name__ == '__main__':\n    main()\n", str(package))
    assert finished.stdout.startswith("inside __mp_main__\n__mp_main__\n"), finished.stderr


@pytest.mark.parametrize("option, where", [("-c", ""), ("-", "library")])
def test_modules_of_a_program_that_goes_elsewhere(folder, option, where):
    package = folder / where / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "other.py").write_text("VALUE = 7\n")
    (package / "acts.py").write_text("from . import other\n" + textwrap.dedent(SCRIPT))
    text = "import os, gi\ngi.require_version('Spacetest', '1')\n"
    text += f"from gi.repository import Spacetest\nimport sys\nsys.path.insert(0, {where!r})\nfrom package import acts\nos.chdir('/')\nacts.main()\n"
    finished = subprocess.run([sys.executable, option, *([text] if option == "-c" else [])], input=text, cwd=folder, capture_output=True,
                              text=True, timeout=60)
    assert finished.stdout.split("\n") == ["inside package.acts", "package.acts", "inside package.acts", "refused by itself", ""], finished.stderr


@pytest.mark.parametrize("option", ["-c", "-"])
def test_a_script_without_a_file(folder, option):
    text = textwrap.dedent(SCRIPT) + "\nmain()\n"
    finished = subprocess.run([sys.executable, option, *([text] if option == "-c" else [])], input=text, cwd=folder, capture_output=True,
                              text=True, timeout=60)
    assert "needs a file" in finished.stderr


def test_in_an_event_loop(here):
    async def main():
        return await asyncio.get_running_loop().run_in_executor(None, here.run_action, Tools.name)
    assert asyncio.run(main()) == "tool"


def test_an_action_that_stays_on_visits():
    with Spacetest.NamespaceRef.new_current("uts") as here:
        with raises(Spacetest.Error.WRONG_ORDER, "without leaving 2 of its visits"):
            here.run_action(stay_on_visits)
        with pytest.raises(Refused):  # which says more
            here.run_action(stay_on_visits, "ours")
