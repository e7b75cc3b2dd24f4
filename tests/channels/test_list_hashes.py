"""People as advertising platforms know them: the platforms' own rules, in hashes."""

from __future__ import annotations

import csv
import io
import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.list_hashes import FORMATS, GOOGLE, META, by_kind, csv_of, hashes_of


def hashed(kind: str, words: str) -> str:
    return f"{kind}:{sha256(words.encode()).hexdigest()}"


@pytest.mark.parametrize(
    ("address", "platform", "spellings"),
    [
        ("sam@customer.example", GOOGLE, [("email", "sam@customer.example")]),
        ("  Sam@Customer.EXAMPLE ", META, [("email", "sam@customer.example")]),
        ("Sam.O@gmail.com", GOOGLE, [("email", "sam.o@gmail.com"), ("email", "samo@gmail.com")]),
        (
            "s.a.m@GoogleMail.com",
            GOOGLE,
            [("email", "s.a.m@googlemail.com"), ("email", "sam@googlemail.com")],
        ),
        ("sam.o@gmail.com", META, [("email", "sam.o@gmail.com")]),
        ("sam.o@customer.example", GOOGLE, [("email", "sam.o@customer.example")]),
        ("sam+news@gmail.com", GOOGLE, [("email", "sam+news@gmail.com")]),
        ("+13125550142", GOOGLE, [("phone", "+13125550142")]),
        ("+13125550142", META, [("phone", "13125550142")]),
        ("312 555 0142", GOOGLE, []),
        ("+0125550142", META, []),
        ("sam", GOOGLE, []),
        ("", GOOGLE, []),
        ("a@b,c@d", GOOGLE, []),
    ],
)
def test_an_address_is_hashed_as_the_platform_does(
    address: str, platform: str, spellings: list[tuple[str, str]]
) -> None:
    assert hashes_of([address], platform) == tuple(hashed(*spelling) for spelling in spellings)


def test_a_hash_that_anybody_can_check() -> None:
    # printf test@example.com | sha256sum
    assert hashes_of([" Test@Example.com"], GOOGLE) == (
        "email:973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b",
    )


def test_files_have_the_platforms_columns() -> None:
    sam = hashes_of(["sam.o@gmail.com", "+13125550142"], GOOGLE)
    kim = hashes_of(["kim@customer.example"], GOOGLE)
    rows = list(csv.reader(io.StringIO(csv_of([sam, kim], GOOGLE))))
    digests = [each.partition(":")[2] for each in (*sam, *kim)]
    assert rows == [["Email", "Email", "Phone"], digests[:3], [digests[3], "", ""]]
    rows = list(csv.reader(io.StringIO(csv_of([hashes_of(["+13125550142"], META)], META))))
    assert rows == [["email", "phone"], ["", sha256(b"13125550142").hexdigest()]]


def test_whoever_has_more_addresses_than_columns_has_more_rows() -> None:
    person = hashes_of(["a@x.example", "b@x.example", "+13125550142"], META)
    rows = list(csv.reader(io.StringIO(csv_of([person], META))))[1:]
    kinds = by_kind(person)
    assert rows == [[kinds["email"][0], kinds["phone"][0]], [kinds["email"][1], ""]]


@given(
    st.lists(st.emails() | st.text() | st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)),
    st.sampled_from(FORMATS),
)
def test_nothing_but_hashes_is_ever_written(addresses: list[str], platform: str) -> None:
    person = hashes_of(addresses, platform)
    written = csv_of([person], platform)
    cells = [cell for row in list(csv.reader(io.StringIO(written)))[1:] for cell in row]
    assert all(re.fullmatch(r"|[0-9a-f]{64}", cell) for cell in cells)
    assert sorted(filter(None, cells)) == sorted(each.partition(":")[2] for each in person)
