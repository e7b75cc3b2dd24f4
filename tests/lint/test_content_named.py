"""An offer is named by the message that makes it, and its words say what it declares."""

from __future__ import annotations

import pytest

from tests.language.support import small
from tests.lint.support import campaign, codes, lint, marked, only

LINK = "[Choose a time]({{ links.calendar }})"


def _hello(words: str) -> dict[str, str]:
    front = "---\nsubject: Shall we look again\npreheader: On one page.\n---\n"
    text = f"{front}You asked for {{{{ person.quote | money }}}}.{words}\n\n{LINK}\n"
    return {"templates/winback/hello.md": text, "winback.yaml": campaign()}


def test_an_offer_that_its_message_never_names_is_told_at_the_step() -> None:
    files = _hello("")
    found = only(lint(files), "RK626")
    assert (found.file, marked(files, found)) == ("winback.yaml", "keep_price")
    assert marked(files, found.related[0]) == "winback/hello"


@pytest.mark.parametrize(
    "words",
    [
        " {{ offer.title }}",
        " {% if offer %}A word of it.{% endif %}",
        " Your earlier quote,\nhonoured, as we said.",
    ],
)
def test_an_offer_that_is_named_in_any_way_is_left_alone(words: str) -> None:
    assert "RK626" not in codes(lint(_hello(words)))


def _offer(words: str, percent: str = "10%") -> dict[str, str]:
    text = small()["incentives.yaml"]
    declared = text.replace("percent: 10%", f"percent: {percent}")
    return {"incentives.yaml": declared.replace("10% off the list price for three months.", words)}


@pytest.mark.parametrize("words", ["50% off for three months.", "You get a 50 % discount.", "12.5% off."])
def test_words_that_say_another_share_contradict_the_offer(words: str) -> None:
    found = only(lint(_offer(words)), "RK627")
    assert found.file == "incentives.yaml"
    assert found.related[0].message == "what is declared"


@pytest.mark.parametrize(
    "words",
    [
        "10% off, or 15% off if you pay by the year.",
        "Others took 50% of the work off their hands.",
        "You pay 90% of the list price.",
    ],
)
def test_words_that_say_it_too_or_something_else_are_left_alone(words: str) -> None:
    assert "RK627" not in codes(lint(_offer(words)))
