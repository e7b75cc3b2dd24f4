"""What cannot be worded is an error that names the template and the value, and never a person's data."""

from __future__ import annotations

from typing import Any

import pytest

from engine.render import RenderError
from tests.render.conftest import render


def refused(body: str, **asked: Any) -> RenderError:
    with pytest.raises(RenderError) as caught:
        render(body, **asked)
    return caught.value


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ("{{ person.product }}", "person.product"),
        ("{{ person.product | upper }}", "person.product"),
        ('{{ "You had " ~ person.product }}', "person.product"),
        ("{{ person.attributes.mrr | money }}", "person.attributes.mrr"),
        ("{{ person.churned_at | date }}", "person.churned_at"),
        ("{{ person.churned_at | ago }}", "person.churned_at"),
        ("{% if person.usage_30d > 5 %}x{% endif %}", "person.usage_30d"),
        ("{% for x in person.product %}x{% endfor %}", "person.product"),
        ("[a](https://acme.example/{{ person.product }})", "person.product"),
        ("[a]({{ person.product }})", "person.product"),
        ("{{ offer.title }}", "offer"),
        ("{{ trigger.feature }}", "trigger.feature"),
        ("{{ trigger['feature'] }}", "trigger.feature"),
    ],
)
def test_a_missing_value_is_named(body: str, missing: str) -> None:
    error = refused(body)
    assert error.missing == missing
    assert error.template == "t"
    lacks = "is not among what the event carried" if "trigger" in missing else "is missing for this person"
    assert error.message == f"template 't' (templates/t.md): {missing} {lacks}"
    assert error.hint


@pytest.mark.parametrize(
    "body",
    [
        "{{ none }}",
        "{{ [none][0] }}",
        "{{ {'a': none}['a'] }}",
        "{{ trigger.list[0] }}",
        "{{ person.product and 1 }}",
    ],
)
def test_no_way_leads_to_none_in_a_message(body: str) -> None:
    assert "missing" in refused(body, trigger={"list": [None]}).message


@pytest.mark.parametrize(
    "body",
    [
        '{{ person.product or "your plan" }}',
        '{{ person.product | default("your plan") }}',
        "{% if person.product %}{{ person.product }}{% else %}your plan{% endif %}",
        "{% if person.product is none %}your plan{% endif %}",
        "{% if not offer %}your plan{% endif %}",
        "{% if not trigger.anything %}your plan{% endif %}",
        '{{ "x" if person.product == "x" else "your plan" }}',
    ],
)
def test_a_template_can_do_without(body: str) -> None:
    assert "your plan" in render(body).text


@pytest.mark.parametrize("field", ["email", "phone", "linkedin"])
def test_a_missing_address_is_named(field: str) -> None:
    channel = {"email": "email", "phone": "sms", "linkedin": "linkedin"}[field]
    assert refused("Hello.", channel=channel, person={field: None}).missing == f"person.{field}"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{{ person.nickname }}", "there is no name person.nickname"),
        ("{{ person.attributes.nickname }}", "there is no name person.attributes.nickname"),
        ("{{ links.nowhere }}", "there is no name links.nowhere"),
        ("{{ owner.fax }}", "there is no name owner.fax"),
        ("{{ customer }}", "'customer' is undefined"),
    ],
)
def test_a_name_that_is_none_is_told(body: str, words: str) -> None:
    assert words in refused(body).message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Hello\n\n{{ person.closed_at }}", "write {{ person.closed_at | date }}"),
        ("Hello\n\n{{ person.quote }}", "write {{ person.quote | money }}"),
        ("Hello\n\n{{ person.attributes.mrr or 'x' }}", "| money if person.attributes.mrr else"),
        ("Hello\n\n{{ person['quote'] }}", "write {{ person['quote'] | money }}"),
        ("Hello\n\n{% if person.quote %", "unexpected"),
        ("Hello\n\n{{ person.quote | mony }}", "mony"),
        ("Hello\n\n{% endif %}", "endif"),
    ],
)
def test_a_fault_of_the_template_is_told_with_its_line(body: str, words: str) -> None:
    message = refused(body).message
    assert "(templates/t.md:7)" in message
    assert words in message


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("[a](https://x.example/{% if 1 %}a{% endif %})", "one link in each branch"),
        ("[a](/pricing)", "a link must begin with https:, http:, mailto: or tel:, not /pricing"),
        ("[a](ftp://x.example)", "a link must begin with"),
    ],
)
def test_a_link_that_cannot_be_is_told_with_its_line(link: str, words: str) -> None:
    message = refused(f"One\n\n{{# two #}}\n\n{link}").message
    assert "(templates/t.md:9)" in message
    assert words in message


@pytest.mark.parametrize(
    "body",
    [
        "{{ ''.__class__ }}",
        "{{ person.__class__.__mro__ }}",
        "{{ brand.name.__class__.__base__.__subclasses__() }}",
        "{{ ('x' * 1000000000) | length }}",
        "{{ 9 ** 99999999 }}",
        "{{ range(1000000000) | list }}",
        "{{ '{0.__class__}'.format(person) }}",
        "{% include 'x' %}",
        "{{ person.update({'a': 1}) }}",
        "{{ 1 / 0 }}",
        "{{ 1 + 'a' }}",
    ],
)
def test_a_template_cannot_leave_the_sandbox_or_break_the_program(body: str) -> None:
    refused(body)


def test_an_error_holds_no_persons_data() -> None:
    error = refused("{{ person.first_name | int + [] }}", person={"first_name": "Secret-Name"})
    assert "Secret-Name" not in str(error)


def test_a_template_that_is_not_there_is_told() -> None:
    error = refused("Hello.", template_ref="nowhere")
    assert error.message == "template 'nowhere': there is no such template"
