// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// Captures around a function, from GJS: their files stay if it fails.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Spacetest from 'gi://Spacetest?version=1';
import {equal, fails, list, run, same, test, thrownBy} from './harness.js';

const {Error: Code, TransientMntns, TransientNetns} = Spacetest;
const ADDRESS = Gio.InetSocketAddress.new_from_string('127.0.0.1', 4711);

function send(netns, text) {
    const sockets = [1, 2].map(() => netns.create_socket(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM, Gio.SocketProtocol.UDP));
    sockets[0].bind(ADDRESS, false);
    sockets[1].send_to(ADDRESS, text, null);
    sockets.forEach(socket => socket.close());
}

// What is told while body runs in a network, with a folder of its own for captures.
async function listen(body) {
    const {printerr} = globalThis;
    const folder = GLib.dir_make_tmp('spacetest-XXXXXX');
    const netns = TransientNetns.new();
    const said = [];
    globalThis.printerr = text => said.push(text);
    GLib.setenv('SPACETEST_CAPTURES', folder, true);
    try {
        await body({folder, netns, said});
    } finally {
        globalThis.printerr = printerr;
        GLib.unsetenv('SPACETEST_CAPTURES');
        netns.close();
        list(folder).forEach(name => GLib.unlink(`${folder}/${name}`));
        GLib.rmdir(folder);
    }
}

function isKept({folder, said}, text) {
    const [name, ...more] = list(folder);
    equal(more, []);
    same(/^test-capture-.*\.pcapng$/.test(name), true);
    equal(said, [`spacetest: the packets of what failed are in ${folder}/${name}`]);
    same(new TextDecoder('latin1').decode(GLib.file_get_contents(`${folder}/${name}`)[1]).includes(text), true);
    same(Gio.File.new_for_path(`${folder}/${name}`).query_info('unix::mode', 0, null).get_attribute_uint32('unix::mode') & 0o77, 0);
}

test('a capture of what succeeds is discarded', () => listen(async ({folder, netns, said}) => {
    same(Spacetest.withCapture(netns, 'lo', capture => {
        same(capture.interface, 'lo');
        same(list(folder).length, 1);
        return 3;
    }), 3);
    equal(list(folder), []);
    const promise = Spacetest.withCapture(netns, null, async capture => {
        await null;
        same(capture.is_closed(), false);
        return 4;
    });
    same(list(folder).length, 1);
    same(await promise, 4);
    equal(list(folder), []);
    equal(said, []);
}));

test('a capture of what throws is kept', () => listen(heard => {
    const failure = new RangeError('in the test');
    same(thrownBy(() => Spacetest.withCapture(heard.netns, null, () => {
        send(heard.netns, 'a packet of it');
        throw failure;
    }))[0], failure);
    isKept(heard, 'a packet of it');
}));

test('a capture of what is rejected is kept', () => listen(async heard => {
    const failure = {};
    same(await Spacetest.withCapture(heard.netns, null, async capture => {
        await null;
        capture.keep = false;
        send(heard.netns, 'a later packet');
        throw failure;
    }).catch(e => e), failure);
    isKept(heard, 'a later packet');
}));

test('a capture that the function ends', () => listen(({folder, netns, said}) => {
    Spacetest.withCapture(netns, null, capture => capture.close());
    equal(list(folder), []);
    same(thrownBy(() => Spacetest.withCapture(netns, null, capture => {
        capture.discard();
        throw 5; // eslint-disable-line no-throw-literal
    }))[0], 5);
    equal(list(folder), []);
    equal(said, []);
}));

test('a capture onto a full disk', () => listen(({folder, netns, said}) => {
    const failure = new Error('in the test');
    const mntns = TransientMntns.new();
    mntns.mount_tmpfs(folder, 4096 * 2);
    function fill(end) {
        return mntns.call(() => Spacetest.withCapture(netns, 'lo', capture => {
            [1, 2, 3].forEach(() => send(netns, 'x'.repeat(30000)));
            return end(capture);
        }));
    }
    const [full] = thrownBy(() => fill(capture => capture.close()));
    same(full.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NO_SPACE), true);
    same(said.length, 2);
    said.length = 0;
    mntns.call(() => list(folder).forEach(name => GLib.unlink(`${folder}/${name}`)));
    same(thrownBy(() => fill(() => {
        throw failure;
    }))[0], failure);
    same(said[0].startsWith('spacetest: packets are missing: '), true);
    same(said[1].startsWith(`spacetest: the packets of what failed are in ${folder}/`), true);
    mntns.close();
}));

test('captures that cannot begin leave no file', () => listen(({folder, netns}) => {
    fails(Code.NOT_FOUND, () => Spacetest.withCapture(netns, 'eth7', () => {}), 'eth7');
    for (const args of [[netns, null], [null, null, () => {}], [netns, 'l\0o', () => {}], [netns, null, 3]])
        thrownBy(() => Spacetest.withCapture(...args));
    equal(list(folder), []);
    GLib.setenv('SPACETEST_CAPTURES', `${folder}/missing`, true);
    const [error] = thrownBy(() => Spacetest.withCapture(netns, null, () => {}));
    same(error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND), true);
}));

run();
