"""Two identities that turn out to be one person: nothing either of them said or was told is lost.

The older identity survives. Suppressions are the union of both; a consent that either has revoked stays
revoked; live enrolments that now compete for one place are withdrawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from engine.fields import IMPORTABLE
from engine.people.keys import fact_key
from engine.people.rounds import end_rounds
from state.ids import next_ids
from state.queries import facts, letters, merging, tasks
from state.queries.bulk import BulkInsert, BulkUpdate
from state.queries.merging import Pair
from state.queries.outbox import lock_people
from state.queries.retargeting import follow, leave_refused

#: everything that is the person's own and not ours
PERSONAL = (*sorted(IMPORTABLE), "email_key")

_COLUMNS = (*PERSONAL, "attributes", "created_at", "updated_at", "merged_into")
_UPDATE = BulkUpdate("person", ("identity_id",), _COLUMNS)
_CONSENT = ("identity_id", "id", "channel", "type", "at", "recorded_at", "source", "key")
_REVOKE = BulkInsert("consent", _CONSENT)

_EVER = 2**62


def merge(conn: Connection, merges: Collection[tuple[int, int]], now: int) -> None:
    """Merge (survivor, loser) pairs in the caller's transaction. No loser is a survivor.

    A person who is being written to this moment must not be merged, since the outcome is recorded by identity:
    the caller locks them all, and everyone else it needs, and then makes sure.
    """
    if not merges:
        return
    lock_people(conn, {identity for pair in merges for identity in pair})
    for pairs in _rounds(merges):
        _revoke(conn, pairs, now)
        end_rounds(conn, merging.rival_rounds(conn, pairs), "joined with an older identity", now)
        _join_people(conn, pairs, now)
        merging.move_facts(conn, pairs)
        merging.move_rounds(conn, pairs)
        follow(conn, pairs)
        leave_refused(conn, {survivor for _, survivor in pairs})
        tasks.close_refused(conn, {survivor for _, survivor in pairs}, now)
        letters.refuse_closed(conn, {survivor for _, survivor in pairs})


def _rounds(merges: Collection[tuple[int, int]]) -> Iterator[Sequence[Pair]]:
    """(loser, survivor) pairs in rounds, each survivor once a round."""
    losers = defaultdict[int, list[int]](list)
    for survivor, loser in sorted(merges):
        losers[survivor].append(loser)
    while losers:
        yield [(waiting.pop(0), survivor) for survivor, waiting in losers.items()]
        losers = defaultdict(list, {s: waiting for s, waiting in losers.items() if waiting})


def _join_people(conn: Connection, pairs: Sequence[Pair], now: int) -> None:
    """The survivor takes what it does not know itself; the loser keeps nothing but where it went."""
    people = {p["identity_id"]: p for p in facts.people(conn, {i for pair in pairs for i in pair})}
    rows = []
    for loser_id, survivor_id in pairs:
        loser, survivor = people[loser_id], people[survivor_id]
        joined = {n: survivor[n] if survivor[n] is not None else loser[n] for n in PERSONAL}
        scopes = survivor["do_not_contact_scope"], loser["do_not_contact_scope"]
        joined["do_not_contact_scope"] = wider(*scopes)
        if survivor["email"] is None:
            joined["email_key"] = loser["email_key"]
        attributes = orjson.dumps({**loser["attributes"], **survivor["attributes"]}).decode()
        created = min(survivor["created_at"], loser["created_at"])
        rows.append((survivor_id, *(joined[name] for name in PERSONAL), attributes, created, now, None))
        rows.append((loser_id, *(None for _ in PERSONAL), "{}", loser["created_at"], now, survivor_id))
    _UPDATE(conn, rows)


def wider(one: str | None, other: str | None) -> str | None:
    """The do-not-contact scope that forbids all that either does."""
    if one is None or other is None:
        return one or other
    words = {*one.split(), *other.split()} - {"none"}
    for whole in ("all", "marketing"):
        if whole in words:
            return whole
    return " ".join(sorted(words)) or "none"


def _revoke(conn: Connection, pairs: Sequence[Pair], now: int) -> None:
    """Where either side's consent stands revoked, so does the joined one, whatever the other was granted."""
    current = _current(conn, {i for pair in pairs for i in pair})
    rows: list[tuple[Any, ...]] = []
    for loser, survivor in pairs:
        one, other = current.get(survivor, {}), current.get(loser, {})
        for channel in sorted(one.keys() & other.keys()):
            kinds, newest = {one[channel][0], other[channel][0]}, max(one[channel][1], other[channel][1])
            if "revoked" in kinds and len(kinds) > 1:
                key = fact_key("merge", survivor, loser, channel)
                rows.append((survivor, channel, "revoked", newest, now, "merge", key))
    numbered = zip(rows, next_ids(len(rows)), strict=True)
    _REVOKE(conn, [(row[0], number, *row[1:]) for row, number in numbered])


def _current(conn: Connection, ids: set[int]) -> dict[int, dict[str, tuple[str, int]]]:
    """identity -> channel -> (type, at) of the consent in force."""
    found: dict[int, dict[str, tuple[str, int]]] = {}
    for identity, channel, kind, at, _proof, _source in facts.consents(conn, ids, _EVER):
        found.setdefault(identity, {})[channel] = (kind, at)
    return found
