# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
import socket

import pytest


@pytest.mark.namespaces("net", "mnt")
def test_port_80():
    with socket.create_server(("127.0.0.1", 80)):  # free, whatever runs on this machine
        pass
