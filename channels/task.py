"""Work for a human being: LinkedIn notes, calls, reviews. Nothing is automated; a task is opened, once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

from channels.base import (
    Accepted,
    CannotTell,
    Capabilities,
    Found,
    Lookup,
    Message,
    NotFound,
    Outcome,
    Rejected,
    Retry,
)
from channels.options import OptionError

if TYPE_CHECKING:
    from channels.registry import Host


class TaskBookBusy(Exception):
    """Raised by a task book that cannot be written right now; nothing was opened."""


class TaskBook(Protocol):
    """Where tasks are kept. The host program implements it."""

    def open(
        self, *, ref: str, kind: str, owner: str, title: str, body: str, due_at: int, meta: Mapping[str, str]
    ) -> None:
        """Open a task. A second call with the same ``ref`` changes nothing.

        ``due_at``: UTC epoch seconds. ``meta``: the message's facts (campaign, step, ...) and ``to``,
        ``to_name``. Raises TaskBookBusy when nothing was opened and another try may succeed,
        LookupError, saying why, when the task is not to be opened at all.
        """
        ...

    def exists(self, ref: str) -> bool:
        """Was a task ever opened under this ref, open or closed now?"""
        ...


class TaskAdapter:
    """Hands a message to a person as a task."""

    #: ``capacity`` is held by the engine, across all workers, as a rate is
    OPTIONS: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "capacity": {
                "type": "integer",
                "minimum": 1,
                "maximum": 10_000,
                "description": "Tasks that an owner is given in any 24 hours; what is over that waits for room.",
                "examples": [20],
            }
        },
    }

    name = "task"
    capabilities = Capabilities(
        channels=frozenset({"linkedin", "phone", "letter", "review"}),
        lookup=True,
        idempotent=True,
        human=True,
    )

    def __init__(self, tasks: TaskBook) -> None:
        self._tasks = tasks

    def __repr__(self) -> str:
        return "TaskAdapter()"

    @classmethod
    def build(cls, options: Mapping[str, Any], host: Host) -> Self:
        if host.tasks is None:
            raise OptionError("it needs a task book, and this program has none")
        return cls(host.tasks)

    def send(self, message: Message) -> Outcome:
        missing = [name for name in ("kind", "owner", "title", "due_at") if not message.meta.get(name)]
        if missing or not message.meta["due_at"].isdecimal():
            return Rejected(reason=f"a task needs {', '.join(missing) or 'due_at in epoch seconds'}")
        meta = message.meta
        try:
            self._tasks.open(
                ref=message.ref,
                kind=meta["kind"],
                owner=meta["owner"],
                title=meta["title"],
                body=message.text,
                due_at=int(meta["due_at"]),
                meta={**meta, "to": message.to, "to_name": message.to_name},
            )
        except TaskBookBusy as busy:
            return Retry(reason=str(busy) or "the task book is busy")
        except LookupError as unplaced:
            return Rejected(
                reason=str(unplaced) or "the task book does not know what this message belongs to"
            )
        return Accepted(provider_id=message.ref)

    def lookup(self, ref: str) -> Lookup:
        try:
            return Found(provider_id=ref) if self._tasks.exists(ref) else NotFound()
        except TaskBookBusy as busy:
            return CannotTell(reason=str(busy) or "the task book is busy")

    def close(self) -> None:
        pass
