"""Forgetting a person: their data goes, the fact that they must not be written to stays (compliance PRV-01,
PRV-03), so that the next import does not bring them back."""

from __future__ import annotations

from sqlalchemy import Connection

from engine.clock import Clock
from engine.errors import UnknownName
from engine.people.merge import PERSONAL
from engine.people.rounds import end_rounds
from engine.suppression import ALL, reached_on, suppress
from state.queries import letters, merging, people
from state.queries.bulk import BulkUpdate
from state.store import Store

_BLANK = BulkUpdate("person", ("identity_id",), (*PERSONAL, "attributes", "updated_at", "deleted_at"))


def erase(store: Store, identity_id: int, clock: Clock) -> None:
    """Wipe what is known of a person in one transaction. Erasing again changes nothing.

    Enrolments end as withdrawn, what waited to leave is cancelled, both with a ledger entry. The addresses
    stay as suppressions and nothing else of them. Raises UnknownName.
    """
    now = clock.now()
    with store.begin() as conn:
        alive = people.lock_living(conn, [identity_id])
        if identity_id not in alive:
            if not merging.person_exists(conn, identity_id):
                raise UnknownName(f"there is no person {identity_id}", hint="Look for them by e-mail address")
            return
        _erase(conn, alive[identity_id], now)


def _erase(conn: Connection, identity: int, now: int) -> None:
    merging.close_tasks(conn, identity, now)
    end_rounds(conn, merging.live_rounds(conn, identity), "the person was erased", now)
    known = people.addresses_of(conn, [identity])
    suppress(conn, identity, ALL, "erased", at=now, source="erasure")
    names = {name for _, email, phone in known for name in reached_on(ALL, email, phone)}
    merging.drop_contacts_named(conn, identity, sorted(names))
    merging.forget(conn, identity)
    letters.forget(conn, identity)
    _BLANK(conn, [(identity, *(None for _ in PERSONAL), "{}", now, now)])
