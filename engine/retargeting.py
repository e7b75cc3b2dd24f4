"""Retargeting lists on our own table: who joins, who has to leave, and telling the platform of both.

Whoever says no is marked in the transaction that hears it (engine.suppression); who is back, or has taken a consent
back, is found by ``run_lists``, a slice of the lists at a time. The platform is told at least once: saying it twice
changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from channels.base import Accepted, Outcome, Unknown
from channels.list_hashes import FORMATS, GOOGLE, csv_of
from channels.lists import ListBookBusy, ListCarrier, ListChange, Person
from engine.clock import Clock
from engine.errors import UnknownName
from state.errors import StoreUnavailable
from state.ids import next_ids
from state.queries import control, people, retargeting
from state.store import Store

if TYPE_CHECKING:
    from engine.app import App

CHANNEL = "audience"
#: people in one change, and places on lists that one run looks at
BATCH, SLICE = 2_000, 20_000
_CURSOR, _SEQUENCE = "lists:looked", "lists:sequence:"


class StoreListBook:
    """Puts people on lists, each once however often it is asked."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def join(self, *, ref: str, audience: str, hashes: Person) -> None:
        """Put the person of the touch named ``ref`` on a list. Raises LookupError when there is no such touch, or its
        person was erased or has said no since it was decided."""
        with _busy_when_down(), self._store.begin() as conn:
            identity, _ = self._person(conn, ref)
            alive = people.lock_living(conn, [identity])
            if retargeting.by_ref(conn, ref) is not None:
                return
            if not alive:
                raise LookupError("the person was erased")
            identity, left_at = self._person(conn, ref)  # read again under the lock
            if retargeting.is_refused(conn, identity):
                raise LookupError("the person has said no since")
            before = retargeting.of(conn, identity, audience)
            # what may be on the list by now stays known, so that it can be taken off
            known = dict.fromkeys([*(before["hashes"] if before else ()), *hashes])
            # from the moment at which every gate was asked: whatever has happened since is reason enough to leave
            now = self._clock.now() if left_at is None else left_at
            retargeting.put(
                conn,
                {
                    "identity_id": identity,
                    "audience": audience,
                    "ref": ref,
                    "hashes": list(known),
                    "now": now,
                },
            )

    def exists(self, ref: str) -> bool:
        """True when the touch has put its person on a list, wherever they are now."""
        with _busy_when_down(), self._store.read() as conn:
            return retargeting.by_ref(conn, ref) is not None

    @staticmethod
    def _person(conn: Connection, ref: str) -> tuple[int, int | None]:
        """(whose touch it is, the moment of its receipt). Raises LookupError."""
        found = retargeting.touch_of(conn, ref)
        if found is None:
            raise LookupError(f"no touch has the ref {ref}")
        return found


@contextmanager
def _busy_when_down() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise ListBookBusy(error.message) from error


# ── the job ──


def run_lists(app: App, now: int) -> Counter[str]:
    """Find who has to leave a list, and tell the platforms of everybody who is new or leaves."""
    carrier = app.channels.get(CHANNEL)
    if not isinstance(carrier, ListCarrier):
        return Counter()
    tally = Counter(list_leavers=_look(app, now))
    with app.store.read() as conn:
        audiences = retargeting.untold(conn)
    for audience in audiences:
        with retargeting.alone(app.store, audience) as ours:
            while ours and not app.stopping and _tell(app, carrier, audience, tally):
                pass
    return +tally


def _look(app: App, now: int) -> int:
    """The next slice of the lists; after the last the first again. Returns how many have to leave."""
    with app.store.begin() as conn:
        after = int(control.lock(conn, _CURSOR, {"after": 0}, now)["after"])
        until = retargeting.slice_after(conn, after, SLICE)
        if until is None and after:
            after, until = 0, retargeting.slice_after(conn, 0, SLICE)
        if until is None:
            return 0
        control.put(conn, _CURSOR, {"after": until}, now)
        return retargeting.leave(conn, after, until, app.project.policy.won_back)


def _tell(app: App, carrier: ListCarrier, audience: str, tally: Counter[str]) -> bool:
    """One change of one list. True when there may be more to tell."""
    with app.store.read() as conn:
        members = retargeting.next_untold(conn, audience, BATCH)
    if not members:
        return False
    add = [m["hashes"] for m in members if m["state"] == "joining"]
    remove = [m["hashes"] for m in members if m["state"] == "leaving"]
    change = ListChange(audience=audience, sequence=_next_sequence(app, audience), add=add, remove=remove)
    outcome = _delivered(app, carrier, change)
    if not isinstance(outcome, Accepted):
        app.log.warning("list_not_told", list=audience, waiting=len(members), because=outcome.reason)
        tally["list_not_told"] += 1
        return False
    with app.store.begin() as conn:
        retargeting.told(conn, members, app.clock.now())
    tally.update(list_added=len(add), list_removed=len(remove))
    return len(members) == BATCH


def _next_sequence(app: App, audience: str) -> int:
    """A number above that of every change of this list before, whatever the clocks of the workers say."""
    now, key = app.clock.now(), f"{_SEQUENCE}{audience}"
    with app.store.begin() as conn:
        last = int(control.lock(conn, key, {"last": 0}, now)["last"])
        sequence = max(next_ids(1)[0], last + 1)
        control.put(conn, key, {"last": sequence}, now)
    return sequence


def _delivered(app: App, carrier: ListCarrier, change: ListChange) -> Outcome:
    try:
        return carrier.deliver(change)
    except Exception as error:  # an adapter of someone else's may raise anything
        app.log.error("channel_raised", channel=CHANNEL, error=type(error).__name__)
        return Unknown(reason=f"the adapter failed with {type(error).__name__}")


# ── reading ──


def listed(app: App) -> list[dict[str, Any]]:
    """Each list with its numbers."""
    with app.store.read() as conn:
        return retargeting.counts(conn)


def exported(app: App, audience: str) -> str:
    """Everybody on a list, as its platform reads them from a file. Raises UnknownName."""
    with app.store.read() as conn:
        known = [row["audience"] for row in retargeting.counts(conn)]
        hashes = retargeting.on_list(conn, audience)
    if audience not in known:
        hint = f"There are: {', '.join(known)}" if known else "Nobody was ever put on one"
        raise UnknownName(f"there is no list '{audience}'", hint=hint)
    declared = app.environment.channels.get(CHANNEL)
    platform = str(declared.options.get("format", GOOGLE)) if declared else GOOGLE
    return csv_of(hashes, platform if platform in FORMATS else GOOGLE)
