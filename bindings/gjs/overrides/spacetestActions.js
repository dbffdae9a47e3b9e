// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// Actions in GJS: functions of a script, called in a fresh gjs that runs the same script in a space. Values travel as GVariants:
// null and undefined as (), booleans as b, whole numbers as x, others as d, strings as s, Uint8Array as ay, arrays as av, plain objects as a(vv).
/* exported adapt */

const {Gio, GLib} = imports.gi;
const System = imports.system;

const MOST_DEPTH = 30;
const actions = new Map();
let Spacetest;

function box(values, where, depth) {
    return new GLib.Variant('av', values.map(value => encode(value, where, depth - 1)));
}

function encodeObject(value, where, depth) {
    const type = Object.getPrototypeOf(value);
    if (value instanceof Uint8Array)
        return GLib.Variant.new_from_bytes(new GLib.VariantType('ay'), new GLib.Bytes(value), true);
    if (depth === 0)
        throw new RangeError(`${where}: nested deeper than ${MOST_DEPTH}`);
    if (Array.isArray(value))
        return box(value, where, depth);
    if (type !== Object.prototype && type !== null)
        throw new TypeError(`${where}: ${value.constructor?.name ?? 'this'} is no plain value`);
    return new GLib.Variant('a(vv)', Object.entries(value).map(pair => pair.map(part => encode(part, where, depth - 1))));
}

function encode(value, where, depth = MOST_DEPTH) {
    if (value === null || value === undefined)
        return new GLib.Variant('()', []);
    switch (typeof value) {
    case 'boolean':
        return new GLib.Variant('b', value);
    case 'number':
        return new GLib.Variant(Number.isSafeInteger(value) && !Object.is(value, -0) ? 'x' : 'd', value);
    case 'string':
        if (value.includes('\0') || !value.isWellFormed?.() && /[\uD800-\uDFFF]/u.test(value))
            throw new TypeError(`${where}: a string with a NUL or half a character is no plain value`);
        return new GLib.Variant('s', value);
    case 'object':
        return encodeObject(value, where, depth);
    default:
        throw new TypeError(`${where}: a ${typeof value} is no plain value (null, boolean, number, string, Uint8Array, array or plain object)`);
    }
}

function children(value) {
    return Array.from({length: value.n_children()}, (_, i) => value.get_child_value(i));
}

function decode(value) {
    switch (value.get_type_string()) {
    case '()':
        return null;
    case 'b':
        return value.get_boolean();
    case 'x':
        return Number(value.get_int64());
    case 'd':
        return value.get_double();
    case 's':
        return value.get_string()[0];
    case 'ay':
        return value.get_data_as_bytes().toArray();
    case 'av':
        return children(value).map(child => decode(child.get_variant()));
    case 'a(vv)':
        return Object.fromEntries(children(value).map(pair => children(pair).map(part => decode(part.get_variant()))));
    default:
        throw new TypeError(`a value of type ${value.get_type_string()} is none that an action gives`);
    }
}

function registerAction(name, func) {
    if (typeof name !== 'string' || !name)
        throw new TypeError('an action needs a name');
    if (typeof func !== 'function')
        throw new TypeError(`func must be a function, not ${func === null ? 'null' : typeof func}`);
    if (actions.has(name))
        throw new Error(`there is an action ${JSON.stringify(name)} already`);
    actions.set(name, func);
}

// The same interpreter with the same script, wherever it starts, without the script's arguments.
function findCommand() {
    const [, bytes] = GLib.file_get_contents('/proc/self/cmdline');
    const words = new TextDecoder().decode(bytes).split('\0').slice(0, -1);
    words.length -= System.programArgs.length;
    if (System.programPath)
        words[words.length - 1] = System.programPath;
    return words;
}

// What comes after the arguments says how to run an action.
function takeHow(args) {
    const how = {options: null, cancellable: null};
    for (let last; (last = args[args.length - 1]); args.pop()) {
        if (last instanceof Spacetest.ReexecOptions && !how.options)
            how.options = last;
        else if (last instanceof Gio.Cancellable && !how.cancellable)
            how.cancellable = last;
        else
            break;
    }
    return how;
}

// Whatever is thrown has some text that can travel.
function textOf(get, otherwise) {
    try {
        return `${get() ?? otherwise}`.replace(/\0|[\uD800-\uDFFF]/gu, '\uFFFD');
    } catch (e) {
        return otherwise;
    }
}

function report(error) {
    if (error instanceof GLib.Error)
        return {domain: GLib.quark_to_string(error.domain), code: error.code, message: error.message};
    return {
        name: textOf(() => error?.name, 'Error'),
        message: textOf(() => error?.message ?? error, 'what was thrown has no text'),
        stack: textOf(() => error?.stack, ''),
    };
}

function rebuild({domain, code, name, message, stack}) {
    if (domain)
        return new GLib.Error(GLib.quark_from_string(domain), code, message);
    const type = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].find(known => known.name === name);
    const error = new (type ?? Error)(message);
    if (!type)
        error.name = name;
    error.stack = `${stack}in an action, called at:\n${error.stack}`;
    return error;
}

async function runAction(name, ...args) {
    const how = takeHow(args);
    const options = how.options ?? new Spacetest.ReexecOptions();
    if (typeof name !== 'string') {
        throw new TypeError('runAction() takes the name of an action, as in runAction("name", ...): give the function that name with ' +
            'registerAction("name", func) before runActions()');
    }
    if (!actions.has(name))
        throw new Error(`there is no action ${JSON.stringify(name)}`);
    const parameter = encode(args, 'an argument');
    options.set_command(findCommand());
    const running = Spacetest.reexec_run_async(this, name, parameter, options, how.cancellable);
    options.set_command(null);
    const [succeeded, value] = decode(await running);
    if (!succeeded)
        throw rebuild(value);
    return value;
}

async function call(order) {
    const name = order.get_child_value(0).get_string()[0];
    try {
        const func = actions.get(name);
        if (!func)
            throw new Error(`the script has registered no action ${JSON.stringify(name)} when it calls runActions()`);
        const args = decode(order.get_child_value(1).get_maybe().get_variant());
        return encode([true, await func(...args)], `the result of ${name}`);
    } catch (e) {
        return encode([false, report(e)], 'an error');
    }
}

// Returns at once, or runs the action that this process was started for, and ends the process.
function runActions() {
    if (!Spacetest.reexec_is_inside())
        return;
    GLib.unsetenv('SPACETEST_ACTION');
    const loop = new GLib.MainLoop(null, false);
    call(Spacetest.reexec_receive()).then(answer => Spacetest.reexec_reply(answer)).catch(logError).finally(() => loop.quit());
    loop.run();
    System.exit(0);
}

// eslint-disable-next-line no-unused-vars
function adapt(module) {
    Spacetest = module;
    Object.assign(Spacetest, {registerAction, runActions});
    Spacetest.Space.prototype.runAction = runAction;
}
