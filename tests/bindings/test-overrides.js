// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// The overrides for GJS: values and exceptions of call(), refusals, text forms, kinds by name, promises.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Spacetest from 'gi://Spacetest?version=1';
import System from 'system';
import {cancelled, equal, fails, list, readText, refusesArguments, rejects, run, same, test, thrownBy, where} from './harness.js';

const {Error: Code, NamespaceId, NamespaceRef, NamespaceType: T, MountView, NetnsPool, Space, TransientMntns, TransientNetns, Visit} = Spacetest;

test('call returns what the function returns', () => {
    const netns = TransientNetns.new();
    same(netns.call(where), netns.to_string());
    same(netns.call((a, b) => a + b, 1, 2), 3);
    const value = {};
    same(netns.call(() => value), value);
    for (const empty of [undefined, null, false, 0, '', NaN.toString()])
        same(netns.call(() => empty), empty);
    netns.close();
});

test('call throws what the function throws', () => {
    const netns = TransientNetns.new();
    const home = where();
    for (const failure of [new Error('a'), new RangeError('b'), new GLib.Error(Gio.io_error_quark(), 1, 'c'), 'd', null, undefined,
        false, 0, new GLib.Error(Spacetest.error_quark(), Code.NO_RETURN, 'e')]) {
        const [caught] = thrownBy(() => netns.call(() => {
            throw failure;
        }));
        same(caught, failure);
        same(caught?.cause, undefined);
        same(where(), home);
    }
    netns.close();
});

test('calls nest, and so do their failures', () => {
    const space = Space.new_transient('net,uts,mnt');
    const [net, uts, mnt] = ['net', 'uts', 'mnt'].map(kind => space.get_ref(kind));
    equal(net.call(() => uts.call(() => mnt.call(() => [where('net'), where('uts'), where('mnt')]))),
        [net, uts, mnt].map(String));
    const failure = new Error('innermost');
    same(thrownBy(() => net.call(() => uts.call(() => mnt.call(() => {
        throw failure;
    }))))[0], failure);
    equal(space.call(() => list('/sys/class/net')), ['lo']);
    [net, uts, mnt].forEach(ref => ref.close());
});

test('an inner call that leaves a visit open fails, and so does the outer one', () => {
    const [netns, utsns, ipcns] = [TransientNetns.new(), NamespaceRef.new_transient('uts'), NamespaceRef.new_transient('ipc')];
    const home = where('uts');
    fails(Code.WRONG_ORDER, () => netns.call(() => {
        fails(Code.WRONG_ORDER, () => ipcns.call(() => utsns.enter()));
    }));
    same(where('uts'), home);
    same(netns.call(() => netns.call(() => where())), `${netns}`);
    ipcns.close();
    fails(Code.CLOSED, () => netns.call(() => ipcns.call(where)));
    [netns, utsns].forEach(ref => ref.close());
});

test('call refuses what is no function', () => {
    const netns = TransientNetns.new();
    for (const wrong of [null, undefined, 3, 'where', {}]) {
        const [error] = thrownBy(() => netns.call(wrong));
        if (!(error instanceof TypeError) || !error.message.includes('must be a function'))
            throw error;
    }
    netns.close();
});

test('call refuses a body that would run outside', async () => {
    const [netns, utsns] = [TransientNetns.new(), NamespaceRef.new_transient('uts')];
    const ran = [];
    const unfinished = [async () => {}, () => Promise.resolve(3), function* () {
        ran.push(yield);
    }, async function* () {
        ran.push(yield);
    }, () => TransientNetns.new_async(null)];
    for (const func of unfinished) {
        for (const way of [() => netns.call(func), () => utsns.call(() => netns.call(func))]) {
            const [error] = thrownBy(way);
            if (!(error instanceof TypeError))
                throw error;
            for (const word of ['outside', 'plain function', 'enter()']) {
                if (!error.message.includes(word))
                    throw error;
            }
        }
    }
    equal(ran, []);
    same(netns.call(() => unfinished), unfinished);
    await TransientNetns.new_async(null).then(made => made.close());
    [netns, utsns].forEach(ref => ref.close());
});

test('call passes the errors of the library on', () => {
    const [netns, utsns] = [TransientNetns.new(), NamespaceRef.new_transient('uts')];
    const home = where('uts');
    fails(Code.WRONG_ORDER, () => netns.call(() => utsns.enter()), '1 of its visits');
    same(where('uts'), home);
    const [failure] = thrownBy(() => netns.call(() => {
        utsns.enter();
        throw new RangeError('mine');
    }));
    same(failure.message, 'mine');
    same(where('uts'), home);
    netns.close();
    let ran = false;
    fails(Code.CLOSED, () => netns.call(() => {
        ran = true;
    }));
    same(ran, false);
    utsns.close();
});

test('nothing runs on another thread', () => {
    const netns = TransientNetns.new();
    let ran = false;
    const func = () => {
        ran = true;
    };
    for (const name of ['run_in_thread', 'run_in_thread_async']) {
        for (const target of [netns, new Space()]) {
            const [error] = thrownBy(() => target[name](func, null, null));
            for (const word of [name, 'call()', 'enter()', 'leave()', 'spawn']) {
                if (!error.message.includes(word))
                    throw error;
            }
        }
    }
    same(ran, false);
    netns.close();
});

test('visits', () => {
    const [netns, utsns] = [TransientNetns.new(), NamespaceRef.new_transient('uts')];
    const home = [where('net'), where('uts')];
    const outer = netns.enter();
    const inner = utsns.enter();
    equal([where('net'), where('uts')], [`${netns}`, `${utsns}`]);
    fails(Code.WRONG_ORDER, () => outer.leave());
    same(outer.is_active(), true);
    inner.leave();
    outer.leave();
    outer.leave();
    same(outer.is_active(), false);
    equal([where('net'), where('uts')], home);
    netns.close();
    fails(Code.CLOSED, () => netns.enter());
    utsns.close();
});

test('the collector does not leave', () => {
    const [netns, utsns] = [TransientNetns.new(), NamespaceRef.new_transient('uts')];
    const home = where('uts');
    fails(Code.WRONG_ORDER, () => netns.call(() => {
        (() => utsns.enter())();
        System.gc();
        same(where('uts'), `${utsns}`);
        const outer = Spacetest.enter_transient('ipc');
        System.gc();
        outer.leave();
        same(where('uts'), `${utsns}`);
    }));
    same(where('uts'), home);
    netns.close();
    utsns.close();
});

test('enter_transient by name', () => {
    for (const kinds of ['net,mnt', T.NET | T.MNT]) {
        const visit = Spacetest.enter_transient(kinds);
        equal(list('/sys/class/net'), ['lo']);
        const space = visit.get_space();
        same(space.get_ref('net') instanceof TransientNetns, true);
        same(where('mnt'), `${space.get_ref(T.MNT)}`);
        visit.leave();
    }
    fails(Code.INVALID_ARGUMENT, () => Spacetest.enter_transient('net mnt'), 'net mnt');
    fails(Code.NOT_SUPPORTED, () => Spacetest.enter_transient('user'), 'user');
});

test('text forms', () => {
    const ref = NamespaceRef.new_current('net');
    same(`${ref}`, where());
    same(`${TransientNetns.new()}`.startsWith('net:['), true);
    const id = ref.get_id();
    same(`${id}`, `${id.device}:${id.inode}`);
    same(`${new NamespaceRef()}`, 'closed');
});

test('kinds by name', () => {
    const path = '/proc/thread-self/ns/net';
    const net = NamespaceRef.new_current(T.NET);
    const pid = Number(GLib.file_read_link('/proc/self'));
    for (const kind of ['net', T.NET]) {
        for (const ref of [NamespaceRef.new_for_path(path, kind), NamespaceRef.new_for_fd(net.peek_fd(), kind),
            NamespaceRef.new_take_fd(net.dup_fd(), kind), NamespaceRef.new_for_pid(pid, kind), NamespaceRef.new_current(kind),
            Space.new_for_pid(pid, kind).get_ref(kind), net.get_ref(kind)])
            same(ref.equal(net), true);
    }
    for (const wrong of ['', 'nets', 'net,', 'net net', 'net,net']) {
        for (const func of [() => NamespaceRef.new_for_path(path, wrong), () => NamespaceRef.new_for_fd(net.peek_fd(), wrong),
            () => NamespaceRef.new_for_pid(pid, wrong), () => NamespaceRef.new_current(wrong), () => NamespaceRef.new_transient(wrong),
            () => Space.new_for_pid(pid, wrong), () => Space.new_transient(wrong), () => net.get_ref(wrong)])
            fails(Code.INVALID_ARGUMENT, func);
    }
    fails(Code.WRONG_TYPE, () => NamespaceRef.new_for_path(path, 'uts'), 'net', 'uts');
    fails(Code.WRONG_TYPE, () => NamespaceRef.new_for_fd(net.peek_fd(), 'uts'), 'net', 'uts');
    fails(Code.NOT_FOUND, () => net.get_ref('uts'));
});

test('promises', async () => {
    const made = await Promise.all([TransientNetns.new_async(null), TransientMntns.new_async(null),
        NamespaceRef.new_transient_async('uts', null), NamespaceRef.new_transient_async(T.IPC, null)]);
    equal(made.map(ref => Spacetest.NamespaceType.get_name(ref.get_namespace_type())), ['net', 'mnt', 'uts', 'ipc']);
    const space = await Space.new_transient_async('net,uts', null);
    same(space.call(where), `${space.get_ref('net')}`);
    const [TCP, UDP] = [Gio.SocketProtocol.TCP, Gio.SocketProtocol.UDP];
    const socket = await made[0].create_socket_async(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM, UDP, null);
    socket.bind(Gio.InetSocketAddress.new_from_string('127.0.0.1', 53), true);
    socket.close();
    (await made[0].create_netlink_socket_async(0, null)).close();
    [...made, space.get_ref('net'), space.get_ref('uts')].forEach(ref => ref.close());
    await rejects(Code.CLOSED, made[0].create_socket_async(Gio.SocketFamily.IPV4, Gio.SocketType.STREAM, TCP, null));
});

function isIOError(func, code) {
    same(thrownBy(func)[0].matches(Gio.io_error_quark(), code), true);
}

test('sockets that do not exist', () => {
    const netns = TransientNetns.new();
    const {INVALID_ARGUMENT, NOT_SUPPORTED} = Gio.IOErrorEnum;
    const [IPV4, STREAM, TCP] = [Gio.SocketFamily.IPV4, Gio.SocketType.STREAM, Gio.SocketProtocol.TCP];
    isIOError(() => netns.create_socket(Gio.SocketFamily.INVALID, STREAM, TCP), INVALID_ARGUMENT);
    isIOError(() => netns.create_socket(IPV4, Gio.SocketType.INVALID, TCP), INVALID_ARGUMENT);
    isIOError(() => netns.create_socket(IPV4, STREAM, Gio.SocketProtocol.UNKNOWN), INVALID_ARGUMENT);
    isIOError(() => netns.create_netlink_socket(4711), NOT_SUPPORTED);
    netns.close();
});

test('a pool of networks', () => {
    const pool = NetnsPool.new(3);
    same(pool.fill(null), true);
    same(pool.get_n_ready(), 3);
    const taken = Array.from({length: 8}, () => pool.acquire());
    same(new Set(taken.map(String)).size, 8);
    same(taken[0].call(where), `${taken[0]}`);
    isIOError(() => pool.fill(cancelled()), Gio.IOErrorEnum.CANCELLED);
    pool.close();
    fails(Code.CLOSED, () => pool.acquire());
    fails(Code.CLOSED, () => pool.fill(null));
    for (const size of [0, -1, 257, 1000000])
        fails(Code.INVALID_ARGUMENT, () => NetnsPool.new(size), `${size}`);
    taken.forEach(netns => netns.close());
});

test('probing', async () => {
    same(Spacetest.probe('net,mnt', null), true);
    same(await Spacetest.probe_async('net', null), true);
    fails(Code.INVALID_ARGUMENT, () => Spacetest.probe('nonsense', null), 'nonsense');
    await rejects(Code.INVALID_ARGUMENT, Spacetest.probe_async(T.NONE, null));
});

test('promises are broken with an error', async () => {
    await rejects(Code.NOT_SUPPORTED, NamespaceRef.new_transient_async('user', null), 'user');
    await rejects(Code.INVALID_ARGUMENT, Space.new_transient_async(T.NONE, null));
    fails(Code.INVALID_ARGUMENT, () => Space.new_transient_async('nonsense', null), 'nonsense');
    for (const promise of [TransientNetns.new_async(cancelled()), Space.new_transient_async('uts', cancelled())]) {
        let error = null;
        await promise.catch(e => {
            error = e;
        });
        same(error?.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED), true);
    }
});

test('callbacks still do', async () => {
    const result = await new Promise(resolve => {
        NamespaceRef.new_transient_async('uts', null, (_source, res) => resolve(res));
    });
    const ref = NamespaceRef.new_transient_finish(result);
    same(ref.call(() => where('uts')), `${ref}`);
    ref.close();
});

test('wrong arguments', () => {
    const ref = NamespaceRef.new_current('net');
    for (const wrong of [() => NamespaceRef.new_for_path(null, 0), () => NamespaceRef.new_for_path(), () => Space.new(null),
        () => Space.new([null]), () => Space.new(['net']), () => ref.equal(null), () => ref.equal(new Space()),
        () => NamespaceRef.new_current(2 ** 40), () => Spacetest.namespace_types_from_string(null),
        () => new TransientMntns().overlay_file('/etc/hostname', null), () => NamespaceRef.new_from_portable(null),
        () => NamespaceId.parse(null)])
        refusesArguments(wrong);
    fails(Code.INVALID_ARGUMENT, () => Space.new([]));
    fails(Code.NOT_A_NAMESPACE, () => NamespaceRef.new_for_path('/dev/null', 0), '/dev/null');
    fails(Code.NOT_FOUND, () => NamespaceRef.new_for_path('/no/such/thing', 0));
});

test('no string is cut at a NUL', () => {
    const mntns = TransientMntns.new();
    mntns.mount_tmpfs('/mnt', 0);
    const view = MountView.new(mntns);
    const bytes = new TextEncoder().encode('text');
    view.replace('/mnt/note', bytes);
    const path = '/mnt/note\0.old';
    for (const func of [() => view.load(path), () => view.open(path, 0, 0), () => view.replace(path, bytes), () => view.list('/mnt\0'),
        () => view.resolve(path), () => mntns.overlay_file(path, bytes), () => mntns.mount_tmpfs('/mnt\0', 0),
        () => NamespaceRef.new_for_path('/proc/thread-self/ns/net\0', 'net'), () => NamespaceRef.new_current('net\0'),
        () => Spacetest.namespace_types_from_string('net\0,mnt'), () => NamespaceId.parse('4:4026531833\0')]) {
        const [error] = thrownBy(func);
        if (!(error instanceof TypeError) || !error.message.includes('NUL'))
            throw error;
    }
    equal(view.list('/mnt'), ['note']);
    same(new TextDecoder().decode(view.load('/mnt/note').get_data()), 'text');
    view.close();
    mntns.close();
});

test('objects made without their constructor are closed', () => {
    const bytes = new TextEncoder().encode('text');
    const spaces = [new Space(), new NamespaceRef(), new TransientNetns(), new TransientMntns()];
    for (const space of spaces) {
        for (const func of [() => space.enter(), () => space.call(where), () => space.get_ref('net'),
            () => space.create_socket(Gio.SocketFamily.IPV4, Gio.SocketType.STREAM, Gio.SocketProtocol.TCP),
            () => space.create_netlink_socket(0)])
            fails(Code.CLOSED, func);
        same(space.get_types(), T.NONE);
    }
    for (const ref of spaces.slice(1)) {
        for (const name of ['get_id', 'get_serial', 'get_owner', 'get_parent', 'get_owner_uid', 'peek_fd', 'dup_fd', 'to_portable'])
            fails(Code.CLOSED, () => ref[name]());
        fails(Code.CLOSED, () => Space.new([ref]));
        same(ref.is_closed() && ref.equal(ref) && !ref.equal(new NamespaceRef()), true);
        ref.close();
    }
    for (const [name, ...args] of [['mount_sysfs'], ['mount_proc'], ['mount_tmpfs', '/mnt', 0], ['overlay_file', '/etc/hostname', bytes],
        ['get_root_path']])
        fails(Code.CLOSED, () => spaces[3][name](...args));
    fails(Code.CLOSED, () => new Visit().leave());
    same(new Visit().get_space(), null);
    same(new Visit().is_active(), false);
});

test('files for a mount namespace', () => {
    const mntns = TransientMntns.new();
    const [file] = Gio.File.new_tmp(null);
    mntns.overlay_file(file.get_path(), new TextEncoder().encode('elsewhere'));
    same(mntns.call(() => readText(file.get_path())), 'elsewhere');
    same(readText(file.get_path()), '');
    file.delete(null);
    mntns.close();
});

run();
