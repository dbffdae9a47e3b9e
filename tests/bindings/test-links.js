// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// Links, in any network, from GJS.
import Gio from 'gi://Gio';
import Spacetest from 'gi://Spacetest?version=1';
import {equal, fails, run, same, test} from './harness.js';

const {Error: Code, Link, MacvlanMode, TransientNetns} = Spacetest;

function makeHosts() {
    const [alice, bob] = [TransientNetns.new(), TransientNetns.new()];
    const cable = Link.new_veth(alice, 'eth0', bob, 'eth0');
    return {alice, bob, cable, peer: cable.get_peer(), close: () => [alice, bob].forEach(host => host.close())};
}

function namesIn(space) {
    return Link.list(space).map(link => link.get_name());
}

test('two hosts and a cable', async () => {
    const {alice, bob, cable, peer, close} = makeHosts();
    for (const [end, address] of [[cable, '10.0.0.1/24'], [peer, '10.0.0.2/24']]) {
        end.add_address(address);
        end.set_up(true);
    }
    for (const end of [cable, peer])
        equal(await end.wait_ready_async(null), true);
    equal(namesIn(bob), ['lo', 'eth0']);
    equal([cable.up, cable.carrier, cable.mtu, cable.kind, `${cable}`], [true, true, 1500, 'veth', `eth0 in ${alice}`]);
    same(peer.get_peer(), cable);
    cable.add_route('10.1.0.0/16', '10.0.0.2');
    equal(cable.list_routes().map(route => `${route}`).slice(0, 2), ['10.0.0.0/24', '10.1.0.0/16 via 10.0.0.2']);
    cable.add_neighbour('10.0.0.9', peer.mac);
    equal(cable.list_neighbours().filter(one => one.permanent).map(one => `${one}`), [`10.0.0.9 at ${peer.mac}`]);
    cable.delete();
    equal(namesIn(bob), ['lo']);
    fails(Code.STALE, () => peer.set_up(true), '"eth0"');
    close();
});

test('a cable in one call', async () => {
    const [alice, bob] = [TransientNetns.new(), TransientNetns.new()];
    const cable = Link.new_cable(alice, '10.0.0.1/24', bob, '10.0.0.2/24');
    equal(await Promise.all([cable, cable.get_peer()].map(end => end.wait_ready_async())), [true, true]);
    fails(Code.INVALID_ARGUMENT, () => Link.new_cable(alice, '10.1.0.1/24', bob, '10.1.0.2'), 'prefix');
    equal([namesIn(alice), namesIn(bob)], [['lo', 'eth0'], ['lo', 'eth0']]);
    [alice, bob].forEach(host => host.close());
});

test('changes are told', async () => {
    const {cable, peer, close} = makeHosts();
    cable.watch();
    const told = new Promise(resolve => cable.connect('notify::carrier', resolve));
    cable.set_up(true);
    peer.set_up(true);
    same(await told, cable);
    cable.unwatch();
    close();
});

test('waiting can be cancelled', async () => {
    const {cable, close} = makeHosts();
    const cancellable = new Gio.Cancellable();
    const waiting = cable.wait_ready_async(cancellable);
    cancellable.cancel();
    let error = null;
    await waiting.catch(e => {
        error = e;
    });
    same(error?.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED), true);
    close();
});

test('bad input', () => {
    const {alice, bob, cable, peer, close} = makeHosts();
    for (const name of ['', '..', 'a/b', 'sixteen-letters-'])
        fails(Code.INVALID_ARGUMENT, () => Link.new_veth(alice, name, bob, null), `"${name}"`);
    fails(Code.EXISTS, () => Link.new_veth(alice, 'eth0', bob, null), '"eth0"');
    fails(Code.EXISTS, () => Link.new_macvlan(cable, null, 'eth0', MacvlanMode.BRIDGE), '"eth0"');
    fails(Code.INVALID_ARGUMENT, () => peer.add_address('10.0.0.1'), 'prefix');
    fails(Code.CLOSED, () => new Link().set_up(true), 'constructor');
    for (const wrong of [() => Link.new_veth(alice, 'a\0b', bob, null), () => peer.rename('a\0b'), () => Link.new_veth(null, 'a', bob, 'b'),
        () => Link.new_cable(alice, '10.0.0.1/24', bob)]) {
        try {
            wrong();
        } catch {
            continue;
        }
        throw new Error(`${wrong} did not fail`);
    }
    equal(namesIn(alice), ['lo', 'eth0']);
    close();
});

run();
