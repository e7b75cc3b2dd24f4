"""Where ``validate`` has nothing to mend, rendering has nothing to refuse: templates of every project here, as
they are and damaged, judged by both."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.cli.init import project_files
from engine.clock import VirtualClock
from engine.compile import load_files, read_files
from engine.fields import PERSON_FIELDS, FieldType
from engine.model import DAY, Campaign, Project, Step
from engine.render import Renderer, RenderError, RenderRequest
from engine.testfile import DEFAULT_NOW
from engine.tokens import Signer
from engine.vocabulary import BRAND, OFFER, OWNER
from tests.language.support import DATA, SMALL, load, small

ROOT = Path(__file__).parents[2]
#: values other than those ``validate`` words its messages with
_VALUES: dict[FieldType, Any] = {
    FieldType.TEXT: "night shifts & other plans",
    FieldType.NUMBER: 7,
    FieldType.MONEY: 1_990,
    FieldType.INSTANT: DEFAULT_NOW - 3 * DAY,
    FieldType.FLAG: False,
}
_ADDRESSES = {"email": "kim@customer.example", "phone": "+13125550142", "linkedin": "https://in.example/kim"}


@cache
def _projects() -> dict[str, dict[str, str]]:
    """The files of every project that is shipped or tested with."""
    folders = [ROOT / "campaigns", *sorted((DATA / "projects").iterdir())]
    return {folder.name: read_files(folder) for folder in folders} | {
        "starter": project_files("acme", VirtualClock(DEFAULT_NOW))
    }


def _everything(project: Project) -> dict[str, Any]:
    attributes = {name: _VALUES[FieldType(kind)] for name, kind in project.attributes.items()}
    known = {name: _VALUES[kind] for name, kind in PERSON_FIELDS.items()}
    shaped = {"timezone": "Europe/Paris", "country": "FR", "language": "fr", **_ADDRESSES}
    return known | shaped | {"attributes": attributes | {"postal_address": "1 Example Street"}}


def _requests(project: Project, person: dict[str, Any]) -> Iterator[list[RenderRequest]]:
    """Each message, once for each kind of event that may have started it: what one carries differs from event to
    event, a text in one, a number in the next."""
    for campaign in project.campaigns.values():
        for track in (campaign.main, *campaign.triggers):
            events = [{}] if track is campaign.main else [{"feature": "night shifts"}, {"feature": 7}]
            for step in track.steps:
                by_event = (_of_step(campaign, step, person, event) for event in events)
                yield from (list(same) for same in zip(*by_event, strict=True))


def _of_step(
    campaign: Campaign, step: Step, person: dict[str, Any], trigger: dict[str, Any]
) -> Iterator[RenderRequest]:
    for variant, ref in step.variants:
        offer = campaign.offers[step.offer] if step.offer else None
        yield RenderRequest(
            ref="r1", campaign=campaign, step=step, template_ref=ref, person=person, now=DEFAULT_NOW,
            variant=variant, offer=offer, trigger=trigger,
            offer_expires_at=DEFAULT_NOW + offer.valid_for if offer else None,
        )  # fmt: skip


def _refused(project: Project, person: dict[str, Any]) -> list[RenderError]:
    """What fails whatever the event carries that started it."""
    renderer = Renderer(project, Signer("test key"))
    found = []
    for requests in _requests(project, person):
        errors = list(takewhile(bool, (_error_of(renderer, request) for request in requests)))
        if len(errors) == len(requests):
            found.append(errors[0])
    return [error for error in found if error is not None]


def _error_of(renderer: Renderer, request: RenderRequest) -> RenderError | None:
    try:
        renderer.render(request)
    except RenderError as error:
        return error
    return None


def _agrees(files: dict[str, str]) -> None:
    project = load_files(files, ROOT).project
    if project is not None:
        found = _refused(project, _everything(project))
        unheard = [
            e for e in found if (e.missing or "").startswith("trigger.")
        ]  # events carry what they carry
        assert [str(e) for e in found if e not in unheard] == []
        nobody = {**dict.fromkeys(PERSON_FIELDS), **_ADDRESSES, "attributes": {"postal_address": "x"}}
        assert [str(e) for e in _refused(project, nobody) if e.missing is None] == []


@pytest.mark.parametrize("name", sorted(_projects()))
def test_a_sound_project_renders_for_whoever_has_everything(name: str) -> None:
    files = _projects()[name]
    assert load_files(files, ROOT).project is not None
    _agrees(files)


_PIECES = [
    "{{ person.quote }}", "{{ person.closed_at | money }}", "{{ person.quote | money }}", "{{ offer }}",
    "{{ offer.title }}", "{{ offer.limits }}", "{% if offer %}", "{% if not person.company %}", "{% else %}",
    "{% endif %}", "{{ brand.links }}", "{{ brand.phone }}", "{{ links.calendar }}", "[a](/b)", "(data:x)",
    "[a](javascript:b)", "[a]({{ person.linkedin }})", "![p](/x.png)", "{{ trigger.feature }}", "{{ loop }}",
    "{{ trigger }}", "{{ person.seats + 1 }}", "{{ person.company.upper() }}", "{{ owner.name.x }}",
    "{% break %}", "{% set person = 1 %}", "{{ 1 / 0 }}", "{{ person.product | default('x') }}", "{#", "{%",
    "{{ person.closed_at or 'x' }}", "| date", "| ago", "or 'x'", ".", "subject: ", "why: {{ x }}\n", "---\n",
    "https://a.example/{% if 1 %}x{% endif %}", "{{ person.closed_at | default('x') | upper }}", "\\", "’",
]  # fmt: skip


@settings(deadline=None, max_examples=250)
@given(
    which=st.integers(0, 10_000),
    at=st.floats(0, 1),
    length=st.integers(0, 30),
    piece=st.sampled_from(_PIECES),
)
@example(which=0, at=1.0, length=0, piece="{{ 1 / 0 }}")
@example(which=10_000, at=0.84375, length=0, piece="---\n")  # "{{ ---trigger.feature }}" is good for a number
def test_a_damaged_template_is_refused_by_both_or_by_none(
    which: int, at: float, length: int, piece: str
) -> None:
    places = [(name, f) for name, files in _projects().items() for f in files if f.startswith("templates/")]
    name, file = places[which % len(places)]
    files = _projects()[name]
    start = int(at * len(files[file]))
    _agrees({**files, file: files[file][:start] + piece + files[file][start + length :]})


def _codes(body: str, *, channel: str = "email", step: str = "hello") -> list[str]:
    """Codes of what is found about the e-mail of the small project, or its text message, with this body."""
    file = {"email": "hello", "sms": "text"}[channel]
    front = "---\nsubject: It is back\n---\n" if channel == "email" else ""
    files = small() | {f"templates/winback/{file}.md": f"{front}{body}{{# {{ #}}"}
    assert step in files["winback.yaml"]
    return [f.code for f in load(files).findings if f.code != "RK607"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{% for x in person.product %}{{ y }}{% endfor %}", "RK602"),
        ("{{ person.closed_at | default('x') }}", "RK609"),
        ("{{ person.product | date }}", "RK609"),
        ("{{ offer.title | money }}", "RK609"),
        ("![logo](/logo.png)", "RK610"),
        ("[a](data:text/html,x)", "RK610"),
        ("{{ loop.index }}", "RK611"),
        ("{{ range(3) | list }}", "RK602"),
        ("{% if person.company %}x{% else %}{{ 1 / 0 }}{% endif %}", "RK611"),
        ("{% break %}", "RK601"),
        ("{{ brand.links }}", "RK602"),
        ("{{ offer }}", "RK602"),
        ("{{ offer.percent }}", "RK604"),
        ("{% if trigger %}{{ trigger.feature }}{% endif %}{{ trigger.feature }}", "RK604"),
    ],
)
def test_what_rendering_refuses_is_one_finding(body: str, code: str) -> None:
    assert _codes(body) == [code]


@pytest.mark.parametrize(
    "body",
    [
        "{% if offer %}{{ offer.title }}{% endif %}",
        "{% if trigger %}{{ trigger.feature }}{% endif %}",
        "{% if not trigger %}x{% else %}{{ trigger.feature }}{% endif %}",
        "{{ trigger.feature if trigger else 'x' }}",
        "{% if trigger.feature and person.company %}{{ trigger.feature }}{% endif %}",
        "{% if offer.limits %}{{ offer.limits }}{% endif %}",
        "{% if trigger is defined %}{{ trigger.feature }}{% endif %}",
        "{{ (person.closed_at or person.meeting_at) | date }}",
        "{{ person.company.upper() }}",
        "{{ {'arm': 'the arm'}[person.product] or 'it' }}",
        "[your plan]({{ person.attributes.missing_feature }})",
        "{{ person.churned_at | ago }}",
    ],
)
def test_what_rendering_allows_is_no_finding(body: str) -> None:
    assert _codes(body) == []


def test_all_faults_of_a_template_are_told_at_once() -> None:
    body = "{{ person.quote }}\n\n[a](/b) and [c](/d)\n\n{{ person.closed_at }} {{ person.quote | mony }}"
    assert sorted(_codes(body)) == ["RK603", "RK609", "RK609", "RK610", "RK610"]


def test_a_template_two_steps_share_is_judged_for_each_and_said_once() -> None:
    files = small()
    campaign = files["winback.yaml"].replace("email: winback/it_is_here", "email: winback/hello_b")
    found = load(files | {"winback.yaml": campaign}).findings
    assert [(f.code, f.context) for f in found] == [("RK604", "step 'it_is_here' of campaign 'winback'")]


def test_what_an_event_carries_may_be_anything() -> None:
    text = (
        "---\nsubject: It is here\n---\n{{ trigger.when | date }} {{ trigger.name.upper() }} {{ trigger.n }}"
    )
    assert load(small() | {"templates/winback/it_is_here.md": text}).findings == []
    more = text + "{% if trigger.n > 5 %}{{ trigger.name.upper() }}{% endif %}"
    assert load(small() | {"templates/winback/it_is_here.md": more}).findings == []
    never = text.replace("{{ trigger.name.upper() }}", "{{ 1 / 0 }}")
    assert [f.code for f in load(small() | {"templates/winback/it_is_here.md": never}).findings] == ["RK611"]


def test_a_subject_that_can_come_out_empty_is_told() -> None:
    text = small()["templates/winback/hello.md"].replace(
        "subject: The price we quoted still stands", "subject: \"{{ person.company or '' }}\""
    )
    (finding,) = load(small(template=text)).findings
    assert (finding.code, finding.line) == ("RK606", 2)


def test_a_text_message_that_no_provider_takes_is_refused() -> None:
    files = small() | {"templates/winback/text.md": "a" * 1_600 + " {{ person.attributes.missing_feature }}"}
    (finding,) = load(files).findings
    assert finding.code == "RK612"
    assert "1600 is the most" in finding.message


def test_values_and_conditional_parts_do_not_make_a_text_message_too_long() -> None:
    long = "{% if person.company %}" + "a" * 1_700 + "{% endif %}{{ person.attributes.missing_feature }}"
    assert load(small() | {"templates/winback/text.md": long}).findings == []


def test_a_pinned_campaign_is_not_judged_anew() -> None:
    from engine.compile import compile_pinned, pinned_files

    files = small()
    project = load(files).require()
    pinned = pinned_files(files, project.campaigns["winback"])
    pinned["templates/winback/hello.md"] += "\n{{ person.quote }}\n"
    pinned["rekindle.yaml"] = pinned["rekindle.yaml"].replace("adapter: file", "adapter: of_another_time")
    assert compile_pinned(pinned, SMALL).id == "winback"


def test_the_lists_of_names_are_what_messages_are_worded_with() -> None:
    project = load(small()).require()
    renderer = Renderer(project, Signer("test key"))
    request = next(r for r, *_ in _requests(project, _everything(project)) if r.offer)
    names = renderer._vocabulary.names(request.person, request.offer, 1, {})
    assert set(names["brand"].values) == set(BRAND)
    assert set(names["offer"].values) == set(OFFER)
    assert set(names["owner"].values) == set(OWNER)
