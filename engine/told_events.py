"""Events that another system tells of, as JSON: read and judged one by one. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import orjson

from engine.people.normalise import email_key
from engine.people.phones import phone_number
from engine.people.values import BadValue, instant

#: events in one call
MOST = 500
#: seconds that the other side's clock may be ahead of ours
AHEAD = 300
#: characters of an id, and of all data of an event together
_LONGEST_ID, _LONGEST_DATA = 200, 20_000
_NAME = re.compile(r"\S(.{0,98}\S)?")
_FIELDS = frozenset({"id", "name", "person", "at", "data"})
_LATEST = 2**40  # an instant beyond it is no instant


class NotEvents(ValueError):
    """A body that holds no events: why is in the text."""


class Told(NamedTuple):
    """An event. ``who``: (email, key), (phone, E.164) or (id, a source's own key); None: for everyone who waits."""

    id: str
    name: str
    who: tuple[str, str] | None
    at: int
    data: Mapping[str, Any]


class Refused(NamedTuple):
    """One that cannot be taken, and why. ``id`` None where it has none that could be told."""

    id: str | None
    because: str


def read(body: bytes) -> list[Any]:
    """The events of a body, not yet judged. Raises NotEvents."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotEvents("the body is no JSON") from None
    if isinstance(found, dict) and "events" in found:
        if found.keys() != {"events"} or not isinstance(found["events"], list):
            raise NotEvents("'events' stands alone, and is a list")
        found = found["events"]
    elif isinstance(found, dict):
        found = [found]
    else:
        raise NotEvents('the body is an event, or {"events": [...]}')
    if len(found) > MOST:
        raise NotEvents(f"at most {MOST} events a call")
    return list(found)


def judged(item: Any, now: int, names: Collection[str] | None, country: str) -> Told | Refused:
    """An event of a body, or why it is none. ``names``: those there are, None where any will do; ``country``: where a
    number without + is dialled."""
    if not isinstance(item, dict):
        return Refused(None, "an event is an object")
    name = item.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_ID or "\0" in name or not _sound(name):
        return Refused(None, f"'id' is text of at most {_LONGEST_ID} characters")
    try:
        if unknown := sorted(item.keys() - _FIELDS):
            raise BadValue(f"'{unknown[0]}' is no field of an event")
        return Told(name, _name(item.get("name"), names), _who(item, country), _at(item.get("at"), now),
                    _data(item.get("data")))  # fmt: skip
    except BadValue as why:
        return Refused(name, str(why))


def _sound(text: str) -> bool:
    """False for half a surrogate pair, which no database takes."""
    return text.isascii() or text.encode("utf-8", "ignore").decode() == text


def _name(value: Any, names: Collection[str] | None) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value) or "\0" in value:
        raise BadValue("'name' is the event's name")
    if names is not None and value not in names:
        raise BadValue(f"'{value}' is not among people.events of the project")
    return value


def _who(item: Mapping[str, Any], country: str) -> tuple[str, str] | None:
    if "person" not in item:
        raise BadValue("'person' is missing; null is for everyone who waits")
    person = item["person"]
    if person is None:
        return None
    if not isinstance(person, dict) or len(person) != 1:
        raise BadValue("'person' has one of email, phone and id")
    [(kind, value)] = person.items()
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise BadValue("what 'person' has is text")
    match kind:
        case "email":
            key = email_key(value)
        case "phone":
            key = phone_number(value, country)
        case "id":
            key = value.strip()[:_LONGEST_ID]
        case _:
            raise BadValue("'person' has one of email, phone and id")
    if key is None:
        raise BadValue(f"what 'person' has is no {'e-mail address' if kind == 'email' else 'phone number'}")
    return kind, key


def _at(value: Any, now: int) -> int:
    if value is None:
        return now
    if type(value) is int and 0 <= value < _LATEST:
        at = value
    elif isinstance(value, str):
        try:
            at = instant(value)
        except BadValue as why:
            raise BadValue(f"'at' {why}") from None
    else:
        raise BadValue("'at' is ISO 8601 text, or UTC epoch seconds")
    if at > now + AHEAD:
        raise BadValue("'at' lies ahead: tell of it when it has happened")
    return min(at, now)


def _data(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(
        isinstance(v, str | int | float | bool | None) for v in value.values()
    ):
        raise BadValue("'data' is an object of text, numbers, true and false")
    text = orjson.dumps(value).decode()
    if len(text) > _LONGEST_DATA or "\\u0000" in text:
        raise BadValue(f"'data' is at most {_LONGEST_DATA} characters, without NUL")
    return {name: v for name, v in value.items() if v is not None}
