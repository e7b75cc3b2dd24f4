"""Coverage says what the engine went through, and what it did not: by part, by way, by ending."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cases.coverage import CampaignCoverage, Part, cover, items_of
from engine.cases.runner import CaseResult
from engine.cli.output.coverage import CoverageReport, share
from engine.model import Campaign
from tests.cases.support import CHURNED, load, play

#: a campaign that has everything a campaign can have
TOUR = """\
campaign: tour
owner: revops@acme.example
objective: Every way that a campaign can go.
goal: {event: [upgrade, meeting_booked], within: 60d}
audience: {segment: churned, re_enter_after: 300d}
cohorts:
  fresh: {churned_at: {newer_than: 90d}}
  older: {churned_at: {newer_than: 120d}}
  oldest: park until pricing_viewed
cadence:
  - step: hello
    at: 0d
    email: {a: come_back/hello, b: come_back/note}
    offer: keep_price
  - {step: listen, at: 1d, for: fresh, wait_for: {event: price_asked, up_to: 2d}}
  - step: fork
    at: 3d
    for: fresh
    choose:
      - {if: {attributes.seats: {at_least: 100}}, go: look}
      - {if: {attributes.seats: {at_least: 50}}, go: over}
  - step: small
    at: 8d
    for: [fresh, older]
    if: {product: {is: present}}
    unless: {last_name: Gray}
    email: come_back/note
  - {step: look, at: 9d, for: fresh, review: {task: Read it first, up_to: 5d}}
  - {step: over, at: 10d, for: fresh, start: welcome}
triggers:
  - trigger: shipped
    event: feature_shipped
    match: {feature: attributes.gap}
    cadence:
      - {step: it_is_here, at: 0d, email: come_back/it_is_here}
then: {park: 30d}
exit:
  - {event: upgrade, as: won_back}
  - {event: replied, as: handed_over, task: call_back}
  - {where: {title: Owner}, as: withdrawn}
"""

ADA = f"{CHURNED}, first_name: Ada"
#: what is covered by a round of Ada's whose first message is sent, and which a purchase ends
ALWAYS = {"cohort fresh", "step hello for fresh", "branch hello, variant b"}
#: one way after the other; what each covers beside ALWAYS
WAYS: dict[str, tuple[str, str, set[str]]] = {
    "the event comes": (
        ADA,
        "{at: 30h, event: price_asked}, {at: 40h, event: purchase}",
        {"step listen for fresh", "branch listen, price_asked comes"},
    ),
    "the event does not come": (
        ADA,
        "{at: 100h, event: purchase}",
        {
            "step listen for fresh",
            "branch listen, price_asked does not come",
            "step fork for fresh",
            "branch fork, no branch holds",
        },
    ),
    "the first branch, approved": (
        f"{ADA}, attributes.seats: 200",
        "{at: 10d, event: task_closed, disposition: approved}, {at: 260h, event: purchase}",
        {
            "step listen for fresh",
            "branch listen, price_asked does not come",
            "step fork for fresh",
            "branch fork, on to look",
            "step look for fresh",
            "branch look, approved",
            "step over for fresh",
        },
    ),
    "rejected": (
        f"{ADA}, attributes.seats: 200",
        "{at: 10d, event: task_closed, disposition: rejected}",
        {
            "step listen for fresh",
            "branch listen, price_asked does not come",
            "step fork for fresh",
            "branch fork, on to look",
            "step look for fresh",
            "branch look, rejected",
        },
    ),
    "nobody looks": (
        f"{ADA}, attributes.seats: 200",
        "",
        {
            "step listen for fresh",
            "branch listen, price_asked does not come",
            "step fork for fresh",
            "branch fork, on to look",
            "step look for fresh",
            "branch look, nobody answers",
        },
    ),
    "the second branch hands over": (
        f"{ADA}, attributes.seats: 50",
        "{at: 20d, event: purchase}",
        {
            "step listen for fresh",
            "branch listen, price_asked does not come",
            "step fork for fresh",
            "branch fork, on to over",
            "step over for fresh",
        },
    ),
    "upgrade": (ADA, "{at: 1h, event: upgrade}", {"exit won_back on upgrade"}),
    "a goal that no exit declares": (
        ADA,
        "{at: 1h, event: meeting_booked}",
        {"exit won_back on meeting_booked"},
    ),
    "a reply": (ADA, "{at: 1h, event: replied}", {"exit handed_over on replied"}),
    "a refusal": (ADA, "{at: 1h, event: replied, text: STOP}", {"exit opted_out"}),
    "another title": (
        ADA,
        "{at: 1h, set: {title: Owner}}",
        {"exit withdrawn"},
    ),
    "another status": (
        ADA,
        "{at: 1h, set: {status_at_last_touch: customer}}",
        {"exit left_segment"},
    ),
    "the trigger": (
        f"{ADA}, attributes.gap: sso",
        "{at: 1h, event: feature_shipped, feature: sso}, {at: 2h, event: purchase}",
        {"trigger shipped", "step it_is_here"},
    ),
}


@cache
def played(person: str, when: str, expect: str = "[]") -> CaseResult:
    case = f"  - {{it: x, given: {{person: {{{person}}}}}, when: [{when}], expect: {expect}}}\n"
    [result] = play(case, "tour", tour=TOUR)
    assert result.error == ""
    return result


@cache
def declared(name: str) -> Campaign:
    return (
        load("  - {it: x, expect: []}", name, **({"tour": TOUR} if name == "tour" else {}))
        .require()
        .campaigns[name]
    )


def covered_by(name: str, *results: CaseResult) -> CampaignCoverage:
    """What the cases cover of the campaign."""
    [covered] = cover([declared(name)], Counter(mark for result in results for mark in result.marks))
    return covered


def tour(*results: CaseResult) -> CampaignCoverage:
    return covered_by("tour", *results)


def names(coverage: CampaignCoverage, *, covered: bool = True) -> set[str]:
    one = dict(zip(Part, ("step", "branch", "cohort", "trigger", "exit"), strict=True))
    return {f"{one[c.item.part]} {c.item.name}" for c in coverage.items if bool(c.times) is covered}


@pytest.mark.parametrize("way", WAYS)
def test_a_case_covers_what_it_makes_happen_and_nothing_else(way: str) -> None:
    person, when, expected = WAYS[way]
    assert names(tour(played(person, when))) == ALWAYS | expected


#: people whom the way of a condition, a cohort or an ending needs: person, when, expect, and what it covers
OTHERS: dict[str, tuple[str, str, str, set[str]]] = {
    "variant a": (
        ADA,
        "{at: 1h, event: purchase}",
        "[{at: 0d, step: hello, channel: email, variant: a}]",
        {"cohort fresh", "step hello for fresh", "branch hello, variant a"},
    ),
    "an older one whom the condition is for": (
        f"{ADA}, churned_at: 100d ago".replace("churned_at: 60d ago, ", ""),
        "",
        "[]",
        {
            "cohort older",
            "step hello for older",
            "branch hello, variant b",
            "step small for older",
            "branch small, its if holds",
            "branch small, its unless does not hold",
            "exit completed",
        },
    ),
    "an older one whom unless turns away": (
        f"{ADA}, churned_at: 100d ago, last_name: Gray".replace("churned_at: 60d ago, ", ""),
        "",
        "[]",
        {
            "cohort older",
            "step hello for older",
            "branch hello, variant b",
            "branch small, its if holds",
            "branch small, its unless holds",
            "exit completed",
        },
    ),
    "an older one whom if turns away": (
        f"{ADA}, churned_at: 100d ago".replace("churned_at: 60d ago, product: Planner, ", ""),
        "",
        "[]",
        {
            "cohort older",
            "step hello for older",
            "branch hello, variant b",
            "branch small, its if does not hold",
            "exit completed",
        },
    ),
    "no branch, on to the next step": (
        ADA,
        "{at: 205h, event: purchase}",
        "[]",
        {
            "cohort fresh",
            "step hello for fresh",
            "branch hello, variant b",
            "step listen for fresh",
            "branch listen, price_asked does not come",
            "step fork for fresh",
            "branch fork, no branch holds",
            "step small for fresh",
            "branch small, its if holds",
            "branch small, its unless does not hold",
        },
    ),
    "the oldest, asleep": (
        f"{ADA}, churned_at: 150d ago".replace("churned_at: 60d ago, ", ""),
        "{at: 1d, event: purchase}",
        "[]",
        {"cohort oldest"},
    ),
    "the oldest, woken": (
        f"{ADA}, churned_at: 150d ago".replace("churned_at: 60d ago, ", ""),
        "{at: 1d, event: pricing_viewed}, {at: 2d, event: purchase}",
        "[]",
        {
            "cohort oldest",
            "cohort oldest, woken by pricing_viewed",
            "step hello for oldest",
            "branch hello, variant b",
        },
    ),
    "never to be written to": (
        f"{ADA}, do_not_contact_scope: all",
        "",
        "[]",
        {"cohort fresh", "exit suppressed"},
    ),
}


@pytest.mark.parametrize("way", OTHERS)
def test_a_case_covers_its_own_way(way: str) -> None:
    person, when, expect, expected = OTHERS[way]
    assert names(tour(played(person, when, expect))) == expected


def every_case() -> list[CaseResult]:
    ways = [played(person, when) for person, when, _ in WAYS.values()]
    return ways + [played(person, when, expect) for person, when, expect, _ in OTHERS.values()]


def test_together_they_cover_everything() -> None:
    together = tour(*every_case())
    assert names(together, covered=False) == set()
    assert together.count() == (len(together.items), len(together.items))


def test_nothing_played_covers_nothing() -> None:
    assert names(tour()) == set()
    assert tour().count()[0] == 0


@given(
    st.sets(st.integers(0, len(WAYS) + len(OTHERS) - 1)), st.sets(st.integers(0, len(WAYS) + len(OTHERS) - 1))
)
def test_what_cases_cover_together_is_what_each_covers(one: set[int], other: set[int]) -> None:
    cases = every_case()

    def of(numbers: set[int]) -> CampaignCoverage:
        return tour(*(cases[n] for n in sorted(numbers)))

    assert names(of(one | other)) == names(of(one)) | names(of(other))
    times = [c.times for c in of(one | other).items]
    apart = [a.times + b.times for a, b in zip(of(one).items, of(other - one).items, strict=True)]
    assert times == apart


def test_every_item_is_named_once_and_stands_where_it_is_declared() -> None:
    items = tour().items
    assert len({(c.item.part, c.item.name) for c in items}) == len(items)
    lines = TOUR.splitlines()
    at = {c.item.name: lines[c.item.source.line - 1].strip() for c in items}
    assert at["hello for fresh"] == "- step: hello"
    assert at["fork, on to over"] == "- {if: {attributes.seats: {at_least: 50}}, go: over}"
    assert at["fork, no branch holds"] == "- step: fork"
    assert at["oldest, woken by pricing_viewed"] == "oldest: park until pricing_viewed"
    assert at["shipped"] == "- trigger: shipped"
    assert at["handed_over on replied"] == "- {event: replied, as: handed_over, task: call_back}"
    assert at["won_back on meeting_booked"].startswith("goal:")
    assert at["completed"] == "then: {park: 30d}"
    assert at["suppressed"] == "campaign: tour"
    assert [c.item.source.line for c in items] == sorted(c.item.source.line for c in items)


def test_who_sleeps_until_a_trigger_gets_no_step_of_the_cadence() -> None:
    steps = {item.name for item in items_of(declared("come_back")) if item.part is Part.STEPS}
    assert steps == {"hello for fresh", "note for fresh", "text for fresh", "it_is_here"}


def test_a_cadence_that_repeats_has_to_begin_again() -> None:
    customer = "given: {person: {status_at_last_touch: customer}}, expect: []"
    once = f"  - {{it: once, when: [{{at: 100d, set: {{status_at_last_touch: engaged}}}}], {customer}}}\n"
    left = f"  - {{it: not at all, when: [{{at: 1d, set: {{status_at_last_touch: engaged}}}}], {customer}}}\n"
    again, never = (covered_by("welcome", result) for result in play(once + left, "welcome"))
    assert "exit completed, and again" in names(again)
    assert "exit completed, and again" in names(never, covered=False)


def test_a_campaign_that_is_started_is_covered_too() -> None:
    approved = "{at: 3d, event: task_closed, disposition: approved}, {at: 9d, event: purchase}"
    case = f"  - {{it: x, given: {{person: {{status_at_last_touch: customer}}}}, when: [{approved}], expect: []}}\n"
    [result] = play(case, "look_first")
    assert names(covered_by("welcome", result)) == {"step check_in", "exit won_back on purchase"}


def test_a_step_that_was_never_sent_says_what_became_of_it() -> None:
    [result] = play(f"  - {{it: x, given: {{person: {{{CHURNED}}}}}, expect: []}}\n")
    missing = covered_by("come_back", result).missing
    instead = {c.item.name: c.instead for c in missing if c.item.part is Part.STEPS}
    assert instead == {"text for fresh": "consent", "it_is_here": ""}


@given(st.integers(0, 3_000).flatmap(lambda items: st.tuples(st.integers(0, items), st.just(items))))
def test_all_is_said_only_of_all(count: tuple[int, int]) -> None:
    covered, items = count
    assert (share(covered, items) == 100) is (covered == items)
    assert 0 <= share(covered, items) <= 100
    assert items == 0 or share(covered, items) <= 100 * covered / items + 1e-9


@pytest.mark.parametrize(
    ("fail_under", "enough"), [(None, True), (0, True), (43.3, False), (43.2, True), (100, False)]
)
def test_what_is_asked_for_is_compared_with_the_exact_share(fail_under: float | None, enough: bool) -> None:
    coverage = tour(*every_case()[:7])
    covered, items = coverage.count()
    report = CoverageReport(campaigns=(coverage,), cases=(7, 7), fail_under=fail_under)
    assert report.enough is enough, (covered, items)
    assert ("less than" in report.summary) is not enough
