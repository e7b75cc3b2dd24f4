"""Why they left, as they say themselves: kept on the person, where segments and templates find it.

The event ``feedback`` carries ``reason``, ``words`` and ``channel``. It comes from a survey, from a reply, or from
whoever closed a task. The words go to the attribute ``own_words``, the reason to the field that tells of their loss.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from state.queries import events, facts
from state.queries.bulk import BulkUpdate

#: the event
FEEDBACK = "feedback"
#: the attribute their words are kept in; a project that declares it can name it
OWN_WORDS = "own_words"
#: characters kept of a reason and of words: somebody else's text is bounded
_REASON, _WORDS = 100, 2_000

#: field -> what it can hold, where the project lists it
Values = Mapping[str, Sequence[str]]

_KEEP = BulkUpdate("person", ("identity_id",), ("churn_reason", "loss_reason", "attributes", "updated_at"))


class Said(NamedTuple):
    """One person's feedback, at a moment."""

    identity_id: int
    at: int
    reason: str | None
    words: str | None


def said(identity_id: int, at: int, data: Mapping[str, Any]) -> Said | None:
    """What an event's data says; None where it says nothing."""
    reason, words = _text(data.get("reason"), _REASON), _text(data.get("words"), _WORDS)
    return Said(identity_id, at, reason, words) if reason or words else None


def keep(conn: Connection, heard: Iterable[Said], values: Values, now: int) -> None:
    """Put the newest feedback of each person on their row, in the transaction that records it.

    The people are locked, and their events are written. A reason replaces what is on record when it is no older than
    the loss it tells of and nothing newer was heard; one that the project's list does not have leaves the field alone.
    """
    newest = {s.identity_id: s for s in sorted(heard, key=lambda s: s.at)}
    if not newest:
        return
    last = events.newest(conn, newest.keys(), FEEDBACK)
    rows = []
    for person in facts.people(conn, newest.keys()):
        told = newest[person["identity_id"]]
        if told.at < last.get(told.identity_id, told.at):
            continue
        reasons = {name: person[name] for name in ("churn_reason", "loss_reason")} | _reason(
            person, told, values
        )
        attributes = person["attributes"] | ({OWN_WORDS: told.words} if told.words else {})
        rows.append((told.identity_id, *reasons.values(), orjson.dumps(attributes).decode(), now))
    _KEEP(conn, rows)


def field_of(person: Mapping[str, Any]) -> str | None:
    """The field that says why this person was lost: as a customer or as a prospect, whichever was last; None for who
    was neither."""
    moments = {
        name: person[at] for name, at in (("churn_reason", "churned_at"), ("loss_reason", "closed_at"))
    }
    lost = {name: at for name, at in moments.items() if at is not None}
    return max(lost, key=lambda name: lost[name]) if lost else None


def judged(reason: str, field: str, values: Values) -> str | None:
    """The reason as the project lists it, however it is spelt; None when its list does not have it."""
    listed = values.get(field)
    if listed is None:
        return reason
    return next((value for value in listed if _folded(value) == _folded(reason)), None)


def _reason(person: Mapping[str, Any], told: Said, values: Values) -> dict[str, str]:
    field = field_of(person)
    if field is None or told.reason is None:
        return {}
    lost = person["churned_at" if field == "churn_reason" else "closed_at"]
    reason = judged(told.reason, field, values)
    newer = person[field] is None or told.at >= lost
    return {field: reason} if reason is not None and newer else {}


def _text(value: Any, most: int) -> str | None:
    text = " ".join(str(value).replace("\0", "").split()) if value is not None else ""
    return text[:most] or None


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "_", text.strip().casefold())
