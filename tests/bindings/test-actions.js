// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Spacetest from 'gi://Spacetest?version=1';

import {equal, rejects, run, same, test, thrownBy as thrown, where} from './harness.js';

const {Launcher, NamespaceRef, ReexecOptions, Spacer} = Spacetest;

Spacetest.registerAction('give-back', (...args) => args);
Spacetest.registerAction('where', async kind => {
    print('# this is no result');
    await null;
    return where(kind);
});
Spacetest.registerAction('stay-on-visit', async kind => {
    Spacetest.enter_transient(kind);
    await null;
    return 'not to be had';
});
Spacetest.registerAction('throw', kind => {
    if (kind === 'type')
        throw new TypeError('wrong');
    if (kind === 'gio')
        throw new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.BUSY, 'busy');
    if (kind === 'odd')
        throw new Error('half \ud800 and\0');
    if (kind === 'speechless')
        throw {get message() { throw new Error('no words'); }}; // eslint-disable-line no-throw-literal
    if (kind === 'null')
        throw null; // eslint-disable-line no-throw-literal
    throw Object.assign(new Error('own'), {name: 'OwnError'});
});
Spacetest.registerAction('nothing', () => {});
Spacetest.registerAction('no-value', () => () => 1);
Spacetest.registerAction('kill', () => Gio.Subprocess.new(['sh', '-c', 'kill -9 $PPID'], 0).wait(null));
Spacetest.registerAction('write', size => {
    printerr('e'.repeat(size));
    return new Uint8Array(size).fill(7);
});
Spacetest.registerAction('variable', name => GLib.getenv(name));
Spacetest.registerAction('cwd', () => GLib.get_current_dir());
Spacetest.registerAction('hang', () => new Promise(() => {}));
Spacetest.registerAction('nested', () => NamespaceRef.new_current('uts').runAction('nothing'));
Spacetest.runActions();

async function thrownBy(promise) {
    try {
        await promise;
    } catch (e) {
        return e;
    }
    throw new Error('nothing was thrown');
}

async function inUts(func) {
    const here = NamespaceRef.new_current('uts');
    await func(here);
    here.close();
}

test('plain values come back', () => inUts(async here => {
    const values = [null, true, 0, -1, 2 ** 53 - 1, 0.5, '', 'text ☃', [], [1, ['x']], {}, {a: {b: null}}];
    equal(await here.runAction('give-back', ...values), values);
    const [bytes] = await here.runAction('give-back', new Uint8Array([0, 255]));
    same(bytes instanceof Uint8Array, true);
    equal([...bytes], [0, 255]);
    same(await here.runAction('nothing'), null);
}));

test('where no thread can go', async () => {
    const spacer = Spacer.new(null);
    const below = spacer.create_subspace('user,pid');
    const space = below.get_space();
    same(await space.runAction('where', 'user'), space.get_ref('user').to_string());
    below.close();
    spacer.close();
});

test('an action that stays on a visit', () => inUts(async here => {
    await rejects(Spacetest.Error.WRONG_ORDER, here.runAction('stay-on-visit', 'mnt'), 'without leaving 1 of its visits');
}));

test('errors come as they are', () => inUts(async here => {
    const type = await thrownBy(here.runAction('throw', 'type'));
    same(type instanceof TypeError && type.message, 'wrong');
    const gio = await thrownBy(here.runAction('throw', 'gio'));
    same(gio.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.BUSY) && gio.message, 'busy');
    const own = await thrownBy(here.runAction('throw', 'own'));
    same(`${own.name} ${own.message}`, 'OwnError own');
    same((await thrownBy(here.runAction('throw', 'odd'))).message, 'half \ufffd and\ufffd');
    same((await thrownBy(here.runAction('throw', 'speechless'))).message, 'what was thrown has no text');
    same((await thrownBy(here.runAction('throw', 'null'))).message, 'what was thrown has no text');
}));

test('what is no plain value, and no action', () => inUts(async here => {
    const circle = [];
    circle.push(circle);
    for (const value of [() => 1, 1n, Symbol('x'), new Map(), new Date(), 'a\0'])
        same((await thrownBy(here.runAction('give-back', value))) instanceof TypeError, true);
    same((await thrownBy(here.runAction('give-back', circle))) instanceof RangeError, true);
    same((await thrownBy(here.runAction('no-value'))) instanceof TypeError, true);
    for (const noName of [() => 1, undefined, null, 3]) {
        const error = await thrownBy(here.runAction(noName));
        same(error instanceof TypeError && error.message.includes('takes the name of an action, as in runAction("name", ...)'), true);
        same(error.message.includes('registerAction("name", func)'), true);
    }
    same((await thrownBy(here.runAction('unknown'))).message, 'there is no action "unknown"');
}));

test('ends without a result', () => inUts(async here => {
    await rejects(Spacetest.Error.CALLBACK_FAILED, here.runAction('kill'), 'signal 9');
    await rejects(Spacetest.Error.NOT_SUPPORTED, here.runAction('nested'), "can't run actions");
    const options = new Spacetest.ReexecOptions();
    options.set_timeout(1000);
    const late = await thrownBy(here.runAction('hang', options));
    same(late.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT), true);
}));

test('times that are none', () => {
    for (const wrong of [-1, 0.5, NaN, Infinity, 2 ** 32, '5', null, undefined]) {
        for (const [owner, name] of [[new ReexecOptions(), 'set_timeout'], [new ReexecOptions(), 'set_start_timeout'], [new Spacer(), 'set_timeout']]) {
            const [error] = thrown(() => owner[name](wrong));
            same(error instanceof TypeError && error.message, `${name}(): a whole number from 0 to 4294967295 is needed, not ` +
                (wrong === '5' ? '"5"' : String(wrong)));
        }
    }
    const options = new ReexecOptions();
    options.set_timeout(0); // no limit
    same(options.get_timeout(), 0);
});

test('can be cancelled', () => inUts(async here => {
    const cancellable = new Gio.Cancellable();
    GLib.timeout_add(GLib.PRIORITY_DEFAULT, 50, () => {
        cancellable.cancel();
        return GLib.SOURCE_REMOVE;
    });
    const error = await thrownBy(here.runAction('hang', new ReexecOptions(), cancellable));
    same(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED), true);
    same((await thrownBy(here.runAction('give-back', cancellable))).matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED), true);
    same((await thrownBy(here.runAction('give-back', new ReexecOptions(), 1))) instanceof TypeError, true); // it comes last
}));

test('elsewhere, with other variables, and much to say', () => inUts(async here => {
    const launcher = Launcher.new(Gio.SubprocessFlags.STDERR_SILENCE);
    const options = new ReexecOptions();
    launcher.set_cwd('/');
    launcher.setenv('FOOBAR', 'baz!');
    options.set_launcher(launcher);
    same(await here.runAction('cwd', options), '/'); // the script is found all the same
    same(await here.runAction('variable', 'FOOBAR', options), 'baz!');
    same(await here.runAction('variable', 'SPACETEST_ACTION'), null);
    const bytes = await here.runAction('write', 4000000, options);
    equal([bytes.length, bytes[0], bytes[3999999]], [4000000, 7, 7]);
    launcher.close();
}));

run();
