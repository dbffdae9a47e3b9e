// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// What makes Spacetest feel at home in GJS: return values, exceptions, promises, template literals, strings for kinds.
/* exported _init */

const Gio = imports.gi.Gio;

let Spacetest;

function convertString(owner, name, place, convert) {
    const original = owner[name];
    owner[name] = function (...args) {
        if (typeof args[place] === 'string')
            args[place] = convert(args[place]);
        return original.apply(this, args);
    };
}

// GJS cuts a string at NUL, and another file is meant.
function refuseNul(text) {
    if (text.includes('\0'))
        throw new TypeError(`a NUL in ${JSON.stringify(text)}`);
    return text;
}

// Lets a function take 'net,mnt' where it takes flags. GJS makes 0 of a string: any kind, or none.
function takeKinds(owner, name, place) {
    convertString(owner, name, place, text => Spacetest.namespace_types_from_string(text));
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
        if (typeof func !== 'function')
            throw new TypeError(`func must be a function, not ${func === null ? 'null' : typeof func}`);
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

function _init() {
    Spacetest = this;
    const {Link, MountView, NamespaceId, NamespaceRef, Space, TransientMntns, TransientNetns} = this;

    Space.prototype.call = callThere(goThere(Space.prototype.call));
    for (const name of ['run_in_thread', 'run_in_thread_async'])
        Space.prototype[name] = refuse(name);
    for (const type of [NamespaceId, NamespaceRef, Link, this.Route, this.Neighbour]) {
        type.prototype.toString = function () {
            return this.to_string();
        };
    }

    for (const [type, name] of [[TransientNetns, 'new_async'], [TransientMntns, 'new_async'],
        [NamespaceRef, 'new_transient_async'], [Space, 'new_transient_async'],
        [Space.prototype, 'create_socket_async'], [Space.prototype, 'create_netlink_socket_async'],
        [this.Spacer, 'new_async'], [this.Spacer.prototype, 'create_subspace_async'],
        [this.Spacer.prototype, 'create_space_async'], [this.Spacer.prototype, 'create_transient_async'],
        [Link.prototype, 'wait_ready_async'], [this, 'probe_async']])
        Gio._promisify(type, name);

    for (const [owner, ...names] of [[this, 'namespace_types_from_string'], [NamespaceId, 'parse'], [NamespaceRef, 'new_for_path'],
        [TransientMntns.prototype, 'mount_tmpfs', 'overlay_file'],
        [Link.prototype, 'rename', 'set_mac', 'add_address', 'remove_address', 'add_route', 'remove_route', 'add_neighbour', 'remove_neighbour'],
        [MountView.prototype, 'open', 'load', 'replace', 'list', 'resolve']])
        names.forEach(name => convertString(owner, name, 0, refuseNul));

    for (const name of ['new_for_name', 'new_veth', 'new_dummy', 'new_bridge', 'new_tap', 'new_tun'])
        convertString(Link, name, 1, refuseNul);
    convertString(Link, 'new_veth', 3, refuseNul);

    for (const [name, place] of Object.entries({new_for_path: 1, new_for_fd: 1, new_take_fd: 1, new_for_pid: 1,
        new_for_pidfd: 1, new_current: 0, new_transient: 0, new_transient_async: 0}))
        takeKinds(NamespaceRef, name, place);
    for (const [name, place] of Object.entries({new_for_pid: 1, new_transient: 0, new_transient_async: 0}))
        takeKinds(Space, name, place);
    takeKinds(Space.prototype, 'get_ref', 0);
    for (const name of ['create_subspace', 'create_subspace_async', 'create_space', 'create_space_async', 'create_transient',
        'create_transient_async'])
        takeKinds(this.Spacer.prototype, name, 0);
    for (const name of ['enter_transient', 'probe', 'probe_async'])
        takeKinds(this, name, 0);
}
