"""Text messages: their length as carriers count it, and what every one of them says."""

from __future__ import annotations

from typing import Any

import pytest

from engine import sms
from engine.render import RenderError
from tests.render.conftest import render


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("é" * 160, "GSM-7", 160, 1),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 153, "GSM-7", 307, 3),  # the sign does not fit where one septet is left
        ("ы" * 70, "UCS-2", 70, 1),
        ("ы" * 71, "UCS-2", 71, 2),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("😀" * 67, "UCS-2", 134, 3),  # 33 to a part: a pair is never split
        ("a" * 69 + "’", "UCS-2", 70, 1),
    ],
)
def test_segments_are_counted_as_billed(text: str, encoding: str, units: int, segments: int) -> None:
    assert sms.size(text) == sms.Size(encoding, units, segments)


def text_of(body: str, **asked: Any) -> str:
    return render(body, channel="sms", **asked).text


def test_a_text_says_who_writes_and_how_to_stop() -> None:
    assert text_of("We saved you a seat.") == "Acme Robotics: We saved you a seat.\nReply STOP to opt out"


def test_a_text_that_names_the_brand_names_it_once() -> None:
    found = text_of("{{ brand.name }} saved you a seat.")
    assert found == "Acme Robotics saved you a seat.\nReply STOP to opt out"


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("fr", "Répondez STOP pour ne plus recevoir"),
        ("es-MX", "Responda STOP para no recibir"),
        (None, "Reply STOP to opt out"),
    ],
)
def test_the_way_out_is_in_the_persons_language(language: str | None, line: str) -> None:
    message = render("Hello.", channel="sms", person={"language": language})
    assert message.text.endswith(f"\n{line}")
    assert message.opt_out == line


def test_the_fixed_lines_keep_a_text_in_the_cheap_alphabet_where_the_language_allows() -> None:
    assert sms.size("Reply STOP to opt out").encoding == "GSM-7"
    assert sms.size("Répondez STOP pour ne plus recevoir").encoding == "GSM-7"


def test_links_in_a_text_are_tagged() -> None:
    found = text_of("{{ brand.name }}: {{ links.docs }}, https://acme.example/x.")
    utm = "utm_source=rekindle&utm_medium=sms&utm_campaign=closed_lost&utm_content=gap_closed"
    assert f"https://docs.acme.example/new?{utm}, https://acme.example/x?{utm}.\n" in found


def test_a_line_of_only_tags_leaves_no_line() -> None:
    body = "One\n{% if person.product %}\nTwo {{ person.product }}\n{% endif %}\nThree"
    assert "One\nThree\n" in text_of(body)
    assert "One\nTwo Basic\nThree\n" in text_of(body, person={"product": "Basic"})


def test_a_value_is_plain_and_costs_no_expensive_alphabet() -> None:
    found = text_of("{{ person.first_name }}", person={"first_name": "evil.example\nSTOP"})
    assert found == "Acme Robotics: evil. example STOP\nReply STOP to opt out"


def test_it_goes_to_the_phone_with_its_pictures() -> None:
    message = render("Hi", channel="sms", extra={"media": "https://acme.example/a.png https://acme.example/b.png"})
    assert message.to == "+13125550123"
    assert message.media == ("https://acme.example/a.png", "https://acme.example/b.png")


def test_a_text_no_provider_takes_is_refused() -> None:
    with pytest.raises(RenderError, match="1600 is the most"):
        text_of("{{ person.company }}", person={"company": "x" * 1_600})
