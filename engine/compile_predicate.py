"""The one reading of predicates: for segments, audiences, cohorts, conditions, branches and exits.

The same walk checks and compiles. What is wrong goes to ``report`` as a finding and leaves ``ALWAYS`` in its
place, so a broken predicate never reaches the engine: no project is built while an error stands.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from engine import almost, suggest
from engine.diagnostics import Finding
from engine.errors import ProjectError
from engine.fields import CLOSED_VALUES, PERSON_FIELDS, FieldType
from engine.located import Located
from engine.model import CHANNELS
from engine.predicate import (
    ALWAYS,
    OPS_OF,
    All,
    AnyOf,
    Compare,
    EventHappened,
    Not,
    NoteExists,
    Op,
    Predicate,
)
from engine.units import UnitError, parse_duration, parse_moment, parse_money, parse_number, shown

Report = Callable[[Finding], None]

_GROUPS = ("any", "all", "not", "event", "note")
_COMPARISONS = {op.value: op for op in Op if op not in (Op.MISSING, Op.PRESENT)}
_LISTED = (Op.IN, Op.NOT_IN)
_TIMES = ("at_least", "at_most", "more_than", "less_than", "equals")
_MAX_TIMES = 1_000_000
_INSTANT_MEND = "compare it with {older_than: 30d}, {newer_than: 30d}, {before: 2026-03-02} or {is: missing}"


def field_types(attributes: Mapping[str, str]) -> dict[str, FieldType]:
    """Every field a predicate may name, with its type: columns, declared attributes, consents."""
    extras = {f"attributes.{name}": FieldType(type_) for name, type_ in attributes.items()}
    return {**PERSON_FIELDS, **extras, **{f"consent.{channel}": FieldType.TEXT for channel in CHANNELS}}


def stop_at(finding: Finding) -> None:
    """A ``report`` for data that was checked before: raises ProjectError on the first finding."""
    raise ProjectError(f"{finding.file}:{finding.line}: {finding.message}", hint=finding.mend)


def compile_predicate(
    node: Located,
    fields: Mapping[str, FieldType],
    currency: str,
    report: Report = stop_at,
    values: Mapping[str, Collection[str]] | None = None,
) -> Predicate:
    """A predicate from a list (all of it), or a mapping (all of its keys).

    ``fields`` comes from ``field_types``; amounts of money are in major units of ``currency``;
    ``values`` lists what some text fields can hold.
    """
    return _Compiler(fields, currency, report, values or {}).predicate(node)


class _Compiler:
    def __init__(
        self,
        fields: Mapping[str, FieldType],
        currency: str,
        report: Report,
        values: Mapping[str, Collection[str]],
    ) -> None:
        self._fields = fields
        self._currency = currency
        self._report = report
        self._values = values

    def predicate(self, node: Located) -> Predicate:
        if node.is_list and node.value:
            return _all([self.predicate(part) for part in node])
        if node.is_map and node.value:
            return _all([self._entry(key, value, node) for key, value in node.items()])
        return self._wrong(node, "RK112", f"{_shown(node)} is not a predicate", predicate_mend(node.value))

    def _entry(self, key: str, value: Located, parent: Located) -> Predicate:
        match key:
            case "any":
                return AnyOf(self._parts(value, parent, key))
            case "all":
                return All(self._parts(value, parent, key))
            case "not":
                return Not(self.predicate(value))
            case "event":
                return self._event(value)
            case "note":
                return self._note(value)
        type_ = self._fields.get(key)
        if type_ is None:
            return self._unknown_field(key, parent)
        if value.is_map and value.value:
            return _all([self._comparison(key, type_, op, wanted, value) for op, wanted in value.items()])
        return self._equality(key, type_, value, parent)

    def _parts(self, value: Located, parent: Located, key: str) -> tuple[Predicate, ...]:
        if not value.is_list or not value.value:
            mend = "write each predicate on a line of its own, starting with '- '"
            at = value if value.value else parent.key(key)
            self._wrong(at, "RK112", f"'{key}' takes a list of predicates", mend)
            return ()
        return tuple(self.predicate(part) for part in value)

    def _unknown_field(self, key: str, parent: Located) -> Predicate:
        legal = [*self._fields, *_GROUPS]
        mend, sure = _meant(key, legal)
        sure = None if sure and sure.startswith("consent.") else sure  # who may be written to is not guessed
        name = key.removeprefix("attributes.")
        if name != key:
            declare = f"declare it under people.attributes in rekindle.yaml, for example '{name}: text'"
            message = f"the attribute '{name}' is not declared"
            return self._wrong(parent.key(key), "RK302", message, mend or declare, sure)
        if f"attributes.{key}" in self._fields:
            sure = f"attributes.{key}"
            mend = f"write '{sure}'"
        mend = mend or f"declare it under people.attributes in rekindle.yaml, and write 'attributes.{key}'"
        return self._wrong(parent.key(key), "RK301", f"unknown field '{key}'", mend, sure)

    def _equality(self, field: str, type_: FieldType, value: Located, parent: Located) -> Predicate:
        if value.is_list:
            return self._wrong(value, "RK305", f"{field} is compared with a list", "write {in: [...]}")
        if value.value is None or value.is_map:
            mend = "to find people without it, write {is: missing}"
            return self._wrong(parent.key(field), "RK305", f"{field} is compared with nothing", mend)
        if type_ is FieldType.INSTANT:
            return self._wrong(
                value, "RK304", f"{_kind(field, type_)}: it never equals a value", _INSTANT_MEND
            )
        return self._leaf(field, type_, Op.EQUALS, value)

    def _comparison(
        self, field: str, type_: FieldType, name: str, wanted: Located, parent: Located
    ) -> Predicate:
        if name == "is":
            return self._presence(field, type_, wanted)
        op = _COMPARISONS.get(name)
        legal = [other for other, op in _COMPARISONS.items() if op in OPS_OF[type_]]
        if op is None:
            mend, sure = _meant(name, [*legal, "is"])
            mend = mend or f"one of: {', '.join([*legal, 'is'])}"
            return self._wrong(parent.key(name), "RK303", f"unknown comparison '{name}'", mend, sure)
        if op not in OPS_OF[type_]:
            message = f"'{name}' cannot compare {field}: {_kind(field, type_)}"
            return self._wrong(parent.key(name), "RK304", message, f"use {', '.join(legal)} or is")
        if op in _LISTED:
            return self._listed(field, type_, op, wanted)
        return self._leaf(field, type_, op, wanted)

    def _presence(self, field: str, type_: FieldType, wanted: Located) -> Predicate:
        if wanted.value not in ("missing", "present"):
            message = f"'is' tells only whether {field} is there, not {shown(wanted.plain())}"
            sure = suggest.sure(str(wanted.plain()), ("missing", "present"))
            return self._wrong(wanted, "RK303", message, "write 'missing' or 'present'", sure)
        return Compare(field, type_, Op(str(wanted.value)), None, wanted.source)

    def _listed(self, field: str, type_: FieldType, op: Op, wanted: Located) -> Predicate:
        if not wanted.is_list or not wanted.value:
            return self._wrong(
                wanted, "RK305", f"'{op}' takes a list of values", f"write {{{op}: [one, another]}}"
            )
        values = tuple(self._value(field, type_, part) for part in wanted)
        for value, part in zip(values, wanted, strict=True):
            self._listed_value(field, value, part)
        return ALWAYS if None in values else Compare(field, type_, op, values, wanted.source)

    def _leaf(self, field: str, type_: FieldType, op: Op, wanted: Located) -> Predicate:
        reader = parse_duration if op in (Op.OLDER_THAN, Op.NEWER_THAN) else None
        value = self._value(field, type_, wanted, reader)
        if op is not Op.CONTAINS:
            self._listed_value(field, value, wanted)
        return ALWAYS if value is None else Compare(field, type_, op, value, wanted.source)

    def _value(
        self, field: str, type_: FieldType, node: Located, reader: Callable[[Any], int] | None = None
    ) -> Any:
        """The wanted value in the store's units, or None after a finding."""
        value = node.plain()
        try:
            if reader is not None:
                return reader(value)
            if type_ is FieldType.INSTANT:
                return parse_moment(value)
            if type_ is FieldType.MONEY and _is_number(value):
                return parse_money(value, self._currency)
            if type_ is FieldType.NUMBER and _is_number(value):
                return parse_number(value)
        except UnitError as error:
            self._wrong(node, "RK114", error.message, error.mend, error.instead)
            return None
        if _FITS[type_](value):
            return value
        mend = f"quote it: '{value}'" if type_ is FieldType.TEXT and _is_scalar(value) else _WRITE[type_]
        message = f"{shown(value)} cannot be compared with {field}: {_kind(field, type_)}"
        self._wrong(node, "RK305", message, mend, self._retyped(node, type_))
        return None

    def _retyped(self, node: Located, type_: FieldType) -> str | None:
        """The value as the field's type writes it, where only its quotes or a sign are wrong."""
        if node.is_list or node.is_map:
            return None
        match type_:
            case FieldType.TEXT:
                return node.quoted()
            case FieldType.FLAG:
                return almost.flag(node.value)
            case FieldType.NUMBER | FieldType.MONEY:
                return almost.amount(node.value, self._currency)
        return None

    def _listed_value(self, field: str, value: Any, node: Located) -> None:
        finding = outside_list(self._values.get(field), field, value, node)
        if finding is not None:
            self._report(finding)

    def _event(self, node: Located) -> Predicate:
        if isinstance(node.value, str) and node.value:
            return EventHappened(node.value, None, Op.AT_LEAST, 1, node.source)
        if not self._shaped(node, "an event", ("name", "within", "times"), "name"):
            return ALWAYS
        within = self._within(node)
        op, times = self._times(node)
        return EventHappened(str(node["name"].value), within, op, times, node["name"].source)

    def _times(self, node: Located) -> tuple[Op, int]:
        times = node.get("times")
        if times is None:
            return Op.AT_LEAST, 1
        entries = list(times.items())
        if len(entries) != 1:
            self._wrong(times, "RK112", "'times' is one comparison with a number", "write {at_least: 2}")
            return Op.AT_LEAST, 1
        (name, count), number = entries[0], entries[0][1].value
        if name not in _TIMES:
            mend, sure = _meant(name, _TIMES)
            self._wrong(times.key(name), "RK303", f"unknown comparison '{name}'", mend, sure)
        elif isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= _MAX_TIMES:
            self._wrong(count, "RK305", f"{shown(count.plain())} is not a count", "write a whole number")
        else:
            return Op(name), number
        return Op.AT_LEAST, 1

    def _note(self, node: Located) -> Predicate:
        if not self._shaped(node, "a note", ("kind", "open", "within"), "kind"):
            return ALWAYS
        is_open = node.get("open")
        if is_open is not None and not isinstance(is_open.value, bool):
            message = f"{_shown(is_open)} is neither true nor false"
            return self._wrong(is_open, "RK305", message, "write true or false", almost.flag(is_open.value))
        narrowed = is_open.value if is_open is not None else None
        assert narrowed is None or isinstance(narrowed, bool)
        return NoteExists(str(node["kind"].value), narrowed, self._within(node), node["kind"].source)

    def _shaped(self, node: Located, what: str, legal: tuple[str, ...], name: str) -> bool:
        """Is it a mapping with only legal keys, and its name? Says what is wrong otherwise."""
        example = f"write {{{name}: ...}}"
        if not node.is_map:
            self._wrong(node, "RK112", f"{_shown(node)} is not {what}", example)
            return False
        unknown = [key for key, _ in node.items() if key not in legal]
        for key in unknown:
            mend, sure = suggest.mend(key, legal), suggest.sure(key, legal)
            self._wrong(node.key(key), "RK110", f"unknown key '{key}'", mend, sure)
        named = node.text(name)
        if not named and not unknown:
            self._wrong(node, "RK111", f"'{name}' is missing", example)
        return bool(named) and not unknown

    def _within(self, node: Located) -> int | None:
        within = node.get("within")
        return None if within is None else self._value("within", FieldType.INSTANT, within, parse_duration)

    def _wrong(self, at: Any, code: str, message: str, mend: str, instead: str | None = None) -> Predicate:
        span = at.span if isinstance(at, Located) else at
        self._report(span.finding(code, message, mend, instead=instead))
        return ALWAYS


def outside_list(legal: Collection[str] | None, field: str, value: Any, node: Located) -> Finding | None:
    """A finding where what a field can hold is a closed list, and this is not in it."""
    if value is None or legal is None or value in legal:
        return None
    mend = suggest.mend(str(value), legal, none=f"people.values in rekindle.yaml lists what {field} can hold")
    if tuple(legal) == CLOSED_VALUES.get(field) and not suggest.nearest(str(value), legal):
        mend = f"{mend}; or list your own under people.values in rekindle.yaml"
    sure = None if field.startswith("consent.") else suggest.sure(str(value), legal)
    return node.span.finding("RK307", f"{field} is never '{value}'", mend, instead=sure)


def predicate_mend(wrong: object) -> str:
    """What to write where no predicate stands: a word alone is most often an event."""
    if isinstance(wrong, str) and re.fullmatch(r"[a-z][a-z0-9_]*", wrong):
        return f"for an event write {{event: {wrong}}}; for a field what it is compared with: '{wrong}: ...'"
    return "write a field and what it is compared with, for example 'product: robot_arm'"


def _meant(word: str, legal: Collection[str]) -> tuple[str, str | None]:
    """What to do about an unknown word, and what it surely means: its word in other languages, or a slip."""
    same = almost.ELSEWHERE.get(word.strip().lower())
    if same in legal:
        return f"did you mean '{same}'?", same
    return suggest.mend(word, legal), suggest.sure(word, legal)


def _all(parts: list[Predicate]) -> Predicate:
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _shown(node: Located) -> str:
    return shown(node.plain()) if node.value not in ({}, ()) else "nothing"


def _kind(field: str, type_: FieldType) -> str:
    return f"{field} is {'an' if type_ is FieldType.INSTANT else 'a'} {type_} field"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, bool | int | float)


_FITS: dict[FieldType, Callable[[Any], bool]] = {
    FieldType.TEXT: lambda value: isinstance(value, str) and value != "",
    FieldType.NUMBER: _is_number,
    FieldType.MONEY: lambda value: False,  # amounts are read by parse_money
    FieldType.INSTANT: lambda value: False,  # and moments by parse_moment
    FieldType.FLAG: lambda value: isinstance(value, bool),
}
_WRITE: dict[FieldType, str] = {
    FieldType.TEXT: "write a text",
    FieldType.NUMBER: "write a plain number",
    FieldType.MONEY: "write a plain number, in major units",
    FieldType.INSTANT: "write '2026-03-02'",
    FieldType.FLAG: "write true or false",
}
