"""The reading grade: syllables, sentences, and what is said of a message that is hard to read."""

from __future__ import annotations

import pytest

from engine.lint.content.grade import LEAST, read, sentences, syllables
from engine.lint.content.words import Words
from tests.lint.trial import PROJECT, by_template, load, said, words_at

HARD = (
    "Consequently, organizations that previously evaluated comparable alternatives are increasingly reconsidering "
    "their implementation decisions, particularly administrative responsibilities and operational transparency."
)


def words(text: str) -> Words:
    """A text that is nobody's template."""
    return Words(text=text, links=(), starts=(), origins=())


#: from a dictionary of pronunciations
_SYLLABLES = {
    1: "a the you through called asked time lines states knife love eye were price",
    2: "open many only very little table wanted started using people useful statement moment reply something",
    3: "somebody everyone everything another beginning december important addition",
    4: "operation information american particular responsible identity",
    5: "organization opportunity administrative university",
    6: "responsibility",
}


@pytest.mark.parametrize(("count", "listed"), _SYLLABLES.items())
def test_syllables_are_those_that_are_heard(count: int, listed: str) -> None:
    assert {word: syllables(word) for word in listed.split()} == dict.fromkeys(listed.split(), count)


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("One. Two! Three? Four", 3),
        ("It costs 3.5 dollars. Really.", 2),
        ("Ask Dr. Reyes or Mrs. Kim at 9 a.m. on Monday.", 1),
        ("We sell e.g. bolts, nuts etc. to shops like Acme Inc. and yours.", 1),
        ('He said "No." Then he left.', 2),
        ("Hi Dana,", 0),
        ("A morning time", 0),
        ("This line has five words", 1),
        ("See https://www.acme.example/a.b.c or write to dana@acme.example now.", 1),
        ("Wait... there is more.", 1),
    ],
)
def test_sentences_end_where_a_reader_ends_them(line: str, count: int) -> None:
    assert len(list(sentences(line))) == count


def test_the_grade_is_that_of_the_formula() -> None:
    # 40 words, 4 sentences, 40 syllables: 0.39 * 10 + 11.8 * 1 - 15.59
    text = "The dog ran to the old red barn and back. " * 4
    reading = read(words(text))
    assert reading is not None
    assert reading.grade == pytest.approx(0.39 * 10 + 11.8 - 15.59)


def test_a_short_text_has_no_grade() -> None:
    assert read(words("Operational " * (LEAST - 1) + ".")) is None
    assert read(words("Yes. " * 100)) is None


def test_the_hardest_sentence_is_pointed_at_with_what_to_do() -> None:
    easy = "You left us last year. Your board is still here. You can open it."
    message = {
        "subject": "x",
        "preheader": "y",
        "body": f"{easy}\n\n{HARD}\n\n[See it]({{{{ links.restart }}}})",
    }
    loaded = load([message])
    [finding] = by_template(loaded)[0]
    assert finding.code == "RK614"
    assert words_at(loaded, finding) == HARD
    assert "policy.reading_grade is 8" in finding.message
    assert "simpler words for 'responsibilities'" in finding.mend


def test_a_long_sentence_is_to_be_parted() -> None:
    long = "Your board is here and " + "your jobs are here and " * 8 + "so on."
    message = {"subject": "x", "preheader": "y", "body": f"{long}\n\n[See it]({{{{ links.restart }}}})"}
    [finding] = said(message)
    assert finding.mend == "make two sentences of it"


def test_nothing_is_judged_that_was_not_asked_for() -> None:
    message = {
        "subject": "x",
        "preheader": "y",
        "body": f"{HARD} {HARD}\n\n[See it]({{{{ links.restart }}}})",
    }
    silent = PROJECT.replace("  reading_grade: 8", "  text_parts: 2")
    assert [f.code for f in said(message)] == ["RK614"]
    assert said(message, {"rekindle.yaml": silent}) == []


@pytest.mark.parametrize("language", ["de", "fr", "es", "it", "fi"])
def test_the_formula_is_for_english(language: str) -> None:
    """An English text that says it is in another language: the formula means nothing there."""
    body = f"{HARD} {HARD}\n\n[See it]({{{{ links.restart }}}})"
    assert said({"subject": "x", "preheader": "y", "language": language, "body": body}) == []


def test_a_script_for_a_call_is_not_read_by_the_person() -> None:
    assert said({"channel": "phone", "title": "Call", "body": f"{HARD} {HARD}"}) == []


def test_a_hard_sentence_of_an_offer_is_pointed_at_where_the_template_prints_it() -> None:
    incentives = (
        "incentives:\n  - offer: price_held\n    kind: price_protection\n    title: x\n    valid_for: 30d\n"
        f"    terms: {HARD}\n"
    )
    easy = "You left us last year. Your board is still here, and so are your jobs."
    body = f"{easy} {{{{ offer.terms }}}} [See it]({{{{ links.restart }}}})"
    message = {"subject": "x", "preheader": "y", "offer": "price_held", "body": body}
    loaded = load([message], {"incentives.yaml": incentives})
    [finding] = by_template(loaded)[0]
    assert words_at(loaded, finding) == "{{ offer.terms }}"
