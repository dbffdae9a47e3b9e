// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// The introspected API, function by function: promises, kinds by name, refused NULs and optional arguments wherever they belong.
import GIRepository from 'gi://GIRepository?version=2.0';
import GObject from 'gi://GObject';
import Spacetest from 'gi://Spacetest?version=1';
import {equal, run, same, test, thrownBy} from './harness.js';

const {InfoType, TypeTag} = GIRepository;
const REFUSED = ['Space.prototype.run_in_thread', 'Space.prototype.run_in_thread_async'];
// Where the interpreter's own strings go.
const AS_IS = ['exit_guard_start'];

function children(info, kind) {
    const n = GIRepository[`${kind}_info_get_n_methods`](info);
    return Array.from({length: n}, (_, i) => GIRepository[`${kind}_info_get_method`](info, i));
}

function isMethod(info) {
    return (GIRepository.function_info_get_flags(info) & GIRepository.FunctionInfoFlags.IS_METHOD) !== 0;
}

function* callables() {
    const repository = GIRepository.Repository.get_default();
    const kindsOf = {[InfoType.OBJECT]: 'object', [InfoType.STRUCT]: 'struct', [InfoType.ENUM]: 'enum', [InfoType.FLAGS]: 'enum'};
    for (let i = 0; i < repository.get_n_infos('Spacetest'); i++) {
        const info = repository.get_info('Spacetest', i);
        const name = info.get_name();
        const kind = kindsOf[info.get_type()];
        if (info.get_type() === InfoType.FUNCTION)
            yield {path: name, func: Spacetest[name], info};
        for (const method of kind ? children(info, kind) : []) {
            const owner = isMethod(method) ? Spacetest[name].prototype : Spacetest[name];
            const path = `${name}${isMethod(method) ? '.prototype' : ''}.${method.get_name()}`;
            yield {path, func: owner?.[method.get_name()], info: method};
        }
    }
}

const NUMBERS = [TypeTag.INT8, TypeTag.UINT8, TypeTag.INT16, TypeTag.UINT16, TypeTag.INT32, TypeTag.UINT32, TypeTag.INT64, TypeTag.UINT64];

function needs(type) {
    const tag = GIRepository.type_info_get_tag(type);
    if (NUMBERS.includes(tag))
        return 'whole';
    if (tag === TypeTag.UTF8 || tag === TypeTag.FILENAME)
        return 'text';
    if (tag === TypeTag.ARRAY)
        return needs(GIRepository.type_info_get_param_type(type, 0)) === 'text' ? 'texts' : 'any';
    if (tag !== TypeTag.INTERFACE)
        return 'any';
    const info = GIRepository.type_info_get_interface(type);
    const isNumber = [InfoType.ENUM, InfoType.FLAGS].includes(info.get_type());
    return {NamespaceType: 'kinds', SpacerOptions: 'options'}[info.get_name()] ?? (isNumber ? 'whole' : 'any');
}

// What is more than its type says.
const BY_NAME = {environment: 'environment', milliseconds: 'small', seconds: 'small', variable: 'variable'};

// As GJS counts them: without results, lengths of arrays, callbacks and what goes with these.
function takenBy(info) {
    const args = Array.from({length: GIRepository.callable_info_get_n_args(info)}, (_, i) => GIRepository.callable_info_get_arg(info, i));
    const hidden = new Set();
    const taken = [];
    for (const [i, arg] of args.entries()) {
        const type = GIRepository.arg_info_get_type(arg);
        if (GIRepository.type_info_get_tag(type) === TypeTag.ARRAY)
            hidden.add(GIRepository.type_info_get_array_length(type));
        if (GIRepository.arg_info_get_closure(arg) >= 0)
            [i, GIRepository.arg_info_get_closure(arg)].forEach(place => hidden.add(place));
        if (GIRepository.arg_info_get_direction(arg) !== GIRepository.Direction.IN)
            hidden.add(i);
    }
    for (const [i, arg] of args.entries()) {
        if (!hidden.has(i))
            taken.push({need: BY_NAME[arg.get_name()] ?? needs(GIRepository.arg_info_get_type(arg)), isNullable: GIRepository.arg_info_may_be_null(arg)});
    }
    return taken;
}

function isSetter(path) {
    return /\.set_[a-z_]+$/.test(path);
}

function checkOne({path, func, info}, problems) {
    const taken = takenBy(info);
    const takes = func?.takes ?? [];
    if (path.endsWith('_async') && !func?.takes)
        problems.push(`${path} has no promise`);
    if (path.endsWith('_async') && takes.length !== taken.length)
        problems.push(`${path} takes ${taken.length} arguments before the callback, not ${takes.length}`);
    for (const [i, {need}] of taken.entries()) {
        if (need !== 'any' && takes[i]?.replace('?', '') !== need)
            problems.push(`argument ${i} of ${path} is not seen to: ${need}`);
    }
    for (let i = taken.length - 1; i >= 0 && taken[i].isNullable && !isSetter(path); i--) {
        if (!takes[i]?.endsWith('?'))
            problems.push(`argument ${i} of ${path} is not optional`);
    }
}

test('every function is at home', () => {
    const problems = [];
    let count = 0;
    for (const one of callables()) {
        count++;
        if (typeof one.func !== 'function')
            problems.push(`${one.path} is not there`);
        else if (!REFUSED.includes(one.path) && !AS_IS.includes(one.path))
            checkOne(one, problems);
    }
    equal(problems, []);
    same(count > 200, true);
});

const NO_NUMBERS = ['3650 days', '', NaN, Infinity, -Infinity, null, undefined, {}, [], true, () => 3];
const NO_WHOLE_NUMBERS = [...NO_NUMBERS, 1.5, 2 ** 53, -(2 ** 53), 2 ** 63, '5'];
const RANGES = {guint: [-1, 2 ** 32], guint64: [-1]};

// Those that are numbers, by name of their type.
function* numbers() {
    for (const type of Object.values(Spacetest)) {
        if (!(type?.prototype instanceof GObject.Object) || type.$gtype.name === 'GObject')
            continue;
        for (const pspec of GObject.Object.list_properties.call(type)) {
            const value = pspec.value_type.name;
            if (pspec.owner_type.name === type.$gtype.name && pspec.flags & GObject.ParamFlags.WRITABLE &&
                (/^g(u?int(64)?|double|float)$/.test(value) || GObject.type_is_a(pspec.value_type, GObject.TYPE_ENUM)))
                yield {type, pspec, value};
        }
    }
}

test('what is no number is none', () => {
    let count = 0;
    for (const {type, pspec, value} of numbers()) {
        const wrong = /double|float/.test(value) ? NO_NUMBERS : [...NO_WHOLE_NUMBERS, ...RANGES[value] ?? []];
        for (const name of new Set([pspec.name, pspec.name.replace(/-/g, '_'), pspec.name.replace(/-./g, word => word[1].toUpperCase())])) {
            for (const one of wrong) {
                const where = `${type.name}.${name} = ${String(one)}`;
                same(`${where}: ${thrownBy(() => new type({[name]: one}))[0] instanceof TypeError}`, `${where}: true`);
                if (!(pspec.flags & GObject.ParamFlags.CONSTRUCT_ONLY)) {
                    same(`${where}: ${thrownBy(() => {
                        new type()[name] = one;
                    })[0] instanceof TypeError}`, `${where}: true`);
                }
            }
            count++;
        }
    }
    same(count > 15, true);
});

test('numbers are what they were', () => {
    const {Impairment, SpacerOptions} = Spacetest;
    const far = new SpacerOptions({boottime_offset: 3650 * 86400e6, monotonicOffset: -5, 'id-map': Spacetest.IdMap.SELF, host_name: 'blue'});
    equal([far.boottime_offset, far.monotonic_offset, far.idMap, far.host_name], [315360000000000, -5, 1, 'blue']);
    far.boottime_offset = 7n;
    equal([far.boottimeOffset, far.get_boottime_offset()], [7, 7]);
    const bad = new Impairment({loss: 12.5, delay: 40, rate: 2 ** 40});
    bad.jitter = 0xffffffff;
    equal([bad.loss, bad.delay, bad.rate, bad.jitter], [12.5, 40, 2 ** 40, 0xffffffff]);
});

test('nothing is at home that is not there', () => {
    const known = new Set([...callables()].map(({path}) => path));
    equal([...REFUSED, ...AS_IS].filter(path => !known.has(path)), []);
});

run();
