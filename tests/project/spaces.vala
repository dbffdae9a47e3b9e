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
    foreach (unowned var link in Spacetest.Link.list (bob))
        print ("%s\n", link.name);
    capture.keep = true;
    capture.close ();
    alice.close ();
    bob.close ();
}

async void make_things () throws Error {
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
    var stay = netns.enter ();
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
