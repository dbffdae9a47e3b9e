// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// What arguments and properties may be besides what GJS takes, and what is refused that GJS would take for something else, or for nothing.
// Each converter is given a value, and returns what GJS gets.
/* exported any, environment, guardProperties, kinds, needFunction, optional, options, setModule, small, text, texts, variable, whole */

let Spacetest;

function setModule(module) {
    Spacetest = module;
}

function show(value) {
    return typeof value === 'string' || Array.isArray(value) ? JSON.stringify(value) : String(value);
}

function any(value) {
    return value;
}

// GJS cuts a string at NUL, and another file is meant.
function text(value) {
    if (typeof value === 'string' && value.includes('\0'))
        throw new TypeError(`a NUL in ${JSON.stringify(value)}`);
    return value;
}

function texts(value) {
    if (typeof value === 'string')
        throw new TypeError(`an array of strings is needed, not ${JSON.stringify(value)}`);
    return Array.isArray(value) ? value.map(text) : value;
}

// The name of a variable: what is none would be lost, or be another one.
function variable(value) {
    if (value === '' || typeof value === 'string' && value.includes('='))
        throw new TypeError(`${JSON.stringify(value)} is no name of a variable`);
    return text(value);
}

function environment(value) {
    const lines = texts(value);
    for (const line of Array.isArray(lines) ? lines : []) {
        if (typeof line !== 'string' || line.indexOf('=') < 1)
            throw new TypeError(`${show(line)} is no NAME=value`);
    }
    return lines;
}

// GJS makes 0 of all that is no number, and of infinity; the last digits of large ones are not what was meant.
function whole(value) {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value))
        throw new TypeError(`a whole number is needed, not ${show(value)}`);
    return value;
}

// A string would be 0: any kind, or none.
function kinds(value) {
    if (typeof value === 'string')
        return Spacetest.namespace_types_from_string(value);
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value))
        throw new TypeError(`kinds of namespaces are needed, as 'net,mnt', not ${show(value)}`);
    return value;
}

function options(value) {
    const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
    return isPlain ? new Spacetest.SpacerOptions(value) : value;
}

// At the end of the arguments only.
function optional(convert, fallback) {
    const converter = value => value === undefined ? fallback : convert(value);
    return Object.defineProperties(converter, {name: {value: `${convert.name}?`}, isOptional: {value: true}});
}

function needFunction(func, name) {
    if (typeof func !== 'function')
        throw new TypeError(`${name} must be a function, not ${func === null ? 'null' : typeof func}`);
}

function finite(value) {
    if (!Number.isFinite(value))
        throw new TypeError(`a number is needed, not ${show(value)}`);
    return value;
}

// An unsigned one, which GJS would count from the other end.
function small(value) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
        throw new TypeError(`a whole number from 0 to 4294967295 is needed, not ${show(value)}`);
    return value;
}

function large(value) {
    if (whole(value) < 0)
        throw new TypeError(`a number must not be negative: ${value}`);
    return value;
}

function spell(name) {
    return [name, name.replace(/_/g, '-'), name.replace(/_./g, found => found[1].toUpperCase())];
}

function guard(proto, spelling, convert) {
    const {get, set} = Object.getOwnPropertyDescriptor(proto, spelling);
    Object.defineProperty(proto, spelling, {
        get,
        set(value) {
            set.call(this, convert(value));
        },
        configurable: true,
        enumerable: true,
    });
}

// As attributes, and as arguments of the constructor.
function guardType(type, converters) {
    const proto = type.prototype;
    const all = new Map();
    for (const [name, convert] of Object.entries(converters)) {
        const told = value => {
            try {
                return convert(value);
            } catch (e) {
                throw new TypeError(`${name}: ${e.message}`);
            }
        };
        for (const spelling of new Set(spell(name))) {
            all.set(spelling, told);
            guard(proto, spelling, told);
        }
    }
    proto._init = function (properties, ...rest) {
        let checked = properties;
        if (typeof properties === 'object' && properties !== null)
            checked = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, all.has(name) ? all.get(name)(value) : value]));
        return Object.getPrototypeOf(proto)._init.call(this, checked, ...rest);
    };
}

function guardProperties() {
    guardType(Spacetest.SpacerOptions, {boottime_offset: whole, monotonic_offset: whole, id_map: whole});
    guardType(Spacetest.Impairment, {rate: large, delay: small, jitter: small, limit: small, loss: finite, duplication: finite,
        reordering: finite, corruption: finite});
    guardType(Spacetest.Capture, {snapshot_length: small});
    guardType(Spacetest.Link, {ready_timeout: small});
    guardType(Spacetest.Spacer, {timeout: small});
}
