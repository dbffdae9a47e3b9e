// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
void test_port_80 () {
    var server = new SocketListener ();
    try {
        server.add_inet_port (80, null); // free, whatever runs on this machine
    } catch (Error error) {
        assert_no_error (error);
    }
}

int main (string[] args) {
    Spacetest.test_init (ref args);
    Spacetest.test_add_in ("/ports/80", Spacetest.NamespaceType.NET | Spacetest.NamespaceType.MNT, test_port_80);
    return Test.run ();
}
