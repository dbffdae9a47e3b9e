// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// What a program in TypeScript writes; also what the types refuse.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Spacetest from 'gi://Spacetest?version=1';
import Unversioned from 'gi://Spacetest';

const {NET, MNT} = Spacetest.NamespaceType;

async function connectHosts(): Promise<string[]> {
    const [alice, bob] = await Promise.all([Spacetest.TransientNetns.new_async(), Spacetest.TransientNetns.new_async(null)]);
    const cable: Spacetest.Link = Spacetest.Link.new_veth(alice, 'eth0', bob);
    cable.add_address('10.0.0.1/24');
    cable.set_up(true);
    const isReady: boolean = await cable.wait_ready_async();
    print(isReady, cable.mtu, cable.get_peer().name?.length);
    const capture = Spacetest.Capture.new(alice, null, '/tmp/capture.pcapng');
    capture.keep = false;
    capture.close();
    return Spacetest.Link.list(bob).map(link => `${link}`);
}

async function runPrograms(): Promise<void> {
    const spacer = await Spacetest.Spacer.new_async();
    spacer.connect('died', gone => print(gone.pid));
    const inside = spacer.create_subspace('user,pid', {host_name: 'elsewhere', id_map: Spacetest.IdMap.ROOT});
    inside.get_space().spawnv(['true']).wait_check(null);
    const process: Gio.Subprocess = await inside.get_space().spawnv_async(['true'], Gio.SubprocessFlags.STDOUT_PIPE);
    process.wait_check(null);
    const launcher = Spacetest.Launcher.new();
    launcher.setenv('LANG', 'C');
    launcher.spawnv(inside.space, ['true']);
    [inside, spacer].forEach(one => one.close());
}

Spacetest.registerAction('double', (word: string, n: number) => word.repeat(n));
Spacetest.registerAction('later', async () => ({list: [1, null, new Uint8Array()]}));
Spacetest.registerAction('nothing', () => {});
Spacetest.runActions();

async function runActions(space: Spacetest.Space): Promise<string> {
    const options = new Spacetest.ReexecOptions();
    options.set_timeout(5000);
    await space.runAction('nothing');
    await space.runAction('later', {a: [true]}, options, new Gio.Cancellable());
    return space.runAction<string>('double', 'la', 2);
}

const text: string = Spacetest.withVisit('net,mnt', space => `${space.get_ref('net')}`);
const count: number = Spacetest.withVisit(NET | MNT, () => 3);
const sum: number = Spacetest.TransientNetns.new().call((a: number, b: number) => a + b, 1, 2);
const later: Promise<string> = Spacetest.using(Spacetest.TransientNetns.new(), async netns => `${netns}`);
const mntns = Spacetest.TransientMntns.new();
mntns.overlay_file('/etc/hostname', new TextEncoder().encode('elsewhere\n'));
const recorded: Promise<number> = Spacetest.withCapture(mntns, null, async capture => capture.get_n_packets());
const content: Uint8Array | null = Spacetest.MountView.new(mntns).load('/etc/hostname').get_data();
const [id, kind]: [Spacetest.NamespaceId, Spacetest.NamespaceType] = Spacetest.NamespaceId.parse('net:[4026531833]');
Spacetest.probe_async(NET, null, (_source, result) => Spacetest.probe_finish(result));
const same: typeof Spacetest.Space = Unversioned.Space;
runActions(mntns).then(print);
print(text, count, sum, later, recorded, content, id.inode, kind, same);

try {
    Spacetest.NamespaceRef.new_for_path('/dev/null');
} catch (e) {
    if (!(e instanceof Spacetest.Error) || !e.matches(Spacetest.Error, Spacetest.Error.NOT_A_NAMESPACE))
        throw e;
    const error: GLib.Error = e;
    print(error.message);
}

// @ts-expect-error: the body would run outside
mntns.call(async () => 3);
// @ts-expect-error: so would this
Spacetest.withVisit('net', function* () {
    yield 3;
});
// @ts-expect-error: GJS allows no callback on another thread
mntns.run_in_thread(() => true);
// @ts-expect-error: words
mntns.spawnv('true');
// @ts-expect-error: no kinds
Spacetest.enter_transient();
// @ts-expect-error: no such option
Spacetest.Spacer.new_with_options({hostname: 'elsewhere'});
// @ts-expect-error: a close() is needed
Spacetest.using(3, () => 3);
// @ts-expect-error: no function travels
mntns.runAction('double', () => 3);
// @ts-expect-error: a promise is not what it promises
connectHosts().join();
await runPrograms();
