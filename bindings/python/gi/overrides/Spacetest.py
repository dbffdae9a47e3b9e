# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What makes Spacetest feel at home in Python: `with`, return values, exceptions, strings for kinds and paths, subprocesses and sockets."""
from gi.overrides import override
from gi.module import get_introspection_module

from ._spacetest import actions, arguments, equality, futures, processes, properties, running, sockets, unhandled, visits

Spacetest = get_introspection_module("Spacetest")
__all__ = ["ActionError", "Popen", "action", "count_visits", "get_under_way", "leave_visits", "take_unhandled"]

for _class in arguments.get_classes():
    arguments.widen_class(_class)
for _info in (Spacetest.probe, Spacetest.probe_async, Spacetest.reexec_run_async):
    globals()[_info.__name__] = override(_info)(arguments.widen(_info))
    __all__.append(_info.__name__)
enter_transient = override(Spacetest.enter_transient)(visits.remembering(arguments.widen(Spacetest.enter_transient)))
__all__.append("enter_transient")

ActionError = actions.ActionError
action = actions.action
Popen = processes.Popen
count_visits = visits.count_visits
leave_visits = visits.leave_visits
get_under_way = futures.get_under_way
take_unhandled = unhandled.take

actions.install()
futures.install()
running.install()
visits.install()
equality.install()
processes.install()
properties.install()
sockets.install()
unhandled.install()
