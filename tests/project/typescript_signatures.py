# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the types for TypeScript have to say of parameters and results, by the GIR."""
import re

from gir import CONTAINERS, CORE, is_class_structure, tag_of

PLAIN = {'gboolean': 'boolean', 'none': 'void', 'utf8': 'string', 'filename': 'string', 'GLib.Quark': 'GLib.Quark'}
NUMBERS = re.compile(r'^(g?u?int(8|16|32|64)?|gdouble|gsize|gssize|pid_t|GLib\.Pid|mode_t|uid_t)$')
TAKEN = {'NamespaceType': 'Kinds', 'GLib.Bytes': 'Content', 'SpacerOptions': 'SpacerOptions | SpacerOptionsValues'}
FUNCTION = re.compile(r'(?:static |function )?(?P<name>\w+)(?:<[^(]*>)?\((?P<parameters>.*)\): (?P<result>.*);$')


def _get_type(node, is_taken):
    array, plain = node.find(f'{CORE}array'), node.find(f'{CORE}type')
    if array is not None:
        return f'{_get_type(array, is_taken)}[]'
    name = plain.get('name')
    return (TAKEN.get(name) if is_taken else None) or PLAIN.get(name) or ('number' if NUMBERS.match(name) else name)


def _get_nullable(node):
    return ' | null' if node.get('nullable') == '1' or node.get('allow-none') == '1' else ''


def _get_parameters(node):
    found = node.find(f'{CORE}parameters')
    nodes = [] if found is None else found.findall(f'{CORE}parameter')
    lengths = {int(array.get('length')) for child in nodes for array in child.findall(f'{CORE}array') if array.get('length')}
    for index, child in enumerate(nodes):
        if index not in lengths and child.get('direction', 'in') == 'in' and child.get('name') not in ('callback', 'user_data'):
            yield _get_type(child, True) + _get_nullable(child)


def _get_result(node, owner):
    if tag_of(node) == 'constructor':
        return owner
    result = node.find(f'{CORE}return-value')
    results = [_get_type(result, False) + _get_nullable(result)]
    outs = [_get_type(child, False) for child in node.iter(f'{CORE}parameter') if child.get('direction') == 'out']
    return f'[{", ".join(results + outs)}]' if outs else results[0]


def signatures_in_gir(namespace, owner=''):
    """Name: parameters and result, those of a promise if it gives one."""
    nodes = {child.get('name'): child for child in namespace if tag_of(child) in ('constructor', 'function', 'method')}
    for name, node in nodes.items():
        if node.get('introspectable') == '0' or node.get('shadowed-by'):
            continue
        result = _get_result(node, owner)
        if name.endswith('_async'):
            finish = nodes[name.removesuffix('_async') + '_finish']
            result = f'Promise<{_get_result(finish, owner)}>'
        elif name == 'parse' and owner:
            result = f'[{owner}, {_get_type(node.findall(f".//{CORE}parameter")[-1], False)}]'
        yield f'{owner}.{name}' if owner else name, (list(_get_parameters(node)), result)
    if not owner:
        for child in namespace:
            if tag_of(child) in CONTAINERS and not is_class_structure(child):
                yield from signatures_in_gir(child, child.get('name'))


def values_in_gir(namespace):
    """Properties, with their type and who may set them; members of enumerations, with their number. Errors have theirs at run time."""
    for child in namespace:
        owner = child.get('name')
        for node in child.findall(f'{CORE}property'):
            mark = '' if node.get('writable') == '1' and node.get('construct-only') != '1' else 'readonly '
            yield f'{owner}.{node.get("name").replace("-", "_")}', mark + _get_type(node, False)
        for node in child.findall(f'{CORE}member') if owner != 'Error' else []:
            yield f'{owner}.{node.get("name").upper()}', node.get('value')


def values_in_types(text):
    """The same. What may be null is nobody's business: the GIR does not know it of properties."""
    container = ''
    for line in text.splitlines():
        found = re.match(r' {8}(?:class|enum) (\w+)', line)
        container = found[1] if found else container
        member = re.match(r' {12}(readonly )?(\w+): ([^()]*?)(?: \| null)?;$', line)
        number = re.match(r' {12}(\w+) = (\d+),$', line)
        if member:
            yield f'{container}.{member[2]}', (member[1] or '') + member[3]
        elif number:
            yield f'{container}.{number[1]}', number[2]


def _split(text):
    parts, depth = [''], 0
    for character in text:
        depth += {'<': 1, '(': 1, '{': 1, '[': 1, '>': -1, ')': -1, '}': -1, ']': -1}.get(character, 0)
        if character == ',' and not depth:
            parts.append('')
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def signatures_in_types(text):
    """The same, of the form without a callback; by the indentation."""
    container, text = '', re.sub(r'([,(])\n\s+', r'\1 ', text).replace('( ', '(')
    for line in text.splitlines():
        depth, words = len(line) - len(line.lstrip()), line.strip()
        if depth == 8:
            found = re.match(r'(?:class|namespace|enum) (\w+)', words)
            container = found[1] if found else ''
        function = FUNCTION.match(words) if depth in (8, 12) else None
        if function and 'callback: ' not in words:
            parameters = [part.split(': ', 1) for part in _split(function['parameters'])]
            name = f'{container}.{function["name"]}' if container and depth == 12 else function['name']
            yield name, ([kind.replace('Cancellable', 'Gio.Cancellable | null') if kind == 'Cancellable' else kind for _, kind in parameters],
                         function['result'])
