// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// A look around in a fresh network and mount table, and again at home.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Spacetest from 'gi://Spacetest?version=1';

const {NET, MNT} = Spacetest.NamespaceType;

function lookAround() {
    const [net, mnt] = ['net', 'mnt'].map(kind => GLib.file_read_link(`/proc/thread-self/ns/${kind}`));
    const interfaces = Gio.File.new_for_path('/sys/class/net').enumerate_children('standard::name', 0, null);
    return `${net} ${mnt}, interfaces: ${[...interfaces].map(info => info.get_name()).join(' ')}`;
}

const before = lookAround();
const visit = Spacetest.enter_transient(NET | MNT);
let inside;
try {
    inside = lookAround();
} finally {
    visit.leave();
}
const after = lookAround();
print(`  JS      before: ${before}\n          inside: ${inside}\n          after:  ${after}`);
if (before !== after || before === inside)
    throw new Error('this was no visit');
