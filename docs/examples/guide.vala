// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// What the guide to Vala shows, besides the test.
void call (Spacetest.Space space) throws Error {
    space.call (() => {
        stdout.printf ("%s\n", FileUtils.read_link ("/proc/thread-self/ns/net"));
        return true;
    });
}

void visit (Spacetest.Space space) throws Error {
    var stay = space.enter ();
    try {
        stdout.printf ("%s\n", FileUtils.read_link ("/proc/thread-self/ns/net"));
    } finally {
        try {
            stay.leave ();
        } catch (Error error) {
            GLib.error ("%s", error.message);
        }
    }
}

async void run_program () throws Error {
    var netns = yield new Spacetest.NamespaceRef.transient_async (Spacetest.NamespaceType.NET, null);
    var process = yield netns.spawnv_async ({ "true" }, SubprocessFlags.NONE, null);
    yield process.wait_check_async ();
    netns.close ();
}

int main () {
    Error? failure = null;
    var loop = new MainLoop ();
    try {
        var netns = new Spacetest.TransientNetns ();
        if (!netns.from_spacer) {
            call (netns);
            visit (netns);
        }
        netns.close ();
    } catch (Error error) {
        failure = error;
    }
    run_program.begin ((source, result) => {
        try {
            run_program.end (result);
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
