// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
import Gio from 'gi://Gio';
import Spacetest from 'gi://Spacetest?version=1';

function testPort80() {
    const visit = Spacetest.enter_transient(Spacetest.NamespaceType.NET | Spacetest.NamespaceType.MNT);
    try {
        // Port 80 is free, whatever runs on this machine.
        const server = new Gio.SocketListener();
        server.add_inet_port(80, null);
        server.close();
    } finally {
        visit.leave();
    }
}

testPort80();
