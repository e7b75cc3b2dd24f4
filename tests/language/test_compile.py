"""Files -> model values: the small project read whole, versions, pinning, broken campaigns."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.compile import compile_pinned, load_project, pinned_files, read_files
from engine.errors import ProjectError
from engine.fields import FieldType
from engine.model import Campaign, Cap, ConsentLevel, Project, Secret, Source, StepKind, Window
from engine.predicate import All, Compare, EventHappened, Not, NoteExists, Op, leaves
from tests.language.support import SMALL, load, small

DAY = 86_400


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(SMALL).require()


@pytest.fixture(scope="module")
def winback(project: Project) -> Campaign:
    return project.campaigns["winback"]


def test_the_project_is_read_whole(project: Project) -> None:
    assert project.name == "small"
    assert project.root == str(SMALL.resolve())
    assert (project.brand.from_name, project.brand.from_email) == ("Dana Reyes", "dana@acme.example")
    assert project.attributes["mrr"] == "money"
    assert list(project.campaigns) == ["winback", "follow_up"]  # by priority, then id
    assert project.segment_ids() == ("churned", "lost")


def test_the_policy_is_in_seconds_and_open_windows(project: Project) -> None:
    policy = project.policy
    assert policy.consent["sms"] is ConsentLevel.EXPRESS_WRITTEN
    assert policy.consent["letter"] is ConsentLevel.LAWFUL_BASIS
    assert [(c.limit, c.per, c.channel) for c in policy.caps] == [(2, 7 * DAY, None), (1, 7 * DAY, "sms")]
    assert policy.hours["email"] == Window(opens=480, closes=1_260, source=Source("rekindle.yaml", 53, 26))
    assert (policy.hours["sms"].opens, policy.hours["sms"].closes) == (540, 1_200)
    assert policy.step_expiry == 3 * DAY


def test_sources_keep_their_mappings(project: Project) -> None:
    crm, events = project.sources
    assert (crm.kind, crm.csv, crm.mapping["attributes.missing_feature"]) == (
        "people",
        "data/people.csv",
        "Gap",
    )
    assert [(c.channel, c.type, c.type_value) for c in crm.consent] == [
        ("email", "Email consent", None),
        ("sms", None, "express_written"),
    ]
    assert (events.kind, events.sql, events.event_person) == ("events", Secret(env="CRM_URL"), "email")
    assert events.event_data == {"feature": "feature"}


def test_an_environment_inherits_the_channels_it_does_not_name(project: Project) -> None:
    local, production = project.environments["local"], project.environments["production"]
    assert not local.sends
    assert production.sends
    assert local.database == "sqlite:///var/rekindle.db"
    assert production.database == Secret(env="DATABASE_URL")
    assert production.channels["sms"] == local.channels["sms"]
    assert production.channels["sms"].rates == ((1, 1),)
    assert production.channels["email"].options == {
        "host": Secret(env="SMTP_HOST"),
        "port": 587,
        "password": Secret(env="SMTP_PASSWORD"),
    }


def test_steps_are_compiled_by_their_kind(winback: Campaign) -> None:
    kinds = [(s.id, s.kind, s.at) for s in winback.main.steps]
    assert kinds == [
        ("hello", StepKind.SEND, 0),
        ("listen", StepKind.WAIT_FOR, 3 * DAY),
        ("fork", StepKind.CHOOSE, 6 * DAY),
        ("note", StepKind.SEND, 7 * DAY),
        ("text", StepKind.SEND, 10 * DAY),
        ("look", StepKind.REVIEW, 12 * DAY),
        ("on", StepKind.START, 14 * DAY),
    ]
    hello, listen, fork, note, text, look, on = winback.main.steps
    assert hello.variants == (("a", "winback/hello"), ("b", "winback/hello_b"))
    assert hello.window is not None
    assert hello.window.days == frozenset(range(5))
    assert (hello.expires, text.expires) == (3 * DAY, DAY)
    assert (listen.event, listen.up_to) == ("clicked", 3 * DAY)
    assert [b.go for b in fork.branches] == ["note", "text"]
    assert fork.branches[1].when is None
    assert note.cohorts == frozenset({"fresh"})
    assert (look.task, look.up_to, on.start) == ("Read the quote before it goes", 5 * DAY, "follow_up")


def test_what_is_around_the_cadence_is_compiled_too(winback: Campaign) -> None:
    assert winback.goal is not None
    assert (winback.goal.events, winback.goal.expect) == (("purchase", "meeting_booked"), (0.03, 0.05))
    assert winback.caps == (
        Cap(limit=3, per=21 * DAY, campaign="winback", source=Source("winback.yaml", 16, 10)),
    )
    assert [(c.id, c.when is None, c.park_until) for c in winback.cohorts][-1] == (
        "oldest",
        True,
        "feature_shipped",
    )
    assert winback.triggers[0].matching == (("feature", "attributes.missing_feature"),)
    assert [(e.reason, e.event) for e in winback.exits] == [("handed_over", "replied"), ("won_back", None)]
    assert (winback.holdout, winback.then.park, winback.re_enter_after) == (1_000, 30 * DAY, 180 * DAY)
    assert set(winback.templates) == {
        "winback/hello", "winback/hello_b", "winback/note", "winback/text", "winback/it_is_here"
    }  # fmt: skip
    assert set(winback.offers) == {"keep_price"}


def test_predicates_hold_the_units_of_the_store(winback: Campaign) -> None:
    assert winback.where is not None
    found = list(leaves(winback.where))
    assert found[1:3] == [
        Compare("lifetime_value", FieldType.MONEY, Op.AT_LEAST, 500_000, Source("winback.yaml", 12, 38)),
        EventHappened("pricing_viewed", 30 * DAY, Op.AT_LEAST, 2, Source("winback.yaml", 13, 25)),
    ]
    assert isinstance(found[3], NoteExists)
    assert isinstance(winback.where, All)
    assert isinstance(winback.where.of[2], Not)


def test_templates_know_where_their_body_starts(winback: Campaign) -> None:
    hello, note = winback.templates["winback/hello"], winback.templates["winback/note"]
    assert (hello.subject, hello.body_line) == ("The price we quoted still stands", 5)
    assert hello.body.startswith("Hi {{ person.first_name")
    assert (note.subject, note.body_line) == (None, 1)


def test_tests_are_plain_data() -> None:
    _, tests = load_project(SMALL).tests
    (case,) = tests.cases
    assert case.now == 1_772_463_600
    assert case.given.person.fields["closed_at"] == case.now - 40 * DAY
    assert case.given.person.fields["lifetime_value"] == 600_000
    assert case.given.person.attributes == {"vip": True}
    assert case.given.person.consent == {"email": "express"}
    assert case.given.notes[0].closed_at == 1_764_547_200
    assert (case.when[0].event, case.when[0].data) == ("replied", {"text": "call me"})
    assert case.when[1].change is not None
    assert case.expect[0].at.holds(DAY - 1)
    assert not case.expect[0].at.holds(DAY)
    assert (case.expect[1].at.width, case.expect[1].exit) == (3_600, "handed_over")


def _version(**changes: str) -> str:
    return load(small(**changes)).require().campaigns["winback"].version


def _edited(file: str, old: str, new: str) -> str:
    text = small()[file]
    assert old in text
    return text.replace(old, new)


def test_layout_and_comments_do_not_change_a_version() -> None:
    laid_out = _edited("winback.yaml", "exit:\n", "# the ways out\n\nexit:\n")
    laid_out = laid_out.replace(
        "goal: {event: [purchase, meeting_booked], within: 60d, expect: 3%..5%}\n", ""
    )
    laid_out += "goal:\n  expect: '3%..5%'\n  within: 60d\n  event:\n    - purchase\n    - meeting_booked\n"
    assert _version(campaign=laid_out) == _version()


@pytest.mark.parametrize(
    ("what", "file", "old", "new"),
    [
        ("campaign", "winback.yaml", "at: 7d", "at: 8d"),
        ("campaign", "winback.yaml", "objective: Reopen", "objective: Open"),
        ("template", "templates/winback/hello.md", "Hi ", "Hello "),
        ("template", "templates/winback/hello.md", "still stands", "stands"),
        ("incentives", "incentives.yaml", "valid_for: 30d", "valid_for: 31d"),
    ],
)
def test_what_a_person_would_notice_changes_a_version(what: str, file: str, old: str, new: str) -> None:
    assert _version(**{what: _edited(file, old, new)}) != _version()


def test_the_order_of_cohorts_is_part_of_the_version() -> None:
    fresh, older = "  fresh: {closed_at: {newer_than: 90d}}\n", "  older: {closed_at: {newer_than: 365d}}\n"
    assert _version(campaign=_edited("winback.yaml", fresh + older, older + fresh)) != _version()


def test_an_offer_of_another_campaign_does_not_change_a_version() -> None:
    assert _version(incentives=_edited("incentives.yaml", "valid_for: 21d", "valid_for: 22d")) == _version()


def test_a_pinned_campaign_is_compiled_again_to_the_same(project: Project) -> None:
    files = read_files(SMALL)
    for campaign in project.campaigns.values():
        pinned = pinned_files(files, campaign)
        assert compile_pinned(pinned, SMALL) == campaign
    assert "follow_up.yaml" not in pinned_files(files, project.campaigns["winback"])
    assert "templates/follow_up/welcome.md" not in pinned_files(files, project.campaigns["winback"])


def test_a_campaign_that_was_pinned_when_a_rate_was_written_as_a_cap_goes_on(winback: Campaign) -> None:
    pinned = pinned_files(read_files(SMALL), winback)
    older = pinned["rekindle.yaml"].replace("rate: 1/s", "rate: 1 per 1s").replace("rate: 10/s", "rate: 10 per 1s")
    assert older != pinned["rekindle.yaml"]
    assert compile_pinned({**pinned, "rekindle.yaml": older}, SMALL) == winback


def test_a_pinned_campaign_that_is_not_complete_says_so(winback: Campaign) -> None:
    pinned = pinned_files(read_files(SMALL), winback)
    del pinned["templates/winback/hello.md"]
    with pytest.raises(ProjectError, match="unknown template 'winback/hello'"):
        compile_pinned(pinned, SMALL)
    with pytest.raises(ProjectError, match="cannot be compiled"):
        compile_pinned({}, SMALL)


@pytest.mark.parametrize(
    ("what", "file", "old", "new"),
    [
        ("campaign", "winback.yaml", "at: 7d", "at: soon"),
        ("campaign", "winback.yaml", "campaign: winback", "campaign: ["),
        ("template", "templates/winback/hello.md", "person.first_name", "person.frist_name"),
    ],
)
def test_a_broken_campaign_leaves_the_others_usable(what: str, file: str, old: str, new: str) -> None:
    loaded = load(small(**{what: _edited(file, old, new)}), tolerant=True)
    assert list(loaded.require().campaigns) == ["follow_up"]
    assert [f.file for f in loaded.campaigns_broken["winback"]] == [file]
    assert load(small(**{what: _edited(file, old, new)})).project is None


@pytest.mark.parametrize("what", ["project", "segments", "incentives"])
def test_a_broken_shared_file_stops_even_the_tolerant(what: str) -> None:
    loaded = load(small(**{what: "nonsense: {"}), tolerant=True)
    assert loaded.project is None
    with pytest.raises(ProjectError):
        loaded.require()


def test_a_broken_test_does_not_stop_the_daemon() -> None:
    loaded = load(small(tests="tests: winback\ncases: 5\n"), tolerant=True)
    assert set(loaded.require().campaigns) == {"winback", "follow_up"}
    assert [file.campaign for file in loaded.tests] == ["follow_up"]


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no folder"):
        load_project(tmp_path / "nowhere")


def test_an_empty_folder_is_a_finding(tmp_path: Path) -> None:
    assert [f.code for f in load_project(tmp_path).findings] == ["RK116"]


def test_a_file_that_is_not_utf_8_is_a_finding_of_that_file(tmp_path: Path) -> None:
    for file, text in read_files(SMALL).items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "winback.yaml").write_bytes(b"campaign: winb\xe4ck\n")
    loaded = load_project(tmp_path)
    found = [(f.file, f.line, f.column, f.code) for f in loaded.findings]
    assert found == [("winback.yaml", 1, 15, "RK100")]
