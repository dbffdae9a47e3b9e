# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""A shell's job control in small, run as leader of a session that has the terminal on fd 0. Starts argv[3:] as a job in the
foreground, tells on fd argv[1] how it fares, and does what it reads from fd argv[2]."""
import os
import signal
import sys

events, orders = int(sys.argv[1]), int(sys.argv[2])
signal.signal(signal.SIGTTOU, signal.SIG_IGN)


def tell(*words):
    os.write(events, (" ".join(map(str, words)) + "\n").encode())


job = os.fork()
if job == 0:
    os.close(events)
    os.close(orders)
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execvp(sys.argv[3], sys.argv[3:])
while True:
    status = os.waitpid(job, os.WUNTRACED | os.WCONTINUED)[1]
    if os.WIFCONTINUED(status):
        continue
    if not os.WIFSTOPPED(status):
        break
    tell("stopped", signal.Signals(os.WSTOPSIG(status)).name)
    os.tcsetpgrp(0, os.getpid())
    order = os.read(orders, 2)
    if order == b"fg":
        os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT) if order != b"me" else os.kill(job, signal.SIGCONT)
holder = "job" if os.tcgetpgrp(0) == job else "shell" if os.tcgetpgrp(0) == os.getpid() else "nobody"
tell("ended", os.waitstatus_to_exitcode(status), holder)
