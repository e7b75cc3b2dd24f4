"""No value a person or an event brings can become a header, markup, a link, a line or template code."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import mime
from channels.testing import received_email
from tests.render.conftest import NOW, render
from tests.render.test_email import Links

BODY = """Hello {{ person.first_name }},

you said: **{{ person.churn_reason }}** and {{ trigger.words }}.
{% for word in trigger.list %}{{ word }} {% endfor %}

[Go](https://acme.example/{{ person.company }}?x={{ trigger.words }})
"""

_TRICKS = """<script> </p> <b onclick="x"> &amp; " ' [x](https://evil.example) ![x](https://evil.example/a.png)
**bold** # _it_ `c` {{7*7}} {%endif%} {#c#} https://evil.example/a http://evil.example www.evil.example
evil.example javascript:alert(1) mailto:x@evil.example zq0v zq0b &#x6a; <!-- --> ftp://evil.example
HTTPS://EVIL.EXAMPLE evil.example/path?a=b https:evil.example"""

#: what Markdown, HTML, Jinja, headers and link finders look at, mixed with plain letters
tricks = st.lists(
    st.sampled_from(
        [*_TRICKS.split(), "\r\nBcc: x@evil.example", "\r\n\r\n", "\n\n- x\n", "\u202e", "\u2028", " ", "é"]
    )
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    min_size=1,
    max_size=8,
).map("".join).filter(lambda text: bool(text.strip()))

#: what mail programs turn into links
LINKIFIED = re.compile(r"(?i)\b(?:https?|ftp)://\w|\bwww\.\w|(?<![@\w.+'-])evil\.example(?!@)")


def tags_of(html: str) -> list[str]:
    return re.findall(r"<[^>]*>", html)


_SAM = {"first_name": "a", "churn_reason": "a", "company": "a"}
PLAIN = tags_of(render(BODY, person=_SAM, trigger={"words": "a", "list": ["a"]}).html)


@given(first=tricks, reason=tricks, words=tricks)
def test_the_markup_is_the_templates_alone(first: str, reason: str, words: str) -> None:
    person = {"first_name": first, "churn_reason": reason, "company": words}
    message = render(BODY, person=person, trigger={"words": words, "list": [reason]})
    names = [re.match(r"</?[\w!-]+", tag) for tag in tags_of(message.html)]
    assert [n[0] for n in names if n] == [n[0] for n in map(re.compile(r"</?[\w!-]+").match, PLAIN) if n]
    links = Links(message.html).found
    assert len(links) == 3
    assert links[1].startswith("https://acme.example/")


@given(first=tricks, words=tricks)
def test_nothing_in_a_value_is_taken_for_a_link(first: str, words: str) -> None:
    source = "{{ person.first_name }} {{ trigger.words }}"
    message = render(source, person={"first_name": first}, trigger={"words": words})
    seen = unescape(re.sub(r"<[^>]*>", " ", message.html.split('role="article"')[1].split("You receive")[0]))
    assert not LINKIFIED.search(seen)
    assert not LINKIFIED.search(message.text.split("\n\n--\n")[0])


@given(first=tricks, words=tricks)
def test_a_value_stays_on_its_line(first: str, words: str) -> None:
    source = "a {{ person.first_name }} b\n\nc {{ trigger.words }}"
    message = render(source, person={"first_name": first}, trigger={"words": words})
    assert len(message.text.split("\n\n--\n")[0].splitlines()) == 3


@given(first=tricks, last=tricks, subject=tricks)
def test_no_value_adds_a_header(first: str, last: str, subject: str) -> None:
    person = {"first_name": first, "last_name": last, "company": subject}
    message = render("Hello.", subject="For {{ person.company }}", person=person)
    found = received_email(mime.to_bytes(message, NOW))
    assert found.headers is not None
    assert len(found.headers) == 10
    assert found.to == "sam@customer.example"


@pytest.mark.parametrize("value", ["{{ 7 * 7 }}", "{% if x %}", "{# x #}"])
def test_a_value_is_never_run(value: str) -> None:
    assert value in render("{{ person.first_name }}", person={"first_name": value}).text


def test_people_and_companies_are_still_named_as_they_are() -> None:
    for name in ("O’Neill & Sons", "Zoë", "J.R. Smith", "Dr. No", "Acme Inc.", "3.5 GmbH", "<sam@x.example>"):
        message = render("{{ person.company }}.", person={"company": name})
        assert f"{name}." in message.text


def test_an_emoji_of_several_signs_stays_whole() -> None:
    assert "👩🏽‍🚀" in render("{{ person.company }}", person={"company": "👩🏽‍🚀\u202e"}).text
