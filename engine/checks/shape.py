"""A file against its JSON Schema, with the library's errors re-aimed: one mistake, one finding, where it is.

The library reports a wrong alternative as "not valid under any of the given schemas". Here the alternative a
value tries to be is picked, by its type and its keys, and only that one's errors count. Predicates are left
to ``compile_predicate``, which knows every field and its type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, cast

from engine import suggest
from engine.checks import mends, wording
from engine.checks.adapted import Schema, adapted, validator
from engine.diagnostics import Finding
from engine.located import Located, Span

Path = tuple[str | int, ...]
#: jsonschema.ValidationError; its stubs call every attribute possibly unset, which none is once yielded
Error = Any

#: of one file; a file with more is not of the language at all
MAX_FAULTS = 200

#: what other tools call a key of ours
_ALIAS = {"on": "event"}
#: keys that hold a name of the project's own
_NAMES = frozenset({"event", "trigger", "campaign", "segment", "step", "offer"})

_TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


@dataclass(frozen=True, slots=True)
class _Fault:
    """One thing wrong. ``cut`` is what the checks that follow must not see."""

    finding: Finding
    cut: Path | None = None
    at: Path = ()  # the mapping it is about
    unknown: str | None = None  # a key the mapping may not have
    missing: tuple[str, ...] = ()  # keys of which it lacks one
    meant: str | None = None  # the key an unknown one was probably meant to be


def judge(kind: str, root: Located) -> tuple[list[Finding], Located | None]:
    """Findings about the shape of a file, and the file without what is wrong (None: too much is)."""
    aimer = _Aimer(kind, root)
    found = (fault for error in validator(kind).iter_errors(root.plain()) for fault in aimer.aim(error))
    faults = list(islice(found, 2 * MAX_FAULTS + 2))  # one mistake may be two faults, until they are paired
    kept = _paired(faults)
    if len(kept) > MAX_FAULTS:
        return _first([fault.finding for fault in kept]), None
    cuts = {fault.cut for fault in kept if fault.cut is not None}
    return [fault.finding for fault in kept], _prune(root, cuts, ())


def _first(findings: list[Finding]) -> list[Finding]:
    """As many as are told of one file; the last says that there are more."""
    *told, last = findings[:MAX_FAULTS]
    more = f"{last.message}; the file has more mistakes than the {MAX_FAULTS} that are told"
    return [*told, replace(last, message=more)]


def _once(faults: list[_Fault]) -> list[_Fault]:
    """Of several faults of one value, the one about its kind; none about what is inside a wrong value."""
    ordered = sorted(faults, key=lambda fault: (len(fault.cut or ()), fault.finding.code))
    cuts: set[Path] = set()
    kept = set()
    for fault in ordered:
        if fault.cut is not None:
            if any(fault.cut[:length] in cuts for length in range(len(fault.cut) + 1)):
                continue
            cuts.add(fault.cut)
        kept.add(id(fault))
    return [fault for fault in faults if id(fault) in kept]


def _paired(faults: list[_Fault]) -> list[_Fault]:
    """A misspelt key is one mistake, not also a missing one; nor is a strange key where just one lacks."""
    faults = _once(faults)
    meant = {(fault.at, fault.meant) for fault in faults if fault.meant}
    kept = []
    for fault in faults:
        strange = [f for f in faults if f.unknown and f.at == fault.at]
        lacking = [f for f in faults if f.missing and f.at == fault.at]
        alone = len(strange) == len(lacking) == 1 and not strange[0].meant and len(lacking[0].missing) == 1
        if fault.missing and (alone or any((fault.at, name) in meant for name in fault.missing)):
            continue
        if fault.unknown and alone:
            better = replace(fault.finding, mend=f"did you mean '{lacking[0].missing[0]}'?")
            kept.append(replace(fault, finding=better))
        else:
            kept.append(fault)
    return kept


def _prune(node: Located, cuts: set[Path], path: Path) -> Located:
    if not cuts:
        return node
    if isinstance(node.value, dict):
        kept = {k: _prune(v, cuts, (*path, k)) for k, v in node.value.items() if (*path, k) not in cuts}
        return Located(kept, node.span, node.keys)
    if isinstance(node.value, tuple):
        parts = (_prune(v, cuts, (*path, i)) for i, v in enumerate(node.value) if (*path, i) not in cuts)
        return Located(tuple(parts), node.span)
    return node


class _Aimer:
    """Turns one error of the library into faults."""

    def __init__(self, kind: str, root: Located) -> None:
        self._definitions = adapted(kind)["definitions"]
        self._root = root

    def aim(self, error: Error) -> Iterator[_Fault]:
        path: Path = tuple(error.absolute_path)
        if error.validator in ("anyOf", "oneOf"):
            yield from self._alternatives(error, path)
        elif "propertyNames" in error.absolute_schema_path:
            key = str(error.instance)
            said = wording.value(error.schema, error.validator, key)
            sure = mends.name(str(error.schema.get("title", "")), key)
            finding = self._node(path).key(key).finding(*said, instead=sure)
            yield _Fault(finding, (*path, key))
        elif error.validator == "additionalProperties":
            yield from self._unknown_keys(path, error.schema)
        elif error.validator == "required":
            missing = next(
                name for name in error.validator_value if f"'{name}' is a required" in error.message
            )
            yield self._missing(path, (missing,), error.schema)
        elif error.validator == "dependencies":
            needed = next(
                n for names in error.validator_value.values() for n in names if n not in error.instance
            )
            yield self._missing(path, (needed,))
        else:
            yield self._wrong_value(path, error)

    def _alternatives(self, error: Error, path: Path) -> Iterator[_Fault]:
        branches = [self._resolve(branch) for branch in error.validator_value]
        if all(set(branch) == {"required"} for branch in branches):
            if not isinstance(error.instance, dict):
                return  # said where its kind is judged
            yield from self._one_of_keys([b["required"][0] for b in branches], path)
            return
        fitting = [i for i, branch in enumerate(branches) if self._accepts_type(branch, error.instance)]
        picked = self._pick(branches, fitting, error.instance)
        if not fitting:
            yield self._wrong_value(path, error)
        elif picked is None:
            yield from self._no_kind(
                [branches[i] for i in fitting], path, str(error.schema.get("title", "mapping"))
            )
        else:
            others = {key for i in fitting if i != picked for key in branches[i].get("properties", {})}
            for inner in error.context or ():
                if inner.relative_schema_path[0] == picked:
                    yield from self._within(inner, others, path)

    def _within(self, inner: Error, others: set[str], path: Path) -> Iterator[_Fault]:
        """The faults of the picked alternative; a key of another one is no unknown word but a clash."""
        for fault in self.aim(inner):
            if fault.unknown in others and fault.at == path:
                yield self._clash(path, str(fault.unknown), inner.schema)
            else:
                yield fault

    def _clash(self, path: Path, key: str, schema: Schema) -> _Fault:
        node = self._node(path)
        own = [k for k in schema.get("required", ()) if k in node]
        channels = [a["required"][0] for a in schema.get("oneOf", ()) if a["required"][0] in node]
        beside = (channels or own or [name for name in node.keys if name != key])[-1]
        return _exclusive(node, key, beside, path)

    def _pick(self, branches: list[Schema], fitting: list[int], instance: Any) -> int | None:
        """The alternative the value tries to be."""
        if len(fitting) < 2 or not isinstance(instance, dict):
            return fitting[0] if fitting else None
        own = self._own_keys([branches[i] for i in fitting])
        naming = [_naming(branches[i]) & names for i, names in zip(fitting, own, strict=True)]
        # what says the kind weighs more than any number of keys that only narrow it
        scores = [
            sum(len(instance) if key in kind else key in names for key in instance)
            for kind, names in zip(naming, own, strict=True)
        ]
        if not any(scores):
            every = {name for names in own for name in names}
            close = {suggest.nearest(key, every) for key in instance} - {None}
            scores = [len(close & names) for names in own]
        return fitting[scores.index(max(scores))] if any(scores) else None

    @staticmethod
    def _own_keys(branches: list[Schema]) -> list[set[str]]:
        properties = [set(branch.get("properties", {})) for branch in branches]
        return [mine - set.intersection(*properties) for mine in properties]

    def _no_kind(self, branches: list[Schema], path: Path, title: str) -> Iterator[_Fault]:
        known = {key for branch in branches for key in branch.get("properties", {})}
        node = self._node(path)
        needs = []
        for branch, own in zip(branches, self._own_keys(branches), strict=True):
            needs += [a["required"][0] for a in branch.get("oneOf", ())]
            needs += [key for key in branch.get("required", ()) if key in own]
        mend = f"add one of: {', '.join(dict.fromkeys(needs))}"
        unknown = [key for key, _ in node.items() if key not in known]
        for key in unknown[:1]:  # what else is in it stays, so that its name is found by who asks for it
            yield _Fault(node.key(key).finding("RK110", f"unknown key '{key}'", mend), (*path, key))
        if not unknown:
            yield _Fault(
                self._name_of(path).finding(
                    "RK111",
                    f"this {title} says nothing" if title == "mapping" else f"this {title} does nothing",
                    mend,
                ),
                path,
            )

    def _one_of_keys(self, keys: list[str], path: Path) -> Iterator[_Fault]:
        node = self._node(path)
        there = [key for key, _ in node.items() if key in keys]
        if not there:
            yield self._missing(path, tuple(keys))
        for key in there[1:]:
            yield _exclusive(node, key, there[0], path)

    def _unknown_keys(self, path: Path, schema: Schema) -> Iterator[_Fault]:
        node = self._node(path)
        properties = schema.get("properties", {})
        for key, _ in node.items():
            if key in properties or wording.matches(key, schema.get("patternProperties", {})):
                continue
            absent = [name for name in properties if name not in node]
            meant = suggest.nearest(key, absent) or (_ALIAS.get(key) if _ALIAS.get(key) in absent else None)
            mend = f"did you mean '{meant}'?" if meant else suggest.mend(key, properties, few=len(properties))
            if meant is None and key in ("hours", "days") and "window" in properties:
                mend = f"write it under window: 'window: {{{key}: ...}}'"
            if key == "<<":
                mend = "merge keys are not part of YAML 1.2; write the keys out"
            sure = None if mends.of_consent(path) else suggest.sure(key, properties)
            finding = node.key(key).finding(
                "RK110", f"unknown key '{key}'", mend, instead=sure if sure in absent else None
            )
            yield _Fault(finding, (*path, key), at=path, unknown=key, meant=meant)

    def _missing(self, path: Path, keys: tuple[str, ...], schema: Schema | None = None) -> _Fault:
        one = f"{' or '.join(map(repr, keys))} is missing" if len(keys) < 3 else "what it does is missing"
        example = self._example(keys[0], schema or {})
        mend = f"add '{keys[0]}: {example}'" if len(keys) == 1 else f"add one of: {', '.join(keys)}"
        return _Fault(self._name_of(path).finding("RK111", one, mend), at=path, missing=keys)

    def _example(self, key: str, schema: Schema) -> str:
        """What a key of a mapping can hold; a name that only some other project has would mislead."""
        own = self._resolve(schema.get("properties", {}).get(key, {}))
        shown = (*own.get("examples", ()), *own.get("enum", ()))
        return shown[0] if shown and isinstance(shown[0], str) and key not in _NAMES else "..."

    def _as_mapping(self, schema: Schema, wrong: Any) -> str | None:
        """A word that stands where a mapping belongs, as the key it was meant for."""
        ways = (*schema.get("anyOf", ()), *schema.get("oneOf", ()))
        first = [branch["required"][0] for branch in ways if "required" in branch]
        keys = list(dict.fromkeys([*first[:1], *schema.get("required", ())]))
        if not keys or isinstance(wrong, bool | dict | list) or wrong is None:
            return None
        rest = [f"{key}: {self._example(key, schema)}" for key in keys[1:]]
        return f"write {{{', '.join([f'{keys[0]}: {wrong}', *rest])}}}"

    def _wrong_value(self, path: Path, error: Error) -> _Fault:
        node = self._node(path)
        branches = [self._resolve(branch) for branch in error.schema.get("anyOf", ())]
        code, message, mend = wording.value(error.schema, error.validator, node.plain(), branches)
        if code == "RK112" and error.validator == "type" and error.schema["type"] == "object":
            mend = self._as_mapping(error.schema, node.plain()) or mend
        finding = self._value_span(path).finding(
            code,
            message,
            mend,
            instead=mends.instead(error.schema, error.validator, node, branches),
        )
        return _Fault(finding, path)

    def _accepts_type(self, branch: Schema, instance: Any) -> bool:
        if "anyOf" in branch:
            return any(self._accepts_type(self._resolve(inner), instance) for inner in branch["anyOf"])
        if "format" in branch:
            return isinstance(instance, str)
        wanted = branch.get("type", [])
        names = [wanted] if isinstance(wanted, str) else wanted
        return not names or any(_is_type(instance, name) for name in names)

    def _resolve(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._definitions[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def _node(self, path: Iterable[str | int]) -> Located:
        node: Any = self._root
        for part in path:
            node = node.value[part]
        return cast(Located, node)

    def _value_span(self, path: Path) -> Span:
        """The value where it is a word; the key of what is empty or goes on for lines."""
        node = self._node(path)
        if not path or (node.value is not None and not node.is_map and not node.is_list):
            return node.span
        key = path[-1]
        return self._node(path[:-1]).key(key) if isinstance(key, str) else node.span

    def _name_of(self, path: Path) -> Span:
        """What a reader calls the mapping: its key, or the first key of a list element or file."""
        if path and isinstance(path[-1], str):
            return self._node(path[:-1]).key(path[-1])
        node = self._node(path)
        return next(iter(node.keys.values()), node.span)


def _exclusive(node: Located, key: str, beside: str, path: Path) -> _Fault:
    """Two keys of a mapping of which there can be one."""
    message = f"'{key}' cannot stand beside '{beside}'"
    other_end = node.key(beside).related("the other")
    finding = node.key(key).finding("RK115", message, "keep one of them", related=(other_end,))
    return _Fault(finding, (*path, key))


def _naming(branch: Schema) -> set[str]:
    """Keys of which an alternative needs one."""
    return {*branch.get("required", ()), *(a["required"][0] for a in branch.get("oneOf", ()))}


def _is_type(instance: Any, name: str) -> bool:
    if name in ("number", "integer"):
        number = int if name == "integer" else int | float
        return isinstance(instance, number) and not isinstance(instance, bool)
    return isinstance(instance, _TYPES[name])
