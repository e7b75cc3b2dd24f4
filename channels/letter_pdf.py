"""A letter as a document: tagged PDF/A-2a and PDF/UA-1 by typst, the same bytes for the same letter.

What a letter says goes in as JSON and is only ever set as text. What came out is read back: a sign that no font has,
an address that does not fit its window and a letter that runs over its pages are refused, never cut.
"""

from __future__ import annotations

import io
import unicodedata
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pypdf
import typst

from channels import letter_tree
from channels.base import Message

TEMPLATE = Path(__file__).with_name("letter.typ")
STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
#: in the order in which a sign is looked for; both come with typst
FONTS = ("Libertinus Serif", "DejaVu Sans Mono")
ACCENT = "#1f2a44"
#: countries whose sheets are US letter, and whose envelopes are #10
_US_LETTER = frozenset("US CA MX CL CO CR DO GT NI PA PH PR SV VE".split())
_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class LetterRefused(ValueError):
    """A letter that cannot be set: what is wrong is in the text, and never what it says."""


#: signs that no page can hold, so that nothing huge is ever set
_SIGNS_A_PAGE = 12_000


def data_of(
    message: Message, *, paper: str = "auto", accent: str = ACCENT, fonts: Sequence[str] = ()
) -> dict[str, Any]:
    """What the template is given. Raises LetterRefused for a letter that nobody signs."""
    meta = message.meta
    if not meta.get("signatory"):
        raise LetterRefused("nobody is named who signs this letter: its step needs 'signed_by'")
    country = meta.get("country") or "US"
    language, _, region = (meta.get("language") or "en").partition("-")
    sender = [part.strip() for part in message.postal_address.split(",") if part.strip()]
    contact = (_bare(meta.get("website", "")), meta.get("brand_phone", ""), message.sender)
    reached = (meta.get("signatory_phone", ""), meta.get("signatory_email", ""))
    data = {
        "paper": _paper(country) if paper == "auto" else paper,
        "accent": accent,
        "fonts": [*fonts, *FONTS],
        "language": language,
        "region": region or country,
        "title": message.subject or meta.get("brand") or message.sender_name,
        "brand": {
            "name": meta.get("brand") or message.sender_name,
            "legal_name": meta.get("legal_name") or message.sender_name,
            "postal_address": message.postal_address,
        },
        "sender": [sender[0], ", ".join(sender[1:])] if len(sender) > 1 else sender,
        "sender_line": " · ".join([meta.get("legal_name") or message.sender_name, *sender]),
        "contact": [part for part in contact if part],
        "to": [line for line in message.to.split("\n") if line.strip()],
        "mark": meta.get("mark", ""),
        "date": meta.get("date", ""),
        "reference": message.ref[:12],
        "subject": message.subject,
        "body": letter_tree.from_html(message.html) if message.html else letter_tree.from_text(message.text),
        "closing": meta.get("closing", ""),
        "signatory": {
            "name": meta["signatory"],
            "title": meta.get("signatory_title", ""),
            "reached": [part for part in reached if part],
        },
    }
    _only_signs(data)
    return data


def _paper(country: str) -> str:
    return "us_letter" if country.upper() in _US_LETTER else "a4"


def _bare(url: str) -> str:
    return url.removeprefix("https://").removeprefix("http://").rstrip("/")


def _only_signs(data: Mapping[str, Any]) -> None:
    """What is no sign at all cannot stand on paper."""
    for text in _texts(data):
        for sign in text:
            if sign not in "\n\t" and unicodedata.category(sign) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp"):
                raise LetterRefused(f"no letter can show {_named(sign)}")


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _texts(value)
    elif isinstance(data, Sequence):
        for value in data:
            yield from _texts(value)


def _named(sign: str) -> str:
    """``U+1F525 FIRE``; the sign itself may be no sign of a log's."""
    return f"U+{ord(sign):04X} {unicodedata.name(sign, '')}".strip()


@cache
def _compiler(fonts: str | None) -> typst.Compiler:
    """System fonts are left alone: a letter is the same on every machine."""
    return typst.Compiler(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[fonts] if fonts else [],
        ignore_system_fonts=True,
    )


def families(folder: Path) -> list[str]:
    """Font families in a folder, in order of their names."""
    found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])
    return sorted(found.families())


def typeset(
    data: Mapping[str, Any],
    *,
    made_at: int,
    pages: int = 1,
    fonts: Path | None = None,
    image: bytes | None = None,
) -> bytes:
    """The PDF of a letter. ``made_at``: UTC epoch seconds, its date as a document; ``image``: a picture of the
    signature, PNG or JPEG. Raises LetterRefused."""
    length = sum(map(len, expected(data)))
    if length > pages * _SIGNS_A_PAGE:
        raise LetterRefused(
            f"the letter has {length:,} signs: far too many for its {pages} page{'s' * (pages > 1)}"
        )
    inputs = {"letter": orjson.dumps(data).decode()}
    if image is not None:
        inputs["image"] = _framed(image)
    compiler = _compiler(str(fonts) if fonts else None)
    try:
        pdf = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=STANDARDS, timestamp=made_at)
    except typst.TypstError as error:
        raise LetterRefused(_why(error)) from None
    assert isinstance(pdf, bytes)
    _fits(compiler, pages)
    _nothing_dropped(pdf, data)
    return pdf


def picture(data: Mapping[str, Any], *, ppi: float = 110, fonts: Path | None = None) -> bytes:
    """The first page as PNG: to look at."""
    compiler = _compiler(str(fonts) if fonts else None)
    made = compiler.compile(format="png", ppi=ppi, sys_inputs={"letter": orjson.dumps(data).decode()})
    return made if isinstance(made, bytes) else (made or [b""])[0]


def _framed(image: bytes) -> str:
    """A picture as SVG, which can be handed over as text."""
    kind = next((kind for start, kind in _PICTURES.items() if image.startswith(start)), None)
    if kind is None:
        raise LetterRefused("the picture of the signature is neither PNG nor JPEG")
    encoded = b64encode(image).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100" width="300" height="100">'
        '<image width="300" height="100" preserveAspectRatio="xMinYMid meet" '
        f'href="data:{kind};base64,{encoded}"/></svg>'
    )


def _why(error: typst.TypstError) -> str:
    """typst's reason in our words; what it quotes of a letter is named sign by sign."""
    said = str(getattr(error, "message", "") or error)
    if "could not be displayed" in said or "not supported by any font" in said or "font" in said:
        quoted = "".join(said.split("`")[1:2]) or "".join(said.split('"')[1:2])
        signs = sorted({_named(sign) for sign in quoted if not sign.isascii()})
        return "no font has " + (", ".join(signs) if signs else "a sign of the letter")
    return "the letter cannot be set; its template or a picture is broken"


def _fits(compiler: typst.Compiler, pages: int) -> None:
    """The address in its window, and the words on their pages."""
    facts = orjson.loads(compiler.query("<facts>", field="value", one=True))
    over = round(facts["address"])
    if over > 0:
        raise LetterRefused(f"the address is {over} mm too high for the window of the envelope")
    if facts["page"] > pages:
        sheets = f"{pages} page" if pages == 1 else f"{pages} pages"
        more = facts["page"] - pages
        whole = f"{more - 1} whole page{'s' * (more > 2)} and " if more > 1 else ""
        raise LetterRefused(f"the letter runs over its {sheets} by {whole}{max(1, round(facts['y']))} mm")


def _nothing_dropped(pdf: bytes, data: Mapping[str, Any]) -> None:
    """Every sign of the letter is on paper, as often as it stands in it."""
    wanted = Counter(signs("".join(expected(data))))
    wanted.subtract(Counter(signs(read(pdf))))
    lost = sorted(_named(sign) for sign, count in wanted.items() if count > 0)
    if lost:
        raise LetterRefused(f"no font has {', '.join(lost[:5])}")


def expected(data: Mapping[str, Any]) -> list[str]:
    """What must be on paper, a stretch of words each."""
    who = data["signatory"]
    return [
        *data["to"], data["mark"].upper(), data["date"], data["subject"], *letter_tree.words(data["body"]),
        data["closing"], who["name"], who["title"], *who["reached"],
    ]  # fmt: skip


def read(pdf: bytes) -> str:
    """All words of a document."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def signs(text: str) -> str:
    """Text as signs alone: ligatures parted, accents composed, without blanks and what nobody sees."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(s for s in plain if not s.isspace() and unicodedata.category(s) not in ("Cf", "Mn"))
