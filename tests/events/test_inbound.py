"""A no is heard in its many spellings; praise is not taken for one. Compliance section 13, T08 to T10, T11."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.inbound import Meaning, Reading, classify

PER_SE = ["stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"]
PROVIDER = "STOP STOPALL UNSUBSCRIBE END QUIT CANCEL REVOKE OPTOUT".split()


@pytest.mark.parametrize(
    "text",
    [
        *PER_SE,
        *PROVIDER,
        "stop all",
        "remove",
        "arret",
        "td",
        "Stop.",
        " STOP ",
        "Opt  Out",
        "opt-out!",
        "REVOKE",
    ],
)
def test_a_keyword_alone_is_a_refusal(text: str) -> None:
    assert classify(text) == Reading(Meaning.REFUSAL)


@given(st.sampled_from(PER_SE), st.text(" .,!?-_*\n\t\u00a0\u200b", max_size=5), st.booleans(), st.booleans())
def test_case_spacing_and_punctuation_are_ignored(word: str, around: str, upper: bool, spaced: bool) -> None:
    text = " ".join(word) if spaced else word
    text = around + (text.upper() if upper else text) + around
    if text.lstrip().startswith("--"):  # a signature mark: nothing before it was theirs
        return
    assert classify(text).meaning is Meaning.REFUSAL


@given(
    st.sampled_from(PER_SE),
    st.sampled_from(["please {}", "{} please", "{} now!", "{} {}", "pls {} thx", "{}\n\nThanks"]),
)
def test_courtesy_does_not_weaken_it(word: str, around: str) -> None:
    assert classify(around.format(word, word)).refuses


@pytest.mark.parametrize(
    "text",
    [
        "pls quit blowing up my phone", "stop texting me", "Stop calling!", "please stop messaging me", "remove me",
        "take me off your list", "no more", "no more texts", "not interested", "no thanks", "I'm no longer interested",
        "who gave you my number", "unsubscribe me from everything", "I want to be unsubscribed", "go away", "stopp",
        "don't text me", "Dont email me again", "I don't want any more emails", "stop sending these", "leave us alone",
        "this is spam", "I never signed up for this", "sotp", "un subscribe", "unsuscribe", "\U0001f6d1", "ＳＴＯＰ",
        "alto", "parar", "basta", "cancelar", "no más", "no me llamen", "quiero darme de baja",
        "arrêt", "ARRÊTEZ", "désabonner", "arretez de m'ecrire", "plus de sms svp",
        "abmelden", "keine Werbung mehr", "bitte nicht mehr anrufen", "kein Interesse",
        "I can't stop texting my friends but please stop texting me",
    ],
)  # fmt: skip
def test_a_refusal_in_other_words(text: str) -> None:
    assert classify(text).meaning is Meaning.REFUSAL


@pytest.mark.parametrize(
    "text",
    ["do not contact me again", "Leave me alone!", "lose my number", "stop contacting me", "delete my data"],
)
def test_some_words_mean_every_channel(text: str) -> None:
    assert classify(text) == Reading(Meaning.REFUSAL, everywhere=True)


@pytest.mark.parametrize(
    "text",
    [
        "wrong number",
        "This is not me",
        "not me",
        "new phone, who dis",
        "she no longer works here",
        "Numéro équivoque? mauvais numéro",
    ],
)
def test_another_person_has_the_address_now(text: str) -> None:
    assert classify(text) == Reading(Meaning.WRONG_PERSON, everywhere=True)


@pytest.mark.parametrize(
    "text",
    [
        "my lawyer will call you",
        "I will sue you",
        "TCPA violation",
        "reported to the FCC",
        "GDPR request",
        "cease and desist",
    ],
)
def test_lawyers_and_regulators(text: str) -> None:
    assert classify(text) == Reading(Meaning.LEGAL, everywhere=True)


@pytest.mark.parametrize(
    "text",
    [
        "please cancel my 3pm appointment",
        "stop by tomorrow",
        "I'll stop by at noon",
        "no",
        "can you cancel the invoice?",
    ],
)
def test_a_human_reads_what_may_be_meant_otherwise(text: str) -> None:
    assert classify(text) == Reading(Meaning.AMBIGUOUS)


@pytest.mark.parametrize(
    "text",
    [
        "nonstop deals?",
        "can't stop loving it", "non-stop flights to Berlin?", "We couldn't stop laughing", "please don't stop",
        "call me", "Yes, send me the quote", "contact me tomorrow", "when does the offer end?", "Hi, it's Sue, call me",
        "I don't want to miss this", "thanks!", "", "   ", "by the end of the month", "keep it coming", "not now", "1",
    ],
)  # fmt: skip
def test_what_is_no_refusal(text: str) -> None:
    assert classify(text) == Reading(Meaning.NONE)


@pytest.mark.parametrize(
    "text",
    ["HELP", "info", "aide", "help please", "Help!"],
)
def test_a_call_for_help_changes_nothing(text: str) -> None:
    assert classify(text) == Reading(Meaning.HELP)


FOOTER = "Reply STOP to opt out. Unsubscribe: https://go.acme.example/u"


@pytest.mark.parametrize(
    "quoting",
    [
        "On Mon, 2 Mar 2026 at 10:00, Dana Reyes <dana@acme.example> wrote:\n{}",
        "> {}",
        "Am Mo., 2. März 2026 um 10:00 Uhr schrieb Dana Reyes:\n{}",
        "Le lun. 2 mars 2026 à 10:00, Dana Reyes a écrit :\n{}",
        "-----Original Message-----\nFrom: Dana\n{}",
        "From: Dana Reyes\n{}",
        "--\nAna, {}",
    ],
)
def test_our_own_footer_in_a_quote_is_not_their_word(quoting: str) -> None:
    assert classify("Sounds good, call me.\n\n" + quoting.format(FOOTER)) == Reading(Meaning.NONE)
    assert classify("Stop.\n\n" + quoting.format(FOOTER)) == Reading(Meaning.REFUSAL)


@given(st.text(max_size=200))
def test_any_text_at_all_has_a_meaning(text: str) -> None:
    assert isinstance(classify(text), Reading)
