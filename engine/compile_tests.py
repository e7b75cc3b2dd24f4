"""tests/*.yaml -> ``engine.testfile`` values. Takes checked data only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.compile_project import one_or_more
from engine.fields import FieldType
from engine.located import Located
from engine.testfile import (
    DEFAULT_NOW,
    Expected,
    Given,
    GivenEvent,
    GivenNote,
    GivenTouch,
    Happening,
    Moment,
    PersonData,
    TestCase,
    TestFile,
)
from engine.units import parse_duration, parse_moment, parse_money, parse_span


def compile_test_file(root: Located, fields: Mapping[str, FieldType], currency: str) -> TestFile:
    """One file of tests."""
    return TestFile(
        file=root.span.file,
        campaign=str(root["tests"].value),
        cases=tuple(_case(node, fields, currency) for node in root["cases"]),
        source=root.key("tests").source,
    )


def person_value(type_: FieldType, value: Any, now: int, currency: str) -> Any:
    """A person's field as written, in the store's units. Raises UnitError."""
    if value is None:
        return None
    if type_ is FieldType.INSTANT:
        return parse_moment(value, now)
    if type_ is FieldType.MONEY:
        return parse_money(value, currency)
    return value


def case_now(node: Located) -> int:
    """The moment of entry of a case."""
    now = node.get("now")
    return DEFAULT_NOW if now is None else parse_moment(now.value)


def _case(node: Located, fields: Mapping[str, FieldType], currency: str) -> TestCase:
    now = case_now(node)
    return TestCase(
        it=str(node["it"].value),
        now=now,
        given=_given(node.get("given"), now, fields, currency),
        when=tuple(_happening(part, now, fields, currency) for part in node.get("when") or ()),
        expect=tuple(_expected(part) for part in node["expect"]),
        source=node.source,
    )


def _given(node: Located | None, now: int, fields: Mapping[str, FieldType], currency: str) -> Given:
    if node is None:
        return Given()
    return Given(
        person=_person(node.get("person"), now, fields, currency),
        notes=tuple(_note(part, now) for part in node.get("notes") or ()),
        suppressed=tuple(str(part.value) for part in node.get("suppressed") or ()),
        touches=tuple(
            GivenTouch(channel=str(part["channel"].value), at=parse_moment(part["at"].value, now))
            for part in node.get("touches") or ()
        ),
        events=tuple(_given_event(part, now) for part in node.get("events") or ()),
    )


def _note(node: Located, now: int) -> GivenNote:
    closed = node.get("closed")
    return GivenNote(
        kind=str(node["kind"].value),
        opened_at=parse_moment(node["opened"].value, now),
        closed_at=parse_moment(closed.value, now) if closed else None,
    )


def _given_event(node: Located, now: int) -> GivenEvent:
    return GivenEvent(name=str(node["event"].value), at=parse_moment(node["at"].value, now), data=_data(node))


def _data(node: Located) -> dict[str, Any]:
    return {key: part.plain() for key, part in node.items() if key not in ("at", "event")}


def person_fields(node: Located) -> dict[str, Located]:
    """Field name (``attributes.x`` for extras) -> value, however the extras are written."""
    flat = {key: part for key, part in node.items() if key not in ("attributes", "consent")}
    extras = node.get("attributes")
    return flat | {f"attributes.{key}": part for key, part in (extras.items() if extras else ())}


def _person(node: Located | None, now: int, fields: Mapping[str, FieldType], currency: str) -> PersonData:
    if node is None:
        return PersonData()
    values = {
        name: person_value(fields[name], part.plain(), now, currency)
        for name, part in person_fields(node).items()
    }
    consent = node.get("consent")
    return PersonData(
        fields={name: value for name, value in values.items() if "." not in name},
        attributes={name.partition(".")[2]: value for name, value in values.items() if "." in name},
        consent={channel: str(part.value) for channel, part in consent.items()} if consent else {},
    )


def _happening(node: Located, now: int, fields: Mapping[str, FieldType], currency: str) -> Happening:
    change = node.get("set")
    return Happening(
        at=parse_duration(node["at"].value),
        event=node.text("event"),
        data=_data(node) if change is None else {},
        change=_person(change, now, fields, currency) if change else None,
        source=node.source,
    )


def _expected(node: Located) -> Expected:
    at, width = parse_span(node["at"].value)
    named = ("step", "channel", "skipped", "held", "exit", "task", "subject", "offer", "variant", "template")
    return Expected(
        at=Moment(at=at, width=width),
        **{name: node.text(name) for name in named},
        says=one_or_more(node.get("says")),
        says_not=one_or_more(node.get("says_not")),
        source=node.source,
    )
