"""What changes between a decision and its message: the hour, the files, the person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from engine.advance import advance
from engine.app import App
from engine.clock import iso, parse_instant
from engine.compile import load_project
from engine.dispatch import dispatch
from engine.jobs import run_refresh, run_turn
from state.store import Store
from tests.engine.conftest import Stage
from tests.invariants import acts
from tests.invariants.books import Books, rows
from tests.invariants.people import DAY, KINDS, Human
from tests.invariants.world import World, turn_the_wheel

HOUR = 3_600
KIND = {kind.name: kind for kind in KINDS}

ONE_MAIL = """
    audience: {segment: lapsed}
    cadence:
      - {step: hello, at: 0d, email: all/mail}
    then: end
"""


def someone(world: World, kind: str = "chicago", **changes: Any) -> Human:
    human = world.add(KIND[kind], **{"lost": False, "away": 60 * DAY, "bought": 100 * DAY, **changes})
    world.consent(human, "sms", "express_written")
    return human


def story(world: World) -> list[tuple[str, str]]:
    """(step, moment) of everything that arrived."""
    return [(a.step, iso(a.at) or "") for a in world.oracle.arrivals]


def touch(world: World, step: str) -> tuple[str, str | None]:
    """(state, reason) of a step's touch."""
    with world.front.read() as conn:
        [found] = rows(conn, "SELECT state, reason FROM touch WHERE step = :step", step=step)
    return tuple(found)


def enrolments(world: World, campaign: str) -> list[tuple[str, str | None]]:
    """(state, reason) of the rounds of a campaign."""
    with world.front.read() as conn:
        sql = "SELECT state, reason FROM enrolment WHERE campaign = :c ORDER BY cycle"
        return [tuple(r) for r in rows(conn, sql, c=campaign)]


# ── the hours of the night ────────────────────────────────────────────────────────────────────────────


def test_a_message_held_over_the_night_clocks_go_forward_leaves_at_eight_by_the_new_time(
    stage: Stage,
) -> None:
    world = stage({"c": ONE_MAIL})
    someone(world, "chicago")
    world.clock.move_to(
        parse_instant("2026-03-08T03:00:00Z")
    )  # Saturday 21:00 in Chicago; clocks change at 02:00
    world.go_on(2 * DAY)
    assert story(world) == [("hello", "2026-03-08T13:00:00Z")]


def test_a_text_queued_in_time_and_dispatched_too_late_waits_for_the_morning(
    stage: Stage,
) -> None:  # T31, TIM-08
    world = stage({"c": ONE_MAIL.replace("email: all/mail", "sms: all/text")})
    someone(world, "miami")
    world.clock.move_to(parse_instant("2026-03-03T00:44:00Z"))  # 19:44 in Miami
    app = world.hire()
    run_refresh(app, world.now)
    advance(app, world.now)
    assert touch(world, "hello")[0] == "queued"
    world.clock.move_to(parse_instant("2026-03-03T01:01:00Z"))  # 20:01
    dispatch(app, world.now)
    assert story(world) == []
    assert touch(world, "hello") == ("queued", "quiet_hours")
    world.go_on(DAY)
    # nine by the project's hours; Florida has two zones and no record says which
    assert story(world) == [("hello", "2026-03-03T15:00:00Z")]


# ── the files change under people who are on their way ────────────────────────────────────────────────

THREE = """
    audience: {segment: lapsed}
    cadence:
      - {step: first, at: 0d, email: all/mail}
      - {step: second, at: 4d, email: all/mail_b}
      - {step: third, at: 8d, email: all/mail}
    then: end
"""


@pytest.mark.parametrize(
    "edited",
    [
        THREE.replace("step: second", "step: renamed"),
        THREE.replace("      - {step: second, at: 4d, email: all/mail_b}\n", ""),
        THREE.replace("at: 4d", "at: 2d").replace("at: 8d", "at: 3d"),
        THREE.replace("segment: lapsed}", "segment: lapsed, where: [{attributes.vip: true}]}"),
    ],
    ids=["renamed", "removed", "moved", "audience narrowed"],
)
def test_who_has_begun_finishes_the_version_they_began(stage: Stage, edited: str) -> None:
    world = stage({"c": THREE})
    someone(world)
    world.go_on(DAY)
    world.write({"c": edited})
    world.go_on(10 * DAY)
    assert [step for step, _ in story(world)] == ["first", "second", "third"]
    assert enrolments(world, "c") == [("ended", "completed")]


def test_a_new_worker_that_never_saw_the_old_file_finishes_it_too(stage: Stage) -> None:
    world = stage({"c": THREE})
    someone(world)
    world.go_on(DAY)
    world.write({"c": THREE.replace("step: second", "step: renamed")})
    world.workers.pop().close()
    world.go_on(10 * DAY)
    assert [step for step, _ in story(world)] == ["first", "second", "third"]


def test_a_broken_file_keeps_its_last_version_running(stage: Stage) -> None:
    world = stage({"c": THREE})
    someone(world)
    world.go_on(DAY)
    world.write({"c": THREE + "\nno_such_key: [\n"})
    someone(world)
    world.go_on(10 * DAY)
    assert [step for step, _ in story(world)].count("third") == 2


def test_a_campaign_whose_file_is_gone_sends_nothing_and_loses_nobody(stage: Stage) -> None:
    world = stage({"c": THREE, "other": THREE.replace("segment: lapsed", "segment: lost")})
    someone(world)
    world.go_on(DAY)
    (world.root / "c.yaml").unlink()
    world.go_on(2 * DAY)
    assert len(story(world)) == 1
    world.write({"c": THREE})
    world.go_on(10 * DAY)
    assert [step for step, _ in story(world)] == ["first", "second", "third"]
    Books(world).closed()


def test_what_a_new_version_asks_for_counts_for_a_worker_that_has_not_read_it_yet(stage: Stage) -> None:
    """One worker has read the new files and enrols; the other, still on the old ones, decides."""
    if_two = """
        audience: {segment: lapsed, re_enter_after: 1d}
        fatigue: 1 per 20d
        cadence:
          - {step: first, at: 0d, email: all/mail}
        exit:
          - {event: waved, as: handed_over}
        then: {park: 8d}
    """
    old = "audience: {segment: lapsed, re_enter_after: 1d}\ncadence:\n  - {step: first, at: 0d, email: all/mail}\n"
    world = stage({"c": old + "then: {park: 8d}\n"})
    human = someone(world)
    world.go_on(DAY)
    assert len(story(world)) == 1
    late = world.workers[0]
    world.write({"c": if_two})
    world.clock.move_to(world.now + 8 * DAY)
    run_turn(late, world.now)  # the round ends
    with _second_process(world) as reader:
        world.clock.move_to(world.now + 2 * DAY)
        run_refresh(reader, world.now)  # begins a round of the new version
        run_turn(late, world.now)
    assert len(story(world)) == 1, "the new version allows one in twenty days"
    with world.front.read() as conn:
        assert rows(conn, "SELECT reason FROM touch WHERE cycle = 2")[0][0] == "fatigue"
    assert human.badge == "p1"


@contextmanager
def _second_process(world: World) -> Iterator[App]:
    """Another process on the same store that reads the files as they are now; on SQLite it is no worker."""
    loaded = load_project(world.root)
    project = loaded.require()
    app = App(loaded, project, project.environments["local"], Store.open(world.url), world.clock)
    app.publish()
    yield app
    app.close()


def test_who_sleeps_until_an_event_is_woken_by_it_though_the_new_version_waits_for_another(stage: Stage) -> None:
    asleep = """
        audience: {segment: lapsed}
        cohorts: {all: park until feature_shipped}
        cadence:
          - {step: first, at: 0d, email: all/mail}
        then: end
    """
    world = stage({"c": asleep})
    human = someone(world)
    world.go_on(DAY)
    world.write({"c": asleep.replace("feature_shipped", "price_fell")})
    world.go_on(DAY)
    world.workers.pop().close()
    world.hire()
    acts.event(world, human, "feature_shipped")
    world.go_on(DAY)
    assert enrolments(world, "c")[0] == ("ended", "superseded")


# ── people change while they wait ─────────────────────────────────────────────────────────────────────


def leave(world: World, human: Human, how: str) -> str:
    """The person leaves in some way; the reason their round ends with."""
    match how:
        case "unsubscribes":
            acts.refuse(world, human, "all")
            return "opted_out"
        case "unsubscribes from e-mail":
            acts.refuse(world, human, "email")
            return "completed"
        case "revokes consent":
            world.consent(human, "email", "revoked")
            return "completed"
        case "buys":
            acts.event(world, human, "purchase")
            return "won_back"
        case "says no":
            acts.event(world, human, "refused")
            return "opted_out"
        case "is deleted":
            acts.erase(world, human)
            return "withdrawn"
        case _:
            acts.leave_segment(world, human)
            return "left_segment"


WAYS = [
    "unsubscribes",
    "unsubscribes from e-mail",
    "revokes consent",
    "buys",
    "says no",
    "is deleted",
    "leaves the segment",
]


@pytest.mark.parametrize("how", WAYS)
def test_nothing_is_sent_to_whom_leaves_while_waiting(stage: Stage, how: str) -> None:
    world = stage({"c": THREE})
    human = someone(world)
    world.go_on(DAY)
    reason = leave(world, human, how)
    world.go_on(12 * DAY)
    assert [step for step, _ in story(world)] == ["first"]
    assert enrolments(world, "c")[0] == ("ended", reason)
    Books(world).closed()


@pytest.mark.parametrize("how", WAYS)
def test_nothing_is_sent_to_whom_leaves_while_the_touch_is_queued(stage: Stage, how: str) -> None:
    world = stage({"c": ONE_MAIL})
    human = someone(world)
    app = world.hire()
    run_refresh(app, world.now)
    advance(app, world.now)  # decided, and not dispatched
    assert touch(world, "hello")[0] == "queued"
    world.clock.move_to(world.now + 60)
    leave(world, human, how)
    dispatch(app, world.now)
    world.go_on(3 * DAY)
    assert story(world) == []
    assert touch(world, "hello")[0] == "cancelled"
    Books(world).closed()


def test_who_refuses_after_the_receipt_was_written_gets_nothing(stage: Stage) -> None:  # T61
    world = stage({"c": ONE_MAIL})
    humans = [someone(world) for _ in range(5)]
    world.elsewhere.append(lambda: acts.refuse(world, humans[3], "all"))
    world.go_on(3 * DAY)
    assert humans[3].badge not in world.oracle.count_by_person()
    assert len(story(world)) == 4
    Books(world).closed()


def test_a_postponed_message_of_somebody_merged_arrives_under_its_own_name(stage: Stage) -> None:
    """Found by the machine of tests/invariants: the message went by another name than its touch."""
    world = stage({"c": ONE_MAIL.replace("segment: lapsed", "segment: lost"), "d": ONE_MAIL})
    survivor = world.add(KIND["chicago"], lost=True, away=10 * DAY, bought=DAY)
    loser = someone(world)
    world.clock.move_to(parse_instant("2026-03-03T04:00:00Z"))  # night in Chicago
    world.work(turn_the_wheel)
    assert touch(world, "hello") == ("held", "quiet_hours")
    acts.join(world, survivor, loser)
    acts.make(world, survivor, status_at_last_touch="churned", churned_at=world.now - 60 * DAY)
    world.go_on(DAY)
    assert [step for step, _ in story(world)] == ["hello"]
    Books(world).closed()


def test_rounds_go_on_after_a_merge_has_numbered_them_anew(stage: Stage) -> None:
    again = ONE_MAIL.replace("then: end", "then: {repeat: 8d}")
    world = stage({"c": again})
    survivor, loser = someone(world), someone(world)
    world.go_on(DAY)
    acts.join(world, survivor, loser)
    world.go_on(40 * DAY)
    assert [r for r in enrolments(world, "c") if r[0] != "ended"], "the rounds stopped"
    assert world.oracle.count_by_person()[survivor.badge] >= 5


# ── waiting for an event ──────────────────────────────────────────────────────────────────────────────

WAITING = """
    audience: {segment: lapsed}
    cadence:
      - {step: first, at: 0d, email: all/mail}
      - {step: listen, at: 1d, wait_for: {event: clicked, up_to: 5d}}
      - {step: second, at: 1d, email: all/mail_b, expires: 9d}
    then: end
"""


def test_the_event_waited_for_lets_the_cadence_go_on_at_once(stage: Stage) -> None:
    world = stage({"c": WAITING})
    human = someone(world)
    world.go_on(2 * DAY)
    acts.event(world, human, "clicked")
    world.work(turn_the_wheel)
    assert [step for step, _ in story(world)] == ["first", "second"]


def test_the_event_waited_for_that_does_not_come_lets_it_go_on_at_the_limit(stage: Stage) -> None:
    world = stage({"c": WAITING})
    someone(world)
    world.go_on(8 * DAY)
    assert story(world) == [("first", "2026-03-02T15:00:00Z"), ("second", "2026-03-08T15:00:00Z")]
