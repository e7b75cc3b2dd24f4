"""A case as it stands in a file of tests: what a colleague would have written, ready to commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import yaml
from babel.numbers import get_currency_precision

from engine.clock import iso
from engine.compile_predicate import field_types
from engine.fields import FieldType
from engine.model import DAY, HOUR, Project
from engine.phrases import duration
from engine.testfile import Expected, Given, GivenNote, Happening, Moment, PersonData, TestCase

_UNITS = {DAY: "d", HOUR: "h", 60: "m", 1: "s"}
_EXPECTED = ("step", "channel", "skipped", "held", "exit", "offer")


def case_yaml(project: Project, case: TestCase) -> str:
    """The case as an entry of ``cases``, indented by two."""
    return "".join(f"{line}\n" for line in _Writer(project, case).lines())


def file_yaml(campaign: str, cases: Mapping[str, str]) -> str:
    """A file of tests. ``cases``: what each shows, as a comment -> what ``case_yaml`` gave."""
    parts = (f"  # {comment}\n{text}" for comment, text in cases.items())
    return f"tests: {campaign}\ncases:\n" + "\n".join(parts)


class _Writer:
    def __init__(self, project: Project, case: TestCase) -> None:
        self._types, self._case = field_types(project.attributes), case
        self._minor = get_currency_precision(project.currency)

    def lines(self) -> Iterator[str]:
        case = self._case
        yield f"  - it: {_scalar(case.it)}"
        yield f"    now: {iso(case.now)}"
        yield "    given:"
        yield from self._given(case.given)
        if case.when:
            yield "    when:"
            yield from (f"      - {_flow(self._happening(h))}" for h in case.when)
        yield "    expect:" if case.expect else "    expect: []"
        yield from (f"      - {_flow(_expected(e))}" for e in case.expect)

    def _given(self, given: Given) -> Iterator[str]:
        yield "      person:"
        for name, value in self._person(given.person).items():
            yield f"        {name}: {_flow(value) if isinstance(value, dict) else _scalar(value)}"
        if given.suppressed:
            yield f"      suppressed: [{', '.join(given.suppressed)}]"
        listed: dict[str, list[dict[str, Any]]] = {
            "notes": [self._note(n) for n in given.notes],
            "touches": [{"channel": t.channel, "at": self._when(t.at)} for t in given.touches],
            "events": [{"at": self._when(e.at), "event": e.name, **e.data} for e in given.events],
        }
        for key, entries in listed.items():
            if entries:
                yield f"      {key}:"
                yield from (f"        - {_flow(entry)}" for entry in entries)

    def _person(self, person: PersonData) -> dict[str, Any]:
        told = {name: self._value(name, value) for name, value in person.fields.items()}
        if person.attributes:
            told["attributes"] = {n: self._value(f"attributes.{n}", v) for n, v in person.attributes.items()}
        if person.consent:
            told["consent"] = dict(person.consent)
        return told

    def _value(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        match self._types.get(name):
            case FieldType.INSTANT:
                return self._when(value)
            case FieldType.MONEY:
                amount = Decimal(value).scaleb(-self._minor)
                return int(amount) if amount == amount.to_integral_value() else float(amount)
        return value

    def _note(self, note: GivenNote) -> dict[str, str]:
        closed = {} if note.closed_at is None else {"closed": self._when(note.closed_at)}
        return {"kind": note.kind, "opened": self._when(note.opened_at), **closed}

    def _when(self, instant: int) -> str:
        away = instant - self._case.now
        return f"in {duration(away)}" if away > 0 else f"{duration(-away)} ago"

    def _happening(self, happening: Happening) -> dict[str, Any]:
        at = {"at": duration(happening.at)}
        if happening.change is not None:
            return {**at, "set": self._person(happening.change)}
        return {**at, "event": happening.event, **happening.data}


def _expected(line: Expected) -> dict[str, Any]:
    told = {name: value for name in _EXPECTED if (value := getattr(line, name)) is not None}
    return {"at": _moment(line.at), **told}


def _moment(moment: Moment) -> str:
    return f"{moment.at // moment.width}{_UNITS[moment.width]}"


def _flow(value: Mapping[str, Any]) -> str:
    return _dumped(dict(value))


def _scalar(value: Any) -> str:
    return _dumped([value])[1:-1]


def _dumped(value: Any) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf")
    )
    return str(text).strip()
