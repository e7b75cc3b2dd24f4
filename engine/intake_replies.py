"""What people write back: on record, a no obeyed at once whoever has the address, a doubtful word given to a human.

STOP, START and HELP are the words that providers act on themselves. What the provider has answered nobody else
answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from channels.events import InboundMessage, Keyword
from engine import notices, opt_in, reply_tasks
from engine.bound_channels import bound
from engine.consequences import note_key
from engine.events import NewEvent
from engine.inbound import Meaning, Reading, classify

if TYPE_CHECKING:
    from engine.app import App

#: a message of nothing else takes a STOP back, where the provider vouches for who wrote it and does not say what it
#: makes of it. YES is not among them: it answers too many questions
_START = frozenset({"start", "unstop"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one message comes to. ``suppress``: the channels, or ``all``, on which its address is suppressed.
    ``sender``: whose word that is, where it is vouched for. ``state``: of its row in ``received``, and why."""

    events: Sequence[NewEvent]
    suppress: tuple[str, ...]
    sender: str
    state: tuple[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """A message, read. ``who``: everybody at its sender's address, ``keys``; ``sender``: empty where nobody vouches."""

    message: InboundMessage
    at: int
    keys: Sequence[str]
    who: Sequence[int]
    sender: str
    word: Keyword | None
    reading: Reading


class Replies:
    """The messages of one batch. ``read`` judges; ``before`` and ``after`` write, around the events' own writing."""

    def __init__(self, conn: Connection, app: App, source: str, channel: str, now: int) -> None:
        self._conn, self._app, self._source, self._channel, self._now = conn, app, source, channel, now
        self._heard: list[_Heard] = []
        self._told: list[NewEvent] = []
        self._wanted: list[notices.Wanted] = []

    def read(self, message: InboundMessage, at: int, keys: Sequence[str], who: Sequence[int]) -> Said:
        """What ``who`` say by a message that came in at ``at``."""
        reading = classify(message.text)
        word = _word(message, reading)
        sender = opt_in.sender_of(message, keys)
        heard = _Heard(message=message, at=at, keys=keys, who=who, sender=sender, word=word, reading=reading)
        self._heard.append(heard)
        scope = self._scope(heard)
        events = [e for n, identity in enumerate(who) for e in self._events(heard, identity, n)]
        self._told += events
        if who:
            state: tuple[str, str | None] = ("applied", None)
        elif scope and keys:
            state = ("applied", "nobody has the address: it is suppressed")
        else:
            state = ("open", "nobody has the address")
        return Said(events=events, suppress=scope, sender=sender, state=state)

    def _scope(self, heard: _Heard) -> tuple[str, ...]:
        if heard.word is not Keyword.STOP:
            return ()
        return bound(heard.reading, self._channel, heard.message.text)

    def _events(self, heard: _Heard, identity: int, n: int) -> Iterable[NewEvent]:
        key = f"{heard.message.id}:{identity}" if n else heard.message.id
        told: dict[str, Any] = {"channel": self._channel}
        text = told | {"text": heard.message.text.replace("\0", "")}
        match heard.word:
            case Keyword.START:
                yield self._event("opted_in", heard, identity, key, text)
            case Keyword.HELP:
                yield self._event("asked_for_help", heard, identity, key, text)
            case _:
                yield self._event("replied", heard, identity, key, text)
        if heard.word is Keyword.STOP and not heard.reading.refuses:
            yield self._event("unsubscribed", heard, identity, f"{key}:stop", told)

    def _event(self, name: str, heard: _Heard, identity: int, key: str, data: dict[str, Any]) -> NewEvent:
        return NewEvent(
            identity_id=identity,
            name=name,
            at=heard.at,
            source=self._source,
            key=key,
            data=data,
            sender=heard.sender,
        )

    # ── writing ──

    def before(self) -> None:
        """What must be known before the batch suppresses anybody: who has said no already needs no confirmation."""
        if self._channel in notices.CHANNELS and self._heard:
            self._wanted = list(
                notices.wanted(self._conn, self._app, self._channel, map(_asked, self._heard))
            )

    def after(self) -> None:
        """What follows beside the events: consents given anew, tasks for a human, answers."""
        starts = [
            opt_in.Start(self._source, h.message.id, h.sender, h.keys, h.who, h.at)
            for h in self._heard
            if h.word is Keyword.START and h.sender
        ]
        opt_in.take_back(self._conn, starts, self._channel, self._now)
        found = [*reply_tasks.unread(self._told), *self._wants_back()]
        reply_tasks.open_for(self._conn, self._app.project, found, self._now)
        notices.put(self._conn, self._app, self._channel, self._wanted, self._now)

    def _wants_back(self) -> Iterable[reply_tasks.Unread]:
        """For a person to look into: START of whom nobody vouches for."""
        for h in self._heard:
            if h.word is None and _is_start(h.message):
                for i in h.who:
                    yield reply_tasks.Unread(
                        identity_id=i, channel=self._channel, text=h.message.text, at=h.at,
                        key=note_key(self._source, f"{h.message.id}:{i}", "wants_back"),
                        asks=reply_tasks.WANTS_BACK,
                    )  # fmt: skip


def _word(message: InboundMessage, reading: Reading) -> Keyword | None:
    """The provider's word for it, else ours. A text that refuses is a no, whatever the provider took it for."""
    if reading.refuses or message.answered is Keyword.STOP:
        return Keyword.STOP
    if message.answered is not None:
        return message.answered
    if _is_start(message):  # else a From, which anybody can write, would be a consent: a person asks
        return Keyword.START if message.vouched else None
    return Keyword.HELP if reading.meaning is Meaning.HELP else None


def _is_start(message: InboundMessage) -> bool:
    return message.text.strip().strip(".!").lower() in _START


def _asked(heard: _Heard) -> notices.Asked:
    legal = heard.reading.meaning is Meaning.LEGAL  # a human answers that, if anybody
    word = None if legal or heard.message.answered is not None else heard.word
    return notices.Asked(
        word=word, sender=heard.message.sender, keys=tuple(heard.keys), who=tuple(heard.who), at=heard.at
    )
