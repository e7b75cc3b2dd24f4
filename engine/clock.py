"""The one door to the time. Instants are whole UTC epoch seconds."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Whatever tells the time."""

    def now(self) -> int:
        """UTC epoch seconds."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        return int(time.time())

    def milliseconds(self) -> int:
        """The same, finer: for what is held by the second."""
        return time.time_ns() // 1_000_000


class VirtualClock:
    """A clock that stands where it was put."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def move_to(self, instant: int) -> None:
        """Forward only: raises ValueError on a step back."""
        if instant < self._now:
            raise ValueError("a virtual clock does not run backwards")
        self._now = instant


def utc(instant: int) -> datetime:
    """The aware datetime of an instant."""
    return datetime.fromtimestamp(instant, UTC)


def iso(instant: int | None) -> str | None:
    """ISO 8601 with Z, or None."""
    return None if instant is None else utc(instant).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: str) -> int:
    """The instant of an ISO 8601 date or moment; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
