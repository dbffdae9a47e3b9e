# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Actions in Python: functions of importable modules, called in a fresh interpreter that is started in a space.

As in multiprocessing's "spawn", the module is imported there, and the function called by its name. Arguments and results are plain values,
which travel as GVariants: None as (), bool as b, int as x (beyond 64 bits: (s), hexadecimal), float as d, str as s (what that can't hold:
(ay), UTF-8 with surrogates), bytes as ay, list as av, tuple as (av), dict as a(vv)."""
import importlib
import importlib.util
import inspect
import os
import runpy
import subprocess
import sys
import traceback
import types

from gi.module import get_introspection_module
from gi.repository import GLib

from . import visits

Spacetest = get_introspection_module("Spacetest")
MARK = "__spacetest_action__"
MOST_DEPTH = 30
MOST_MILLISECONDS = 2**32 - 1
_VARIANT = GLib.VariantType("v")
_PAIR = GLib.VariantType("(vv)")
_BYTES = GLib.VariantType("ay")
_NOT_GIVEN = type("NotGiven", (), {"__repr__": lambda self: "..."})()


def _find_directory():
    try:
        return os.getcwd()
    except OSError:
        return ""


_START_DIRECTORY = _find_directory()


class ActionError(RuntimeError):
    """An action raised what can't be rebuilt here; the text is its traceback."""


class _RemoteTraceback(Exception):
    """The cause of an exception that came from an action."""

    def __str__(self):
        return f'\n"""\n{self.args[0]}"""'


def _encode_int(value):
    if -2**63 <= value < 2**63:
        return GLib.Variant.new_int64(value)
    return GLib.Variant("(s)", (hex(value),))


def _encode_bytes(value):
    return GLib.Variant.new_from_bytes(_BYTES, GLib.Bytes.new(value), True)


def _encode_str(value):
    if "\0" not in value:
        try:
            value.encode()
        except UnicodeEncodeError:
            pass
        else:
            return GLib.Variant.new_string(value)
    return GLib.Variant.new_tuple(_encode_bytes(value.encode("utf-8", "surrogatepass")))


def _box(values, where, depth):
    return GLib.Variant.new_array(_VARIANT, [GLib.Variant.new_variant(_encode(value, where, depth)) for value in values])


def _encode_dict(value, where, depth):
    pairs = [GLib.Variant.new_tuple(*(GLib.Variant.new_variant(_encode(part, where, depth)) for part in pair)) for pair in value.items()]
    return GLib.Variant.new_array(_PAIR, pairs)


_ENCODERS = {
    type(None): lambda value, *_: GLib.Variant("()", ()),
    bool: lambda value, *_: GLib.Variant.new_boolean(value),
    int: lambda value, *_: _encode_int(value),
    float: lambda value, *_: GLib.Variant.new_double(value),
    str: lambda value, *_: _encode_str(value),
    bytes: lambda value, *_: _encode_bytes(value),
    list: _box,
    tuple: lambda *args: GLib.Variant.new_tuple(_box(*args)),
    dict: _encode_dict,
}


def _encode(value, where, depth=MOST_DEPTH):
    encode = _ENCODERS.get(type(value))
    if not encode:
        raise TypeError(f"{where}: {type(value).__qualname__} is no plain value (None, bool, int, float, str, bytes, list, tuple or dict)")
    if depth == 0:
        raise ValueError(f"{where}: nested deeper than {MOST_DEPTH}")
    return encode(value, where, depth - 1)


def _children(value):
    return [value.get_child_value(i) for i in range(value.n_children())]


def _unbox(value):
    return [_decode(child.get_variant()) for child in _children(value)]


def _decode_bytes(value):
    return value.get_data_as_bytes().get_data() or b""


_DECODERS = {
    "()": lambda value: None,
    "b": lambda value: value.get_boolean(),
    "x": lambda value: value.get_int64(),
    "(s)": lambda value: int(value.get_child_value(0).get_string(), 16),
    "d": lambda value: value.get_double(),
    "s": lambda value: value.get_string(),
    "(ay)": lambda value: _decode_bytes(value.get_child_value(0)).decode("utf-8", "surrogatepass"),
    "ay": _decode_bytes,
    "av": _unbox,
    "(av)": lambda value: tuple(_unbox(value.get_child_value(0))),
    "a(vv)": lambda value: dict((_decode(pair.get_child_value(0).get_variant()), _decode(pair.get_child_value(1).get_variant()))
                                for pair in _children(value)),
}


def _decode(value):
    return _DECODERS[value.get_type_string()](value)


def _describe(func):
    qualname = getattr(func, "__qualname__", None)
    return f"{func.__module__}.{qualname}" if qualname and getattr(func, "__module__", None) else repr(func)


def _resolve(module, qualname):
    found = module
    for name in qualname.split("."):
        found = getattr(found, name)
    return found


def _refuse_unfinished(func):
    """Nobody would run the body."""
    if inspect.iscoroutinefunction(func):
        raise TypeError(f"{_describe(func)} can't be an action: no event loop runs there; call asyncio.run() in a plain function")
    if inspect.isgeneratorfunction(func) or inspect.isasyncgenfunction(func):
        raise TypeError(f"{_describe(func)} can't be an action: a generator is no plain value; return a list")


def action(func):
    """Makes a function one that Space.run_action() can call: @Spacetest.action."""
    qualname = getattr(func, "__qualname__", None)
    plain = func.__func__ if isinstance(func, staticmethod) else func
    _refuse_unfinished(plain)
    try:
        if not callable(func) or not qualname or "<" in qualname:
            raise TypeError
        setattr(plain, MARK, True)
    except (AttributeError, TypeError):
        raise TypeError(f"{_describe(func)} can't be an action: a fresh interpreter finds functions of modules and static methods only") from None
    return func


def _find_main():
    """What is imported there as the main module: its name, or the path of its file."""
    main = sys.modules["__main__"]
    name = getattr(getattr(main, "__spec__", None), "name", None)
    if name and name.endswith(".__main__"):
        return {"init_main_of_package": name}
    if name and name != "__main__":
        return {"init_main_from_name": name}
    path = getattr(main, "__file__", None)
    if not path or not os.path.isfile(path):
        raise TypeError("an action of the main module needs a file that it can be imported from")
    return {"init_main_from_path": os.path.abspath(path)}


def _find_path():
    """sys.path for who starts elsewhere: what is not absolute is so against where we were at first, and where we are."""
    directories = [_START_DIRECTORY, _find_directory()]
    paths = [os.path.join(directory, path) if path else directory for path in sys.path if type(path) is str for directory in directories]
    return [path for path in dict.fromkeys(paths) if path]


def _describe_work(func, args, kwargs):
    if not getattr(func, MARK, False):
        raise TypeError(f"{_describe(func)} is no action: decorate it with @Spacetest.action")
    module = sys.modules.get(func.__module__)
    try:
        found = _resolve(module, func.__qualname__)
    except AttributeError:
        found = None
    if found is not func:
        raise TypeError(f"{_describe(func)} is not what is found by that name")
    main = _find_main() if func.__module__ == "__main__" else {}
    file = getattr(module, "__file__", None)
    return {
        "prepare": {"sys_path": _find_path(), "sys_argv": [str(word) for word in sys.argv], **main},
        "module": func.__module__,
        "file": file if file and os.path.isfile(file) else None,  # it may be in an archive
        "function": func.__qualname__,
        "args": args,
        "kwargs": kwargs,
    }


def _create_command():
    if not sys.executable:
        raise GLib.Error.new_literal(Spacetest.error_quark(), "cannot run an action: nobody knows which program this interpreter is",
                                     Spacetest.Error.NOT_SUPPORTED)
    start = (f"import sys; sys.path[:] = {_find_path()!r}; import gi; "
             "gi.require_version('Spacetest', '1'); from gi.repository import Spacetest; "
             "from gi.overrides._spacetest.actions import run; run()")
    return [sys.executable, *subprocess._args_from_interpreter_flags(), "-c", start]


def _find_class(report):
    try:
        module = sys.modules["__main__" if report["module"] == "__mp_main__" else report["module"]]
        found = _resolve(module, report["class"])
    except (AttributeError, KeyError):
        return None
    return found if isinstance(found, type) and issubclass(found, Exception) else None


def _rebuild(report):
    """The exception as it was, or None."""
    if "domain" in report:
        return GLib.Error.new_literal(GLib.quark_from_string(report["domain"]), report["message"], report["code"])
    found = _find_class(report) if report["args"] is not None else None
    if not found:
        return None
    try:
        made = found(*report["args"])
        if type(made) is not found or str(made) != report["text"]:
            return None
        made.__dict__.update(report["state"])
        return made
    except Exception:
        return None


def _raise(report):
    exception = _rebuild(report) or ActionError(report["traceback"])
    raise exception from (None if isinstance(exception, ActionError) else _RemoteTraceback(report["traceback"]))


def _refuse_clash(func, given):
    """What is meant for func would be taken for ours."""
    try:
        parameters = inspect.signature(func).parameters
    except (TypeError, ValueError):
        return
    for name in given:
        if name in parameters and parameters[name].kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY):
            raise TypeError(f"run_action() has a keyword {name!r} of its own, and {_describe(func)} has a parameter of that name: "
                            "pass it by position, or call the parameter otherwise")


def _to_milliseconds(timeout):
    """Of what is in seconds. What is over at once for subprocess is no limit for ReexecOptions, so 0 is neither here."""
    if isinstance(timeout, bool) or not hasattr(timeout, "__float__"):
        raise TypeError(f"timeout must be a number of seconds, not {type(timeout).__name__}")
    if timeout > MOST_MILLISECONDS / 1000:
        raise ValueError(f"timeout is {MOST_MILLISECONDS // 1000} seconds at most, not {timeout}; without a timeout, there is no limit")
    if not timeout > 0:
        raise ValueError(f"timeout must be more than 0 seconds, not {timeout}; without a timeout, there is no limit")
    return max(1, round(timeout * 1000))


def _choose_options(options, timeout):
    if timeout is not None and options is not None:
        raise TypeError("a timeout is given, or options, which have one")
    if options is not None and not isinstance(options, Spacetest.ReexecOptions):
        raise TypeError(f"options must be ReexecOptions, not {type(options).__name__}")
    options = options or Spacetest.ReexecOptions.new()
    if timeout is not None:
        options.set_timeout(_to_milliseconds(timeout))
    return options


def run_action(self, func, /, *args, cancellable=_NOT_GIVEN, options=_NOT_GIVEN, timeout=_NOT_GIVEN, **kwargs):
    """Calls func(*args, **kwargs) in a fresh interpreter that is started in the space, and returns or raises what it does.

    This works for all kinds of namespaces, also user, pid and time. func is decorated with @Spacetest.action; its module is imported there, so a
    script runs what it does under `if __name__ == "__main__":`. Arguments and results are plain values. After `timeout` seconds, more than 0, the
    process is killed, and it is G_IO_ERROR_TIMED_OUT; None is no limit. `options` are ReexecOptions, whose command is used for this; a timeout is
    set either here or there.
    The three keywords never reach func: if it has a parameter of such a name, pass that by position."""
    given = {name: value for name, value in (("cancellable", cancellable), ("options", options), ("timeout", timeout)) if value is not _NOT_GIVEN}
    _refuse_clash(func, given)
    cancellable = given.get("cancellable")
    options = _choose_options(given.get("options"), given.get("timeout"))
    parameter = _encode(_describe_work(func, args, kwargs), "an argument")
    options.set_command(_create_command())
    visits.flush_output()
    try:
        answer = Spacetest.reexec_run_with_options(self, _describe(func), parameter, options, cancellable)
    finally:
        options.set_command(None)
    succeeded, value = _decode(answer)
    if not succeeded:
        _raise(value)
    return value


def _report(failure):
    report = {"traceback": "".join(traceback.format_exception(failure)), "args": None}
    if isinstance(failure, GLib.Error):
        return {**report, "domain": failure.domain, "code": int(failure.code), "message": failure.message}
    try:
        report.update({"module": type(failure).__module__, "class": type(failure).__qualname__, "text": str(failure)})
        made = failure.__reduce__()
        args, state = made[1], (made[2] if len(made) > 2 and made[2] else {})
        _encode((args, state), "an exception", MOST_DEPTH - 6)
        if made[0] is type(failure):
            report.update({"args": args, "state": state})
    except Exception:
        pass  # it arrives as text
    return report


def _prepare(work):
    """As multiprocessing does it, which leaves out what `python -m package` runs."""
    from multiprocessing import spawn
    name = work["prepare"].pop("init_main_of_package", None)
    spawn.prepare(work["prepare"])
    if name:
        main = types.ModuleType("__mp_main__")
        main.__dict__.update(runpy.run_module(name, run_name="__mp_main__", alter_sys=True))
        sys.modules["__main__"] = sys.modules["__mp_main__"] = main


def _import(work):
    if work["module"] == "__main__":
        return sys.modules["__main__"]
    try:
        found = importlib.import_module(work["module"])
    except ModuleNotFoundError as missing:
        if missing.name != work["module"].partition(".")[0] or not work["file"]:
            raise
        found = None
    if found is None or (work["file"] and getattr(found, "__file__", None) != work["file"]):
        spec = importlib.util.spec_from_file_location(work["module"], work["file"])
        found = sys.modules[work["module"]] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
    return found


def _find_function(work):
    try:
        _prepare(work)
        found = _resolve(_import(work), work["function"])
    except GLib.Error as failure:
        if not failure.matches(Spacetest.error_quark(), Spacetest.Error.NOT_SUPPORTED):
            raise
        raise RuntimeError("a module that has actions was imported for one, and tried to run actions itself: what a script does belongs under "
                           'if __name__ == "__main__":') from failure
    if not getattr(found, MARK, False):
        raise TypeError(f"{work['module']}.{work['function']} is no action")
    return found


def _run(func, args, kwargs):
    """A value that comes of a forgotten visit is none: nobody knows where the rest was done."""
    outer = visits.count_visits()
    try:
        value = func(*args, **kwargs)
    except BaseException:
        visits.leave_visits(outer)
        raise
    if forgotten := visits.leave_visits(outer):
        raise GLib.Error.new_literal(Spacetest.error_quark(), f"the function returned without leaving {forgotten} of its visits",
                                     Spacetest.Error.WRONG_ORDER)
    return value


def _call(work):
    value = None
    try:
        value = _run(_find_function(work), work["args"], work["kwargs"])
        return _encode((True, value), f"the result of {work['module']}.{work['function']}")
    except BaseException as failure:
        return _encode((False, _report(failure)), "an exception")
    finally:
        if inspect.iscoroutine(value):
            value.close()  # so that nobody warns that it was not awaited


def run():
    """What the fresh interpreter does."""
    process = os.getpid()
    os.environ.pop("SPACETEST_ACTION", None)  # which the library has used up; Python has its own copy
    order = Spacetest.reexec_receive()
    answer = _call(_decode(order.get_child_value(1).get_maybe().get_variant()))
    if os.getpid() != process:  # forked by the action
        os._exit(0)
    visits.flush_output()
    Spacetest.reexec_reply(answer)
    sys.exit(0)


def install():
    Spacetest.Space.run_action = run_action
