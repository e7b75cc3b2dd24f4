"""A corpus of honest and of dishonest words: the honest stay clean, and each fault of the others is found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.lint.content.urgency import pressures
from engine.lint.content.wording import hidden, legalese, spam
from tests.lint.trial import CODES, by_template, corpus, load, words_at

GOOD, BAD = corpus("good_messages"), corpus("bad_messages")


def _found(text: str, language: str) -> Iterator[tuple[str, str]]:
    """(code, words) of what the rules about words find in a sentence."""
    yield from (("RK615", text[w.start : w.end]) for w in legalese(text, language))
    yield from (("RK616", text[w.start : w.end]) for w in (*spam(text, language), *hidden(text)))
    yield from (("RK621", text[p.start : p.end]) for p in pressures(text, language))


def test_an_honest_sentence_is_left_alone() -> None:
    sentences = [(language, text) for language, texts in corpus("good_sentences").items() for text in texts]
    assert len(sentences) >= 120
    assert {text: found for language, text in sentences if (found := list(_found(text, language)))} == {}


def test_a_dishonest_sentence_is_found_in_its_words() -> None:
    sentences = [(lang, case) for lang, cases in corpus("bad_sentences").items() for case in cases]
    assert len(sentences) >= 80
    wrong = {
        case["text"]: found
        for language, case in sentences
        if (found := list(_found(case["text"], language))) != [(case["finds"], case["words"])]
    }
    assert wrong == {}


def test_an_honest_message_is_left_alone() -> None:
    found = by_template(load(GOOD))
    assert len(GOOD) >= 30
    assert {GOOD[n]["it"]: [(f.code, f.message) for f in findings] for n, findings in found.items()} == {}


def _told(message: dict[str, Any], findings: list[tuple[str, str]]) -> bool:
    """Is it exactly the fault that the corpus says, where it says?"""
    return [code for code, _ in findings] == [message["finds"]] and findings[0][1].startswith(
        message["words"]
    )


def test_a_dishonest_message_is_one_finding_at_its_words() -> None:
    loaded = load(BAD)
    assert loaded.project is not None
    assert len(BAD) >= 40
    found = {
        n: [(f.code, words_at(loaded, f)) for f in by_template(loaded).get(n, [])] for n in range(len(BAD))
    }
    wrong = {BAD[n]["it"]: findings for n, findings in found.items() if not _told(BAD[n], findings)}
    assert wrong == {}


def test_every_finding_says_how_to_mend_it_and_who_sends_it() -> None:
    findings = [f for found in by_template(load(BAD)).values() for f in found]
    assert {f.code for f in findings} == CODES - {"RK622", "RK623", "RK626"}  # these stand in YAML
    assert [f for f in findings if not f.mend or not f.context.startswith("step 's' of campaign 'c")] == []


@pytest.mark.parametrize("number", range(0, len(BAD), 6))
def test_a_finding_is_waived_where_it_stands(number: int) -> None:
    """Each kind of place can hold a waiver: the front matter of the template counts for the whole file."""
    message = BAD[number]
    loaded = load([message])
    file = "templates/t/m0.md"
    text = loaded.files[file]
    note = f"# rekindle: allow {message['finds']} because the test says so\n"
    head = text.replace("---\n", f"---\n{note}", 1) if text.startswith("---\n") else f"---\n{note}---\n{text}"
    waived = load([message], {file: head})
    assert by_template(waived) == {}
    assert message["finds"] in [w.finding.code for w in waived.waived]
