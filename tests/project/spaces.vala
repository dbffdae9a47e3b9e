// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// Spaces, programs, spacers, links and captures, as a program in Vala writes them.
const Spacetest.NamespaceType NET = Spacetest.NamespaceType.NET;

string output (Subprocess process) throws Error {
    string text;
    process.communicate_utf8 (null, null, out text, null);
    assert (process.get_successful ());
    return text.strip ();
}

void run_programs () throws Error {
    var netns = new Spacetest.TransientNetns ();
    string[] where = { "readlink", "/proc/self/ns/net" };
    assert (output (netns.spawnv (where, SubprocessFlags.STDOUT_PIPE)) == netns.to_string ());
    var launcher = new Spacetest.Launcher (SubprocessFlags.STDOUT_PIPE);
    launcher.setenv ("GREETING", "hello", true);
    launcher.set_cwd ("/");
    assert (output (launcher.spawnv (netns, { "sh", "-c", "echo $GREETING from $PWD" })) == "hello from /");
    netns.close ();
}

void use_spacer () throws Error {
    var spacer = new Spacetest.Spacer ();
    var options = new Spacetest.SpacerOptions () { host_name = "elsewhere", id_map = Spacetest.IdMap.ROOT };
    var inside = spacer.create_subspace (Spacetest.NamespaceType.USER | Spacetest.NamespaceType.PID, options);
    assert (output (inside.get_space ().spawnv ({ "uname", "-n" }, SubprocessFlags.STDOUT_PIPE)) == "elsewhere");
    var reference = inside.create_transient (NET);
    assert (reference.from_spacer);
    var died = false;
    spacer.died.connect (() => { died = true; });
    reference.close ();
    inside.close ();
    spacer.close ();
    assert (spacer.closed && !died);
}

void connect_hosts (string path) throws Error {
    var alice = new Spacetest.TransientNetns ();
    var bob = new Spacetest.TransientNetns ();
    var capture = new Spacetest.Capture (alice, null, path);
    var cable = new Spacetest.Link.veth (alice, "eth0", bob, "eth0");
    var peer = cable.get_peer ();
    cable.add_address ("10.0.0.1/24");
    peer.add_address ("10.0.0.2/24");
    cable.set_up (true);
    peer.set_up (true);
    cable.wait_ready ();
    var impairment = new Spacetest.Impairment () { rate = 20000000 };
    cable.set_impairment (impairment);
    cable.set_impairment (null);
    foreach (unowned var link in Spacetest.Link.list (bob))
        print ("%s\n", link.name);
    capture.keep = true;
    capture.close ();
    alice.close ();
    bob.close ();
}

void look_from_outside () throws Error {
    var space = new Spacetest.Space.transient (NET | Spacetest.NamespaceType.MNT);
    var socket = space.create_socket (SocketFamily.IPV4, SocketType.STREAM, SocketProtocol.TCP);
    socket.bind (new InetSocketAddress.from_string ("127.0.0.1", 80), true);
    socket.listen ();
    space.wait_listening (new InetSocketAddress.from_string ("127.0.0.1", 80), SocketType.STREAM, 10000);
    socket.close ();
    space.set_sysctl ("net.ipv4.ip_forward", "1");
    assert (space.get_sysctl ("net/ipv4/ip_forward") == "1");
    var mntns = space.get_ref (Spacetest.NamespaceType.MNT) as Spacetest.TransientMntns;
    mntns.mount_tmpfs ("/mnt", 65536);
    mntns.overlay_file ("/etc/hosts", new Bytes ("10.0.0.1 server\n".data));
    var view = new Spacetest.MountView (mntns);
    view.replace ("/mnt/note", new Bytes ("hello".data));
    assert (view.load ("/mnt/note").length == 5);
    foreach (unowned var name in view.list ("/mnt"))
        assert (name == "note");
    view.close ();
    foreach (unowned var pin in Spacetest.Pin.list ())
        assert (pin.get_path () != "");
    assert (Spacetest.find_strays ().length == 0);
    Spacetest.probe (NET);
}

void expect_error () {
    try {
        new Spacetest.Link.for_name (new Spacetest.TransientNetns (), "eth0");
        assert_not_reached ();
    } catch (Spacetest.Error.NOT_FOUND error) {
        assert (error.message != "");
    } catch (Error error) {
        assert_not_reached ();
    }
}

async void make_things () throws Error {
    assert (yield Spacetest.probe_async (NET, null));
    var netns = yield new Spacetest.NamespaceRef.transient_async (NET, null);
    var spacer = new Spacetest.Spacer ();
    var inside = yield spacer.create_subspace_async (Spacetest.NamespaceType.USER, null, null);
    var space = yield inside.create_space_async (NET | Spacetest.NamespaceType.UTS, null);
    var process = yield space.spawnv_async ({ "true" }, SubprocessFlags.NONE, null);
    yield process.wait_check_async ();
    netns.close ();
    inside.close ();
    spacer.close ();
}

void visit () throws Error {
    var netns = new Spacetest.TransientNetns ();
    if (netns.from_spacer)
        return;
    var here = false;
    netns.call (() => {
        here = new Spacetest.NamespaceRef.current (NET).equal (netns);
        return true;
    });
    assert (here);
    try {
        netns.call (() => { throw new IOError.NOT_FOUND ("lost in there"); });
        assert_not_reached ();
    } catch (IOError.NOT_FOUND error) {
        assert (error.message == "lost in there");
    }
    var elsewhere = false;
    netns.run_in_thread (() => {
        elsewhere = new Spacetest.NamespaceRef.current (NET).equal (netns);
        return true;
    });
    assert (elsewhere && !new Spacetest.NamespaceRef.current (NET).equal (netns));
    var stay = netns.enter ();
    assert (stay.is_active () && stay.get_space () == netns);
    stay.leave ();
    netns.close ();
}

int main (string[] arguments) {
    Error? failure = null;
    var loop = new MainLoop ();
    try {
        run_programs ();
        use_spacer ();
        connect_hosts (arguments[1]);
        visit ();
        look_from_outside ();
        expect_error ();
    } catch (Error error) {
        failure = error;
    }
    make_things.begin ((source, result) => {
        try {
            make_things.end (result);
        } catch (Error error) {
            failure = error;
        }
        loop.quit ();
    });
    loop.run ();
    if (failure != null)
        printerr ("%s\n", failure.message);
    return failure == null ? 0 : 1;
}
