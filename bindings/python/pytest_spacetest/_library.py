# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""The library, for those modules that import this when they need it: the plug-in must cost nothing where nobody uses it."""
import gi

gi.require_version("Spacetest", "1")
from gi.repository import Gio, GLib, Spacetest  # noqa: E402

__all__ = ["GLib", "Gio", "Spacetest"]

if not hasattr(Spacetest, "leave_visits"):
    raise ImportError("the overrides of Spacetest for Python are missing")
