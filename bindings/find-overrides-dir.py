# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""find-overrides-dir.py PREFIX: where PyGObject looks overrides up, or would with PYTHONPATH, below PREFIX."""
import os
import site
import sys

import gi.overrides

prefix = os.path.normpath(sys.argv[1])
own = os.path.normpath(gi.overrides.__path__[0])
if prefix == os.path.normpath(sys.prefix):
    print(own)
else:
    below = [path for path in site.getsitepackages() if os.path.normpath(path).startswith(prefix + os.sep)]
    print(os.path.join(below[0], "gi", "overrides") if below else os.path.join(prefix, os.path.relpath(own, sys.prefix)))
