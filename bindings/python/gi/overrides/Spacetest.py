# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What makes Spacetest feel at home in Python: `with`, return values, exceptions, strings for kinds and paths, subprocesses and sockets."""
from gi.overrides import override
from gi.module import get_introspection_module

from ._spacetest import arguments, equality, processes, properties, running, sockets, visits

Spacetest = get_introspection_module("Spacetest")
__all__ = ["Popen", "count_visits", "leave_visits"]


def _to_kinds(value):
    return Spacetest.namespace_types_from_string(value) if isinstance(value, str) else value


def _to_path(value):
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _to_bytes(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        return GLib.Bytes.new(bytes(value))
    if not isinstance(value, GLib.Bytes):
        raise TypeError(f"content must be bytes, not {type(value).__name__}")
    return value


def _get_converter(argument):
    type_info = argument.get_type()
    if type_info.get_tag() == TypeTag.FILENAME:
        return _to_path
    if type_info.get_tag() == TypeTag.INTERFACE:
        return {"NamespaceType": _to_kinds, "Bytes": _to_bytes}.get(type_info.get_interface().get_name())
    return None


def _widen(info, owner=None):
    """A function that takes "net,mnt", pathlib.Path and bytes where `info` takes flags, a path and GBytes; or None."""
    converters = {argument.get_name(): _get_converter(argument) for argument in info.get_arguments()}
    if not any(converters.values()):
        return None
    by_place = ([None] if info.is_method() or info.is_constructor() else []) + list(converters.values())

    def widened(*args, **kwargs):
        if info.is_constructor() and args[0] is not owner:
            raise TypeError(f"{owner.__name__}.{info.__name__}() makes no {args[0].__name__}")
        args = [convert(value) if convert else value for convert, value in itertools.zip_longest(by_place[:len(args)], args)]
        kwargs = {name: converters[name](value) if converters.get(name) else value for name, value in kwargs.items()}
        return info(*args, **kwargs)

    widened.__name__ = info.__name__
    widened.__qualname__ = f"{owner.__name__}.{info.__name__}" if owner else info.__name__
    widened.__doc__ = info.__doc__
    return widened


for _class in (Spacetest.Space, Spacetest.NamespaceRef, Spacetest.TransientMntns, Spacetest.MountView, Spacetest.Pin,
               Spacetest.Capture, Spacetest.Spacer):
    for _info in _class.__info__.get_methods():
        _widened = _widen(_info, _class)
        if _widened:
            _wrap = classmethod if _info.is_constructor() else None if _info.is_method() else staticmethod
            setattr(_class, _info.__name__, _wrap(_widened) if _wrap else _widened)
for _info in (Spacetest.enter_transient, Spacetest.probe, Spacetest.probe_async):
    globals()[_info.__name__] = override(_info)(_widen(_info))
for _class in arguments.get_classes():
    arguments.widen_class(_class)
for _info in (Spacetest.probe, Spacetest.probe_async):
    globals()[_info.__name__] = override(_info)(arguments.widen(_info))
    __all__.append(_info.__name__)
enter_transient = override(Spacetest.enter_transient)(visits.remembering(arguments.widen(Spacetest.enter_transient)))
__all__.append("enter_transient")

Popen = processes.Popen
count_visits = visits.count_visits
leave_visits = visits.leave_visits

def _refuse_unfinished(func, value):
    """Raises if `value` is a body that has yet to run: that would be at home, whatever it was called in."""
    if not (inspect.isawaitable(value) or inspect.isgenerator(value) or inspect.isasyncgen(value)):
        return
    if inspect.iscoroutine(value) and inspect.getcoroutinestate(value) == inspect.CORO_CREATED:
        value.close()  # so that nobody warns that it was not awaited
    raise TypeError(f"{getattr(func, '__qualname__', func)} returned a {type(value).__name__}, whose body would run outside: "
                    "call a plain function, or use enter() around code that does not await or yield")


class _Outcome:
    """Runs a function for C, keeps what came of it: PyGObject would print an exception, and drop it."""

    def __init__(self, func, args, kwargs):
        if not callable(func):
            raise TypeError(f"func must be callable, not {type(func).__name__}")
        self._work = func, args, kwargs
        self._value = self._failure = None

    def run(self, *_user_data):
        func, args, kwargs = self._work
        try:
            value = func(*args, **kwargs)
            _refuse_unfinished(func, value)
            self._value = value
        except BaseException as failure:
            self._failure = failure
        return True

    def get(self, finish):
        """Returns or raises what the function did, once `finish` said what the library has to say to that."""
        lost = None
        try:
            finish()
        except GLib.Error as error:
            lost = error
        failure, self._failure = self._failure, None
        try:
            if lost and (failure is None or lost.matches(Spacetest.error_quark(), Spacetest.Error.NO_RETURN)):
                raise lost from failure
            if failure is not None:
                raise failure
            return self._value
        finally:
            del failure, lost  # their tracebacks hold this frame


class _Future(concurrent.futures.Future):
    """Says, as asyncio's does, when it is dropped with an exception that nobody asked for."""
    _unseen = None

    def set_exception(self, exception):
        self._unseen = exception
        super().set_exception(exception)

    def exception(self, timeout=None):
        exception = super().exception(timeout)
        self._unseen = None
        return exception

    def result(self, timeout=None):
        try:
            self.exception(timeout)
            return super().result()
        finally:
            del self  # which the traceback holds

    def __del__(self):
        unseen, self._unseen = self._unseen, None
        try:
            if unseen is not None:
                raise unseen  # goes to sys.unraisablehook()
        finally:
            del self, unseen


_call = Spacetest.Space.call
_run_in_thread = Spacetest.Space.run_in_thread
_run_in_thread_async = Spacetest.Space.run_in_thread_async


def call(self, func, *args, **kwargs):
    """Calls func(*args, **kwargs) on this thread, in the space, and returns or raises what it does.

    It fails if it raises; its return value is never a failure. The library's own errors are GLib.Error; NO_RETURN outranks
    an exception of func, which is its __cause__ then."""
    outcome = _Outcome(func, args, kwargs)
    return outcome.get(lambda: _call(self, outcome.run))


def run_in_thread(self, func, *args, cancellable=None, **kwargs):
    """Like call(), but on a thread that lives in the space; waits for it."""
    outcome = _Outcome(func, args, kwargs)
    return outcome.get(lambda: _run_in_thread(self, outcome.run, (), cancellable))


def run_in_thread_async(self, func, *args, cancellable=None, **kwargs):
    """Like run_in_thread(), but returns a concurrent.futures.Future at once.

    The main context of the calling thread completes it, so it must run: iterate it until done() instead of waiting in
    result(). cancel() and the cancellable work until func begins. An exception that nobody asks the future for goes to
    sys.unraisablehook() once the future is dropped."""
    outcome = _Outcome(func, args, kwargs)
    future = _Future()
    held = [future]  # PyGObject drops `done` long after it ran
    begun = []

    def begin():
        begun.append(True)
        return held[0].set_running_or_notify_cancel()

    def done(space, result):
        if (begun or begin()) and not held[0].cancelled():
            try:
                held[0].set_result(outcome.get(lambda: space.run_in_thread_finish(result)))
            except BaseException as failure:
                held[0].set_exception(failure)
        held.clear()

    _run_in_thread_async(self, lambda *_: not begin() or outcome.run(), (), cancellable, done)
    return future


def _enter(self):
    if not self.is_active():
        raise GLib.Error.new_literal(Spacetest.error_quark(), "the visit is not under way: with takes a new one, of enter()",
                                     Spacetest.Error.CLOSED)
    return self


def _close(self, _kind, failure, _traceback):
    try:
        self.close()
    except GLib.Error as lost:
        raise lost from failure


def _leave(self, _kind, failure, _traceback):
    try:
        self.leave()
    except GLib.Error as lost:
        raise lost from failure


def _repr_ref(self):
    return f"<Spacetest.{type(self).__name__} {self}{', closed' if self.is_closed() else ''}>"


Spacetest.Space.call = call
Spacetest.Space.run_in_thread = run_in_thread
Spacetest.Space.run_in_thread_async = run_in_thread_async

for _class in (Spacetest.NamespaceRef, Spacetest.NamespaceId):
    _class.__str__ = lambda self: self.to_string()
    _class.__eq__ = lambda self, other, cls=_class: self.equal(other) if isinstance(other, cls) else NotImplemented
    _class.__ne__ = lambda self, other, cls=_class: not self.equal(other) if isinstance(other, cls) else NotImplemented
    _class.__hash__ = lambda self: self.hash()
# Otherwise these are attributes of the Python object alone, and nobody says so.
for _name in ("id_map", "monotonic_offset", "boottime_offset", "host_name"):
    setattr(Spacetest.SpacerOptions, _name, property(lambda self, name=_name: getattr(self.props, name),
                                                     lambda self, value, name=_name: setattr(self.props, name, value)))
for _class in (Spacetest.Link, Spacetest.Route, Spacetest.Neighbour):
    _class.__str__ = lambda self: self.to_string()
Spacetest.NamespaceRef.__repr__ = _repr_ref
Spacetest.NamespaceId.__repr__ = lambda self: f"<Spacetest.NamespaceId {self}>"

Spacetest.Visit.__enter__ = _enter
Spacetest.Visit.__exit__ = _leave

for _class in (Spacetest.NamespaceRef, Spacetest.MountView, Spacetest.NetnsPool, Spacetest.Pin, Spacetest.Spacer):
    _class.__enter__ = lambda self: self
    _class.__exit__ = lambda self, *_: self.close()
Spacetest.Capture.__enter__ = lambda self: self
Spacetest.Capture.__exit__ = _close
running.install()
visits.install()
equality.install()
processes.install()
properties.install()
sockets.install()
