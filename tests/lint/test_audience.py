"""RK308 to RK312: who can be in an audience, who cannot, and who could be anybody."""

from __future__ import annotations

import pytest

from tests.language.support import small
from tests.lint.support import HELLO, campaign, codes, lint, loaded, marked, only

LOST = "lost: {status_at_last_touch: closed_lost, closed_at: {older_than: 30d}}"
CHURNED = "churned: {status_at_last_touch: churned, churned_at: {older_than: 30d}}"


def segments(*rows: str) -> str:
    """segments.yaml of rows ``name: {where}``."""
    told = (row.partition(": ") for row in rows)
    return "segments:\n" + "".join(f"  - segment: {name}\n    where: {where}\n" for name, _, where in told)


# ── RK308 ──


@pytest.mark.parametrize(
    ("where", "empty"),
    [
        ("closed_at: {older_than: 30d}", False),
        ("closed_at: {older_than: 30d, newer_than: 30d}", True),
        ("closed_at: {older_than: 30d, newer_than: 31d}", False),
        ("closed_at: {is: missing}, not: {closed_at: {is: missing}}", True),
        ("closed_at: {is: missing, older_than: 30d}", True),
        ("lifetime_value: {more_than: 10, less_than: 10.01}", True),
        ("lifetime_value: {more_than: 10, less_than: 10.02}", False),
        ("purchases: {more_than: 1, less_than: 2}", True),
        ("loss_reason: {in: [price], not_in: [price]}", True),
        ("any: [{purchases: {less_than: 0, more_than: 0}}, {purchases: 2}]", False),
        ("event: {name: seen, times: {at_most: 0}}, not: {event: {name: seen, times: {less_than: 1}}}", True),
        ("event: {name: seen, within: 7d}, not: {event: seen}", True),
        ("note: {kind: escalation, open: true}, not: {note: {kind: escalation}}", True),
        # days of the calendar: long ago now, or only later, is possible on some day
        ("closed_at: {before: 2020-01-01, newer_than: 30d}", False),
        ("closed_at: {after: 2100-01-01, older_than: 30d}", False),
        ("closed_at: {after: 2026-03-02, before: 2026-03-02}", True),
        ("closed_at: {after: 2026-03-02, before: 2026-03-03T00:00:00Z}", False),
        (
            "closed_at: {after: 2026-03-02, older_than: 30d}, churned_at: {before: 2026-03-01, newer_than: 20d}",
            True,
        ),
        (
            "closed_at: {after: 2026-03-02, older_than: 30d}, churned_at: {before: 2026-03-01, newer_than: 32d}",
            False,
        ),
    ],
)
def test_a_segment_somebody_can_be_in(where: str, empty: bool) -> None:
    own = f"lost: {{status_at_last_touch: closed_lost, {where}}}"
    findings = lint(segments=segments(CHURNED, own), campaign=campaign())
    assert codes(findings) == ["RK308"] * empty


def test_an_empty_segment_is_one_finding_whoever_uses_it() -> None:
    rows = segments(CHURNED, "lost: {closed_at: {older_than: 30d, newer_than: 3d}}")
    text = campaign(
        audience="{segment: lost, where: {purchases: 2}}", cohorts="{new: {purchases: 1}, old: everyone}"
    )
    finding = only(lint(segments=rows, campaign=text), "RK308")
    assert codes(lint(segments=rows, campaign=text)) == ["RK308"]
    assert marked(small(segments=rows), finding) == "lost"
    assert finding.context == "segment 'lost'"


def test_a_segment_that_one_above_takes_whole_names_it() -> None:
    rows = segments("lapsed: {churned_at: {older_than: 10d}}", CHURNED, LOST)
    findings = [f for f in lint(segments=rows, campaign=campaign()) if f.code == "RK308"]
    [finding] = findings
    assert (
        finding.message == "nobody can be in the segment 'churned': 'lapsed' above takes everybody who fits"
    )
    assert [marked(small(segments=rows), other) for other in finding.related] == ["lapsed"]


def test_a_segment_that_several_above_take_together_names_them() -> None:
    rows = segments(
        "few: {purchases: {at_most: 5}, status_at_last_touch: lost}",
        "many: {purchases: {more_than: 5}, status_at_last_touch: lost}",
        "lost: {purchases: {is: present}, status_at_last_touch: lost}",
        CHURNED,
    )
    finding = only(lint(segments=rows, campaign=campaign()), "RK308")
    assert [marked(small(segments=rows), other) for other in finding.related] == ["few", "many"]


def test_what_is_unknown_is_not_taken_by_the_segment_above() -> None:
    """Whoever has no number is neither few nor many."""
    rows = segments(
        "few: {purchases: {at_most: 5}, status_at_last_touch: lost}",
        "many: {purchases: {more_than: 5}, status_at_last_touch: lost}",
        "lost: {status_at_last_touch: lost}",
        CHURNED,
    )
    assert "RK308" not in codes(lint(segments=rows, campaign=campaign()))


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("closed_at: {newer_than: 30d}", True),
        ("closed_at: {newer_than: 31d}", False),
        ("status_at_last_touch: churned", True),
        ("loss_reason: price", False),
    ],
)
def test_an_audience_that_somebody_in_the_segment_fits(where: str, found: bool) -> None:
    text = campaign(audience=f"{{segment: lost, where: {{{where}}}}}")
    findings = lint(campaign=text)
    assert codes(findings) == ["RK308"] * found
    for finding in findings:
        assert marked(small(campaign=text), finding) == "where"
        assert [marked(small(), other) for other in finding.related] == ["lost"]


def test_what_the_project_lists_is_all_a_field_can_hold() -> None:
    project = small()["rekindle.yaml"].replace(
        "  currency: USD\n", "  currency: USD\n  values: {loss_reason: [price, timing]}\n"
    )
    where = "{segment: lost, where: {loss_reason: {not_in: [price, timing]}}}"
    assert codes(lint(campaign=campaign(audience=where))) == []
    assert codes(lint(campaign=campaign(audience=where), project=project)) == ["RK308"]


def test_where_there_is_too_much_to_look_through_nothing_is_said() -> None:
    """Each text is another to hold or not to hold."""
    many = ", ".join(f"{{product: {{contains: p{n}}}}}" for n in range(9))
    dates = ", ".join(f"{{closed_at: {{before: 20{n}-01-01}}}}" for n in range(10, 40))
    for conditions in (many, dates):
        where = f"{{segment: lost, where: {{all: [{conditions}, {{closed_at: {{is: missing}}}}]}}}}"
        assert codes(lint(campaign=campaign(audience=where))) == []


# ── RK309 ──


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("status_at_last_touch: {is: missing}", True),
        ("not: {status_at_last_touch: {is: present}}", True),
        ("not: {status_at_last_touch: churned}", False),  # unknown is not true
        ("email: {is: present}, status_at_last_touch: {is: missing}", True),
        ("company_domain: {is: missing}, status_at_last_touch: {is: missing}", True),
        ("company_domain: {is: present}, status_at_last_touch: {is: missing}", True),
        ("created_at: {older_than: 3650d}, status_at_last_touch: {is: missing}", True),
        ("created_at: {newer_than: 1d}, status_at_last_touch: {is: missing}", True),
        ("source: crm, status_at_last_touch: {is: missing}", True),  # 'set' gives it to every row
        ("country: US, status_at_last_touch: {is: missing}", True),
        ("country: CA, status_at_last_touch: {is: missing}", False),
        ("not: {event: purchase}, status_at_last_touch: {is: missing}", True),
        ("event: purchase, status_at_last_touch: {is: missing}", False),
        ("first_name: {is: present}, status_at_last_touch: {is: missing}", False),
        ("consent.email: {is: missing}, status_at_last_touch: {is: missing}", True),
        ("status_at_last_touch: churned", False),
    ],
)
def test_somebody_of_whom_only_an_address_is_known_stays_out(where: str, found: bool) -> None:
    rows = segments(f"churned: {{{where}}}", LOST)
    mapped = small()["rekindle.yaml"].replace("email: E-mail\n", "email: E-mail\n        first_name: Name\n")
    findings = [f for f in lint(segments=rows, project=mapped) if f.code == "RK309"]
    assert len(findings) == found
    for finding in findings:
        assert (finding.file, marked(small(), finding)) == ("follow_up.yaml", "churned")
        assert [marked(small(segments=rows), other) for other in finding.related] == ["churned"]
        assert finding.message == "somebody of whom 'crm' knows only an e-mail address would enter"


EVERYBODY = segments("churned: {status_at_last_touch: {is: missing}}", LOST)


def test_the_audience_and_the_cohorts_may_narrow_it() -> None:
    files = small(segments=EVERYBODY)
    plain = files["follow_up.yaml"]
    narrowed = {
        "where": plain.replace("{segment: churned}", "{segment: churned, where: {purchases: {at_least: 1}}}"),
        "cohorts": plain.replace("cadence:", "cohorts: {old: {churned_at: {older_than: 1d}}}\ncadence:"),
        "everyone": plain.replace(
            "cadence:", "cohorts: {old: {churned_at: {older_than: 1d}}, new: everyone}\ncadence:"
        ),
    }
    assert "RK309" in codes(loaded(files).findings)
    found = {
        name: codes(loaded({**files, "follow_up.yaml": text}).findings) for name, text in narrowed.items()
    }
    assert {name for name, those in found.items() if "RK309" in those} == {"everyone"}


def test_a_segment_above_may_take_them() -> None:
    rows = segments("rest: {status_at_last_touch: {is: missing}, created_at: {is: present}}", *EVERYBODY_ROWS)
    assert "RK309" not in codes(lint(segments=rows))


EVERYBODY_ROWS = ("churned: {status_at_last_touch: {is: missing}}", LOST)


def test_each_address_is_one_to_be_known_by() -> None:
    by_phone = small()["rekindle.yaml"].replace("        email: E-mail\n", "        phone: Phone\n")
    finding = only(lint(segments=EVERYBODY, project=by_phone), "RK309")
    assert finding.message == "somebody of whom 'crm' knows only a telephone number would enter"


def test_without_a_source_an_address_is_known_all_the_same() -> None:
    head, _, tail = small()["rekindle.yaml"].partition("  sources:\n")
    project = head + tail[tail.index("policy:\n") :]
    finding = only(lint(segments=EVERYBODY, project=project), "RK309")
    assert finding.message == "somebody of whom only an e-mail address is known would enter"


def test_a_source_that_no_row_can_come_from_is_left_to_the_import() -> None:
    project = small()["rekindle.yaml"].replace("country: US}", "country: Nowhere}")
    assert "RK309" not in codes(lint(segments=EVERYBODY, project=project))


# ── RK310 ──


def test_whoever_is_in_two_segments_is_shown() -> None:
    rows = segments("churned: {churned_at: {older_than: 30d}}", "lost: {closed_at: {older_than: 30d}}")
    finding = only(lint(segments=rows, campaign=campaign()), "RK310")
    assert marked(small(segments=rows), finding) == "lost"
    assert (
        finding.message == "'churned' above takes whoever fits both: churned_at: 30d ago, closed_at: 30d ago"
    )
    assert [marked(small(segments=rows), other) for other in finding.related] == ["churned"]


def test_a_segment_names_all_that_it_overlaps_each_with_its_person() -> None:
    rows = segments(
        "churned: {status_at_last_touch: churned}",
        "lost: {status_at_last_touch: closed_lost}",
        "big: {lifetime_value: {at_least: 5000}}",
    )
    big = campaign(audience="{segment: big}").replace("campaign: winback", "campaign: big")
    files = small(segments=rows, campaign=campaign()) | {"big.yaml": big, "tests/big.yaml": _tests("big")}
    finding = only(loaded(files).findings, "RK310")
    assert finding.message.startswith("'churned' and 'lost' above take whoever fits both: ")
    assert [other.message for other in finding.related] == [
        "takes them first",
        "takes status_at_last_touch: closed_lost, lifetime_value: $5,000",
    ]


def _tests(name: str) -> str:
    return f"tests: {name}\ncases:\n  - it: is so\n    expect: [{{at: 0d, step: hello, channel: email}}]\n"


@pytest.mark.parametrize(
    ("one", "other", "person"),
    [
        ("purchases: {at_least: 2}", "attributes.vip: true", "purchases: 2, attributes.vip: true"),
        ("consent.email: {is: present}", "purchases: 1", "purchases: 1, consent.email: revoked"),
        ("consent.email: express", "purchases: 1", "purchases: 1, consent.email: express"),
        ("event: seen", "purchases: 1", "purchases: 1, event seen 10d ago"),
        ("event: {name: seen, times: {at_least: 2}}", "purchases: 1",
         "purchases: 1, event seen 2 times, the last 10d ago"),
        ("note: {kind: escalation}", "purchases: 1", "purchases: 1, open note escalation of 10d ago"),
        ("closed_at: {before: 2026-03-02}", "purchases: 1", "closed_at: 2026-03-01, purchases: 1"),
        ("not: {event: seen}", "purchases: {is: missing}", "whoever it is"),
    ],
)  # fmt: skip
def test_a_person_is_told_in_plain_words(one: str, other: str, person: str) -> None:
    rows = segments(f"churned: {{{one}}}", f"lost: {{{other}}}")
    finding = only(lint(segments=rows, campaign=campaign()), "RK310")
    assert finding.message.partition("both: ")[2] == person


def test_a_segment_that_takes_nobody_overlaps_nothing() -> None:
    rows = segments(
        "lapsed: {churned_at: {older_than: 10d}}", CHURNED, "lost: {churned_at: {older_than: 60d}}"
    )
    found = lint(segments=rows, campaign=campaign())
    assert codes(found) == ["RK311", "RK308", "RK308"]


def test_the_order_may_be_meant() -> None:
    rows = segments("churned: {churned_at: {older_than: 30d}}", "lost: {closed_at: {older_than: 30d}}")
    waived = rows.replace(
        "  - segment: lost",
        "  # rekindle: allow RK310 because a former customer is one for ever\n  - segment: lost",
    )
    assert codes(lint(segments=waived, campaign=campaign())) == []


def test_many_segments_are_compared_as_far_as_they_could_be_one() -> None:
    """Those that part ways in plain sight do not count; of the others the nearest are looked at."""
    apart = [f"s{n}: {{product: p{n}, purchases: 1, status_at_last_touch: s}}" for n in range(40)]
    alike = [f"t{n}: {{status_at_last_touch: churned, purchases: {{in: [{n}, 99]}}}}" for n in range(40)]
    for rows, most in ((apart, 0), (alike, 30)):
        found = lint(segments=segments(*rows, CHURNED, LOST), campaign=campaign())
        shared = [len(finding.related) for finding in found if finding.code == "RK310"]
        assert max(shared, default=0) == most


# ── RK311 ──


def test_a_segment_that_nobody_uses_is_named() -> None:
    rows = segments(CHURNED, LOST, "stalled: {status_at_last_touch: stalled}")
    finding = only(lint(segments=rows), "RK311")
    assert marked(small(segments=rows), finding) == "stalled"
    assert codes(lint(segments=rows)) == ["RK311"]


# ── RK312 ──


def _with_cohorts(cohorts: str, where: str = "", then: str = "end") -> str:
    narrowed = f", where: {{{where}}}" if where else ""
    return campaign(audience=f"{{segment: lost{narrowed}}}", cohorts=f"{{{cohorts}}}", then=then)


@pytest.mark.parametrize(
    ("cohorts", "empty"),
    [
        ("fresh: {closed_at: {newer_than: 90d}}, older: everyone", []),
        ("fresh: {closed_at: {newer_than: 30d}}, older: everyone", ["fresh"]),  # the segment begins there
        (
            "fresh: {closed_at: {newer_than: 90d}}, newest: {closed_at: {newer_than: 60d}}, older: everyone",
            ["newest"],
        ),
        (
            "fresh: {closed_at: {newer_than: 90d}}, older: {closed_at: {older_than: 90d}}, rest: everyone",
            ["rest"],
        ),
        ("fresh: {closed_at: {newer_than: 90d}}, oldest: park until feature_shipped", []),
        (
            "big: {quote: {at_least: 500}}, small: {quote: {less_than: 500}}, rest: everyone",
            [],
        ),  # of no quote
        ("churned: {status_at_last_touch: churned}, rest: everyone", ["churned"]),
    ],
)
def test_a_cohort_somebody_can_be_in(cohorts: str, empty: list[str]) -> None:
    text = _with_cohorts(cohorts)
    findings = lint(campaign=text)
    assert codes(findings) == ["RK312"] * len(empty)
    assert [marked(small(campaign=text), finding) for finding in findings] == empty


def test_it_says_who_takes_them() -> None:
    text = _with_cohorts("fresh: {closed_at: {newer_than: 90d}}, newest: {closed_at: {newer_than: 60d}}")
    finding = only(lint(campaign=text), "RK312")
    assert finding.message == "nobody can be in it: 'fresh' above takes everybody who fits"
    assert finding.context == "cohort 'newest' of campaign 'winback'"
    assert [marked(small(campaign=text), other) for other in finding.related] == ["fresh"]
    alone = only(lint(campaign=_with_cohorts("new: {closed_at: {newer_than: 3d}}, old: everyone")), "RK312")
    assert alone.message == "nobody can be in it: nobody in the audience fits"


NARROW = "closed_at: {newer_than: 90d}"
AGES = "fresh: {closed_at: {newer_than: 90d}}, older: {closed_at: {newer_than: 365d}}"


def test_a_cohort_that_only_time_brings_people_to_is_reachable() -> None:
    """When a round begins anew the audience's ``where`` is not asked again, and people have aged."""
    assert codes(lint(campaign=_with_cohorts(AGES, NARROW))) == ["RK312"]
    assert codes(lint(campaign=_with_cohorts(AGES, NARROW, "{repeat: 90d}"))) == []


def test_a_cohort_that_another_campaign_brings_people_to_is_reachable() -> None:
    handed = "campaign: first\nowner: o@acme.example\nobjective: Test.\ngoal: {event: purchase, within: 9d}\n"
    handed += "audience: {segment: lost}\ngroup: first\ncadence: [{step: on, at: 0d, start: winback}]\n"
    files = small(campaign=_with_cohorts(AGES, NARROW)) | {
        "first.yaml": handed,
        "tests/first.yaml": _tests("first"),
    }
    files["tests/first.yaml"] = files["tests/first.yaml"].replace(
        "step: hello, channel: email", "exit: handed_over"
    )
    assert codes(loaded(files).findings) == []


def test_a_segment_above_counts() -> None:
    rows = segments("churned: {closed_at: {older_than: 200d}}", "lost: {closed_at: {older_than: 30d}}")
    text = _with_cohorts("fresh: {closed_at: {newer_than: 90d}}, older: {closed_at: {older_than: 300d}}")
    findings = [f for f in lint(segments=rows, campaign=text) if f.code == "RK312"]
    assert [marked(small(campaign=text), finding) for finding in findings] == ["older"]
    assert HELLO in text
