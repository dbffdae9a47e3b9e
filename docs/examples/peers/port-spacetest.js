// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
import Gio from 'gi://Gio';
import Spacetest from 'gi://Spacetest?version=1';

Spacetest.withVisit('net', () => {
    const server = new Gio.SocketListener();
    server.add_inet_port(8080, null);
    const client = Gio.Socket.new(Gio.SocketFamily.IPV4, Gio.SocketType.STREAM, Gio.SocketProtocol.TCP);
    client.connect(Gio.InetSocketAddress.new_from_string('127.0.0.1', 8080), null);
    client.send('hello', null);
    const arrived = new TextDecoder().decode(server.accept(null)[0].get_input_stream().read_bytes(5, null).toArray());
    if (arrived !== 'hello')
        throw new Error(arrived);
});
