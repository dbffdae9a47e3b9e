// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// What the guide to languages shows of JavaScript.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Spacetest from 'gi://Spacetest?version=1';

if (!Object.hasOwn(Spacetest.NamespaceRef.prototype, 'toString'))
    throw new Error('the overrides of Spacetest are missing');

function where(kind) {
    return GLib.file_read_link(`/proc/thread-self/ns/${kind}`);
}

const netns = await Spacetest.TransientNetns.new_async(null);
const visit = netns.enter();
try {
    print(where('net') === `${netns}`);
} finally {
    visit.leave();
}

print(Spacetest.withVisit('net,mnt', () => where('net')));

print(netns.call(where, 'net'));
print(netns.call(() => false));

try {
    netns.call(() => JSON.parse('no JSON'));
} catch (e) {
    print(e instanceof SyntaxError);
}

const {IPV4} = Gio.SocketFamily;
const socket = netns.create_socket(IPV4, Gio.SocketType.DATAGRAM, Gio.SocketProtocol.UDP);
socket.bind(Gio.InetSocketAddress.new_from_string('127.0.0.1', 53), true);
socket.close();

const mntns = Spacetest.TransientMntns.new();
mntns.overlay_file('/etc/hostname', new TextEncoder().encode('elsewhere\n'));
print(new TextDecoder().decode(Spacetest.MountView.new(mntns).load('/etc/hostname').toArray()));
