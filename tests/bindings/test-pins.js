// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// Namespaces that are bound to files, and their descriptions for other processes.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Spacetest from 'gi://Spacetest?version=1';

import {equal, fails, needPrivilege, refusesArguments, run, same, test} from './harness.js';

const {Error: Code, MountView, NamespaceRef, NamespaceType, Pin, TransientMntns, TransientNetns} = Spacetest;

needPrivilege();

// In a mount namespace that has empty files at /mnt, which nobody else sees.
function inMounts(func) {
    Spacetest.using(TransientMntns.new(), TransientNetns.new(), (mntns, netns) => {
        mntns.mount_tmpfs('/mnt');
        Spacetest.using(MountView.new(mntns), view => {
            view.replace('/mnt/pin', new Uint8Array());
            view.replace('/mnt/other', new Uint8Array([65]));
        });
        Spacetest.withVisit(mntns, () => func(netns));
    });
}

function listed(path) {
    return Pin.list().filter(info => info.get_path() === path);
}

test('a pin', () => inMounts(netns => {
    const pin = Pin.new(netns, '/mnt/pin');
    equal([pin.path, pin.closed], ['/mnt/pin', false]);
    const [info] = listed('/mnt/pin');
    equal([`${pin}`, `${info}`, `${new Pin()}`], ['/mnt/pin', `${netns} at /mnt/pin`, 'closed, closed']);
    same(info.get_namespace_type(), NamespaceType.NET);
    same(info.get_id().equal(netns.get_id()), true);
    const bound = NamespaceRef.new_for_path('/mnt/pin', 'net');
    same(bound.equal(netns), true);
    const text = bound.to_portable_string();
    Spacetest.using(NamespaceRef.new_from_portable_string(text), again => same(again.equal(netns), true));
    fails(Code.INVALID_ARGUMENT, () => Pin.new(netns, '/mnt/pin'), 'pinned there already');
    fails(Code.INVALID_ARGUMENT, () => Pin.new(netns, '/mnt/other'), 'the file is not empty');
    fails(Code.NOT_FOUND, () => Pin.new(netns, '/mnt/missing'));
    fails(Code.INVALID_ARGUMENT, () => Pin.new(netns, ''));
    refusesArguments(() => Pin.new(netns, null));
    same(pin.close(), true);
    same(pin.closed, true);
    equal(listed('/mnt/pin'), []);
    fails(Code.STALE, () => NamespaceRef.new_from_portable_string(text), '/mnt/pin does not hold');
    bound.close();
}));

test('a line of text', () => Spacetest.using(TransientNetns.new(), netns => {
    const text = netns.to_portable_string();
    same(text.includes('\n'), false);
    for (const opened of [NamespaceRef.new_from_portable_string(text), NamespaceRef.new_from_portable(netns.to_portable())]) {
        same(opened.equal(netns), true);
        opened.close();
    }
    const script = 'print(imports.gi.Spacetest.NamespaceRef.new_from_portable_string(ARGV[0]).to_string())';
    const other = Gio.Subprocess.new(['gjs', '-c', script, text], Gio.SubprocessFlags.STDOUT_PIPE);
    same(other.communicate_utf8(null, null)[1].trim(), netns.to_string());
    fails(Code.INVALID_ARGUMENT, () => NamespaceRef.new_from_portable_string(text.slice(0, -1)));
    fails(Code.INVALID_ARGUMENT, () => NamespaceRef.new_from_portable(new GLib.Variant('s', text)));
    fails(Code.STALE, () => NamespaceRef.new_from_portable_string(text.replace(/'pid': <\d+>/, "'pid': <1>")));
}));

test('a library that is loaded later joins nothing', () => {
    same(Spacetest.startup_get_status(), true);
    const launcher = Gio.SubprocessLauncher.new(Gio.SubprocessFlags.STDERR_PIPE);
    launcher.unsetenv('G_DEBUG'); // an exception that nobody catches is a warning
    launcher.setenv('spacetest_net', '/proc/self/ns/net', true);
    const other = launcher.spawnv(['gjs', '-c', 'imports.gi.Spacetest.startup_get_status()']);
    const [, , errors] = other.communicate_utf8(null, null);
    same(errors.includes('the library was loaded after the start of the program'), true);
    same(other.get_successful(), false);
});

run();
