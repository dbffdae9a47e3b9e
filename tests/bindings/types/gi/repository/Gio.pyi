# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
from typing import Any

from gi.repository import GObject


class Cancellable(GObject.Object):
    def cancel(self) -> None: ...


class AsyncResult: ...


class Socket(GObject.Object):
    def close(self) -> bool: ...


class Subprocess(GObject.Object):
    def wait_check(self, cancellable: Cancellable | None = ...) -> bool: ...


class SocketFamily(GObject.GEnum):
    IPV4: SocketFamily


class SocketType(GObject.GEnum):
    STREAM: SocketType


class SocketProtocol(GObject.GEnum):
    TCP: SocketProtocol


class SubprocessFlags(GObject.GFlags):
    NONE: SubprocessFlags


def __getattr__(name: str) -> Any: ...
