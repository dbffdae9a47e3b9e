// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
import Gio from 'gi://Gio';

const INSIDE = `
    const {Gio} = imports.gi;
    const server = new Gio.SocketListener();
    server.add_inet_port(8080, null);
    const client = Gio.Socket.new(Gio.SocketFamily.IPV4, Gio.SocketType.STREAM, Gio.SocketProtocol.TCP);
    client.connect(Gio.InetSocketAddress.new_from_string('127.0.0.1', 8080), null);
    client.send('hello', null);
    print(new TextDecoder().decode(server.accept(null)[0].get_input_stream().read_bytes(5, null).toArray()));`;

function run(...argv) {
    const process = Gio.Subprocess.new(argv, Gio.SubprocessFlags.STDOUT_PIPE);
    const [, output] = process.communicate_utf8(null, null);
    process.wait_check(null);
    return output;
}

run('ip', 'netns', 'add', 'port');
try {
    run('ip', '-n', 'port', 'link', 'set', 'lo', 'up');
    const arrived = run('ip', 'netns', 'exec', 'port', 'gjs', '-c', INSIDE);
    if (arrived !== 'hello\n')
        throw new Error(arrived);
} finally {
    run('ip', 'netns', 'delete', 'port');
}
