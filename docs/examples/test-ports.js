// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
import Gio from 'gi://Gio';
import Spacetest from 'gi://Spacetest?version=1';

Spacetest.withVisit('net,mnt', () => {
    const server = new Gio.SocketListener();
    server.add_inet_port(80, null); // free, whatever runs on this machine
    server.close();
});
