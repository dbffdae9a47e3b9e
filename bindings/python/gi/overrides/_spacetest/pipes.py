# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Waiting for a program: for its end, and for what it writes."""
import os
import select
import selectors
import time

from gi.repository import Gio, GLib

AT_ONCE = 65536


def _open(process):
    """A descriptor that becomes readable when it ends, or None."""
    number = process.get_identifier()
    try:
        pidfd = os.pidfd_open(int(number)) if number else None
    except OSError:
        return None
    if pidfd is not None and process.get_identifier() is None:  # GLib has waited for it: the number may be another one's
        os.close(pidfd)
        return None
    return pidfd


def wait(process, timeout):
    """Whether a Gio.Subprocess ended in so many seconds. Python's signal handlers run meanwhile, that of Ctrl-C too; GLib would go on waiting."""
    pidfd = _open(process)
    if pidfd is None:
        return _wait_by_glib(process, timeout)
    try:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        if not poll.poll(None if timeout is None else max(0, timeout * 1000)):
            return False
    finally:
        os.close(pidfd)
    process.wait(None)
    return True


def _wait_by_glib(process, timeout):
    """The same where the kernel has no such descriptors for us. Only what belongs to this runs meanwhile."""
    if timeout is None or process.get_identifier() is None:
        process.wait(None)
        return True
    ended = []
    context = GLib.MainContext.new()
    cancellable = Gio.Cancellable()
    context.push_thread_default()
    try:
        process.wait_async(cancellable, lambda _, result: ended.append(_finish(process, result)))
        alarm = GLib.timeout_source_new(max(0, int(timeout * 1000)))
        alarm.set_callback(lambda _: cancellable.cancel())
        alarm.attach(context)
        while not ended:
            context.iteration(True)
        alarm.destroy()
    finally:
        context.pop_thread_default()
    return ended[0]


def _finish(process, result):
    try:
        return process.wait_finish(result)
    except GLib.Error as error:
        if not error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED):
            raise
        return process.get_identifier() is None


class Exchange:
    """Writes to one pipe and reads from others until all are done with. What was read stays here if time runs out."""

    def __init__(self, sink, content, sources):
        self._chunks = {source: [] for source in sources}
        self._left = memoryview(content or b"")
        self._selector = selectors.DefaultSelector()
        for source in sources:
            self._selector.register(source, selectors.EVENT_READ)
        if sink:
            self._open_sink(sink)

    def _open_sink(self, sink):
        try:
            sink.flush()
        except BrokenPipeError:
            pass
        if self._left:
            os.set_blocking(sink.fileno(), False)
            self._selector.register(sink, selectors.EVENT_WRITE)
        else:
            self._close(sink)

    def run(self, deadline):
        """Whether it was done by then. What is there already is taken in any case."""
        while self._selector.get_map():
            left = None if deadline is None else max(0, deadline - time.monotonic())
            for key, _ in self._selector.select(left):
                self._move(key.fileobj)
            if left == 0 and self._selector.get_map():
                return False
        self._selector.close()
        self._selector = _Done
        return True

    def _move(self, file):
        if file not in self._chunks:
            self._write(file)
            return
        chunk = os.read(file.fileno(), AT_ONCE)
        self._chunks[file].append(chunk)
        if not chunk:
            self._selector.unregister(file)
            file.close()

    def _write(self, sink):
        try:
            self._left = self._left[os.write(sink.fileno(), self._left[:AT_ONCE]):]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._left = self._left[:0]
        if not self._left:
            self._selector.unregister(sink)
            self._close(sink)

    @staticmethod
    def _close(sink):
        try:
            sink.close()
        except BrokenPipeError:
            pass

    def get_content(self, source):
        return b"".join(self._chunks[source])


class _Done:
    """Stands for a selector with nothing to wait for."""

    @staticmethod
    def get_map():
        return None

    @staticmethod
    def close():
        pass
