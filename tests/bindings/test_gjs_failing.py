# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Scripts for GJS that fail inside, in every way: they never end with status 0, and they say why. Others end as they want to."""
import concurrent.futures
import os
import subprocess
import tempfile

import pytest

HEAD = """
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Spacetest from 'gi://Spacetest?version=1';
import System from 'system';
const {Error: Code, NamespaceRef, Space, Spacer, TransientNetns} = Spacetest;
const netns = TransientNetns.new();
function where(kind = 'net') {
    return GLib.file_read_link(`/proc/thread-self/ns/${kind}`);
}
function assert(isSo, message) {
    if (!isSo)
        throw new Error(message);
}
function iterate(ms = 0) {
    const loop = new GLib.MainLoop(null, false);
    GLib.timeout_add(GLib.PRIORITY_LOW, ms, () => {
        loop.quit();
        return GLib.SOURCE_REMOVE;
    });
    loop.run();
}
"""

NOT_LEFT = "ended on a visit that it had not left"
NOT_HANDLED = "something failed that nobody handled"
NOT_AWAITED = "ended while something asynchronous was under way"

FAILING = {
    "exception-inside": ("netns.call(() => { throw new Error('lost in there'); });", "lost in there"),
    "exception-of-glib-inside": ("netns.call(() => GLib.file_get_contents('/no/such/file'));", "/no/such/file"),
    "exception-of-ours-inside": ("netns.call(() => NamespaceRef.new_for_path('/dev/null'));", "not a namespace"),
    "exception-that-is-no-error": ("netns.call(() => { throw 'just text'; });", "just text"),
    "exception-in-visit": ("const visit = netns.enter(); try { throw new Error('on a visit'); } finally { visit.leave(); }", "on a visit"),
    "exception-in-visit-not-left": ("netns.enter(); throw new Error('on a visit');", "on a visit"),
    "exception-in-nested-call": ("netns.call(() => netns.call(() => { throw new Error('innermost'); }));", "innermost"),
    "exception-with-unclosed": ("Spacer.new(); TransientNetns.new(); netns.call(() => { throw new Error('unclosed'); });", "unclosed"),
    "assertion-inside": ("netns.call(() => assert(where() === 'home', 'not at home'));", "not at home"),
    "syntax-error-inside": ("netns.call(() => JSON.parse('no JSON'));", "SyntaxError"),
    "missing-return": ("assert(netns.call(() => { where(); }) === where(), 'nothing was returned');", "nothing was returned"),
    "wrong-return": ("assert(netns.call(() => false), 'it was false');", "it was false"),
    "async-function-inside": ("netns.call(async () => { throw new Error('later'); });", "returned a Promise"),
    "generator-inside": ("netns.call(function* () { yield 3; });", "returned a Generator"),
    "async-with-visit": ("Spacetest.withVisit(netns, async () => {});", "returned a Promise"),
    "thread": ("netns.run_in_thread(() => { throw new Error('x'); });", "Use call(), enter()"),
    "thread-async": ("netns.run_in_thread_async(() => true, null, null);", "Use call(), enter()"),
    "not-callable-call": ("netns.call(3);", "func must be a function, not number"),
    "not-callable-null": ("netns.call(null);", "func must be a function, not null"),
    "not-callable-visit": ("Spacetest.withVisit('net');", "func must be a function"),
    "not-callable-using": ("Spacetest.using(netns);", "must be a function"),
    "not-callable-callback": ("TransientNetns.new_async(null, 'done');", "callback must be a function"),
    "unknown-kind": ("Spacetest.enter_transient('net,network');", '"network"'),
    "closed": ("netns.close(); netns.call(where);", "closed"),
    "without-constructor": ("new TransientNetns().call(where);", "constructor"),
    "wrong-order": ("const outer = netns.enter(); Spacetest.enter_transient('uts'); outer.leave();", "can be left only after"),
    "dead-helper": ("""const spacer = Spacer.new();
const pid = spacer.get_pid();
const died = new Promise(resolve => spacer.connect('died', resolve));
GLib.spawn_sync(null, ['kill', '-KILL', `${pid}`], null, GLib.SpawnFlags.SEARCH_PATH, null);
await died;
spacer.create_space('net');""", "HELPER_FAILED"),
    "dead-helper-asked": ("""const spacer = Spacer.new();
GLib.spawn_sync(null, ['kill', '-KILL', `${spacer.get_pid()}`], null, GLib.SpawnFlags.SEARCH_PATH, null);
await spacer.create_space_async('net');""", "HELPER_FAILED"),
    "program": ("await new Promise((resolve, reject) => netns.spawnv(['false']).wait_check_async(null, (process, result) => { "
                "try { resolve(process.wait_check_finish(result)); } catch (e) { reject(e); } }));", "code 1"),
    "program-missing": ("netns.spawnv(['/no/such/program']);", "/no/such/program"),
    "visit-dropped": ("(() => netns.enter())(); System.gc();", NOT_LEFT),
    "visit-forgotten": ("const visit = netns.enter(); print(where());", NOT_LEFT),
    "visit-of-new-forgotten": ("Spacetest.enter_transient('net,mnt'); print(where());", NOT_LEFT),
    "visit-lost-its-space": ("(() => TransientNetns.new().enter())(); System.gc(); assert(false, 'still inside');", "still inside"),
    "closed-on-visit": ("netns.enter(); netns.close(); System.gc();", NOT_LEFT),
    "visit-left-inside-call": ("netns.call(() => { Spacetest.enter_transient('uts'); });", "WRONG_ORDER"),
    "exit-in-call": ("netns.call(() => System.exit(0));", NOT_LEFT),
    "exit-in-visit": ("netns.enter(); System.exit(0);", NOT_LEFT),
    "exit-in-with-visit": ("Spacetest.withVisit('uts', () => System.exit(0));", NOT_LEFT),
    "promise-unhandled": ("async function main() { netns.call(() => { throw new Error('x'); }); } main();", NOT_HANDLED),
    "promise-unhandled-later": ("async function main() { await TransientNetns.new_async(); throw new Error('x'); } main(); iterate(500);",
                                NOT_HANDLED),
    "promise-unhandled-then-exit": ("async function main() { throw new Error('x'); } main(); System.exit(0);", NOT_HANDLED),
    "promise-unhandled-of-ours": ("Space.new_transient_async(0); iterate(500);", NOT_HANDLED),
    "promise-logged": ("async function main() { throw new Error('logged only'); } main().catch(logError); iterate();", "logged only"),
    "promise-at-top": ("async function main() { await null; throw new Error('at the top'); } await main();", "at the top"),
    "promise-not-awaited": ("async function main() { await TransientNetns.new_async(); assert(false, 'x'); } main();", NOT_AWAITED),
    "promise-and-loop-that-ends": ("const nobody = Gio.InetSocketAddress.new_from_string('127.0.0.1', 9); "
                                   "async function main() { await netns.wait_listening_async(nobody); assert(false, 'x'); } "
                                   "main(); new GLib.MainLoop(null, false).get_context().iteration(false);", NOT_AWAITED),
    "callback-not-called": ("Spacetest.probe_async('net', null, () => { assert(false, 'x'); });", NOT_AWAITED),
    "callback-not-called-of-constructor": ("TransientNetns.new_async(null, () => { assert(false, 'x'); }); System.exit(0);", NOT_AWAITED),
    "in-callback-of-a-program": ("let isCalled = false; "
                                 "netns.spawnv(['true']).wait_async(null, () => { isCalled = true; throw new Error('in wait'); }); "
                                 "while (!isCalled) GLib.MainContext.default().iteration(true);", "in wait"),
    "in-timeout-on-visit": ("const visit = netns.enter(); GLib.timeout_add(0, 1, () => { throw new Error('on a visit'); }); "
                            "try { iterate(100); } finally { visit.leave(); }", "on a visit"),
    "promise-of-many": ("Promise.all([TransientNetns.new_async(), Space.new_transient_async(0)]); iterate(500);", NOT_HANDLED),
    "promise-awaited-twice": ("const promise = Space.new_transient_async(0); await promise.catch(() => {}); await promise;",
                              "no namespace kinds given; there are cgroup,ipc,"),
    "using-async": ("await Spacetest.using(netns, async () => { await null; throw new Error('in using'); });", "in using"),
    "in-timeout": ("setTimeout(() => netns.call(() => { throw new Error('in a timeout'); }), 1); iterate(100);", "in a timeout"),
    "in-idle": ("GLib.idle_add(0, () => { throw new Error('in idle'); }); iterate();", "in idle"),
    "in-signal": ("""const spacer = Spacer.new();
let hasDied = false;
spacer.connect('died', () => {
    hasDied = true;
    throw new Error('in a signal');
});
GLib.spawn_sync(null, ['kill', '-KILL', `${spacer.get_pid()}`], null, GLib.SpawnFlags.SEARCH_PATH, null);
while (!hasDied)
    GLib.MainContext.default().iteration(true);""", "in a signal"),
    "in-callback-of-ours": ("Spacetest.probe_async('nonsense', null, () => {});", "nonsense"),
    "in-callback": ("Spacetest.probe_async('net', null, () => { throw new Error('in a callback'); }); iterate(500);", "in a callback"),
}

PASSING = {
    "plain": "assert(netns.call(where) === `${netns}`, 'elsewhere');",
    "unclosed": "const kept = [TransientNetns.new(), Spacer.new()]; print(kept.length);",
    "caught": "try { netns.call(() => { throw new Error('x'); }); } catch (e) { print(e.message); }",
    "handled": "const error = await Space.new_transient_async(0).catch(e => e); "
               "assert(error.matches(Spacetest.Error, Code.INVALID_ARGUMENT), `${error}`);",
    "awaited-twice": "const promise = TransientNetns.new_async(); assert(await promise === await promise, 'another');",
    "left": "const visit = netns.enter(); visit.leave(); print('home');",
    "with-callback": "let isCalled = false; Spacetest.probe_async('net', null, () => { isCalled = true; }); "
                     "while (!isCalled) GLib.MainContext.default().iteration(true);",
    "exit": "System.exit(0);",
    "loop": "let made = null; TransientNetns.new_async().then(one => { made = one; }); iterate(500); assert(made, 'not made');",
    "without-guard": "Spacetest.exit_guard_stop(); netns.enter(); System.exit(0);",
}


CODES = {"HELPER_FAILED": "helper", "WRONG_ORDER": "1 of its visits"}


def run(script, **changes):
    changed = {name for name, value in changes.items() if value is None} | {"G_DEBUG"}  # which would make warnings fatal anyway
    env = {name: value for name, value in os.environ.items() if name not in changed}
    with tempfile.NamedTemporaryFile("w", suffix=".js") as file:
        file.write(HEAD + script + "\n")
        file.flush()
        return subprocess.run(["gjs", "-m", file.name], env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def results():
    """They are many, and wait a lot: several at once."""
    scripts = {name: script for name, (script, _) in FAILING.items()} | PASSING
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return dict(zip(scripts, pool.map(run, scripts.values())))


@pytest.mark.parametrize("name", FAILING)
def test_failing(results, name):
    message = FAILING[name][1]
    done = results[name]
    assert done.returncode == 1, done.stderr
    assert CODES.get(message, message) in done.stderr
    assert "recursed" not in done.stderr


@pytest.mark.parametrize("name", PASSING)
def test_passing(results, name):
    assert results[name].stderr == ""
    assert results[name].returncode == 0


def test_other_statuses_stay():
    done = run("netns.call(() => System.exit(3));")
    assert (done.returncode, done.stderr) == (3, "")


def test_logged_and_forgiven():
    done = run("logError(new Error('known')); Spacetest.exit_guard_stop();")
    assert done.returncode == 0 and "known" in done.stderr


@pytest.mark.parametrize("script", ["netns.call(() => { throw new Error('x'); });", "netns.call(() => false);", "netns.call(() => {});"])
def test_without_the_overrides(script):
    done = run(script, GJS_PATH=None)
    assert done.returncode == 1
    assert ("Error: x" if "throw" in script else "failed without an error") in done.stderr
