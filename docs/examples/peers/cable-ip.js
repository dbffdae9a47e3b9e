// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
import Gio from 'gi://Gio';

const SET_UP = `
    ip netns add alice
    ip netns add bob
    ip -n alice link add eth0 type veth peer name eth0 netns bob
    ip -n alice address add 10.0.0.1/24 dev eth0
    ip -n bob address add 10.0.0.2/24 dev eth0
    ip -n alice link set eth0 up
    ip -n bob link set eth0 up`;
const CLIENT = 'exec 3<>/dev/tcp/10.0.0.2/7; echo hello >&3; head -n1 <&3';

function run(...argv) {
    const process = Gio.Subprocess.new(argv, Gio.SubprocessFlags.STDOUT_PIPE);
    const [, output] = process.communicate_utf8(null, null);
    process.wait_check(null);
    return output;
}

try {
    run('sh', '-ec', SET_UP);
    const daemon = Gio.Subprocess.new(['ip', 'netns', 'exec', 'bob', 'python3', 'shout.py', '7'], Gio.SubprocessFlags.STDOUT_PIPE);
    daemon.get_stdout_pipe().read_bytes('ready\n'.length, null);
    const answer = run('ip', 'netns', 'exec', 'alice', 'bash', '-c', CLIENT);
    if (answer !== 'HELLO\n')
        throw new Error(answer);
} finally {
    run('sh', '-c', 'ip netns delete alice; ip netns delete bob');
}
