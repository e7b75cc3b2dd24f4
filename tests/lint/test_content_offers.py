"""Offers as they are declared: how deep, how much, and in which words."""

from __future__ import annotations

import pytest

from engine.diagnostics import Finding
from tests.lint.trial import CODES, INCENTIVES, PROJECT, load

LINK = "[See it]({{ links.whats_new }})"
MESSAGE = {"subject": "x", "preheader": "y", "body": f"You left. {LINK}"}


def judged(old: str, new: str, customers: str = "businesses") -> list[tuple[Finding, str]]:
    """What is found about the offers with one line changed, and the words it is aimed at."""
    text = INCENTIVES.replace(old, new)
    assert text != INCENTIVES
    project = PROJECT.replace("  currency: USD", f"  currency: USD\n  customers: {customers}")
    loaded = load([MESSAGE], {"incentives.yaml": text, "rekindle.yaml": project})
    assert loaded.project is not None, loaded.findings
    found = [f for f in loaded.findings if f.code in CODES]
    return [(f, text.split("\n")[f.line - 1][f.column - 1 : f.end_column - 1]) for f in found]


@pytest.mark.parametrize(
    ("percent", "customers", "found"),
    [
        ("15%", "businesses", []),
        ("15.5%", "businesses", [("RK622", "15.5%")]),
        ("50%", "businesses", [("RK622", "50%")]),
        ("50%", "consumers", []),
    ],
)
def test_a_discount_to_a_business_is_no_deeper_than_15_percent(
    percent: str, customers: str, found: list[tuple[str, str]]
) -> None:
    new = f"kind: percent_off\n    percent: {percent}"
    assert [(f.code, words) for f, words in judged("kind: price_protection", new, customers)] == found


@pytest.mark.parametrize(
    ("share", "found"), [("10%", []), ("9.9%", [("RK623", "9.9%")]), ("1%", [("RK623", "1%")])]
)
def test_a_remedy_is_worth_a_tenth_of_the_contract(share: str, found: list[tuple[str, str]]) -> None:
    assert [(f.code, words) for f, words in judged("16%", share)] == found


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ("The price holds pursuant to your quote.", [("RK615", "pursuant to")]),
        ('"The price holds, pursuant to your quote."', [("RK615", "pursuant to")]),
        (">-\n      The price holds\n      pursuant to your quote.", [("RK615", "pursuant to")]),
        (">-\n      The price holds pursuant\n      to your quote.", [("RK615", "pursuant")]),
        ("It is 100% free.", [("RK616", "100% free")]),
        ("See bit.ly/terms for all of it.", [("RK616", "bit.ly/terms")]),
        ("The price is good until March 31.", [("RK621", "until March 31")]),
        ("You can stop at the end of any month.", []),
        ("The price stays for twelve months.", []),
    ],
)
def test_the_words_of_an_offer_are_judged_where_they_stand(terms: str, found: list[tuple[str, str]]) -> None:
    changed = judged("You pay what we quoted you, for the same plan.", terms)
    assert [(f.code, words) for f, words in changed] == found
    assert all(f.context == "offer 'price_held'" for f, _ in changed)


def test_a_date_in_an_offer_is_shown_beside_its_own_end() -> None:
    [(finding, _)] = judged("Your earlier price", "The price is good until March 31")
    [other] = finding.related
    assert other.message == "when it really ends"
    assert finding.message.startswith("'until March 31' is a date in the words, and the offer ends 30d after")


def test_a_project_without_offers_is_judged_too() -> None:
    message = MESSAGE | {"body": f"You left, pursuant to nothing. {LINK}"}
    loaded = load([message], {"incentives.yaml": "incentives: []\n"})
    assert [f.code for f in loaded.findings if f.code in CODES] in ([], ["RK615"])
