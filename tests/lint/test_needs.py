"""RK905: fields that conditions and messages need, and no source fills."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from engine.checks.guards import mentions
from engine.templates import Names, compiled, environment
from tests.language.support import small
from tests.lint.support import HELLO, campaign, codes, lint, loaded, marked, only

SEGMENT = """\
segments:
  - segment: churned
    where: {CONDITION}
  - segment: lost
    where:
      status_at_last_touch: closed_lost
      closed_at: {older_than: 30d}
"""
NEVER = "status_at_last_touch: churned"


@pytest.mark.parametrize(
    ("condition", "needs"),
    [
        ("product: robot", False),
        ("usage_30d: 0", True),
        ("usage_30d: {is: present}", True),
        ("usage_30d: {is: missing}", False),
        ("not: {usage_30d: 0}", True),
        ("any: [{product: robot}, {all: [{usage_30d: 0}]}]", True),
        ("attributes.vip: true", False),
        ("attributes.seats: {more_than: 3}", True),
        ("source: crm", False),  # what 'set' gives
        ("country: US", False),
        ("company_domain: customer.example", False),  # told by the e-mail address
        ("created_at: {older_than: 30d}", False),  # rekindle's own
        ("last_touch_at: {older_than: 30d}", False),
        ("last_touch_channel: email", False),
        ("last_activity_at: {older_than: 30d}", True),
        ("consent.email: express", False),
        ("consent.sms: {is: present}", False),
        ("consent.push: express", True),
        ("event: pricing_viewed", False),
        ("note: {kind: escalation}", False),
    ],
)
def test_a_condition_needs_what_it_compares(condition: str, needs: bool) -> None:
    segments = SEGMENT.replace("CONDITION", f"{NEVER}, {condition}")
    assert codes(lint(segments=segments)) == ["RK905"] * needs


def test_without_a_source_of_people_nobody_can_tell() -> None:
    project = small()["rekindle.yaml"]
    head, _, rest = project.partition("  sources:\n")
    events = rest[rest.index("    - events:") :]
    segments = SEGMENT.replace("CONDITION", f"{NEVER}, usage_30d: 0")
    assert codes(lint(segments=segments, project=head + "  sources:\n" + events)) == []


def test_a_channel_needs_the_attribute_that_leads_there() -> None:
    push = HELLO.replace("email:", "push:")
    project = small()["rekindle.yaml"]
    project = project.replace("channels:\n", "channels:\n  push: {adapter: file, folder: var/outbox}\n", 1)
    finding = only(lint(campaign=campaign(steps=(push,)), project=project), "RK905")
    assert finding.message == "no source fills 'attributes.push_token', so nobody is reached on push"
    assert marked(small(campaign=campaign(steps=(push,))), finding) == "push"
    product = "        product: Product\n"
    project = project.replace(product, f"{product}        attributes.push_token: Device\n")
    project = project.replace("missing_feature: text,", "missing_feature: text, push_token: text,")
    assert "RK905" not in codes(lint(campaign=campaign(steps=(push,)), project=project))


def test_one_field_is_one_finding_at_its_first_place_with_a_count() -> None:
    segments = SEGMENT.replace("CONDITION", f"{NEVER}, usage_30d: 0")
    where = "{segment: lost, where: {usage_30d: {at_most: 1}}}"
    text = campaign(audience=where, steps=(HELLO.replace("}", ", if: {usage_30d: {at_most: 2}}}"),))
    files = small(campaign=text, segments=segments)

    finding = only(lint(campaign=text, segments=segments), "RK905")

    assert (finding.file, marked(files, finding)) == ("segments.yaml", "usage_30d")
    assert finding.message == "no source fills 'usage_30d', so this is true of nobody; 2 more places need it"
    assert finding.context == "segment 'churned'"
    assert [(o.file, marked(files, o)) for o in finding.related] == [("rekindle.yaml", "map")]


@pytest.mark.parametrize(
    "text",
    [
        campaign(audience="{segment: lost, where: {title: Finance}}"),
        campaign(cohorts="{fresh: {title: Finance}, older: everyone}"),
        campaign(steps=(HELLO.replace("}", ", unless: {title: Finance}}"),)),
        campaign(
            steps=(
                HELLO,
                "{step: fork, at: 1d, choose: [{if: {title: Finance}, go: on}]}",
                "{step: on, at: 2d, start: follow_up}",
            )
        ),
        campaign(exits=("{where: {title: Finance}, as: completed}",)),
        campaign(
            triggers="[{trigger: t, event: shipped, match: {kind: title}, "
            "cadence: [{step: note, at: 0d, linkedin: winback/note}]}]"
        ),
    ],
    ids=["audience", "cohort", "step", "branch", "exit", "match"],
)
def test_every_condition_is_read(text: str) -> None:
    finding = only(lint(campaign=text), "RK905")
    assert marked(small(campaign=text), finding) == "title"


def test_an_alias_is_one_place() -> None:
    steps = ("{step: hello, at: 0d, email: winback/hello, offer: keep_price, if: &who {title: Finance}}",)
    more = "{step: note, at: 7d, linkedin: winback/note, if: *who}"
    finding = only(lint(campaign=campaign(steps=(*steps, more))), "RK905")
    assert len(finding.related) == 1  # only the source


#: template, needed fields of a person: of whom nothing else is known, the message fails for their sake
TEXTS = {
    "{{ person.title }}": ["title"],
    "{{ person['title'] }}": ["title"],
    "{{ person.attributes.seats }}": ["attributes.seats"],
    '{{ person.title or "there" }}': [],
    '{{ person.title or person.region or "there" }}': [],
    "{{ person.title or person.region }}": ["region"],
    '{{ person.title | default("there") }}': [],
    '{{ person.title | upper or "there" }}': ["title"],
    '{{ (person.title or "there") | upper }}': [],
    '{{ "a" ~ person.title }}': ["title"],
    '{{ person.title if person.title else "x" }}': [],
    "{{ person.title if person.region else 'x' }}": ["title"],
    "{% if person.title %}{{ person.title }}{% endif %}": [],
    "{% if person.title %}{{ person.region }}{% endif %}": ["region"],
    "{% if not person.title %}x{% else %}{{ person.title }}{% endif %}": [],
    "{% if person.title is defined %}{{ person.title }}{% endif %}": [],
    "{% if person.title is none %}x{% else %}{{ person.title }}{% endif %}": [],
    "{% if person.title and person.region %}{{ person.title }}{{ person.region }}{% endif %}": [],
    "{% if person.title or person.region %}{{ person.title }}{% endif %}": ["title"],
    "{% if person.title == 'x' %}x{% endif %}": [],
    "{% if person.title in ['x'] %}x{% endif %}": [],
    "{% if person.attributes.seats > 3 %}x{% endif %}": ["attributes.seats"],
    "{% set t = person.title or 'x' %}{{ t }}": [],
    "{% for word in person.title %}x{% endfor %}": ["title"],
}


@pytest.mark.parametrize(("text", "needed"), TEXTS.items(), ids=TEXTS)
def test_a_message_needs_what_nothing_answers_for(text: str, needed: list[str]) -> None:
    files = small(campaign=campaign())
    files["templates/winback/hello.md"] += f"\n{text}\n"
    found = [f for f in loaded(files).findings if f.code == "RK905"]
    assert [finding.message.split("'")[1] for finding in found] == needed
    assert {finding.file for finding in found} <= {"templates/winback/hello.md"}


@pytest.mark.parametrize("text", TEXTS, ids=TEXTS)
def test_the_renderer_refuses_just_those_messages(text: str) -> None:
    """Of a person of whom nothing is known; what stands in a branch that is not taken is not reached."""
    env = environment(html=False)
    needed = any(mention.needed and mention.path[0] == "person" for mention in mentions(env.parse(text)))
    known = {"title": "", "region": "", "attributes": {}}
    names = {"person": Names("person", {"attributes": {}}, known)}
    if not needed:
        compiled(env, text).render(names)
    elif "if person.title %" not in text and "else 'x'" not in text and " or person.region %" not in text:
        with pytest.raises(UndefinedError):
            compiled(env, text).render(names)


def test_a_message_is_aimed_at_by_name_line_and_step() -> None:
    files = small(campaign=campaign())
    files["templates/winback/hello.md"] += "\nDear  {{ person . title | upper }},\n"
    finding = only(loaded(files).findings, "RK905")
    assert marked(files, finding) == "person . title"
    assert finding.context == "step 'hello' of campaign 'winback'"
    assert finding.message == "no source fills 'title', so this message is made for nobody"


def test_subjects_are_read_and_templates_that_nobody_sends_are_not() -> None:
    files = small(campaign=campaign())
    hello = files["templates/winback/hello.md"]
    files["templates/winback/hello.md"] = hello.replace(
        "subject: The", 'subject: "{{ person.title }}: the'
    ).replace("stands\n", 'stands"\n', 1)
    files["templates/winback/note.md"] += "{{ person.region }}"
    finding = only(loaded(files).findings, "RK905")
    assert (finding.line, marked(files, finding)) == (2, "person.title")
