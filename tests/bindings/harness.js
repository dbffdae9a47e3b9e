// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// Runs tests one after the other, checks what each leaves behind, and writes TAP. A failure makes the exit status 1.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Spacetest from 'gi://Spacetest?version=1';
import System from 'system';

const KINDS = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'];
const tests = [];

Spacetest.Spacer.set_policy(Spacetest.SpacerPolicy.NEVER);

export function test(name, body) {
    tests.push({name, body});
}

export function where(kind = 'net') {
    return GLib.file_read_link(`/proc/thread-self/ns/${kind}`);
}

export function readText(path) {
    return new TextDecoder().decode(GLib.file_get_contents(path)[1]);
}

export function list(path) {
    const entries = Gio.File.new_for_path(path).enumerate_children('standard::name', Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS, null);
    const names = [];
    for (let entry; (entry = entries.next_file(null));)
        names.push(entry.get_name());
    entries.close(null);
    return names.sort();
}

export function equal(actual, expected) {
    const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (a !== e)
        throw new Error(`${a} instead of ${e}`);
}

export function same(actual, expected) {
    if (actual !== expected)
        throw new Error(`${actual} is not ${expected}`);
}

// Without the privilege, there is nothing to test; the rootless run has it.
export function needPrivilege() {
    try {
        Spacetest.TransientNetns.new().close();
    } catch (e) {
        if (GLib.getenv('SPACETEST_REQUIRE') === '1' || !e.matches(Spacetest.Error, Spacetest.Error.PERMISSION_DENIED))
            throw e;
        print(`1..0 # SKIP ${e.message}`);
        System.exit(0);
    }
}

// What was thrown, so that undefined can be too.
export function thrownBy(func) {
    try {
        func();
    } catch (e) {
        return [e];
    }
    throw new Error('nothing was thrown');
}

function check(error, code, ...words) {
    if (!(error instanceof GLib.Error) || !error.matches(Spacetest.Error, code))
        throw new Error(`another error than ${code}: ${error}`);
    for (const word of words) {
        if (!error.message.includes(word))
            throw new Error(`"${word}" is not in "${error.message}"`);
    }
    return error;
}

export function fails(code, func, ...words) {
    return check(thrownBy(func)[0], code, ...words);
}

export async function rejects(code, promise, ...words) {
    let error = null;
    try {
        await promise;
    } catch (e) {
        error = e;
    }
    return check(error, code, ...words);
}

export function refusesArguments(func) {
    const [error] = thrownBy(func);
    if (error instanceof GLib.Error)
        throw error;
}

export function cancelled() {
    const cancellable = new Gio.Cancellable();
    cancellable.cancel();
    return cancellable;
}

function getPlace() {
    return [...KINDS.map(where), GLib.get_current_dir(), GLib.file_read_link('/proc/thread-self/root'),
        readText('/proc/thread-self/mountinfo')];
}

function countDescriptors() {
    return list('/proc/self/fd').length;
}

// Objects are gone once they were collected, and threads shortly after that.
function collectUntil(isDone, what) {
    const deadline = GLib.get_monotonic_time() + 30e6;
    do {
        System.gc();
        while (GLib.MainContext.default().iteration(false))
            ;
        if (isDone())
            return;
    } while (GLib.get_monotonic_time() < deadline);
    throw new Error(`${what} left behind`);
}

async function runOne({body}) {
    const place = getPlace();
    const descriptors = countDescriptors();
    await body();
    equal(getPlace(), place);
    collectUntil(() => Spacetest.find_strays().length === 0, 'a stray'); // a thread that makes something ends by itself
    return () => collectUntil(() => countDescriptors() <= descriptors, `more than ${descriptors} descriptors`);
}

// The library's workshop, and what it and GLib keep for a thread, begin with the first use.
function warmUp() {
    Spacetest.enter_transient('net,mnt').leave();
    Spacetest.TransientMntns.new().close();
    const netns = Spacetest.TransientNetns.new();
    netns.spawnv(['true']).wait_check(null);
    netns.close();
    System.gc();
}

async function runAll() {
    print(`1..${tests.length}`);
    let failures = 0;
    for (const [i, one] of tests.entries()) {
        try {
            (await runOne(one))();
            print(`ok ${i + 1} ${one.name}`);
        } catch (e) {
            failures++;
            print(`not ok ${i + 1} ${one.name}\n# ${`${e}\n${e?.stack}`.trim().replaceAll('\n', '\n# ')}`);
        }
    }
    return failures;
}

export function run() {
    const loop = new GLib.MainLoop(null, false);
    let failures = -1;
    needPrivilege();
    warmUp();
    runAll().then(n => {
        failures = n;
    }).catch(logError).finally(() => loop.quit());
    loop.run();
    System.exit(failures === 0 ? 0 : 1);
}
