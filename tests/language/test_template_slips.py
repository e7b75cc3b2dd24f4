"""Slips in templates and offers, each told once, where it is, in words of the language."""

from __future__ import annotations

import pytest

from engine.diagnostics import Finding
from tests.language.support import load, small

FILE = "templates/winback/hello.md"
BODY = "You liked {{ person.product }}. {{ offer.terms }}\n\n[Choose a time]({{ links.calendar }})\n"


def _of(text: str) -> list[Finding]:
    """What is found about the first e-mail, where the reasons of a loss are listed."""
    listed = "people:\n  values: {loss_reason: [price, missing_feature]}\n"
    return load(
        small() | {FILE: text, "rekindle.yaml": small()["rekindle.yaml"].replace("people:\n", listed, 1)}
    ).findings


def _of_body(body: str) -> list[Finding]:
    return _of(f"---\nsubject: It is back\npreheader: As it was.\n---\n{body}")


def test_a_front_matter_that_never_ends_is_one_finding() -> None:
    assert [f.code for f in _of(f"---\nsubject: It is back\n{BODY}")] == ["RK608"]


@pytest.mark.parametrize("value", ["{{ offer.title }}", "{% if offer %}x{% endif %}"])
def test_a_value_that_begins_with_a_tag_needs_quotes(value: str) -> None:
    text = f"---\nsubject: It is back\npreheader: {value}\n---\n{BODY}"
    [found] = _of(text)
    assert (found.code, found.line, found.column, found.mend) == ("RK101", 3, 12, "put quotes around it")
    assert found.fix
    assert _of(text.replace(value, found.fix.text)) == []


@pytest.mark.parametrize("link", ["[Choose a time]()", "[Choose a time]( )", "![Our office]()"])
def test_a_link_without_an_address_is_told_where_it_stands(link: str) -> None:
    [found] = _of_body(f"You liked {{{{ person.product }}}}.\n\nSo: {link}\n")
    assert (found.code, found.line, found.column) == ("RK610", 7, 5 + link.startswith("!"))
    assert found.message == "a link must lead somewhere: its address is empty"


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        ("percent: 10%\n    amount: 5", "RK115", "'amount' and 'percent' both say what the offer is worth"),
        (
            "of_contract: 10%\n    percent: 10%",
            "RK115",
            "'of_contract' and 'percent' both say what the offer is worth",
        ),
        ("percent: 0%", "RK113", "0% is no offer"),
        ("percent: 0.0%", "RK113", "0.0% is no offer"),
    ],
)
def test_an_offer_is_worth_one_thing_and_more_than_nothing(more: str, code: str, message: str) -> None:
    offers = small()["incentives.yaml"].replace("percent: 10%", more)
    [found] = load(small() | {"incentives.yaml": offers}).findings
    assert (found.file, found.code, found.message) == ("incentives.yaml", code, message)


@pytest.mark.parametrize(
    "condition",
    [
        'person.loss_reason == "pricing"',
        "'pricing' != person.loss_reason",
        'person.loss_reason in ["price", "pricing"]',
        "person.loss_reason not in ('pricing', 'price')",
        'person["loss_reason"] == "pricing"',
    ],
)
def test_a_template_compares_with_what_the_field_can_hold(condition: str) -> None:
    body = f"pricing {{% if {condition} %}}A price.{{% endif %}} {BODY}"
    [found] = _of_body(body)
    assert (found.code, found.line, found.message) == ("RK307", 5, "loss_reason is never 'pricing'")
    assert found.column == body.replace("'", '"').index('"pricing"') + 1
    assert _of_body(body.replace("pricing", "price")) == []


@pytest.mark.parametrize(
    "condition",
    ['person.company == "pricing"', '(person.loss_reason | upper) == "PRICE"', '"x" in person.loss_reason'],
)
def test_what_has_no_list_or_is_made_of_it_is_left_alone(condition: str) -> None:
    assert _of_body(f"{{% if {condition} %}}A price.{{% endif %}} {BODY}") == []


@pytest.mark.parametrize(
    ("slip", "words", "mend"),
    [
        ("{% if person.quote %}a{% else if person.company %}b{% endif %}", "else if", "write 'elif'"),
        ("{{{ person.product }}}", "{{{", "write '{{ ... }}'"),
        ("{{ person.product or “it” }}", "“", "write \" or '"),
        ("{% if person.quote %}a", "{% if person.quote %}", "add {% endif %} where it ends"),
        (
            "{% if person.quote %}{% if offer %}a{% endif %}",
            "{% if person.quote %}",
            "add {% endif %} where it ends",
        ),
        ("{% for a in [1] %}a", "{% for a in [1] %}", "add {% endfor %} where it ends"),
    ],
)
def test_what_jinja_refuses_is_told_at_the_slip(slip: str, words: str, mend: str) -> None:
    body = f"Hi.\nSo {slip}\n\n{BODY}"
    [found] = _of_body(body)
    assert (found.code, found.line, found.mend) == ("RK601", 6, mend)
    line = body.splitlines()[1]
    assert line[found.column - 1 : found.end_column - 1] == words


@pytest.mark.parametrize(
    ("body", "mend"),
    [
        ("{{ person.product | round }}", "only numbers are rounded"),
        (
            "{{ person.closed_at.strftime('%d') }}",
            "an instant is written with '| date' or '| ago', an amount with '| money'",
        ),
    ],
)
def test_what_a_value_cannot_do_has_a_mend(body: str, mend: str) -> None:
    [found] = [found for found in _of_body(f"{body} {BODY}") if found.code == "RK611"]
    assert found.mend == mend
