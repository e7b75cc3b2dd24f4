"""Addresses match exactly where they should: compliance SUP-01 to SUP-03, SUP-05, T52."""

from __future__ import annotations

import random

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from engine.people.normalise import FREE_MAIL, company_domain, email_key, email_keys
from engine.people.phones import phone_number


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("  Dana@Acme.Example ", "dana@acme.example"),
        ("jörg@MÜNCHEN.example", "jörg@xn--mnchen-3ya.example"),
        ("JO\u0308RG@acme.example", "jörg@acme.example"),
        ("o'neil@acme.example", "o'neil@acme.example"),
        ("dana@acme", None),
        ("dana@@acme.example", None),
        ("a..b@acme.example", None),
        ("Dana <dana@acme.example>", None),
        ("", None),
        ("n/a", None),
    ],
)
def test_the_key_of_a_mailbox(address: str, key: str | None) -> None:
    assert email_key(address) == key


def test_a_suppressed_gmail_box_is_found_however_it_is_spelt() -> None:
    suppressed = email_keys("J.Doe+shop@GoogleMail.com")
    assert len(suppressed) == 3
    assert set(suppressed) & set(email_keys("jdoe@gmail.com"))


def test_tags_count_everywhere_and_dots_only_at_gmail() -> None:
    assert set(email_keys("dana+x@acme.example")) & set(email_keys("dana+y@acme.example"))
    assert not set(email_keys("d.ana@acme.example")) & set(email_keys("dana@acme.example"))


def test_the_first_key_is_the_one_identity_goes_by() -> None:
    assert email_keys("Dana+News@acme.example")[0] == email_key("Dana+News@acme.example")
    assert email_keys("not an address") == ()


_local = st.text("abcXYZ019._+-'é", min_size=1, max_size=12)
_domain = st.text("abcXYZ09.-", min_size=1, max_size=12)


@given(_local, _domain)
def test_what_is_an_address_is_for_the_validator_to_say(local: str, domain: str) -> None:
    address = f"{local}@{domain}.example"
    try:
        found = validate_email(address, check_deliverability=False)
        expected = f"{found.local_part.casefold()}@{found.ascii_domain.lower()}"
    except EmailNotValidError:
        expected = None
    assert email_key(address) == expected


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("(312) 555-0100", "US", "+13125550100"),
        ("1-312-555-0100", "US", "+13125550100"),
        ("+1 312 555 0100 ext. 12", None, "+13125550100"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("+44 (0)20 7946 0958", None, "+442079460958"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("+52 1 55 1234 5678", None, "+525512345678"),
        ("+54 9 11 2345 6789", None, "+5491123456789"),
        ("312 555 0100", None, None),
        ("555-0100", "US", None),
        ("call me", "US", None),
        ("", "US", None),
        ("+", "US", None),
        ("+999 123", "US", None),
    ],
)
def test_a_phone_number_is_e164_or_none(text: str, region: str | None, number: str | None) -> None:
    assert phone_number(text, region) == number


def _library(text: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def test_the_compiled_patterns_agree_with_the_library_in_every_country() -> None:
    dice = random.Random(20261121)
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        for region in (r for r in regions if r != "001"):
            example = phonenumbers.example_number(region)
            if example is None:
                continue
            for _ in range(12):
                digits = list(phonenumbers.national_significant_number(example))
                for _ in range(dice.randint(0, 3)):
                    digits[dice.randrange(len(digits))] = str(dice.randrange(10))
                national = "".join(digits)
                for text, where in ((f"+{code}{national}", None), (national, region)):
                    ours, theirs = phone_number(text, where), _library(text, where)
                    mexican = theirs is None and (ours or "").startswith(
                        "+52"
                    )  # the old +52 1, which we mend
                    assert ours == theirs or mexican, (text, where)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Acme.example/about?x=1", "acme.example"),
        ("acme.example", "acme.example"),
        ("http://acme.example:8080", "acme.example"),
        ("dana@sales.acme.example", "sales.acme.example"),
        ("dana@gmail.com", None),
        ("user-1@example.com", None),
        ("http://[broken", None),
        ("Acme, Inc.", None),
        ("", None),
    ],
)
def test_a_company_domain(text: str, domain: str | None) -> None:
    assert company_domain(text) == domain


def test_no_free_mail_provider_is_misspelt() -> None:
    assert all(email_key(f"x@{domain}") == f"x@{domain}" for domain in FREE_MAIL)
