// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
int main () {
    try {
        var net = new Spacetest.NamespaceRef.current (Spacetest.NamespaceType.NET);
        var same = new Spacetest.NamespaceRef.for_path ("/proc/thread-self/ns/net", Spacetest.NamespaceType.NET);
        assert (net.equal (same));
        assert (net.get_id ().equal (same.get_id ()));
        var kinds = Spacetest.namespace_types_from_string ("mnt,net");
        assert (kinds == (Spacetest.NamespaceType.NET | Spacetest.NamespaceType.MNT));
        net.close ();
        assert (net.closed);
        print ("%s\n", net.to_string ());
    } catch (Error error) {
        printerr ("%s\n", error.message);
        return 1;
    }
    try {
        new Spacetest.NamespaceRef.for_fd (-1, Spacetest.NamespaceType.NONE);
    } catch (Spacetest.Error.INVALID_ARGUMENT error) {
        return 0;
    } catch (Error error) {
        printerr ("%s\n", error.message);
    }
    return 1;
}
