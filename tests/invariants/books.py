"""The books: what the store says must be whole in itself, and agree with what the outside world received."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, text

from state.queries import status
from tests.invariants.world import World

#: states of a touch that may have reached somebody
_MAY_HAVE_LEFT = {"dispatching", "in_doubt", "sent", "delivered", "bounced"}


class Books:
    """Looks at the store after every step of a trial; ``look`` asserts."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ended: Counter[Any] = Counter()

    def look(self) -> None:
        """Assert everything that must hold at every moment."""
        assert not self._world.oracle.wrongs, "\n".join(self._world.oracle.wrongs)
        with self._world.front.read() as conn:
            self._one_life_a_group(conn)
            self._the_ended_stay_ended(conn)
            self._nobody_is_lost(conn)
            self._every_touch_has_its_reasons(conn)
            self._what_arrived_is_on_record(conn)
            touches = rows(conn, "SELECT count(*) FROM touch")[0][0]
            assert status.planned(conn) == touches, "planned steps and touches are not the same number"

    def _one_life_a_group(self, conn: Connection) -> None:
        sql = """SELECT identity_id, exclusivity_group, count(*) FROM enrolment WHERE state <> 'ended'
                 GROUP BY identity_id, exclusivity_group HAVING count(*) > 1"""
        assert not rows(conn, sql), "two live enrolments in one group (5)"

    def _the_ended_stay_ended(self, conn: Connection) -> None:
        sql = "SELECT campaign, version, reason, entered_at, ended_at FROM enrolment WHERE state = 'ended'"
        ended = Counter(tuple(r) for r in rows(conn, sql))
        assert not self._ended - ended, f"ended no more (7): {self._ended - ended}"
        self._ended = ended
        assert not rows(conn, "SELECT 1 FROM enrolment WHERE state = 'ended' AND due_at IS NOT NULL")
        assert not rows(
            conn, "SELECT 1 FROM enrolment WHERE state = 'ended' AND (reason IS NULL OR ended_at IS NULL)"
        )

    def _nobody_is_lost(self, conn: Connection) -> None:
        sql = """SELECT identity_id, campaign, state FROM enrolment
                 WHERE due_at IS NULL AND state <> 'ended' AND NOT (state = 'parked' AND cohort = 'waiting')"""
        assert not rows(conn, sql), "a live enrolment that nothing will ever wake (9)"
        sql = """SELECT identity_id, campaign, step FROM touch WHERE state = 'held' AND NOT EXISTS (
                 SELECT 1 FROM enrolment e WHERE e.identity_id = touch.identity_id AND e.campaign = touch.campaign
                 AND e.cycle = touch.cycle AND e.state = 'waiting' AND e.step = touch.step)"""
        assert not rows(conn, sql), "a postponed touch whose enrolment has gone on without it"

    def _every_touch_has_its_reasons(self, conn: Connection) -> None:
        sql = """SELECT t.identity_id, t.campaign, t.cycle, t.step, t.state FROM touch t WHERE NOT EXISTS (
                 SELECT 1 FROM decision d WHERE d.identity_id = t.identity_id AND d.campaign = t.campaign
                 AND d.cycle = t.cycle AND d.step = t.step AND d.action IN ('queue', 'hold', 'skip')
                 AND d.reasons <> '[]')"""
        assert not rows(conn, sql), "a touch nobody can explain (8)"
        sql = """SELECT t.identity_id, t.campaign, t.cycle, t.step, t.state FROM touch t
                 WHERE t.state IN ('cancelled', 'sent', 'failed', 'in_doubt') AND NOT EXISTS (
                 SELECT 1 FROM decision d WHERE d.identity_id = t.identity_id AND d.campaign = t.campaign
                 AND d.cycle = t.cycle AND d.reasons <> '[]' AND (
                   d.step = t.step AND d.action IN ('cancel', 'sent', 'failed', 'doubt')
                   OR t.state = 'cancelled' AND d.action = 'end'))"""
        assert not rows(conn, sql), "an outcome nobody can explain (8)"
        sql = """SELECT e.identity_id, e.campaign, e.cycle FROM enrolment e WHERE e.state = 'ended' AND NOT EXISTS (
                 SELECT 1 FROM decision d WHERE d.identity_id = e.identity_id AND d.campaign = e.campaign
                 AND d.cycle = e.cycle AND d.reasons <> '[]')"""
        assert not rows(conn, sql), "an end nobody can explain (8)"

    def _what_arrived_is_on_record(self, conn: Connection) -> None:
        touches = {
            r[0]: (r[1], r[2], r[3]) for r in rows(conn, "SELECT ref, state, campaign, step FROM touch")
        }
        for arrival in self._world.oracle.arrivals:
            assert arrival.ref in touches, f"{arrival} is of no touch"
            state, campaign, step = touches[arrival.ref]
            assert (campaign, step) == (arrival.campaign, arrival.step), (
                f"{arrival} goes by the name of another"
            )
            assert state in _MAY_HAVE_LEFT, f"{arrival} arrived, and the touch is {state}"
        arrived = {a.ref for a in self._world.oracle.arrivals}
        unseen = {ref for ref, (state, *_) in touches.items() if state == "sent"} - arrived
        assert not unseen, f"{len(unseen)} touches count as sent and never arrived"

    def closed(self, *, unsure: frozenset[str] = frozenset({"sms"})) -> None:
        """Assert that nothing is left undone now; only the ``unsure`` channels may leave doubts."""
        self.look()
        now = self._world.now
        with self._world.front.read() as conn:
            late = rows(conn, "SELECT * FROM enrolment WHERE due_at <= :now", now=now)
            assert not late, f"{len(late)} due enrolments were not decided (9)"
            left = rows(conn, "SELECT * FROM touch WHERE state = 'queued' AND not_before <= :now", now=now)
            assert not left, "a touch that may leave did not"
            assert not rows(conn, "SELECT * FROM touch WHERE state = 'dispatching'"), (
                "a receipt without an end"
            )
            doubts = {r[0] for r in rows(conn, "SELECT channel FROM touch WHERE state = 'in_doubt'")}
            assert doubts <= unsure, f"doubts that {doubts} could have settled"


def rows(conn: Connection, sql: str, **params: Any) -> list[Any]:
    """All rows of a statement."""
    return list(conn.execute(text(sql), params))
