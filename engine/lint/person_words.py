"""A person who shows that something can be, in plain words: ``meeting_status: no_show, meeting_at: 3h ago``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from babel import Locale

from engine.clock import utc
from engine.compile_predicate import field_types
from engine.fields import FieldType
from engine.model import Project
from engine.phrases import duration
from engine.witness import Witness
from engine.wording import money

_ENGLISH = Locale("en", "US")


def told(person: Witness, project: Project, *, dated: bool = False) -> str:
    """What is known of the person, on one line. ``dated``: instants as dates, where conditions name dates."""
    return ", ".join(_known(person, project, dated)) or "whoever it is"


def _known(person: Witness, project: Project, dated: bool) -> Iterator[str]:
    types = field_types(project.attributes)
    for name, value in person.fields.items():
        yield f"{name}: {_value(types[name], value, person.now, project.currency, dated)}"
    for channel, type_ in person.consents.items():
        yield f"consent.{channel}: {type_}"
    for name in dict.fromkeys(event.name for event in person.events):
        moments = [event.at for event in person.events if event.name == name]
        often = "" if len(moments) == 1 else f" {len(moments)} times, the last"
        yield f"event {name}{often} {_moment(moments[-1], person.now, dated)}"
    for note in person.notes:
        state = "open" if note.closed_at is None else "closed"
        yield f"{state} note {note.kind} of {_moment(note.opened_at, person.now, dated)}"


def _value(type_: FieldType, value: Any, now: int, currency: str, dated: bool) -> str:
    match type_:
        case FieldType.INSTANT:
            return _moment(value, now, dated)
        case FieldType.MONEY:
            return money(value, currency, _ENGLISH)
        case FieldType.FLAG:
            return str(value).lower()
    return str(value) if value != "" else "''"


def _moment(at: int, now: int, dated: bool) -> str:
    if dated:
        return utc(at).date().isoformat()
    if at == now:
        return "now"
    return f"{duration(now - at)} ago" if at < now else f"in {duration(at - now)}"
