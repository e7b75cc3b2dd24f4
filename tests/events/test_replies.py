"""How well replies are read: the legal keywords in any dress, the labelled corpus, and long or hostile texts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.inbound import LONGEST, Meaning, Reading, classify
from engine.replies import phrase
from engine.replies.lexicon import KEYWORDS, OTHER, PHRASES, build, lexicons
from engine.replies.phrase import PhraseError, read
from engine.replies.words import plain
from scripts import make_reply_docs as docs

#: what law, Twilio and CTIA, and Canadian carriers list; whole message, any case
LEGAL = (
    "stop|quit|end|revoke|cancel|unsubscribe|optout|opt out|opt-out|stop all|stopall|arret|arrêt|td".split(
        "|"
    )
)
IN = ["START", "UNSTOP", "YES"]
HELP = ["HELP", "INFO", "AIDE"]

_INVISIBLE = st.sampled_from(["", "", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060"])
_AROUND = st.text(" \t\n.,!?*_'\"()\u00a0\u200b…‼", max_size=6)


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@st.composite
def dressed(draw: st.DrawFn, words: list[str]) -> str:
    """A keyword as somebody may type it: case, spaces, full width, invisible characters, punctuation around it."""
    word = draw(st.sampled_from(words))
    cased = "".join(c.upper() if draw(st.booleans()) else c.lower() for c in word)
    between = draw(st.sampled_from(["", "", " ", "."]))
    spelt = between.join(c + draw(_INVISIBLE) for c in cased)
    return draw(_AROUND) + (_wide(spelt) if draw(st.booleans()) else spelt) + draw(_AROUND)


@given(dressed(LEGAL))
def test_no_legal_keyword_is_missed(text: str) -> None:
    assert classify(text) == Reading(Meaning.REFUSAL)


@given(dressed(LEGAL), st.sampled_from(["\n\nSent from my iPhone", "\n-- \nAna", "\n> Reply STOP\n> to end"]))
def test_nor_with_what_a_mail_program_adds(text: str, added: str) -> None:
    assert classify(text + added).refuses


@pytest.mark.parametrize("text", LEGAL)
def test_in_any_normal_form(text: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert classify(unicodedata.normalize(form, text)).meaning is Meaning.REFUSAL


@pytest.mark.parametrize("text", IN)
def test_a_word_to_come_back_stands_alone(text: str) -> None:
    assert classify(f" {text.lower()}. ") == Reading(Meaning.OPT_IN)
    assert classify(f"{text}, send me the quote").meaning is Meaning.NONE
    assert classify(f"{text} no STOP").meaning is not Meaning.OPT_IN


@pytest.mark.parametrize("text", HELP)
def test_help_in_any_case(text: str) -> None:
    assert classify(f"{text.title()}?") == Reading(Meaning.HELP)


def test_an_answer_below_a_quote_is_read() -> None:
    quoted = (
        "On Tue, 3 Mar 2026 at 09:12, Dana Reyes\n<dana@acme.example> wrote:\n> We miss you\n> Reply STOP\n\n"
    )
    assert classify(quoted + "Take me off your list") == Reading(Meaning.REFUSAL)
    assert classify(quoted + "Sounds good").meaning is Meaning.NONE


# ── the corpus ──

CORPUS = list(docs.judged())
#: half -> (refusals suppressed at once, suppressed or held, of those suppressed meant so, harmless left alone):
#: a little below what docs/replies.md counts
FLOORS = {
    "tuned": (0.98, 1.0, 0.98, 0.86),
    "held_out": (0.98, 0.99, 0.98, 0.57),
    "unseen": (0.42, 0.95, 0.95, 0.44),
    "second": (0.95, 0.99, 0.98, 0.93),
    "blind2": (0.82, 0.97, 0.98, 0.9),
}


def test_the_corpus_is_as_large_as_the_page_says_and_labels_no_text_twice() -> None:
    assert len(CORPUS) >= 1_200
    assert set(docs.LANGUAGES) == {j.language for j in CORPUS}
    labels: dict[str, Reading] = {}
    for j in CORPUS:
        assert labels.setdefault(j.text, j.meant) == j.meant, j.text


@pytest.mark.parametrize("half", FLOORS)
def test_refusals_are_heard(half: str) -> None:
    mine = [j for j in CORPUS if j.half == half]
    no = [j for j in mine if j.meant.meaning in docs.REFUSING]
    suppressed = [j for j in mine if j.read.refuses]
    harmless = [j for j in mine if j.meant.meaning is Meaning.NONE]
    at_once, held, right, alone = FLOORS[half]
    assert sum(j.read.refuses for j in no) >= at_once * len(no)
    assert sum(j.read.refuses or j.read.meaning is Meaning.AMBIGUOUS for j in no) >= held * len(no)
    assert sum(j.meant.meaning in docs.REFUSING for j in suppressed) >= right * len(suppressed)
    assert sum(j.read.meaning is Meaning.NONE for j in harmless) >= alone * len(harmless)


@pytest.mark.parametrize(
    "text", ["we bought a boat instead", "Wir haben jetzt ein Boot", "köszönjük, rendben", "好", "...", "📎"]
)
def test_what_nobody_taught_it_is_held_for_a_person(text: str) -> None:
    assert classify(text) == Reading(Meaning.AMBIGUOUS)


@pytest.mark.parametrize(
    "text",
    [
        "yes, call me", "how much is it?", "Thursday at 2pm", "thanks!", "https://moore.example/rfp", "tell me more",
        "👍", "ok 👍",
        "ja, rufen Sie mich an", "was kostet das?", "sí, llámame", "¿cuánto cuesta?", "oui, appelez-moi",
        "c'est combien ?",
        "sì, chiamami", "quanto costa?", "sim, pode ligar", "quanto custa?", "ja, bel me", "wat kost het?",
        "tak, proszę zadzwonić",
        "ile to kosztuje?", "12/04", "merci beaucoup", "vielen Dank", "muchas gracias",
    ],
)  # fmt: skip
def test_a_clear_reply_waits_for_nobody(text: str) -> None:
    assert classify(text) == Reading(Meaning.NONE)


def test_the_page_counts_what_is_read_now() -> None:
    text = docs.PAGE.read_text("utf-8")
    assert text == docs.page(text, CORPUS), "make replies writes it anew"


# ── lexicons ──


@pytest.mark.parametrize(("name", "lexicon"), lexicons().items())
def test_a_lexicon_holds_what_the_page_says_and_nothing_else(name: str, lexicon: dict[str, object]) -> None:
    assert set(lexicon) <= {*KEYWORDS, *PHRASES, *OTHER}, name
    build([lexicon])
    page = docs.PAGE.read_text("utf-8")
    assert all(f"`{key}`" in page for key in lexicon if key != "language")


@pytest.mark.parametrize("line", ["..2 me", "[please] stop", "st*", "$nobody", "< >", "stop ()"])
def test_a_phrase_that_cannot_be_looked_for_is_refused(line: str) -> None:
    with pytest.raises(PhraseError, match="'"):
        read(line, {})


# ── any text at all ──


@given(st.text(max_size=3_000))
def test_reading_never_fails_and_reads_no_further_than_it_says(text: str) -> None:
    assert classify(text) == classify(text[:LONGEST])


_WORDS = sorted({w for lexicon in lexicons().values() for key in PHRASES for line in lexicon.get(key, ())
                 for w in plain(line)})  # fmt: skip


@given(st.lists(st.sampled_from(_WORDS), max_size=300).map(" ".join))
def test_any_heap_of_the_lexicons_own_words_has_a_meaning(text: str) -> None:
    assert isinstance(classify(text), Reading)


@pytest.mark.parametrize(
    "piece", ["stop the ", "do not ", "a", "no more than ", "> ", "On Monday wrote: ", "ne pas de "]
)
def test_the_work_grows_with_the_text_and_no_faster(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0
    after = phrase._Step.after

    def counted(self: phrase._Step, at: int, words: object) -> set[int]:
        nonlocal steps
        steps += 1
        return after(self, at, words)  # type: ignore[arg-type]

    monkeypatch.setattr(phrase._Step, "after", counted)

    def work(times: int) -> int:
        nonlocal steps
        steps = 0
        classify((piece * LONGEST)[: LONGEST // 8 * times])
        return steps

    assert work(8) <= 9 * work(1) + 100
