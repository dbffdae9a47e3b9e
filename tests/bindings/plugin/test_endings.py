# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""How a script ends that has forgotten something."""
import os
import subprocess
import sys

import pytest

PENDING = """
    import time
    network = Spacetest.TransientNetns.new()
    for _ in range({n}):
        future = network.run_in_thread_async(time.sleep, 0)
        {then}
"""


@pytest.mark.parametrize("n, then", [(2, "pass"), (50, "future.cancel()")])
def test_functions_that_nobody_waits_for(caller, n, then):
    """The interpreter ends the threads that ask for it then, wherever they are."""
    path = caller.write("script.py", PENDING.format(n=n, then=then))
    for _ in range(10):
        result = caller.run(path)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_functions_that_nobody_waits_for_under_the_command(nobody):
    path = nobody.write("script.py", PENDING.format(n=50, then="future.cancel()"))
    prefix = [*nobody.prefix, "spacetest", "run"]
    for _ in range(10):
        result = subprocess.run([*prefix, sys.executable, path], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=os.environ,
                                cwd=nobody.folder)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
