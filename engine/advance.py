"""Advance: decide everything that is due, a batch a transaction.

A batch is claimed, its people locked, its facts read, each enrolment decided by the pure core, and all that
follows is written before the lock is let go: transition, touch, message, ledger, next round. A killed worker
leaves nothing half done; the work it had claimed is due as before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from channels.base import Message
from engine.decide import decide
from engine.decision import Decision, Spawn, TouchPlan
from engine.delivery import deliver
from engine.facts import EnrolmentFact, EventFact, Facts, TouchFact, slot_of
from engine.flow import EnrolmentState, TouchMove, TouchState, move_touch
from engine.gates.capacity import owner_of
from engine.gather import addresses_of, closed_reviews, enrolment_fact, gather
from engine.ledger import ledger_row
from engine.model import DAY, HOUR, Campaign, Track
from engine.outcomes import Receipt
from engine.refs import touch_ref
from engine.render import RenderError, RenderRequest
from engine.timeline import first_step, precedence, respond_by
from engine.verdict import Says, Verdict, to_json
from engine.workload import Desk
from state.queries import due, record

if TYPE_CHECKING:
    from engine.app import App

BATCH = 500

#: what a touch row becomes by a move of the deciding core; a postponed one may be decided again
_TOUCH_STATE = {
    TouchMove.QUEUE: move_touch(TouchState.HELD, TouchMove.QUEUE),
    TouchMove.HOLD: move_touch(TouchState.HELD, TouchMove.HOLD),
    TouchMove.SKIP: move_touch(TouchState.HELD, TouchMove.SKIP),
}


@dataclass(slots=True)
class _Writes:
    """What a batch writes, a list a table."""

    moves: list[dict[str, Any]] = field(default_factory=list)
    touches: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    enrolments: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    cancels: list[dict[str, Any]] = field(default_factory=list)

    def flush(self, conn: Connection) -> None:
        """Write it all; ended rounds first, so that a new one finds its place free."""
        record.cancel_open(conn, self.cancels)
        record.move_enrolments(conn, self.moves)
        record.put_touches(conn, self.touches)
        record.put_messages(conn, self.messages)
        record.put_enrolments(conn, self.enrolments)
        record.put_tasks(conn, self.tasks)
        record.put_ledger(conn, self.ledger)


def advance(app: App, now: int, *, batch: int = BATCH, at_once: bool = False) -> Counter[str]:
    """Decide every enrolment that is due at ``now``. Returns how many decisions of each action.

    Works for at most ``app.turn_seconds``; what is left is due in the next turn.

    ``at_once``: what is decided now and may leave now is not queued first. Its receipt is committed with the
    decision, by whose gates it was judged in that same transaction, and it is sent right after. Only for
    channels that can look up what they accepted; the outbox is the way for all else.
    """
    tally: Counter[str] = Counter()
    over = app.monotonic() + app.turn_seconds
    while not app.stopping and app.monotonic() < over:
        moment = app.moment(now)
        with app.store.begin() as conn:
            campaigns = app.running(conn)
            done = _batch(app, conn, moment, campaigns, batch, at_once) if campaigns else None
        if done is None:
            break
        tally.update(done.tally)
        deliver(app, done.receipts, moment, tally)
    return tally


def _batch(
    app: App, conn: Connection, now: int, campaigns: list[str], size: int, at_once: bool
) -> _Batch | None:
    """One claimed batch; None when nothing is due, or others have all of it."""
    ids = due.claim(conn, now, campaigns, size)
    if not ids:
        return None
    rows = due.due_enrolments(conn, ids, now, campaigns)
    scope = app.scope(conn, {(row["campaign"], row["version"]) for row in rows})
    people = gather(conn, scope, ids, now)
    reviews = closed_reviews(conn, scope, ids)
    desk = Desk(app, conn, rows, people, now)
    batch = _Batch(app, conn, now, at_once, desk)
    for row in sorted(rows, key=lambda r: _precedence(app, r)):
        facts = people[row["identity_id"]]
        batch.take(enrolment_fact(row, facts, reviews), facts)
    batch.writes.flush(conn)
    desk.close()
    return batch


def _precedence(app: App, row: Mapping[str, Any]) -> tuple[int, int, int, str]:
    return precedence(app.priority(row["campaign"]), row["due_at"], row["identity_id"], row["campaign"])


class _Batch:
    """Decides one enrolment after the other and collects what is to be written."""

    def __init__(self, app: App, conn: Connection, now: int, at_once: bool, desk: Desk) -> None:
        self.app, self.conn, self.now, self._desk = app, conn, now, desk
        self.writes = _Writes()
        self.tally: Counter[str] = Counter()
        self.receipts: list[Receipt] = []
        self._at_once = app.at_once_channels(conn) if at_once else frozenset()

    def take(self, enrolment: EnrolmentFact, facts: Facts) -> None:
        campaign = self.app.versions.of(self.conn, enrolment.campaign, enrolment.version)
        if campaign is None:
            self._look_again(enrolment, "unreadable", "this program cannot read its campaign version")
            return
        try:
            decision = decide(self.app.project, campaign, enrolment, facts, self.now)
        except Exception as error:  # a bug, or data no rule expected: one person must not hold up all others
            self.app.log.exception("not_decided", campaign=campaign.id, identity=enrolment.identity_id)
            self._look_again(enrolment, "error", f"the decision failed with {type(error).__name__}")
            return
        message: Message | None = None
        if decision.touch is not None and decision.touch.move is TouchMove.QUEUE:
            decision, message = self._rendered(campaign, enrolment, facts, decision, decision.touch)
        self._write(campaign, enrolment, facts, decision, message)

    def _look_again(self, enrolment: EnrolmentFact, rule: str, because: str) -> None:
        """What cannot be decided now is looked at in an hour, and says so: nobody is lost, nobody waits for it."""
        self.tally[rule] += 1
        until = self.now + HOUR
        row = _move_row(enrolment, EnrolmentState(enrolment.state), enrolment.step, until)
        self.writes.moves.append(row)
        verdict = Verdict(rule, Says.DEFER, because, until=until)
        self.writes.ledger.append(
            ledger_row(enrolment, self.now, enrolment.step, "wait", rule, to_json([verdict]))
        )

    # ── the message ──

    def _rendered(
        self, campaign: Campaign, enrolment: EnrolmentFact, facts: Facts, decision: Decision, touch: TouchPlan
    ) -> tuple[Decision, Message | None]:
        """Render what is to be queued; what cannot be rendered is skipped, with the reason."""
        request = self._request(campaign, enrolment, facts, touch)
        try:
            message = self.app.renderer.render(request)
        except RenderError as error:
            verdict = Verdict("content", Says.SKIP, error.message, touch.step.source)
            plan = touch._replace(move=TouchMove.SKIP, reason="content", offer_expires_at=None)
            return decision._replace(action="skip", touch=plan, verdicts=(*decision.verdicts, verdict)), None
        self.writes.messages.append({**_key(enrolment, touch.step.id), "payload": message.to_json()})
        return decision, message

    def _request(
        self, campaign: Campaign, enrolment: EnrolmentFact, facts: Facts, touch: TouchPlan
    ) -> RenderRequest:
        return RenderRequest(
            ref=self._ref(enrolment, touch.step.id),
            campaign=campaign,
            step=touch.step,
            template_ref=touch.template or "",
            variant=touch.variant or "",
            person=facts.person,
            offer=campaign.offers.get(touch.step.offer or ""),
            offer_expires_at=touch.offer_expires_at,
            respond_by=respond_by(self.app.project, touch.step, facts, self.now),
            trigger=_trigger_data(enrolment, facts.events),
            now=self.now,
            due_at=min(touch.expires_at, self.now + DAY),
        )

    def _ref(self, enrolment: EnrolmentFact, step: str) -> str:
        e = enrolment
        return touch_ref(self.app.ref_key, e.identity_id, e.campaign, e.cycle, step)

    # ── the rows ──

    def _write(
        self,
        campaign: Campaign,
        enrolment: EnrolmentFact,
        facts: Facts,
        decision: Decision,
        message: Message | None,
    ) -> None:
        self.tally[decision.action] += 1
        ended_at = self.now if decision.state is EnrolmentState.ENDED else None
        reason = decision.reason.value if decision.reason else None
        self.writes.moves.append(
            _move_row(
                enrolment,
                decision.state,
                decision.step,
                decision.resume_at,
                reason=reason,
                ended_at=ended_at,
                shift=decision.shift,
            )
        )
        if decision.cancels_held:
            key = {
                "identity_id": enrolment.identity_id,
                "campaign": enrolment.campaign,
                "cycle": enrolment.cycle,
            }
            told = {"reason": decision.rule, "now": self.now, "reasons": to_json(decision.verdicts)}
            self.writes.cancels.append({**key, **told})
        if decision.touch is not None:
            self._write_touch(campaign, enrolment, facts, decision.touch, message)
        if decision.spawn is not None:
            self._write_spawn(campaign, enrolment, decision.spawn)
        if decision.task is not None:
            self._write_task(campaign, enrolment, facts, decision)
        if decision.verdicts:
            self.writes.ledger.append(ledger_row(enrolment, self.now, decision.decided_step, decision.action,
                                                 decision.rule, to_json(decision.verdicts)))  # fmt: skip

    def _write_touch(
        self,
        campaign: Campaign,
        enrolment: EnrolmentFact,
        facts: Facts,
        touch: TouchPlan,
        message: Message | None,
    ) -> None:
        step, state = touch.step, _TOUCH_STATE[touch.move]
        ref = message.ref if message else self._ref(enrolment, step.id)
        leaves = message is not None and step.channel in self._at_once
        if leaves:
            state = move_touch(state, TouchMove.DISPATCH)
        self.writes.touches.append(
            {
                **_key(enrolment, step.id),
                "ref": ref,
                "state": state.value,
                "reason": touch.reason,
                "channel": step.channel,
                "template": touch.template,
                "variant": touch.variant,
                "offer": step.offer,
                "offer_expires_at": touch.offer_expires_at,
                "priority": campaign.priority,
                "planned_at": touch.planned_at,
                "expires_at": touch.expires_at,
                "not_before": touch.not_before,
                "decided_at": self.now,
                "counted_at": self.now if leaves else None,
                "attempts": int(leaves),
                "worker": self.app.worker_id if leaves else None,
                "finished_at": self.now if state is TouchState.SKIPPED else None,
            }
        )
        slot = slot_of(enrolment.identity_id, enrolment.campaign, enrolment.cycle, step.id)
        self._desk.note(slot, touch.move, touch.reason)
        if message is None or step.channel is None:
            return
        # the slot is taken from here on, for every other campaign decided in this batch too
        taken = TouchFact(enrolment.campaign, enrolment.cycle, step.id, step.channel, state.value,
                          self.now if leaves else None, step.offer, touch.offer_expires_at)  # fmt: skip
        facts.touches.append(taken)
        if leaves:
            addresses = addresses_of(facts.person)
            most = self.app.attempts(step.channel)
            self.receipts.append(
                Receipt(enrolment, step.id, ref, step.channel, 1, message, addresses, most=most)
            )

    def _write_spawn(self, pinned: Campaign, enrolment: EnrolmentFact, spawn: Spawn) -> None:
        campaign, track = self._spawned(pinned, spawn)
        if campaign is None or track is None:
            return
        first = None if spawn.asleep else first_step(track, spawn.cohort)
        resume_at = None if spawn.asleep else self.now + (first.at if first else 0)
        self.writes.enrolments.append(
            {
                "identity_id": enrolment.identity_id,
                "campaign": campaign.id,
                "version": campaign.version,
                "exclusivity_group": campaign.group,
                "segment": campaign.segment,
                "cohort": spawn.cohort,
                "track": track.id,
                "state": (EnrolmentState.PARKED if spawn.asleep else EnrolmentState.WAITING).value,
                "step": first.id if first else None,
                "entered_at": self.now,
                "shift": 0,
                "resume_at": resume_at,
                "due_at": resume_at,
                "trigger_event_id": spawn.trigger_event_id,
            }
        )

    def _spawned(self, pinned: Campaign, spawn: Spawn) -> tuple[Campaign | None, Track | None]:
        """The campaign and track of a new round: today's where it has that track, else the ending round's own."""
        today = self.app.project.campaigns.get(spawn.campaign)
        own = pinned if spawn.campaign == pinned.id else None
        for campaign in (today, own):
            track = campaign.track(spawn.track) if campaign else None
            if track is not None:
                return campaign, track
        return None, None

    def _write_task(
        self, campaign: Campaign, enrolment: EnrolmentFact, facts: Facts, decision: Decision
    ) -> None:
        task = decision.task
        if task is None:
            return
        self.writes.tasks.append(
            {
                **_key(enrolment, task.key),
                "ref": self._ref(enrolment, f"task:{task.key}"),
                "kind": task.kind,
                "owner": owner_of(campaign, facts.person),
                "title": task.title,
                "body": f"Campaign {campaign.id}. See: rekindle explain {enrolment.identity_id}",
                "state": "open",
                "created_at": self.now,
                "due_at": self.now + task.due_in,
            }
        )


def _key(enrolment: EnrolmentFact, step: str) -> dict[str, Any]:
    return {
        "identity_id": enrolment.identity_id,
        "campaign": enrolment.campaign,
        "cycle": enrolment.cycle,
        "step": step,
    }


def _move_row(
    enrolment: EnrolmentFact, state: EnrolmentState, step: str | None, resume_at: int | None, *,
    reason: str | None = None, ended_at: int | None = None, shift: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {**_key(enrolment, step or ""), "step": step, "state": state.value, "resume_at": resume_at,
            "reason": reason, "ended_at": ended_at, "shift": shift}  # fmt: skip


def _trigger_data(enrolment: EnrolmentFact, events: tuple[EventFact, ...]) -> Mapping[str, Any]:
    """Data of the event that began this round."""
    if enrolment.trigger_event_id is None:
        return {}
    return next((e.data for e in events if e.id == enrolment.trigger_event_id), {})
