"""Messages are judged as they would be worded: for each way in which they are sent, and at their own words."""

from __future__ import annotations

from typing import Any

import pytest

from engine.diagnostics import Finding
from tests.lint.trial import PROJECT, by_template, load, said, words_at

HISTORY = "You left on {{ person.churned_at | date }}."
LINK = "[See it]({{ links.whats_new }})"


def mail(body: str, **more: Any) -> dict[str, Any]:
    """An e-mail with a subject and a preheader."""
    return {"subject": "What is new", "preheader": "On one page.", **more, "body": body}


def found(body: str, **more: Any) -> list[str]:
    """Codes of what is found about an e-mail."""
    return [finding.code for finding in said(mail(body, **more))]


def marked(message: dict[str, Any]) -> tuple[str, str]:
    """Code and words of the one finding about a message."""
    loaded = load([message])
    [finding] = by_template(loaded)[0]
    return finding.code, words_at(loaded, finding)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("日本語 👩‍🚒 hereby " + LINK, "hereby"),
        ("Wir sagen \\*hereby\\* " + LINK, "hereby"),
        ("a &amp; b &lt;c&gt; hereby " + LINK, "hereby"),
        ("**hereby** " + LINK, "hereby"),
        ("> quoted\n> and hereby\n\n" + LINK, "hereby"),
        ("1. one\n2. two\n   hereby\n\n" + LINK, "hereby"),
        ("[hereby](https://www.acme.example/hereby)", "hereby"),
        ("[it](https://www.acme.example/hereby) is hereby", "hereby"),
        ("{# hereby #}{{ person.first_name }} hereby " + LINK, "hereby"),
        ("{% if person.company -%}\n\n  hereby {% else %}x{% endif %}" + LINK, "hereby"),
        ("{% for x in ['a', 'b'] %}hereby {% endfor %}" + LINK, "hereby"),
        ("{% filter upper %}hereby{% endfilter %} " + LINK, "hereby"),
        ("{% raw %}{{ hereby }}{% endraw %} " + LINK, "hereby"),
        ("```\nhereby\n```\n\n" + LINK, "hereby"),
    ],
)
def test_a_finding_is_aimed_at_its_words_whatever_stands_around_them(body: str, words: str) -> None:
    assert marked(mail(f"{HISTORY}\n\n{body}")) == ("RK615", words)


def test_words_of_windows_and_of_folded_front_matter_are_found_too() -> None:
    template = (
        f"---\r\nsubject: >-\r\n  What is\r\n  hereby new\r\npreheader: x\r\n---\r\n{HISTORY} {LINK}\r\n"
    )
    loaded = load([mail("x")], {"templates/t/m0.md": template})
    [finding] = by_template(loaded)[0]
    assert (finding.line, finding.column, finding.end_column) == (4, 3, 9)


def test_a_template_of_two_steps_is_judged_for_each_and_said_once() -> None:
    body = f"{HISTORY} Your last chance. {LINK}"
    campaign = """
campaign: c0
owner: a@acme.example
objective: Try.
audience: {segment: past}
cadence:
  - {step: first, at: 0d, email: t/m0, offer: price_held}
  - {step: late, at: 28d, email: t/m0, offer: price_held}
  - {step: bare, at: 40d, email: t/m0}
then: end
"""
    [finding] = by_template(load([mail(body)], {"c0.yaml": campaign}))[0]
    assert finding.code == "RK621"
    assert finding.context == "step 'first' of campaign 'c0'"
    assert "30 days left" in finding.message


def test_a_front_matter_that_one_of_its_channels_uses_is_not_lost() -> None:
    campaign = """
campaign: c0
owner: a@acme.example
objective: Try.
audience: {segment: past}
cadence:
  - {step: mail, at: 0d, email: t/m0}
  - {step: text, at: 1d, sms: t/m0}
then: end
"""
    body = "{{ brand.name }}: you left us. Which day suits you?"
    assert by_template(load([mail(body)], {"c0.yaml": campaign})) == {}


def test_a_link_of_an_event_is_worded_with_an_address() -> None:
    campaign = """
campaign: c0
owner: a@acme.example
objective: Try.
audience: {segment: past}
cadence: [{step: s, at: 9d, email: t/before}]
triggers:
  - trigger: shipped
    event: feature_shipped
    cadence: [{step: told, at: 0d, email: t/m0}]
then: end
"""
    before = {"templates/t/before.md": f"---\nsubject: x\npreheader: x\n---\n{LINK}"}
    body = HISTORY + " [See it]({{ trigger.url }}), [or read]({{ trigger.story }})."
    [finding] = by_template(load([mail(body)], {"c0.yaml": campaign, **before}))[0]
    assert finding.code == "RK613"
    [other] = finding.related
    assert other.message == "asked for first"


def test_both_ends_of_a_menu_are_shown() -> None:
    message = mail(f"{HISTORY} {LINK}, or [choose a time]({{{{ links.calendar }}}}).")
    loaded = load([message])
    [finding] = by_template(loaded)[0]
    assert words_at(loaded, finding) == "choose a time"
    [other] = finding.related
    line = loaded.files[finding.file].split("\n")[other.line - 1]
    assert line[other.column - 1 : other.end_column - 1] == "See it"


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (f"{HISTORY} {LINK}", []),
        (f"{HISTORY} {LINK} and {LINK}", []),
        (f"{HISTORY} {LINK} [again](https://go.acme.example/new/#top)", []),
        (f"{HISTORY} {LINK} [again](https://go.acme.example/new?plan=2)", ["RK613"]),
        (f"{HISTORY} {LINK} [mail](mailto:a@acme.example)", ["RK613"]),
        (f"{HISTORY} [mail](mailto:a@acme.example), or reply.", []),
        (f"{HISTORY} {LINK}. Reply with a day.", ["RK613"]),
        (f"{HISTORY} {LINK}. If nothing fits, reply with a day.", []),
        (f"{HISTORY} {LINK}. You can reply at any time.", []),
        (f"{HISTORY} {LINK}. Call me tomorrow.", ["RK613"]),
        (f"{HISTORY} {LINK}. Would you like that?", []),
        (f"{HISTORY} Would you like that?", []),
        (f"{HISTORY} Let me know.", []),
        (f"{HISTORY} Come and see us on Fridays.", []),
        (f"{HISTORY} That is all.", ["RK613"]),
        (f"{HISTORY} Reply STOP to stop.", ["RK613"]),
        (f"{HISTORY} {LINK} [Privacy](https://www.acme.example/privacy)", []),
        (f"{HISTORY} {LINK}\n\n{{{{ owner.name }}}}\n[Our site](https://www.acme.example)", []),
        (f"{HISTORY} {LINK}\n\n{{{{ owner.name }}}}\n\nPS: [Read](https://www.acme.example/x)", ["RK613"]),
        (f"![x y]({{{{ links.calendar }}}}) {HISTORY} {LINK}", []),
        (f"[![our board](https://www.acme.example/b.png)](https://www.acme.example/b) {HISTORY}", []),
    ],
)  # fmt: skip
def test_what_counts_as_an_ask(body: str, codes: list[str]) -> None:
    assert found(body) == codes


@pytest.mark.parametrize("channel", ["phone", "push", "in_app"])
def test_a_call_and_a_message_that_is_itself_a_link_need_not_ask(channel: str) -> None:
    assert said({"channel": channel, "body": f"{HISTORY} That is all."}) == []


@pytest.mark.parametrize(
    ("offer", "respond_by", "words", "codes"),
    [
        (None, None, "It ends tonight.", ["RK621"]),
        (None, "30d", "It ends tomorrow.", ["RK621"]),
        (None, "10 business days", "The time is limited: please answer.", []),
        (None, "30d", "For a limited time you pay less.", []),
        ("price_held", None, "For a limited time you pay less.", []),
        ("price_held", None, "Only 3 days left.", ["RK621"]),
        ("price_held", "14d", "Only 3 days left.", ["RK621"]),
        ("price_held", None, "The price is good until March 31.", ["RK621"]),
        ("price_held", None, "The price is good until {{ offer.expires_on | date }}.", []),
        (None, None, "The price is good until the end of this month.", ["RK621"]),
        (None, None, "Your contract ends tomorrow.", []),
    ],
)
def test_haste_is_true_only_where_something_ends(
    offer: str | None, respond_by: str | None, words: str, codes: list[str]
) -> None:
    given = {"offer": offer, "respond_by": respond_by}
    named = "{{ offer.title }}." if offer else ""
    body = f"{HISTORY} {words} {named} {LINK}"
    assert found(body, **{key: value for key, value in given.items() if value}) == codes


@pytest.mark.parametrize(
    ("channel", "body", "codes"),
    [
        ("email", f"{HISTORY} {LINK} **bold**\n\n# Heading\n\n![the board](https://www.acme.example/b.png)", []),
        ("sms", "{{ brand.name }}: 2 * 3 * 4, a_b_c, #1 and [1]. Shall we?", []),
        ("linkedin", "Hi, 10%* off (*list price). Shall we?", []),
        ("phone", "- one\n- two\n1. three\n> said", []),
        ("letter", "# Hello\n\nYou came. **Call** me.", []),
        ("letter", "You came. Call me. ![the board](https://www.acme.example/b.png)", ["RK806"]),
        ("email", f"{HISTORY} {LINK} a < b, 3 <b and <3, <https://www.acme.example/new>", ["RK613"]),
        ("email", f"{HISTORY} {LINK} {{# <b> #}}{{{{ '<b>' }}}}", []),
    ],
)  # fmt: skip
def test_what_a_channel_carries(channel: str, body: str, codes: list[str]) -> None:
    front = {"subject": "x", "preheader": "y"} if channel == "email" else {}
    front = {"subject": "x"} if channel == "letter" else front
    assert [f.code for f in said({"channel": channel, **front, "body": body})] == codes


def _sender(finding: Finding) -> tuple[str, int]:
    return finding.code, finding.line


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("from: Dana Reyes", "from: 🔥 Dana Reyes", ["RK616"]),
        ("from: Dana Reyes", "from: Last chance at Acme", ["RK616"]),
        ("from: Dana Reyes", "from: Dana from Acme", []),
        ("https://go.acme.example/time", "https://bit.ly/acme-time", ["RK616"]),
    ],
)
def test_who_writes_and_the_projects_links_are_judged_in_rekindle_yaml(
    old: str, new: str, codes: list[str]
) -> None:
    text = PROJECT.replace(old, new)
    assert text != PROJECT
    found = said(mail(f"{HISTORY} {LINK}"), {"rekindle.yaml": text})
    assert [f.code for f in found] == codes
    lines = [n for n, line in enumerate(text.split("\n"), 1) if new in line]
    assert {_sender(f) for f in found} == {("RK616", line) for line in lines if codes}
