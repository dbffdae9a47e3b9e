// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// What makes Spacetest feel at home in GJS: return values, exceptions, promises, template literals, strings for kinds, and failures
// that reach the exit status.
/* exported _init */

const {Gio, GLib} = imports.gi;
const System = imports.system;
const {any, environment, guardProperties, kinds, needFunction, optional, options, setModule, small, text, texts,
    variable, whole} = imports.overrides.spacetestArguments;

let Spacetest;

// What GJS would make 0 of stays missing.
function convertAll(name, converters, args) {
    const nNeeded = converters.filter(convert => !convert.isOptional).length;
    while (args.length >= nNeeded && args.length < converters.length)
        args.push(undefined);
    try {
        return args.map((value, i) => i < converters.length ? converters[i](value) : value);
    } catch (e) {
        if (e instanceof TypeError)
            e.message = `${name}(): ${e.message}`;
        throw e;
    }
}

// What is left undone when the process ends is no success.
function makePromise(owner, name, start) {
    const finish = owner[name.replace(/_async$/, '_finish')];
    const {stack} = new Error();
    return new Promise((resolve, reject) => {
        start((source, result) => {
            Spacetest.exit_guard_drop();
            try {
                resolve(finish.call(source ?? owner, result));
            } catch (e) {
                e.stack = `${e.stack}asked for at:\n${stack}`;
                reject(e);
            }
        });
        Spacetest.exit_guard_hold();
    });
}

function callBack(callback, start) {
    start((...results) => {
        Spacetest.exit_guard_drop();
        callback(...results);
    });
    Spacetest.exit_guard_hold();
}

function convertAsync(owner, name, converters) {
    const original = owner[name];
    return function (...args) {
        const callback = args[converters.length];
        if (callback !== undefined && callback !== null)
            needFunction(callback, 'callback');
        const converted = convertAll(name, converters, args.slice(0, converters.length));
        if (callback)
            return callBack(callback, done => original.call(this, ...converted, done));
        return makePromise(owner, name, done => original.call(this, ...converted, done));
    };
}

function convertSync(owner, name, converters) {
    const original = owner[name];
    return function (...args) {
        return original.apply(this, convertAll(name, converters, args));
    };
}

// Those that end in _async return promises. The tests compare what is taken with the introspected API.
function adapt(owner, functions) {
    for (const [name, ...converters] of functions) {
        const convert = name.endsWith('_async') ? convertAsync : convertSync;
        owner[name] = Object.defineProperty(convert(owner, name, converters), 'takes', {value: converters.map(converter => converter.name)});
    }
}

// Runs what never throws. GJS 1.74 miscounts the references to a callback if the function that takes it is called from within:
// so the inner ones do without. What they leave unended the outermost ends, and fails.
function goThere(original) {
    let isThere = false;
    return function (space, func) {
        if (isThere) {
            const visit = space.enter();
            func();
            visit.leave();
            return;
        }
        isThere = true;
        try {
            original.call(space, () => {
                func();
                return true;
            });
        } finally {
            isThere = false;
        }
    };
}

// A body that has yet to run does so at home, whatever it was called in.
function refuseUnfinished(value) {
    const [, type] = Object.prototype.toString.call(value).match(/^\[object (Promise|Generator|AsyncGenerator)\]$/) ?? [];
    if (type) {
        throw new TypeError(`the function returned a ${type}, whose body would run outside: call a plain function, or use enter() ` +
            'and leave() around code that does not await or yield');
    }
}

// It fails if it throws; its return value is never a failure. A thread that can't come home outranks what it threw, which is
// the error's `cause` then.
function callThere(go) {
    return function (func, ...args) {
        needFunction(func, 'func');
        let value;
        const thrown = [];
        try {
            go(this, () => {
                try {
                    value = func(...args);
                    refuseUnfinished(value);
                } catch (e) {
                    thrown.push(e);
                }
            });
        } catch (lost) {
            if (!thrown.length)
                throw lost;
            if (lost.matches?.(Spacetest.Error, Spacetest.Error.NO_RETURN)) {
                lost.cause = thrown[0];
                throw lost;
            }
        }
        if (thrown.length)
            throw thrown[0];
        return value;
    };
}

function refuse(name) {
    return function () {
        throw new Error(`${name}() can't run JavaScript: GJS allows no callback on another thread. Use call(), enter() and ` +
            'leave(), or spawn a program there');
    };
}

function closeAll(objects, thrown) {
    for (const object of objects.reverse()) {
        try {
            object.close();
        } catch (e) {
            thrown.push(e);
        }
    }
    if (thrown.length)
        throw thrown[0];
}

// Calls func with what can be closed, and closes it, the last first: at once, or when the promise that func returns is settled.
function using(...args) {
    const func = args.pop();
    needFunction(func, 'the last argument');
    for (const object of args) {
        if (typeof object?.close !== 'function')
            throw new TypeError(`${object} has no close(): give what can be closed, and then a function`);
    }
    const thrown = [];
    let value;
    try {
        value = func(...args);
        if (value instanceof Promise)
            return value.catch(e => thrown.push(e)).then(settled => closeAll(args, thrown) ?? settled);
    } catch (e) {
        thrown.push(e);
    }
    closeAll(args, thrown);
    return value;
}

// Calls func in a space, or in one of new namespaces that is closed again, with that space.
function withVisit(space, func) {
    if (typeof space === 'function')
        throw new TypeError("withVisit() needs kinds or a space before the function, as in withVisit('net', func)");
    needFunction(func, 'func');
    if (space instanceof Spacetest.Space)
        return space.call(func, space);
    if (typeof space !== 'string' && typeof space !== 'number')
        throw new TypeError(`a space or kinds of namespaces are needed, not ${space}`);
    const made = Spacetest.Space.new_transient(space);
    const refs = Spacetest.namespace_types_to_string(made.get_types()).split(',').map(kind => made.get_ref(kind));
    return using(...refs, () => made.call(func, made));
}

// A file that nobody else can read.
function makeCaptureFile() {
    const folder = GLib.getenv('SPACETEST_CAPTURES') || GLib.get_tmp_dir();
    const script = GLib.path_get_basename(System.programPath ?? 'gjs').replace(/\.m?js$/, '').replace(/[^\w.-]/g, '-').slice(0, 100);
    const file = Gio.File.new_for_path(GLib.build_filenamev([folder, `${script}-${GLib.uuid_string_random()}.pcapng`]));
    file.create(Gio.FileCreateFlags.PRIVATE, null).close(null);
    return file.get_path();
}

function startCapture(space, name) {
    const path = makeCaptureFile();
    try {
        return Spacetest.Capture.new(space, name, path);
    } catch (e) {
        GLib.unlink(path);
        throw e;
    }
}

function dropCapture(capture) {
    if (capture.is_closed())
        GLib.unlink(capture.path);
    else
        capture.discard();
}

// What the function threw outranks what is wrong with the file, which is told.
function keepCapture(capture) {
    capture.keep = true;
    try {
        capture.close();
    } catch (e) {
        printerr(`spacetest: packets are missing: ${e}`);
    }
    if (GLib.file_test(capture.path, GLib.FileTest.EXISTS))
        printerr(`spacetest: the packets of what failed are in ${capture.path}`);
}

// Calls func with a capture of an interface, or of all. The file is kept if func throws, or if the promise that it returns is rejected.
function withCapture(space, name, func) {
    needFunction(func, 'func');
    const capture = startCapture(space, name);
    let value;
    try {
        value = func(capture);
    } catch (e) {
        keepCapture(capture);
        throw e;
    }
    if (value instanceof Promise) {
        return value.then(settled => dropCapture(capture) ?? settled, e => {
            keepCapture(capture);
            throw e;
        });
    }
    dropCapture(capture);
    return value;
}

const cancellable = optional(any, null);
const anyKind = optional(kinds, 0);
const numberOrZero = optional(whole, 0);
const nameOrNone = optional(text, null);
const optionsOrNone = optional(options, null);
const orNone = optional(any, null);
const impairmentOrNone = optional(any, null);
const PATIENCE = 10000; // milliseconds that a server may take to listen

function adaptCore() {
    const {MountView, NamespaceId, NamespaceRef, NamespaceType, NetnsPool, Pin, Space, TransientMntns, TransientNetns} = Spacetest;
    adapt(Spacetest, [['enter_transient', kinds], ['namespace_type_get_name', kinds], ['namespace_types_from_string', text],
        ['namespace_types_to_string', kinds],
        ['probe', kinds, cancellable], ['probe_async', kinds, cancellable]]);
    adapt(NamespaceType, [['get_name', kinds]]);
    adapt(NamespaceId, [['new', whole, whole], ['new_for_inode', whole], ['parse', text]]);
    adapt(Space, [['new_for_pid', whole, kinds], ['new_transient', kinds], ['new_transient_async', kinds, cancellable]]);
    adapt(Space.prototype, [['get_ref', kinds], ['get_sysctl', text], ['set_sysctl', text, text], ['set_host_name', text],
        ['spawnv', texts, numberOrZero], ['spawnv_async', texts, numberOrZero, cancellable],
        ['create_socket', whole, whole, numberOrZero], ['create_socket_async', whole, whole, numberOrZero, cancellable],
        ['create_netlink_socket', whole], ['create_netlink_socket_async', whole, cancellable], ['assign_nsid', any, whole],
        ['wait_listening', any, optional(whole, Gio.SocketType.STREAM), optional(whole, PATIENCE), cancellable],
        ['wait_listening_async', any, optional(whole, Gio.SocketType.STREAM), optional(whole, PATIENCE), cancellable]]);
    adapt(NamespaceRef, [['new_current', kinds], ['new_for_chain', texts, anyKind], ['new_for_fd', whole, anyKind],
        ['new_for_id', any, kinds], ['new_for_path', text, anyKind],
        ['new_for_pid', whole, kinds], ['new_for_pidfd', whole, kinds], ['new_from_portable_string', text], ['new_take_fd', whole, anyKind],
        ['new_transient', kinds], ['new_transient_async', kinds, cancellable]]);
    adapt(TransientNetns, [['new_async', cancellable]]);
    adapt(TransientMntns, [['new_async', cancellable]]);
    adapt(TransientMntns.prototype, [['mount_tmpfs', text, numberOrZero], ['overlay_file', text, any], ['set_hosts', texts],
        ['set_name_servers', texts]]);
    adapt(NetnsPool, [['new', whole]]);
    adapt(NetnsPool.prototype, [['fill', cancellable]]);
    adapt(MountView.prototype, [['list', text], ['load', text], ['open', text, numberOrZero, numberOrZero], ['replace', text, any],
        ['resolve', text]]);
    adapt(Pin, [['new', any, text]]);
}

function adaptProcesses() {
    const {Launcher, ReexecOptions, Spacer, SpacerOptions} = Spacetest;
    adapt(Launcher, [['new', numberOrZero]]);
    adapt(Launcher.prototype, [['getenv', variable], ['setenv', variable, text, optional(any, true)], ['unsetenv', variable], ['set_environ', environment],
        ['set_flags', whole], ['take_fd', whole, whole], ['take_stdin_fd', whole], ['take_stdout_fd', whole], ['take_stderr_fd', whole],
        ['set_cwd', text], ['set_stdin_file_path', text], ['set_stdout_file_path', text], ['set_stderr_file_path', text],
        ['spawnv', any, texts], ['spawnv_async', any, texts, cancellable]]);
    adapt(Spacer, [['new', cancellable], ['new_with_options', optionsOrNone, cancellable], ['new_async', optionsOrNone, cancellable],
        ['get_default', cancellable], ['set_policy', whole]]);
    adapt(Spacer.prototype, [['set_timeout', small], ['create_space', kinds, cancellable], ['create_space_async', kinds, cancellable],
        ['create_subspace', kinds, optionsOrNone, cancellable], ['create_subspace_async', kinds, optionsOrNone, cancellable],
        ['create_transient', kinds, cancellable], ['create_transient_async', kinds, cancellable]]);
    adapt(SpacerOptions.prototype, [['set_boottime_offset', whole], ['set_host_name', text], ['set_id_map', whole], ['set_monotonic_offset', whole],
        ['take_stderr_fd', whole], ['take_stdout_fd', whole]]);
    adapt(ReexecOptions.prototype, [['set_command', texts], ['set_start_timeout', small], ['set_timeout', small]]);
    adapt(Spacetest, [['reexec_run', any, text, orNone, cancellable], ['reexec_run_with_options', any, text, orNone, orNone, cancellable],
        ['reexec_run_async', any, text, orNone, orNone, cancellable], ['reexec_reply_error', text, whole, text]]);
}

function adaptNetworks() {
    const {Capture, Link} = Spacetest;
    adapt(Capture, [['new', any, text, text]]);
    adapt(Link, [['new_bridge', any, nameOrNone], ['new_cable', any, text, any, text], ['new_dummy', any, nameOrNone], ['new_for_index', any, whole],
        ['new_for_name', any, text], ['new_macvlan', any, any, text, whole], ['new_tap', any, nameOrNone], ['new_tun', any, nameOrNone],
        ['new_veth', any, text, any, nameOrNone], ['new_vlan', any, any, text, whole]]);
    adapt(Link.prototype, [['add_address', text], ['add_address_full', text, whole], ['add_neighbour', text, text],
        ['add_route', text, nameOrNone], ['move', any, nameOrNone], ['remove_address', text], ['remove_neighbour', text],
        ['remove_route', text, nameOrNone], ['rename', text], ['set_impairment', impairmentOrNone], ['set_mac', text], ['set_mtu', whole],
        ['wait_ready', cancellable], ['wait_ready_async', cancellable], ['wait_route', text, nameOrNone, cancellable],
        ['wait_route_async', text, nameOrNone, cancellable]]);
}

function describeSpace(space) {
    const types = space.get_types();
    return types ? Spacetest.namespace_types_to_string(types).split(',').map(kind => `${space.get_ref(kind)}`).join(' ') : 'closed';
}

// As templates show them.
function adaptText() {
    const {Impairment, Link, NamespaceId, NamespaceRef, Neighbour, Pin, PinInfo, Route, Space, Visit} = Spacetest;
    const describe = new Map([Impairment, Link, NamespaceId, NamespaceRef, Neighbour, Route].map(type => [type, self => self.to_string()]));
    describe.set(Space, describeSpace);
    describe.set(Visit, visit => `${visit.get_space() ?? 'closed'}${visit.is_active() ? '' : ', over'}`);
    describe.set(Pin, pin => `${pin.get_path() ?? 'closed'}${pin.is_closed() ? ', closed' : ''}`);
    describe.set(PinInfo, info => `${Spacetest.namespace_type_get_name(info.get_namespace_type())}:[${info.get_id().inode}] at ${info.get_path()}`);
    for (const [type, text] of describe) {
        type.prototype.toString = function () {
            return text(this);
        };
    }
}

// GLib.Error is no Error, and console.log() would show all of it but the message.
function adaptError() {
    Object.defineProperty(Spacetest.Error.prototype, 'name', {value: 'Spacetest.Error', configurable: true, writable: true});
    Spacetest.Error.prototype.toJSON = function () {
        return {message: this.message, code: this.code, stack: this.stack};
    };
}

function _init() {
    Spacetest = this;
    setModule(this);
    const {Space} = this;

    Space.prototype.call = callThere(goThere(Space.prototype.call));
    for (const name of ['run_in_thread', 'run_in_thread_async'])
        Space.prototype[name] = refuse(name);
    adaptText();
    adaptCore();
    adaptProcesses();
    adaptNetworks();
    adaptError();
    guardProperties();
    imports.overrides.spacetestActions.adapt(this);
    Object.assign(this, {using, withCapture, withVisit});

    // GJS ends with status 0 after these.
    this.exit_guard_start('Gjs', ['JS ERROR', 'Unhandled promise rejection', 'Attempting to run a JS callback on a different thread']);
}
