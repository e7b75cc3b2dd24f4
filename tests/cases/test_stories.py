"""What a case gives and lets happen takes its way through the real engine."""

from __future__ import annotations

import pytest

from engine.cases.cast import identity_for, involved
from engine.gates.holdout import held_out
from engine.model import Campaign
from tests.cases.support import CHURNED, FILES, happened, load, play, play_one, problems

WHOLE = ["0d  hello  email", "3d  note  linkedin", "8d  text  skipped: consent", "38d  exit: completed"]


def story(given: str, when: str = "[]", campaign: str = "come_back", **files: str) -> list[str]:
    """What happened to a person; ``given`` is the inside of a mapping."""
    result = play_one(f"given: {{{given}}}\nwhen: {when}\nexpect: []", campaign, **files)
    assert result.error == ""
    return happened(result)


def person(*more: str) -> str:
    return f"person: {{{', '.join((CHURNED, *more))}}}"


def test_a_person_has_reserved_addresses_unless_told_otherwise() -> None:
    assert story(person("consent: {sms: express_written}"))[2] == "8d  text  sms"
    assert story(person("email: null"))[0] == "0d  hello  skipped: channel"
    assert story(person("linkedin: null"))[1] == "3d  note  skipped: channel"
    nowhere = story(person("phone: null", "timezone: America/Chicago", "consent: {sms: express_written}"))
    assert nowhere[2] == "8d  text  skipped: channel"


def test_a_person_has_a_first_name_unless_told_otherwise() -> None:
    hello = "{at: 0d, step: hello, channel: email, variant: a, says: Hi Sam}"
    replied = "when: [{at: 1d, event: replied}]\nexpect: [%s, {at: 1d, exit: handed_over}]"
    assert play_one(f"given: {{{person()}}}\n{replied % hello}").passed
    assert story(person("first_name: null")) != WHOLE  # it is skipped where the greeting needs it
    assert play_one(f"given: {{{person('first_name: Ada')}}}\n{replied % hello.replace('Sam', 'Ada')}").passed


def test_values_are_read_as_an_import_reads_them() -> None:
    fields = ("country: United States", "region: US-FL", "phone: (312) 555-0142")
    american = person(*fields, "consent: {sms: express_written}").replace("country: US, ", "")
    assert story(american)[2] == "8d  text  sms"


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("phone: '12'", "the person's phone is no phone number"),
        ("email: nobody", "the person's email is no e-mail address"),
        ("timezone: Chicago", "the person's timezone is not an IANA time zone"),
        ("country: Atlantis", "the person's country is not a country"),
        ("purchases: 2.5", "the person's purchases is not a whole number"),
    ],
)
def test_a_person_that_cannot_be_is_told(field: str, told: str) -> None:
    at_entry, later = f"person: {{{field}}}", person()
    for case in (
        f"given: {{{at_entry}}}\nexpect: []",
        f"given: {{{later}}}\nwhen: [{{at: 1d, set: {{{field}}}}}]\nexpect: []",
    ):
        result = play_one(case)
        assert not result.passed
        assert told in result.error


def test_consent_is_on_record_with_its_proof() -> None:
    assert story(person("consent: {sms: express}"))[2] == "8d  text  skipped: consent"
    assert story(person("consent: {sms: express_written}"))[2] == "8d  text  sms"
    assert story(person("consent: {email: revoked}"))[0] == "0d  hello  skipped: suppression"


def test_a_suppressed_channel_is_that_one_only() -> None:
    told = story(f"{person()}, suppressed: [email]")
    assert told[:2] == ["0d  hello  skipped: suppression", "3d  note  linkedin"]
    assert story(f"{person()}, suppressed: [all]") == ["0d  exit: suppressed"]
    assert story(person("do_not_contact_scope: all")) == ["0d  exit: suppressed"]


def test_notes_hold_until_they_are_closed() -> None:
    told = story(f"{person()}, notes: [{{kind: escalation, opened: 2d ago, closed: in 30h}}]")
    assert [line for line in told if "hello" in line and "held" not in line] == ["2d  hello  email"]


def test_earlier_touches_count_for_caps() -> None:
    two = "touches: [{channel: email, at: 6d ago}, {channel: phone, at: 1d ago}]"
    assert story(f"{person()}, {two}")[:2] == ["0d  hello  held: fatigue", "1d  hello  email"]


def test_earlier_events_are_known() -> None:
    with_event = "  where: {event: {name: pricing_viewed, within: 10d}}"
    files = {"come_back": _campaign(with_event)}
    assert (
        story(f"{person()}, events: [{{event: pricing_viewed, at: 3d ago}}]", **files)[0]
        == "0d  hello  email"
    )
    assert story(f"{person()}, events: [{{event: pricing_viewed, at: 20d ago}}]", **files) == []


def _campaign(audience: str, after: str = "then: end") -> str:
    text = FILES["come_back.yaml"]
    head, tail = text.split("  where: {product: {is: present}}\n")
    return head + audience + "\n" + tail.replace("then: {park: 30d}", after)


def test_an_event_moves_them_at_its_moment() -> None:
    assert story(person(), "[{at: 26h, event: purchase}]") == ["0d  hello  email", "1d 2h  exit: won_back"]
    assert story(person(), "[{at: 1d, event: replied, text: call me}]")[1] == "1d  exit: handed_over"
    assert story(person(), "[{at: 1d, event: unheard_of}]") == WHOLE


def test_an_event_is_known_to_what_is_decided_at_the_same_moment() -> None:
    assert story(person(), "[{at: 3d, event: purchase}]") == ["0d  hello  email", "3d  exit: won_back"]


@pytest.mark.parametrize("text", ["STOP", "Unsubscribe", "please stop writing to me", "not interested"])
def test_a_reply_that_refuses_ends_it_as_opted_out(text: str) -> None:
    told = story(person(), f"[{{at: 1d, event: replied, text: '{text}'}}]")
    assert told == ["0d  hello  email", "1d  exit: opted_out"]


@pytest.mark.parametrize("event", ["unsubscribed", "complained", "refused"])
def test_an_event_that_refuses_ends_it_as_opted_out(event: str) -> None:
    assert story(person(), f"[{{at: 1d, event: {event}}}]") == ["0d  hello  email", "1d  exit: opted_out"]


def test_a_refusal_before_entry_binds() -> None:
    told = story(f"{person()}, events: [{{event: replied, at: 10d ago, text: STOP, channel: email}}]")
    assert told[0] == "0d  hello  skipped: suppression"


def test_set_changes_the_person() -> None:
    seats = story(person(), "[{at: 1d, set: {attributes.seats: 3}}]")
    assert seats[1] == "3d  note  skipped: condition"
    left = story(person(), "[{at: 1d, set: {status_at_last_touch: customer}}]")
    assert left == ["0d  hello  email", "3d  exit: left_segment"]
    assert story(person(), "[{at: 4d, set: {consent: {sms: express_written}}}]")[2] == "8d  text  sms"
    assert story(person(), "[{at: 1d, set: {linkedin: null}}]")[1] == "3d  note  skipped: channel"
    stopped = story(person("consent: {sms: express_written}"), "[{at: 4d, set: {consent: {sms: revoked}}}]")
    assert stopped[2] == "8d  text  skipped: suppression"


def test_what_is_set_can_let_them_enter_again() -> None:
    told = story(
        person(), "[{at: 1d, event: replied}, {at: 20d, set: {title: Owner}}, {at: 21d, event: purchase}]"
    )
    assert told == [
        "0d  hello  email",
        "1d  exit: handed_over",
        "20d  hello  email",
        "21d  exit: won_back",
    ]


def test_a_trigger_takes_over_and_its_round_is_told_too() -> None:
    shipped = "[{at: 5d, event: feature_shipped, feature: sso}]"
    assert story(person("attributes.gap: sso"), shipped) == [
        *WHOLE[:2],
        "5d  exit: superseded",
        "5d  it_is_here  held: fatigue",
        "7d  it_is_here  email",
        "37d  exit: completed",
    ]
    assert story(person("attributes.gap: export"), shipped) == WHOLE


def test_who_sleeps_is_told_only_when_they_wake() -> None:
    older = person("churned_at: 120d ago").replace("churned_at: 60d ago, ", "")
    assert story(older) == ["80d  exit: left_segment"]  # 200 days after they left
    woken = story(f"{older}", "[{at: 9d, event: feature_shipped, feature: sso}]")
    assert woken == ["80d  exit: left_segment"]  # a feature they never missed
    missed = older.replace("country: US", "country: US, attributes.gap: sso")
    assert story(missed, "[{at: 9d, event: feature_shipped, feature: sso}]")[:2] == [
        "9d  exit: superseded",
        "9d  it_is_here  email",
    ]


def test_time_alone_moves_who_is_asleep_at_the_very_moment() -> None:
    [line] = story(person("churned_at: 2025-10-01T06:30:00Z").replace("churned_at: 60d ago, ", ""))
    assert line == "47d 15h 30m  exit: left_segment"  # 200 days after 2025-10-01T06:30, from 2026-03-02T15:00


def test_a_campaign_that_repeats_is_followed_for_400_days() -> None:
    told = story("person: {status_at_last_touch: customer}", campaign="welcome")
    ends = [line for line in told if "completed" in line]
    assert ends == [
        "90d  exit: completed",
        "180d  exit: completed",
        "270d  exit: completed",
        "360d  exit: completed",
    ]
    assert told[:3] == ["0d  check_in  email", "90d  exit: completed", "90d  check_in  email"]


CUSTOMER = "person: {status_at_last_touch: customer}"


def test_a_review_waits_for_a_person_and_a_case_can_be_that_person() -> None:
    assert story(CUSTOMER, campaign="look_first") == ["6d  exit: expired"]
    rejected = "[{at: 2d, event: task_closed, disposition: rejected}]"
    assert story(CUSTOMER, rejected, campaign="look_first") == ["2d  exit: withdrawn"]
    approved = "[{at: 3d, event: task_closed, step: look, disposition: approved}, {at: 9d, event: purchase}]"
    assert story(CUSTOMER, approved, campaign="look_first") == [
        "3d  letter  email",
        "5d  exit: handed_over",
        "5d  check_in  email",
        "9d  exit: won_back",
    ]


def test_the_result_of_a_call_is_heard() -> None:
    said_no = "[{at: 4d, event: task_closed, disposition: not_interested}]"
    assert story(person(), said_no) == [*WHOLE[:2], "4d  exit: opted_out"]


def test_a_task_that_is_not_open_cannot_be_closed() -> None:
    result = play_one(
        f"given: {{{CUSTOMER}}}\nwhen: [{{at: 0d, event: task_closed}}]\nexpect: []", "look_first"
    )
    assert result.error == "tests/look_first.yaml:5: there is no open task to close at that moment"
    unknown = "when: [{at: 2d, event: task_closed, disposition: whatever}]"
    assert "whatever" in play_one(f"given: {{{CUSTOMER}}}\n{unknown}\nexpect: []", "look_first").error


def test_nobody_is_kept_back_unless_the_case_is_about_that() -> None:
    assert story(person())[0] == "0d  hello  email"
    lines = ("0d, step: hello", "3d, step: note", "8d, step: text")
    skips = ", ".join(f"{{at: {line}, skipped: holdout}}" for line in lines[:2])
    consent = "{at: 8d, step: text, skipped: consent}"
    case = f"given: {{{person()}}}\nexpect: [{skips}, {consent}, {{at: 38d, exit: completed}}]"
    assert problems(play_one(case)) == []


def test_the_holdout_is_asked_of_every_campaign_involved() -> None:
    whole = "experiment: {holdout: 100%}\n"
    loaded = load("  - {it: x, expect: []}", "look_first", welcome=FILES["welcome.yaml"] + whole)
    project, case = loaded.require(), loaded.tests[0].cases[0]
    campaigns: tuple[Campaign, ...] = involved(project, "look_first")
    assert [c.id for c in campaigns] == ["look_first", "welcome"]
    assert identity_for(case, campaigns) == 1  # nobody is outside of it
    assert held_out(campaigns[1], 1)


def test_cases_know_nothing_of_each_other() -> None:
    case = f"given: {{{person()}}}, when: [{{at: 1d, event: replied, text: STOP}}], expect: []"
    other = f"given: {{{person()}}}, now: 2025-06-02T15:00:00Z, expect: []"
    tests = f"  - {{it: one, {case}}}\n  - {{it: two, {other}}}\n  - {{it: three, {case}}}\n"
    one, two, three = (happened(result) for result in play(tests))
    assert one == three == ["0d  hello  email", "1d  exit: opted_out"]
    assert two == WHOLE


def test_the_moment_of_entry_is_the_cases_own() -> None:
    night = f"given: {{{person('timezone: America/Chicago')}}}\nnow: 2026-03-03T04:00:00Z\nexpect: []"
    assert happened(play_one(night))[:2] == ["0d  hello  held: quiet_hours", "10h  hello  email"]


def test_a_fault_of_ours_in_one_case_spares_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    case = f"given: {{{person()}}}, when: [{{at: 1d, event: purchase}}], expect: []"
    monkeypatch.setattr("engine.cases.script.record", lambda *_, **__: 1 / 0)
    broken, sound = play(f"  - {{it: one, {case}}}\n  - {{it: two, given: {{{person()}}}, expect: []}}\n")
    assert broken.error.startswith("rekindle itself failed: ZeroDivisionError")
    assert happened(sound) == WHOLE


def test_a_step_that_comes_too_late_is_told_although_a_round_can_end_for_a_reason_of_that_name() -> None:
    text = "  - step: text\n    at: 8d\n    sms: come_back/text\n"
    late = (
        "  - {step: again, at: 3d, email: come_back/note, expires: 20d}\n"
        "  - {step: news, at: 4d, email: come_back/note, expires: 1d}\n"
    )
    told = story(person(), come_back=FILES["come_back.yaml"].replace(text, late))
    assert told[2:] == [
        "3d  again  held: fatigue",
        "7d  again  email",
        "7d  news  skipped: expired",
        "37d  exit: completed",
    ]


def test_campaigns_that_hand_a_person_on_without_end_are_told() -> None:
    back = FILES["welcome.yaml"].replace("email: come_back/note", "start: look_first")
    there = FILES["look_first.yaml"].replace("review: {task: Read it first, up_to: 5d}", "start: welcome")
    case = f"given: {{{CUSTOMER}}}\nexpect: []"
    result = play_one(case, "look_first", welcome=back, look_first=there.replace("at: 1d", "at: 0d"))
    assert result.error == "the person is handed on and on at one moment. Let one of them wait, or end"
    assert not result.passed
