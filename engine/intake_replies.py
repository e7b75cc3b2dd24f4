"""What people write back: on record, and a no obeyed at once, whoever has the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from channels.events import InboundMessage, Keyword
from engine.events import NewEvent
from engine.inbound import Meaning, Reading, classify
from engine.suppression import ALL

if TYPE_CHECKING:
    from engine.app import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one message comes to. ``suppress``: the channel, or ``all``, on which its address is suppressed.
    ``state``: of its row in ``received``, and why."""

    events: Sequence[NewEvent]
    suppress: str | None
    state: tuple[str, str | None]


class Replies:
    """The messages of one batch."""

    def __init__(self, conn: Connection, app: App, source: str, channel: str, now: int) -> None:
        self._conn, self._app, self._source, self._channel, self._now = conn, app, source, channel, now

    def read(self, message: InboundMessage, keys: Sequence[str], who: Sequence[int]) -> Said:
        """What ``who``, everybody at the sender's address, say by it."""
        reading = classify(message.text)
        stop = message.answered is Keyword.STOP
        scope = self._scope(reading) if reading.refuses or stop else None
        events = [e for n, identity in enumerate(who) for e in self._events(message, reading, identity, n)]
        if who:
            state: tuple[str, str | None] = ("applied", None)
        elif scope and keys:
            state = ("applied", "nobody has the address: it is suppressed")
        else:
            state = ("open", "nobody has the address")
        return Said(events=events, suppress=scope, state=state)

    def _scope(self, reading: Reading) -> str:
        return ALL if reading.everywhere else self._channel

    def _events(self, message: InboundMessage, reading: Reading, identity: int, n: int) -> list[NewEvent]:
        key = f"{message.id}:{identity}" if n else message.id
        told: dict[str, Any] = {"channel": self._channel, "text": message.text.replace("\0", "")}
        found = [self._event("replied", identity, key, told)]
        if message.answered is Keyword.STOP and not reading.refuses:
            found.append(self._event("unsubscribed", identity, f"{key}:stop", {"channel": self._channel}))
        return found

    def _event(self, name: str, identity: int, key: str, data: dict[str, Any]) -> NewEvent:
        return NewEvent(
            identity_id=identity, name=name, at=self._now, source=self._source, key=key, data=data
        )

    def act(self) -> None:
        """Write what follows beside the events."""


__all__ = ["Meaning", "Replies", "Said"]
