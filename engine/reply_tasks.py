"""Replies that nobody can read for sure: a task for whoever looks after the person, who says what was meant.

Until it is closed the note beside it holds the person's cadence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from engine.consequences import note_key, understood
from engine.events import NewEvent
from engine.inbound import Meaning
from engine.model import DAY, Project
from state.queries import facts, record, tasks

#: the kind of such a task
KIND = "reply"
#: the kind of the note beside it, whose key is the task's ref
NOTE = "review_reply"


_UNCLEAR = "Do they want us to stop? Nothing more is sent until you say."
#: where nobody vouches for who wrote START: a mail's From is anybody's word, so it lifts nothing by itself
WANTS_BACK = (
    "Somebody who gives this address wants our messages again. It proves nothing: anybody can write that."
    " What they had stopped stays stopped until they say so on the page their mails link to, or in writing."
)


class Unread(NamedTuple):
    """A reply to be read. ``key`` names it for ever, and the note beside it; ``asks``: what its reader is told.
    ``channel`` None: nobody knows."""

    identity_id: int
    channel: str | None
    text: str
    at: int
    key: str
    asks: str = _UNCLEAR


def unread(events: Iterable[NewEvent]) -> list[Unread]:
    """The replies among events that nobody can read for sure."""
    return [
        Unread(identity_id=e.identity_id, channel=str(e.data.get("channel") or "") or None,
               text=str(e.data.get("text") or ""), at=e.at, key=note_key(e.source, e.key, NOTE))
        for e in events if understood(e.name, e.data).meaning is Meaning.AMBIGUOUS
    ]  # fmt: skip


def open_for(conn: Connection, project: Project, replies: Sequence[Unread], now: int) -> None:
    """Open a task for each reply, once. Its owner is the person's, else that of the campaign that wrote last."""
    if not replies:
        return
    ids = {reply.identity_id for reply in replies}
    persons = {p["identity_id"]: p for p in facts.people(conn, ids)}
    rounds = tasks.last_rounds(conn, ids)
    rows = [
        _task(project, r, persons[r.identity_id], rounds.get(r.identity_id, ("", 0)), now)
        for r in replies
        if r.identity_id in persons
    ]
    record.put_tasks(conn, rows)


def _task(
    project: Project, reply: Unread, person: dict[str, Any], round_: tuple[str, int], now: int
) -> dict[str, Any]:
    campaign = project.campaigns.get(round_[0])
    came_by = reply.channel or "an unknown way"
    name = " ".join(n for n in (person["first_name"], person["last_name"]) if n)
    return {
        "identity_id": reply.identity_id,
        "campaign": round_[0],
        "cycle": round_[1],
        "step": f"{KIND}:{reply.key[:12]}",
        "ref": reply.key,
        "kind": KIND,
        "owner": person["owner_email"] or (campaign.owner if campaign else project.brand.reply_to),
        "title": f"Read what {name or 'somebody'} wrote back",
        "body": f"By {came_by}:\n\n{reply.text}\n\n{reply.asks}",
        "state": "open",
        "created_at": now,
        "due_at": now + DAY,
        "channel": reply.channel,
    }
