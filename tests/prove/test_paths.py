"""Faults of paths, planted in the shipped campaigns: each is found, in its place, and its test really fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.cases.runner import CaseRunner
from engine.cases.story import Kind
from engine.cli.output.prove import moment
from engine.prove import deferrals, ends, promises, reach
from engine.prove.examples import case_of
from engine.prove.findings import Findings
from engine.prove.log import Course, Way
from engine.prove.model import Outcome
from engine.prove.proof import prove
from engine.testfile import TestFile
from tests.prove.variations import CAMPAIGNS, Change, varied
from tests.prove.walks import explored, played, replay_of, violated, walked

SHIPPED = varied()

_LAST_WORD = "    email: stalled/last_word\n    window: *office_hours\n\nthen: {park: 30d}\n"
_SECOND_WAVE = """\
campaign: second_wave
owner: growth@larkfield.example
objective: Try once more.
priority: 40
audience: {segment: stalled}
cadence:
  - {step: again, at: 2d, email: stalled/last_word}
  - {step: back, at: 3d, start: stalled}
then: end
exit:
  - {event: meeting_booked, as: won_back}
"""
_KEEP_OR_CLOSE = """\
    at: 7d
    for: fresh
    email: no_show/keep_or_close
    window: {hours: 09:00-17:00, days: mon..fri}
"""
_THIRD = "    at: {at}\n    for: fresh\n    email: no_show/keep_or_close\n    expires: {expires}\n"
_TERMS = "      for stopping.\n    valid_for: "


def third(at: str, expires: str, then: str = "") -> Change:
    """The third message of no_show at another time; the cap is two a week."""
    return "no_show.yaml", _KEEP_OR_CLOSE, _THIRD.format(at=at, expires=expires) + then


def reminded(valid_for: str) -> tuple[Change, ...]:
    """no_show promises something at once, and names it again a week later."""
    text, email = "    sms: no_show/seat_text\n", "    email: no_show/keep_or_close\n"
    return (
        ("no_show.yaml", text, f"{text}    offer: month_to_month\n"),
        ("no_show.yaml", email, f"{email}    offer: month_to_month\n"),
        ("incentives.yaml", f"{_TERMS}30d", f"{_TERMS}{valid_for}"),
    )


def before_short_note(step: str) -> Change:
    return "stalled.yaml", "  - step: short_note\n", f"{step}\n  - step: short_note\n"


# ── the shipped project ──


@pytest.fixture(scope="module")
def runner() -> Iterator[CaseRunner]:
    with CaseRunner(SHIPPED) as runner:
        yield runner


@pytest.fixture(scope="module")
def findings(runner: CaseRunner) -> Findings:
    return explored(SHIPPED, runner, "no_show", "closed_lost")


def courses(findings: Findings) -> Iterator[tuple[str, Way, Course]]:
    for key, ways in findings.log.settled.items():
        yield from ((key.step, way, seen.course) for way, seen in ways.items())


def test_what_the_walks_have_seen_is_what_the_engine_does(findings: Findings, runner: CaseRunner) -> None:
    """The plainest course to each way a step came out, played as a test case."""
    for step, way, course in courses(findings):
        campaign, case = course.people[0].kind.campaign, case_of(course, "is so")
        file = TestFile(file="tests/x.yaml", campaign=campaign, cases=(case,), source=case.source)
        result = runner.run(file, case)
        assert result.error == ""
        kind = {"sent": Kind.SEND, "skipped": Kind.SKIP}[way.how]
        reason = None if kind is Kind.SEND else way.rule
        story = [pair.actual for pair in result.pairs if pair.actual]
        assert any((line.kind, line.step, line.reason) == (kind, step, reason) for line in story), (step, way)
        holds = {line.reason for line in story if line.kind is Kind.HOLD and line.step == step}
        assert ("fatigue" in holds) >= way.capped


def test_the_shipped_campaigns_have_no_such_fault(findings: Findings) -> None:
    found = [a for m in (ends, reach, deferrals, promises) for a in m.answers(findings)]
    assert [a for a in found if a.outcome in (Outcome.VIOLATED, Outcome.NOT_SETTLED)] == []
    assert {a.question for a in found} == {"ends", "reach", "deferrals", "promises"}


def test_every_step_and_every_way_out_was_seen(findings: Findings) -> None:
    log = findings.log
    assert log.doubts == {}
    assert {key for *_, key in findings.steps()} == set(log.arrived)
    endings = {how for ways in log.rounds.values() for how in ways}
    assert endings == {
        "completed",
        "handed_over",
        "left_segment",
        "opted_out",
        "sleeps",
        "superseded",
        "won_back",
    }


# ── ends ──


def test_hand_overs_in_a_circle_never_end() -> None:
    onward = "  - {step: onward, at: 20d, start: second_wave}\n\nthen: end\n"
    loaded = varied(
        ("stalled.yaml", _LAST_WORD, _LAST_WORD.replace("then: {park: 30d}\n", onward)),
        added=(("second_wave.yaml", _SECOND_WAVE),),
    )
    [answer] = violated(walked(loaded, "stalled"))
    assert (answer.question, str(answer.source)) == ("ends", "second_wave.yaml:8")
    assert (
        answer.message
        == "'back' hands over to stalled, which leads back to second_wave: nobody ever gets out"
    )
    replay = replay_of(answer)
    assert any(told.wrong for told in replay.timeline)
    assert replay.yaml == ""


def test_a_circle_in_which_no_time_passes_is_played_for_a_while() -> None:
    onward = "  - {step: onward, at: 0d, start: second_wave}\n\n"
    again = "  - {step: again, at: 2d, email: stalled/last_word}\n"
    loaded = varied(
        ("stalled.yaml", "  - step: outcome_story\n", f"{onward}  - step: outcome_story\n"),
        added=(("second_wave.yaml", _SECOND_WAVE.replace(again, "").replace("at: 3d", "at: 0d")),),
    )
    circle = violated(walked(loaded, "stalled"))[0]
    assert (circle.question, str(circle.source)) == ("ends", "second_wave.yaml:7")
    assert replay_of(circle).timeline[-1].text.endswith(" more lines")


def test_rounds_that_repeat_or_sleep_are_no_fault_and_are_told() -> None:
    kept, noted = (a for a in walked(varied(), "stalled") if a.question == "ends")
    assert (kept.outcome, noted.outcome) == (Outcome.KEPT, Outcome.NOTED)
    assert noted.message == "cohort oldest sleeps until pricing_viewed, and for ever if it never comes"


# ── reach ──


def test_a_step_whose_condition_holds_for_nobody_is_never_sent() -> None:
    condition = "    if: {meeting_status: booked}\n    linkedin: stalled/short_note\n"
    loaded = varied(("stalled.yaml", "    linkedin: stalled/short_note\n", condition))
    [answer] = violated(walked(loaded, "stalled"))
    assert (answer.question, answer.step, str(answer.source)) == ("reach", "short_note", "stalled.yaml:25")
    assert "its condition holds for nobody who comes to it" in answer.message
    assert played(loaded, answer) == [("it was skipped (condition)", "short_note condition")]


def test_a_step_that_every_branch_jumps_over() -> None:
    which = "  - step: which\n    at: 6d\n    choose:\n"
    ways = "      - {if: {product: {is: present}}, go: last_word}\n      - {else: last_word}\n"
    loaded = varied(before_short_note(which + ways))
    [answer] = violated(walked(loaded, "stalled"))
    assert answer.message == "nobody ever comes to 'short_note': every way on from 'which' leads past it"
    assert replay_of(answer).yaml == ""  # how it is mended decides what should happen


def test_a_branch_that_nobody_takes_is_told() -> None:
    which = (
        "  - step: which\n    at: 6d\n    choose:\n      - {if: {meeting_status: booked}, go: last_word}\n"
    )
    answers = walked(varied(before_short_note(which)), "stalled")
    assert violated(answers) == []
    [answer, _] = [a for a in answers if a.question == "reach"]
    assert (answer.outcome, str(answer.source)) == (Outcome.NOTED, "stalled.yaml:28")
    assert answer.message == "nobody takes the way of 'which' to 'last_word'"


def test_a_trigger_whose_event_ends_the_round_first() -> None:
    met = "triggers:\n  - trigger: met\n    event: meeting_booked\n    cadence:\n"
    thanks = "      - {step: thanks, at: 0d, email: stalled/last_word}\n\nthen: {park: 30d}\n"
    loaded = varied(("stalled.yaml", "then: {park: 30d}\n", met + thanks))
    [answer] = violated(walked(loaded, "stalled"))
    assert "meeting_booked ends the round, so that it cannot begin this one" in answer.message
    assert str(answer.source) == "stalled.yaml:41"
    assert replay_of(answer).yaml == ""  # how it is mended decides what should happen


def test_a_step_after_a_hand_over() -> None:
    over = "  - {step: over, at: 6d, start: no_show}\n"
    loaded = varied(before_short_note(over))
    first, second = violated(walked(loaded, "stalled"))
    assert (first.step, second.step) == ("short_note", "last_word")
    assert "the round ends before it, where 'over' hands over" in first.message
    assert replay_of(first).yaml == ""


def test_a_cohort_that_nobody_can_be_in() -> None:
    older = "  older: {last_activity_at: {newer_than: 365d}}\n"
    loaded = varied(
        ("stalled.yaml", older, older.replace("365d", "100d")),
        ("stalled.yaml", "    at: 7d\n    for: recent\n", "    at: 7d\n    for: older\n"),
    )
    [answer] = violated(walked(loaded, "stalled"))
    assert answer.message == "nobody ever comes to 'short_note': nobody can be in cohort older"
    assert answer.counterexample is None


def test_a_step_that_is_always_too_late() -> None:
    late = "\n  - step: too_late\n    at: 4d\n    for: fresh\n    email: no_show/two_times\n    expires: 1d\n"
    loaded = varied(third("3d", "20d", late))
    [answer] = violated(walked(loaded, "no_show"))
    assert answer.message == "'too_late' is never sent: its life is always over"
    assert ("it was skipped (expired)", "too_late expired") in played(loaded, answer)


def test_what_only_changing_data_leads_to_is_reachable() -> None:
    """Whoever enters has no product; the step is for those who have one by then."""
    segment, note = "  segment: stalled\n", "    linkedin: stalled/short_note\n"
    loaded = varied(
        ("stalled.yaml", segment, f"{segment}  where: {{product: {{is: missing}}}}\n"),
        ("stalled.yaml", note, f"    if: {{product: {{is: present}}}}\n{note}"),
    )
    assert violated(walked(loaded, "stalled")) == []


def test_what_only_the_youngest_live_to_see_is_reachable() -> None:
    """The segment keeps nobody beyond 130 days, and the last word comes 70 days after entry."""
    quiet, late = "      - last_activity_at: {older_than: 45d}", "    at: 14d\n    for: [recent, older]"
    older = "  older: {last_activity_at: {newer_than: 365d}}"
    loaded = varied(
        ("segments.yaml", quiet, f"{quiet}\n      - last_activity_at: {{newer_than: 130d}}"),
        ("stalled.yaml", late, late.replace("14d", "70d")),
        ("stalled.yaml", older, older.replace("365d", "125d")),
    )
    assert violated(walked(loaded, "stalled")) == []


def test_an_audience_of_a_day_that_has_not_come_is_not_settled() -> None:
    segment, where = "  segment: stalled\n", "  where: {last_activity_at: {after: 2027-01-01}}\n"
    answers = walked(varied(("stalled.yaml", segment, segment + where)), "stalled")
    assert violated(answers) == []
    [answer] = [a for a in answers if a.question == "ends"]
    assert answer.outcome is Outcome.NOT_SETTLED
    assert "depends on the date, and it was asked for 04 May 2026" in answer.message


def test_who_is_only_handed_over_is_followed_though_another_campaign_is_asked_about() -> None:
    nobody = "audience: {segment: stalled, where: [{product: {is: missing}}, {product: {is: present}}]}"
    wave = _SECOND_WAVE.replace("audience: {segment: stalled}", nobody).replace(
        "start: stalled", "email: stalled/last_word"
    )
    onward = "  - {step: onward, at: 20d, start: second_wave}\n\nthen: end\n"
    loaded = varied(
        ("stalled.yaml", _LAST_WORD, _LAST_WORD.replace("then: {park: 30d}\n", onward)),
        added=(("second_wave.yaml", wave),),
    )
    proof = prove(loaded, [loaded.require().campaigns["second_wave"]], 60)
    assert [a.message for a in proof.of("reach")] == [
        "2 steps: somebody comes to each, and gets each that sends"
    ]


# ── deferrals ──


def test_a_step_that_a_cap_never_lets_go_within_its_life() -> None:
    loaded = varied(third("2d", "1d"))
    [answer] = violated(walked(loaded, "no_show"))
    assert (answer.question, answer.step, str(answer.source)) == (
        "deferrals",
        "keep_or_close",
        "no_show.yaml:28",
    )
    assert "whenever it is due a cap is full until its life of 1d is over" in answer.message
    assert ("it was skipped (fatigue)", "keep_or_close fatigue") in played(loaded, answer)


def test_a_step_that_a_cap_always_puts_off_says_by_how_long() -> None:
    answers = walked(varied(third("3d", "20d")), "no_show")
    assert violated(answers) == []
    told = [a.message for a in answers if a.question == "deferrals" and a.step]
    assert told == ["a cap always puts 'keep_or_close' off, by 4d to 6d 23h 30m"]


# ── promises ──


def test_an_offer_that_has_run_out_when_it_is_named_again() -> None:
    loaded = varied(*reminded("5d"))
    answer, *others = violated(walked(loaded, "no_show"))
    assert others == []
    assert (answer.question, answer.step, str(answer.source)) == (
        "promises",
        "keep_or_close",
        "no_show.yaml:29",
    )
    assert answer.details[1] == (
        "it is valid for 5d (incentives.yaml:24), from 'seat_text' at 0d on; 'keep_or_close' comes at 7d"
    )
    assert played(loaded, answer) == [("it was skipped (offer_expired)", "keep_or_close offer_expired")]


def test_an_offer_that_a_weekend_outlives() -> None:
    """Eight days are enough, unless the step falls on a Saturday."""
    loaded = varied(*reminded("8d"))
    [answer] = violated(walked(loaded, "no_show"))
    assert "has run out for some people" in answer.message
    replay = replay_of(answer)
    assert "keep_or_close waits: window (outside the step's send window)" in [t.text for t in replay.timeline]
    assert played(loaded, answer) == [("it was skipped (offer_expired)", "keep_or_close offer_expired")]
    # the page shows this very one
    page = {line.strip() for line in (CAMPAIGNS.parent / "docs/prove.md").read_text().splitlines()}
    assert {line.strip() for line in replay.yaml.splitlines()} <= page
    assert "Mon 18 May 2026 09:00    no_show ends: completed" in page
    assert moment(replay.timeline[-1], replay.zone) == "Mon 18 May 2026 09:00"


def test_an_offer_that_only_an_escalation_outlives_is_told() -> None:
    answers = walked(varied(*reminded("11d")), "no_show")
    assert violated(answers) == []
    told = [a.message for a in answers if a.question == "promises"]
    assert (
        "the offer month_to_month has run out for those a note holds up before 'keep_or_close' can name it"
        in told
    )


def test_an_offer_that_is_open_long_enough_is_no_fault() -> None:
    answers = walked(varied(*reminded("30d")), "no_show")
    told = [(a.outcome, a.message) for a in answers if a.question == "promises"]
    assert told == [(Outcome.KEPT, "an offer is named by 2 steps, never after its end")]


# ── bounds ──


def test_what_there_is_no_time_for_is_not_settled() -> None:
    answers = walked(varied(), "stalled", seconds=0)
    assert violated(answers) == []
    unsettled = {a.question for a in answers if a.outcome is Outcome.NOT_SETTLED}
    assert unsettled == {"ends", "reach", "deferrals", "promises"}
    assert [a.question for a in answers if a.outcome is Outcome.KEPT] == []
    assert all(
        "the time for it was over" in f"{a.message}{a.details}" for a in answers if a.question == "reach"
    )
