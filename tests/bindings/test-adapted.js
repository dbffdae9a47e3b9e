// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// The introspected API, function by function: promises, kinds by name, refused NULs and optional arguments wherever they belong.
import GIRepository from 'gi://GIRepository?version=2.0';
import Spacetest from 'gi://Spacetest?version=1';
import {equal, run, same, test} from './harness.js';

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

function needs(type) {
    const tag = GIRepository.type_info_get_tag(type);
    if (tag === TypeTag.UTF8 || tag === TypeTag.FILENAME)
        return 'text';
    if (tag === TypeTag.ARRAY)
        return needs(GIRepository.type_info_get_param_type(type, 0)) === 'text' ? 'texts' : 'any';
    if (tag !== TypeTag.INTERFACE)
        return 'any';
    const name = GIRepository.type_info_get_interface(type).get_name();
    return {NamespaceType: 'kinds', SpacerOptions: 'options'}[name] ?? 'any';
}

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
            taken.push({need: needs(GIRepository.arg_info_get_type(arg)), isNullable: GIRepository.arg_info_may_be_null(arg)});
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

test('nothing is at home that is not there', () => {
    const known = new Set([...callables()].map(({path}) => path));
    equal([...REFUSED, ...AS_IS].filter(path => !known.has(path)), []);
});

run();
