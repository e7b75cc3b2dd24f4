"""What advertising platforms know a person by: SHA-256 of a normalised address. Pure.

Google: https://support.google.com/google-ads/answer/7476159; Meta: https://www.facebook.com/business/help/2082575038703844
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import zip_longest

from channels.lists import Person

GOOGLE, META = "google", "meta"
FORMATS = (GOOGLE, META)

#: columns of a file; two for e-mail at Google, which has two spellings of some
_COLUMNS = {GOOGLE: ("Email", "Email", "Phone"), META: ("email", "phone")}
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL = re.compile(r"[^\s@,]+@[^\s@,]+")
_GMAIL = frozenset({"gmail.com", "googlemail.com"})


def hashes_of(addresses: Sequence[str], platform: str) -> tuple[str, ...]:
    """``email:`` or ``phone:`` and a hash, for each spelling of each address that the platform may know; nothing for
    what is neither an e-mail address nor an E.164 number."""
    found: dict[str, None] = {}
    for address in addresses:
        for kind, spelling in _spellings(address.strip(), platform):
            digest = sha256(spelling.encode("utf-8", "replace")).hexdigest()
            found[f"{kind}:{digest}"] = None
    return tuple(found)


def _spellings(address: str, platform: str) -> Iterator[tuple[str, str]]:
    if _E164.fullmatch(address):
        yield "phone", address if platform == GOOGLE else address[1:]
    elif _EMAIL.fullmatch(address):
        plain = address.lower()
        yield "email", plain
        local, _, domain = plain.rpartition("@")
        if platform == GOOGLE and domain in _GMAIL and "." in local:
            yield "email", f"{local.replace('.', '')}@{domain}"


def csv_of(people: Sequence[Person], platform: str) -> str:
    """A file for the platform: a header, a row for each person, more where somebody has more addresses than it has
    columns."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    columns = _COLUMNS[platform]
    writer.writerow(columns)
    for person in people:
        writer.writerows(_rows(person, sum(name.lower() == "email" for name in columns)))
    return file.getvalue()


def by_kind(person: Person) -> dict[str, list[str]]:
    """A person's hashes by what they are of."""
    found: dict[str, list[str]] = {"email": [], "phone": []}
    for each in person:
        kind, _, digest = each.partition(":")
        found[kind].append(digest)
    return found


def _rows(person: Person, width: int) -> Iterator[list[str]]:
    """``width``: columns for e-mail."""
    kinds = by_kind(person)
    emails = [kinds["email"][n : n + width] for n in range(0, len(kinds["email"]), width)]
    for some, phone in zip_longest(emails, kinds["phone"], fillvalue=None):
        cells = list(some or ())
        yield [*cells, *[""] * (width - len(cells)), str(phone or "")]
