"""Whatever a template holds: lint never raises, and points into the file."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compile import Loaded
from engine.lint.content.grade import read as grade
from engine.lint.content.phrases import languages, phrases
from engine.lint.content.script import MARKDOWN, read
from engine.lint.content.urgency import pressures
from engine.lint.content.wording import hidden, legalese, spam
from engine.lint.content.words import Words
from tests.lint.trial import load

_PIECES = [
    "[", "](", ")", "![", "**", "__", "`", "```\n", "# ", "> ", "- ", "\n\n", "\n", "<b>", "<!--", "\\", "&amp;",
    "&#0;",
    "{{ person.product }}", "{{ links.restart }}", "{{ offer.terms }}", "{% if person.company %}", "{% else %}",
    "{% endif %}", "{% for x in ['a', 'b'] %}", "{{ x }}", "{% endfor %}", "{# note #}", "{% raw %}", "{% endraw %}",
    "{% set u = links.restart %}{{ u }}", "{{ 1 / 0 }}", "{{", "{%", "https://a.example/", "www.a.example/b",
    "mailto:",
    "Act now", "hereby", "only 3 days left", "until March 31", "Reply", "LAST CHANCE", "!!!", "$$$", "hurry", "Hi ",
    "\ue000", "\ue000\ue100\ue100", "\ue002\ue100\ue100", "\uf8ff", "\u200b", "\x00", "日本語", "👩‍🚒", "’", "ß", "İ",
    "P.S. ",
    "{{ owner.name }}", " ", "a", "1", "?", ".", "Mr. ", "3.5", "\u2028",
]  # fmt: skip
#: what keeps a template sound, whatever stands around it
_SOUND = [p for p in _PIECES if not (p.count("{") or p in ("](", "`", "\\", "\x00", ")", "![", "mailto:"))] + [
    "{{ person.product }}", "{{ links.restart }}", "{{ offer.terms }}", "{# note #}", "{{ owner.name }}",
    "{% if person.company %}hereby{% else %}[a](https://a.example) {% endif %}", "{{ 'https://a.example/b' }}",
    "{% for x in ['a', 'b'] %}{{ x }} hereby{% endfor %}", "{% raw %}{{ x }}{% endraw %}", "![](https://a.example/b.png)",
    "{% filter upper %}act now{% endfilter %}", "{{ '\ue000' }}", "{{ '\ue002\ue100\ue100' }}",
]  # fmt: skip
_TEXT = st.lists(st.sampled_from(_PIECES) | st.text(max_size=8), max_size=30).map("".join)


@settings(deadline=None, max_examples=100)
@given(
    body=_TEXT,
    subject=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30),
    channel=st.sampled_from(["email", "sms", "linkedin", "letter", "phone", "push"]),
    language=st.sampled_from(["en", "de", "fr", "es", "ja"]),
)
def test_a_template_of_anything_is_judged(body: str, subject: str, channel: str, language: str) -> None:
    message: dict[str, Any] = {"channel": channel, "language": language, "body": body, "offer": "price_held"}
    if channel in ("email", "letter", "push"):
        message["subject"] = subject
    loaded = load([message])
    _points_into_the_file(loaded)


@settings(deadline=None, max_examples=100)
@given(
    body=st.lists(st.sampled_from(_SOUND), min_size=1, max_size=30).map(" ".join),
    channel=st.sampled_from(["email", "sms", "linkedin", "letter"]),
    language=st.sampled_from(["en", "de", "fr", "es", "ja"]),
)
def test_a_sound_template_of_anything_is_judged(body: str, channel: str, language: str) -> None:
    front = {"subject": "x"} if channel in ("email", "letter") else {}
    loaded = load(
        [{"channel": channel, **front, "language": language, "body": f"x {body}", "offer": "price_held"}]
    )
    assert loaded.project is not None, loaded.findings
    _points_into_the_file(loaded)


def _points_into_the_file(loaded: Loaded) -> None:
    for finding in loaded.findings:
        lines = loaded.files[finding.file].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert 1 <= finding.line <= len(lines)
        assert 1 <= finding.column < finding.end_column <= len(lines[finding.line - 1]) + 2


@settings(deadline=None, max_examples=200)
@given(body=_TEXT, channel=st.sampled_from(["email", "sms"]))
def test_every_word_knows_its_place(body: str, channel: str) -> None:
    script = read(body, channel)
    if script is None:
        return
    words = script.literal
    for index, character in enumerate(words.text):
        place = words.origin(index)
        assert 0 <= place <= len(script.body)
        if character.isalnum() and channel not in MARKDOWN and not words.is_value(index):
            assert script.body[place] == character


@settings(deadline=None)
@given(st.text() | _TEXT, st.sampled_from([*sorted(languages("spam")), "ja"]))
def test_any_text_can_be_judged(text: str, language: str) -> None:
    for wrong in (
        *legalese(text, language),
        *spam(text, language, "subject"),
        *spam(text, "en", "from"),
        *hidden(text),
    ):
        assert 0 <= wrong.start < wrong.end <= len(text)
    for pressure in pressures(text, language):
        assert text[pressure.start : pressure.end]
    grade(Words(text=text, links=(), starts=(), origins=()))


@pytest.mark.parametrize(
    "unit",
    ["a", "A", "!", "$", "[", "](", "**a", "`", "<b", "<!--", "hereby ", "until ", "only 3 ", "A B ", "AB ", "www.a.",
     "a.",
     "https://", "{{ x }}", "&amp;", "\\*", "1/2/", "in the event ", "that ends ", "FREE\n", "🎉", "[a](b", "- ",
     "_a_ "],
)  # fmt: skip
def test_a_long_text_of_one_thing_is_judged_too(unit: str) -> None:
    """No expression may go back and forth in it: this would not end."""
    text = unit * (60_000 // len(unit))
    assert len(legalese(text, "en")) <= 20
    assert len(spam(text, "en", "subject")) <= 20
    assert len(hidden(text)) <= 20
    assert len(pressures(text, "en")) <= 20
    grade(Words(text=text, links=(), starts=(), origins=()))
    for channel in ("email", "sms"):
        read(text, channel)


@pytest.mark.parametrize("name", ["legalese", "spam", "urgency", "shouting", "asks"])
def test_every_list_is_written_for_the_same_languages_and_can_be_read(name: str) -> None:
    assert languages(name) == {"en", "de", "fr", "es"}
    for language in languages(name):
        assert list(phrases(name, language).find("xyz xyz, xyz")) == []
