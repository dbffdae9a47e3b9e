// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// What the overrides for GJS add: visits and closing around a function, optional arguments, options as plain objects, errors that print.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Spacetest from 'gi://Spacetest?version=1';
import {cancelled, equal, fails, list, rejects, run, same, test, thrownBy, where} from './harness.js';

const {Error: Code, Launcher, MountView, NamespaceRef, Space, Spacer, TransientMntns, TransientNetns} = Spacetest;

Gio._promisify(Gio.Subprocess.prototype, 'communicate_utf8_async');

function isTypeError(func, ...words) {
    const [error] = thrownBy(func);
    if (!(error instanceof TypeError))
        throw error;
    for (const word of words)
        same(error.message.includes(word), true);
}

async function output(process) {
    const [text] = await process.communicate_utf8_async(null, null);
    same(process.get_exit_status(), 0);
    return text.trim();
}

test('withVisit enters what there is', () => {
    const netns = TransientNetns.new();
    const home = where();
    equal(Spacetest.withVisit(netns, space => [where(), space === netns]), [`${netns}`, true]);
    const failure = new RangeError('inside');
    same(thrownBy(() => Spacetest.withVisit(netns, () => {
        throw failure;
    }))[0], failure);
    same(where(), home);
    netns.close();
    fails(Code.CLOSED, () => Spacetest.withVisit(netns, where));
});

test('what things look like', () => {
    const [netns, utsns] = [TransientNetns.new(), NamespaceRef.new_transient('uts')];
    const space = Space.new([utsns, netns]);
    const visit = netns.enter();
    equal([`${space}`, `${visit}`, `${new Space()}`, `${new Spacetest.Visit()}`], [`${netns} ${utsns}`, `${netns}`, 'closed', 'closed, over']);
    visit.leave();
    same(`${visit}`, `${netns}, over`);
    netns.close();
    utsns.close();
});

test('withVisit makes what is named, and closes it', () => {
    const home = [where(), where('mnt')];
    let kept = null;
    equal(Spacetest.withVisit('net,mnt', space => {
        kept = space;
        same(space.get_ref('net') instanceof TransientNetns, true);
        return [where() === `${space.get_ref('net')}`, list('/sys/class/net')];
    }), [true, ['lo']]);
    equal([where(), where('mnt')], home);
    same(kept.get_ref('net').is_closed(), true);
    same(Spacetest.withVisit(Spacetest.NamespaceType.UTS, () => 3), 3);
});

test('what is no kind is told what would be one', () => {
    for (const [kinds, word] of [[undefined, 'undefined'], [null, 'null'], [1.5, '1.5'], [['net', 'mnt'], '["net","mnt"]'], [true, 'true']]) {
        for (const func of [() => Space.new_transient(kinds), () => Spacetest.enter_transient(kinds), () => Spacetest.probe_async(kinds)])
            isTypeError(func, "kinds of namespaces are needed, as 'net,mnt', not ", word);
    }
    isTypeError(() => Spacetest.withVisit(['net'], where), 'kinds of namespaces');
});

test('withVisit does not leave a visit behind', () => {
    const utsns = NamespaceRef.new_transient('uts');
    const home = where('uts');
    fails(Code.WRONG_ORDER, () => Spacetest.withVisit('net', () => {
        utsns.enter();
    }));
    same(where('uts'), home);
    utsns.close();
});

test('withVisit refuses', () => {
    fails(Code.INVALID_ARGUMENT, () => Spacetest.withVisit('nonsense', where), 'nonsense');
    fails(Code.NOT_SUPPORTED, () => Spacetest.withVisit('user', where), 'user');
    fails(Code.INVALID_ARGUMENT, () => Spacetest.withVisit('', where));
    isTypeError(() => Spacetest.withVisit('net'), 'func must be a function');
    isTypeError(() => Spacetest.withVisit(null, where), 'kinds');
    for (const forgotten of [() => Spacetest.withVisit(where), () => Spacetest.withVisit(where, undefined), () => Spacetest.withVisit(where, 'net')])
        isTypeError(forgotten, "needs kinds or a space before the function, as in withVisit('net', func)");
    isTypeError(() => Spacetest.withVisit('net', null), 'func must be a function');
    isTypeError(() => Spacetest.withVisit('net', async () => {}), 'outside');
});

test('using closes, the last first', () => {
    const order = [];
    const things = ['a', 'b'].map(name => ({close: () => order.push(name)}));
    same(Spacetest.using(...things, (a, b) => {
        equal([a === things[0], b === things[1], order.length], [true, true, 0]);
        return 'value';
    }), 'value');
    equal(order, ['b', 'a']);
    const netns = TransientNetns.new();
    same(Spacetest.using(netns, MountView.new(TransientMntns.new()), () => netns.is_closed()), false);
    same(netns.is_closed(), true);
});

test('using closes after a failure, and fails', async () => {
    const failure = new Error('inside');
    const fail = () => {
        throw failure;
    };
    const [one, other] = [TransientNetns.new(), TransientNetns.new()];
    same(thrownBy(() => Spacetest.using(one, fail))[0], failure);
    same(await Spacetest.using(other, async () => fail()).catch(e => e), failure);
    equal([one.is_closed(), other.is_closed()], [true, true]);
    const lost = {close: fail};
    const third = TransientNetns.new();
    same(thrownBy(() => Spacetest.using(third, lost, () => 3))[0], failure);
    same(third.is_closed(), true);
    same(thrownBy(() => Spacetest.using(lost, () => {
        throw new RangeError('first');
    }))[0].message, 'first');
});

test('using waits for a promise', async () => {
    const netns = await TransientNetns.new_async();
    const promise = Spacetest.using(netns, async () => {
        await Promise.resolve();
        same(netns.is_closed(), false);
        return 'later';
    });
    same(netns.is_closed(), false);
    same(await promise, 'later');
    same(netns.is_closed(), true);
});

test('using refuses', () => {
    const netns = TransientNetns.new();
    isTypeError(() => Spacetest.using(netns), 'must be a function');
    isTypeError(() => Spacetest.using(3, where), 'close()');
    same(netns.is_closed(), false);
    netns.close();
});

test('arguments that may be left out', async () => {
    const path = '/proc/thread-self/ns/net';
    const refs = [NamespaceRef.new_for_path(path), NamespaceRef.new_for_path(path, undefined)];
    refs.forEach(ref => same(`${ref}`, where()));
    same(Spacetest.probe('net'), true);
    same(await Spacetest.probe_async('net'), true);
    const mntns = TransientMntns.new();
    mntns.mount_tmpfs('/mnt');
    const socket = refs[0].create_socket(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM);
    socket.close();
    for (const few of [() => NamespaceRef.new_for_path(), () => mntns.mount_tmpfs(), () => refs[0].create_socket(Gio.SocketFamily.IPV4)])
        same(thrownBy(few)[0] instanceof GLib.Error, false);
    [...refs, mntns].forEach(ref => ref.close());
});

test('programs', async () => {
    const netns = TransientNetns.new();
    const {STDOUT_PIPE} = Gio.SubprocessFlags;
    same(await output(netns.spawnv(['readlink', '/proc/self/ns/net'], STDOUT_PIPE)), `${netns}`);
    same(await output(await netns.spawnv_async(['readlink', '/proc/self/ns/net'], STDOUT_PIPE)), `${netns}`);
    same(netns.spawnv(['true']).wait_check(null), true);
    same(thrownBy(() => netns.spawnv(['false']).wait_check(null))[0] instanceof GLib.Error, true);
    fails(Code.NOT_FOUND, () => netns.spawnv(['/no/such/program']), '/no/such/program');
    await rejects(Code.NOT_FOUND, netns.spawnv_async(['/no/such/program']), '/no/such/program');
    isTypeError(() => netns.spawnv('true'), 'array');
    isTypeError(() => netns.spawnv(['echo', 'a\0b']), 'NUL');
    const launcher = Launcher.new(STDOUT_PIPE);
    launcher.setenv('GREETING', 'hello');
    same(await output(launcher.spawnv(netns, ['sh', '-c', 'echo $GREETING'])), 'hello');
    same(await output(await launcher.spawnv_async(netns, ['sh', '-c', 'echo $GREETING'])), 'hello');
    isTypeError(() => launcher.setenv('A\0', 'b'), 'NUL');
    for (const name of ['', 'A=B', '=']) {
        for (const call of [() => launcher.setenv(name, 'x'), () => launcher.unsetenv(name), () => launcher.getenv(name)])
            isTypeError(call, 'no name of a variable');
    }
    for (const line of ['A', '=A', '', 3])
        isTypeError(() => launcher.set_environ(['B=1', line]), 'NAME=value');
    isTypeError(() => launcher.set_environ('A=1'), 'array');
    launcher.set_environ(['A=1', 'B=']);
    equal([launcher.getenv('A'), launcher.getenv('B'), launcher.getenv('PATH')], ['1', '', null]);
    launcher.close();
    netns.close();
});

test('spacers', async () => {
    const spacer = await Spacer.new_async();
    const subspaces = [spacer.create_subspace('user,pid'), spacer.create_subspace('user', {host_name: 'elsewhere'}),
        await spacer.create_subspace_async('user'), await spacer.create_subspace_async('user', {host_name: null})];
    same(await output(subspaces[1].get_space().spawnv(['uname', '-n'], Gio.SubprocessFlags.STDOUT_PIPE)), 'elsewhere');
    same(await output(subspaces[0].get_space().spawnv(['sh', '-c', 'readlink /proc/self'], Gio.SubprocessFlags.STDOUT_PIPE)) !== '', true);
    const space = await subspaces[0].create_space_async('net,uts');
    const ref = subspaces[0].create_transient('net');
    same(ref.is_from_spacer(), true);
    fails(Code.INVALID_ARGUMENT, () => spacer.create_subspace('user,nonsense'), 'nonsense');
    same(thrownBy(() => spacer.create_subspace('user', {hostname: 'x'}))[0] instanceof Error, true);
    let ended = null;
    await Spacer.new_async(null, cancelled()).catch(e => {
        ended = e;
    });
    same(ended.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED), true);
    [space.get_ref('net'), space.get_ref('uts'), ref, ...subspaces.reverse(), spacer].forEach(one => one.close());
    await rejects(Code.CLOSED, spacer.create_space_async('net'));
});

test('callbacks must be callable', () => {
    isTypeError(() => TransientNetns.new_async(null, 3), 'callback', 'number');
    isTypeError(() => Spacetest.probe_async('net', null, {}), 'callback', 'object');
});

test('a promise that failed fails each who awaits it, and says where it was made', async () => {
    const promise = Space.new_transient_async('user');
    const first = await rejects(Code.NOT_SUPPORTED, promise, 'user');
    same(await rejects(Code.NOT_SUPPORTED, promise, 'user'), first);
    same(first.stack.includes('test-native.js'), true);
});

test('errors print', () => {
    const [error] = thrownBy(() => NamespaceRef.new_for_path('/dev/null'));
    for (const word of ['Spacetest.Error: ', '/dev/null', 'not a namespace'])
        same(`${error}`.includes(word), true);
    same(error.name, 'Spacetest.Error');
    const shown = JSON.parse(JSON.stringify(error));
    equal([shown.message, shown.code], [error.message, Code.NOT_A_NAMESPACE]);
});

run();
