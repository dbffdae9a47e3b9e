# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
import subprocess

SET_UP = """
ip netns add alice
ip netns add bob
ip -n alice link add eth0 type veth peer name eth0 netns bob
ip -n alice address add 10.0.0.1/24 dev eth0
ip -n bob address add 10.0.0.2/24 dev eth0
ip -n alice link set eth0 up
ip -n bob link set eth0 up
"""
CLIENT = "exec 3<>/dev/tcp/10.0.0.2/7; echo hello >&3; head -n1 <&3"


def test_cable():
    try:
        subprocess.run(["sh", "-ec", SET_UP], check=True)
        daemon = ["ip", "netns", "exec", "bob", "python3", "shout.py", "7"]
        with subprocess.Popen(daemon, stdout=subprocess.PIPE) as daemon:
            daemon.stdout.readline()
            assert subprocess.check_output(["ip", "netns", "exec", "alice", "bash", "-c", CLIENT]) == b"HELLO\n"
    finally:
        subprocess.run("ip netns delete alice; ip netns delete bob", shell=True, check=True)
