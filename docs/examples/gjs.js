// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// What the guide to GJS shows.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Spacetest from 'gi://Spacetest?version=1';

Gio._promisify(Gio.Subprocess.prototype, 'communicate_utf8_async');
Gio._promisify(Gio.Subprocess.prototype, 'wait_check_async');

function where(kind) {
    return GLib.file_read_link(`/proc/thread-self/ns/${kind}`);
}

function assertEqual(actual, expected) {
    if (actual !== expected)
        throw new Error(`${actual}, not ${expected}`);
}

function testPort80() {
    Spacetest.withVisit('net', space => {
        assertEqual(where('net'), `${space.get_ref('net')}`);
        const server = new Gio.SocketListener();
        server.add_inet_port(80, null);
        server.close();
    });
}

async function testPrograms() {
    const netns = await Spacetest.TransientNetns.new_async();
    await Spacetest.using(netns, async () => {
        const process = netns.spawnv(['readlink', '/proc/self/ns/net'], Gio.SubprocessFlags.STDOUT_PIPE);
        const [stdout] = await process.communicate_utf8_async(null, null);
        assertEqual(stdout.trim(), `${netns}`);
        await netns.spawnv(['true']).wait_check_async(null);
    });
}

async function testHostName() {
    const spacer = await Spacetest.Spacer.new_async();
    const inside = await spacer.create_subspace_async('user,pid', {host_name: 'elsewhere'});
    await Spacetest.using(spacer, inside, async () => {
        const process = inside.get_space().spawnv(['uname', '-n'], Gio.SubprocessFlags.STDOUT_PIPE);
        const [stdout] = await process.communicate_utf8_async(null, null);
        assertEqual(stdout.trim(), 'elsewhere');
    });
}

async function testCable() {
    const [alice, bob] = await Promise.all([1, 2].map(() => Spacetest.TransientNetns.new_async()));
    await Spacetest.using(alice, bob, async () => {
        const cable = Spacetest.Link.new_cable(alice, '10.0.0.1/24', bob, '10.0.0.2/24');
        const ends = [cable, cable.get_peer()];
        await Promise.all(ends.map(end => end.wait_ready_async()));
        await Spacetest.withCapture(bob, 'eth0', () => Promise.all(ends.map(end => end.wait_ready_async())));
    });
}

function testRefusal() {
    try {
        Spacetest.NamespaceRef.new_for_path('/dev/null');
    } catch (e) {
        if (!e.matches(Spacetest.Error, Spacetest.Error.NOT_A_NAMESPACE))
            throw e;
        print(e.message);
        return;
    }
    throw new Error('/dev/null is no namespace');
}

async function testAll() {
    try {
        testPort80();
    } catch (e) {
        // Who may not enter runs this under `spacetest run`.
        if (!e.matches?.(Spacetest.Error, Spacetest.Error.PERMISSION_DENIED))
            throw e;
    }
    await testPrograms();
    await testHostName();
    await testCable();
    testRefusal();
}

await testAll();
