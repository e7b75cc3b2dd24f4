"""The port of the ``letter`` channel, on our own tables: a letter is kept, and its signatory is asked, at once."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from engine.clock import Clock
from engine.taskbook import StoreTaskBook, busy_when_down
from state.queries import letters
from state.store import Store


class StoreLetterDesk:
    """Keeps letters, each once however often it is asked."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._tasks = StoreTaskBook(store, clock)

    def put(
        self,
        *,
        ref: str,
        signatory: str,
        document: bytes,
        owner: str,
        title: str,
        body: str,
        due_at: int,
        meta: Mapping[str, str],
    ) -> None:
        """Write the letter of the touch named ``ref`` and the task of signing it, in one transaction. Raises
        LookupError when there is no such touch, or its person was erased or has said no since it was decided."""
        with busy_when_down(), self._store.begin() as conn:
            task = {"kind": "letter", "owner": owner, "title": title, "body": body, "due_at": due_at}
            key = self._tasks.open_in(conn, ref, task)
            if key is None:
                return
            digest = sha256(document).hexdigest()
            letters.put(
                conn,
                {
                    **key,
                    "ref": ref,
                    "signatory": signatory,
                    "document": document,
                    "sha256": digest,
                    "created_at": self._clock.now(),
                },
            )

    def exists(self, ref: str) -> bool:
        """True when the letter is there, whatever became of it."""
        with busy_when_down(), self._store.read() as conn:
            return letters.exists(conn, ref)
