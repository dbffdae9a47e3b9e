# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What a stub for Python has to say of each symbol of a GIR."""
import xml.etree.ElementTree as ElementTree

CORE = "{http://www.gtk.org/introspection/core/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"
PLAIN = {"gboolean": "bool", "gdouble": "float", "gint": "int", "guint": "int", "gint64": "int", "guint64": "int", "gsize": "int",
         "none": "None", "utf8": "str", "gpointer": "object", "GLib.Quark": "int", "guint8": "int"}
TAKEN = {"NamespaceType": "Kinds", "filename": "StrPath", "GLib.Bytes": "bytes | GLib.Bytes"}
GIVEN = {"filename": "str"}
OPTIONS = ("id_map: IdMap | str = ..., monotonic_offset: int | datetime.timedelta = ..., "
           "boottime_offset: int | datetime.timedelta = ..., host_name: str = ...")


class Gir:
    def __init__(self, path, defaults):
        self.namespace = ElementTree.parse(path).getroot().find(CORE + "namespace")
        self.defaults = defaults
        self.choices = {node.get("name") for node in self.namespace.findall(CORE + "enumeration")}

    def _get_type(self, node, is_taken):
        array, plain = node.find(CORE + "array"), node.find(CORE + "type")
        if array is not None:
            item = self._get_type(array, is_taken)
            if not is_taken:
                return f"List[{item}]"
            return f"Iterable[{item}]" if node.get("name") == "argv" else f"Sequence[{item}]"
        name = plain.get("name")
        if name.startswith("GLib.PtrArray"):
            return f"List[{self._get_type(plain, is_taken)}]"
        if is_taken and name in self.choices:
            return f"{name} | str"
        return (TAKEN if is_taken else GIVEN).get(name) or PLAIN.get(name) or name

    def _get_parameters(self, node, qualname):
        """Of what Python sees: name, type, whether it can be left out."""
        found = node.find(CORE + "parameters")
        nodes = [] if found is None else found.findall(CORE + "parameter")
        hidden = {int(array.get("length")) for child in nodes for array in child.findall(CORE + "array") if array.get("length")}
        visible = [child for index, child in enumerate(nodes) if index not in hidden and child.get("name") != "user_data"]
        visible = [child for child in visible if child.get("direction", "in") == "in"]
        parameters, trailing = [], True
        for child in reversed(visible):
            name, optional = child.get("name"), child.get("nullable") == "1" or child.get("allow-none") == "1"
            kind = self._get_type(child, True) + (" | None" if optional else "")
            trailing = trailing and (optional or name in self.defaults.get(qualname, {}))
            parameters.insert(0, (name, kind, trailing))
        return parameters

    def _get_result(self, node):
        """With out parameters, all of them."""
        result = node.find(CORE + "return-value")
        results = [self._get_type(result, False) + (" | None" if result.get("nullable") == "1" else "")]
        results += [self._get_type(child, False) for child in node.iter(CORE + "parameter") if child.get("direction") == "out"]
        results = [kind for kind in results if kind != "None"] or ["None"]
        return results[0] if len(results) == 1 else f"tuple[{', '.join(results)}]"

    def _get_made(self, node, owner):
        outs = [self._get_type(child, False) for child in node.iter(CORE + "parameter") if child.get("direction") == "out"]
        return f"tuple[{', '.join([owner, *outs])}]" if outs else owner

    def _get_signature(self, node, first, qualname, result, leave_out=()):
        parameters = [item for item in self._get_parameters(node, qualname) if item[0] not in leave_out]
        texts = first + [f"{name}: {kind}{' = ...' if optional else ''}" for name, kind, optional in parameters]
        if any(name == "options" for name, _, _ in parameters):
            texts += ["*", OPTIONS]
        return f"def {node.get('name')}({', '.join(texts)}) -> {result}: ..."

    def _get_function(self, node, owner, finishes):
        kind = node.tag.removeprefix(CORE)
        qualname = f"{owner}.{node.get('name')}" if owner else node.get("name")
        first = {"method": ["self"], "constructor": ["cls"]}.get(kind, [])
        mark = ["@classmethod"] if kind == "constructor" else ["@staticmethod"] if owner and kind == "function" else []
        result = self._get_made(node, owner) if kind == "constructor" else self._get_result(node)
        if not node.get("name").endswith("_async"):
            return [*mark, self._get_signature(node, first, qualname, result)]
        finish = finishes[node.get("name").removesuffix("_async") + "_finish"]
        value = owner if finish.tag == CORE + "constructor" else self._get_result(finish)
        future = self._get_signature(node, first, qualname, f"Future[{value}]", {"callback"})
        called = self._get_signature(node, first, qualname, "None").replace("callback: Gio.AsyncReadyCallback | None = ...", "callback: Callback")
        before, callback, after = called.partition(", callback: Callback")
        called = before.replace(" = ...", "") + callback + after
        before, mark_of_callback, after = called.partition("callback: Callback")
        called = before.replace(" = ...", "") + mark_of_callback + after  # what comes before it can't be left out
        return ["@overload", *mark, future, "@overload", *mark, called]

    def _get_functions(self, parent, owner=""):
        nodes = [node for tag in ("constructor", "function", "method") for node in parent.findall(CORE + tag)
                 if node.get("introspectable") != "0" and not node.get("shadowed-by")]
        by_name = {node.get("name"): node for node in nodes}
        return {name: self._get_function(node, owner, by_name) for name, node in by_name.items()}

    def _get_properties(self, parent, known):
        found = {}
        for node in parent.findall(CORE + "property"):
            name, kind = node.get("name").replace("-", "_"), self._get_type(node, False)
            if name in known:
                continue
            kind += " | None" if kind in self.classes or kind == "str" else ""
            found[name] = ["@property", f"def {name}(self) -> {kind}: ..."]
            if node.get("writable") == "1" and node.get("construct-only") != "1":
                found[name] += [f"@{name}.setter", f"def {name}(self, value: {self._get_set_kind(name, kind)}) -> None: ..."]
        return found

    def _get_values(self, parent, tag):
        """Constants, and fields that are no implementation's."""
        return {node.get("name"): [f"{node.get('name')}: {self._get_type(node, False)}"] for node in parent.findall(CORE + tag)
                if tag == "constant" or node.get("writable") == "1"}

    @staticmethod
    def _get_set_kind(name, kind):
        return "IdMap | str" if name == "id_map" else kind + (" | datetime.timedelta" if name.endswith("_offset") else "")

    @property
    def classes(self):
        return {node.get("name") for tag in ("class", "record") for node in self.namespace.findall(CORE + tag)}

    def get_module(self):
        """Name of the function or constant: its lines; name of the class: its base, its members."""
        functions = self._get_functions(self.namespace) | self._get_values(self.namespace, "constant")
        classes = {}
        for tag, base in (("enumeration", "GObject.GEnum"), ("bitfield", "GObject.GFlags")):
            for node in self.namespace.findall(CORE + tag):
                name = node.get("name")
                members = {member.get("name").upper(): [f"{member.get('name').upper()}: ClassVar[{name}]"]
                           for member in node.findall(CORE + "member")}
                classes[name] = base, members | self._get_functions(node, name)
        for tag in ("record", "class"):
            for node in self.namespace.findall(CORE + tag):
                if node.get(GLIB + "is-gtype-struct-for") or node.get("introspectable") == "0":
                    continue
                members = self._get_functions(node, node.get("name"))
                if node.get(GLIB + "get-type"):
                    members = self._get_values(node, "field") | members
                classes[node.get("name")] = node.get("parent") or "GObject.GBoxed", members | self._get_properties(node, members)
        return functions, classes
