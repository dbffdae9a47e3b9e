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


NETWORK = """
    import concurrent.futures
    network = Spacetest.TransientNetns.new()
"""
LEFT_BEHIND = {
    "thread": """
    thread = threading.Thread(target=network.enter)
    thread.start()
    thread.join()
    """,
    "pool": """
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.submit(network.enter).result()
    pool.submit(int).result()
    """,
    "pool that was shut down": """
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(network.enter)
    """,
    "thread that goes on": """
    entered = threading.Event()
    def stay():
        network.enter()
        entered.set()
        threading.Event().wait()
    threading.Thread(target=stay, daemon=True).start()
    entered.wait()
    """,
    "os._exit": """
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.submit(network.enter).result()
    os._exit(0)
    """,
}


@pytest.mark.parametrize("body", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_visits_of_other_threads(caller, body):
    result = caller.run(caller.write("script.py", NETWORK + body))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "spacetest: the program ended on a visit that it had not left: use with, or leave() on every way out\n"


def test_visits_that_were_left(caller):
    """By whoever entered, or by the functions that they were made in, which fail."""
    result = caller.run(caller.write("script.py", NETWORK + """
    def visit():
        with network.enter():
            pass
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(visit).result()
        for run in (network.call, network.run_in_thread):
            failure = pool.submit(run, network.enter).exception()
            assert failure.matches(Spacetest.error_quark(), Spacetest.Error.WRONG_ORDER), failure
    """))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
