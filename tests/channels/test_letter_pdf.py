"""A letter on paper: whole, the same again, readable by machines, and never made of anybody's words as code."""

from __future__ import annotations

import io
import zlib
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf.generic import DictionaryObject

from channels import letter_pdf, letter_tree
from channels.base import Message
from channels.letter_pdf import LetterRefused
from tests.channels.letters import FACTS, apology, lapsed, letter

AT = 1_772_463_600

#: what typst reads a meaning into, among letters that its fonts have
SIGNS = st.text(st.sampled_from("#[]$*_@<>\\`~=-+/:;\"'{}()|&%^!?.,0 1aBzäß€é\n"), min_size=1, max_size=200)


def paper(**changes: Any) -> bytes:
    return letter_pdf.typeset(letter_pdf.data_of(letter(**changes)), made_at=AT)


def catalogue(pdf: bytes) -> DictionaryObject:
    return pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"].get_object()


@settings(max_examples=60, deadline=None)
@given(body=SIGNS, subject=SIGNS, name=SIGNS)
def test_whatever_the_words_they_are_read_back_as_they_were_given(body: str, subject: str, name: str) -> None:
    subject, name = " ".join(subject.split()), " ".join(name.split()) or "Sam"
    html = f"<p>{body.replace('&', '&amp;').replace('<', '&lt;')}</p>"
    found = letter_pdf.signs(letter_pdf.read(paper(html=html, subject=subject, to=f"{name}\n1 Example Road")))
    for words in (body, subject, name):
        assert letter_pdf.signs(words) in found


def test_markdown_stands_on_paper_with_what_it_means() -> None:
    html = (
        "<h2>Why</h2><p>You bought <strong>two</strong> <em>arms</em> &amp; a <a href='https://a.example/x?y=1'>grip</a>,"
        "<br/>see <a href='https://a.example'>a.example</a>.</p><ol start='3'><li>three</li><li><p>four</p></li></ol>"
        "<ul><li>one<ul><li>inner</li></ul></li></ul><blockquote><p>said</p></blockquote><hr/>"
        "<pre><code>a\n  b</code></pre><p><img src='x' alt='a board'/></p>"
    )
    pdf = paper(html=html)
    lines = [line.strip() for line in letter_pdf.read(pdf).split("\n")]
    assert "You bought two arms & a grip (https://a.example/x?y=1)," in lines
    assert [line for line in lines if line.startswith(("3.", "4.", "•", "‣"))] == [
        "3. three",
        "4. four",
        "• one",
        "‣ inner",
    ]
    for words in ("Why", "see a.example.", "said", "a", "b", "a board"):
        assert words in lines


def test_the_same_letter_is_the_same_bytes() -> None:
    assert paper() == paper()
    assert paper() != paper(subject="Another")


def test_a_letter_is_tagged_pdf_a_in_its_language() -> None:
    pdf = paper(meta={**FACTS, "language": "de", "country": "DE"})
    root = catalogue(pdf)
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 (a PDF object, not a bool)
    assert root["/Lang"] == "de-DE"
    about = root["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in about
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in about
    assert "<pdfuaid:part>1</pdfuaid:part>" in about
    assert root["/OutputIntents"]
    kinds = set(_kinds(root["/StructTreeRoot"].get_object()))
    assert {"/P", "/H1", "/Document"} <= kinds


def _kinds(node: Any) -> Any:
    node = node.get_object()
    if isinstance(node, list):
        for part in node:
            yield from _kinds(part)
    elif isinstance(node, DictionaryObject):
        if "/S" in node:
            yield str(node["/S"])
        if "/K" in node:
            yield from _kinds(node["/K"])


@pytest.mark.parametrize("message", [lapsed(), apology()], ids=["lapsed", "apology"])
def test_the_letters_of_the_page_are_whole_and_on_one_sheet(message: Message) -> None:
    data = letter_pdf.data_of(message)
    pdf = letter_pdf.typeset(data, made_at=AT)
    paper = letter_pdf.signs(letter_pdf.read(pdf))
    assert [words for words in letter_pdf.expected(data) if letter_pdf.signs(words) not in paper] == []
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == 1
    assert letter_pdf.picture(data, ppi=30).startswith(b"\x89PNG")


@pytest.mark.parametrize(("country", "size"), [("US", (612, 792)), ("DE", (595, 842)), ("GB", (595, 842))])
def test_the_sheet_is_that_of_the_country(country: str, size: tuple[int, int]) -> None:
    page = pypdf.PdfReader(io.BytesIO(paper(meta={**FACTS, "country": country}))).pages[0]
    assert (round(page.mediabox.width), round(page.mediabox.height)) == size


@pytest.mark.parametrize(
    ("sign", "said"),
    [
        ("🔥", "no font has U+1F525 FIRE"),
        ("\x07", "no letter can show U+0007"),
        ("\u2028", "no letter can show U+2028 LINE SEPARATOR"),
        ("\ud800", "no letter can show U+D800"),
    ],
)
def test_a_sign_that_cannot_be_on_paper_is_named(sign: str, said: str) -> None:
    for field in ("subject", "to", "text"):
        with pytest.raises(LetterRefused) as refused:
            paper(**{field: f"a {sign} b"})
        assert said in str(refused.value)


def test_nothing_that_no_reader_sees_is_a_sign_left_out() -> None:
    assert paper(text="soft\u00adhyphen, zero\u200bwidth, \ufeffmark, word\u2060joiner")


@pytest.mark.parametrize("length", [5_000, 200_000])
def test_what_could_never_fit_is_refused(length: int) -> None:
    with pytest.raises(LetterRefused, match=r"the letter (runs over its 1 page|has 200,)"):
        paper(text="many words " * (length // 11))


def test_a_picture_of_a_signature_stands_on_it_with_a_word_for_who_cannot_see_it() -> None:
    data = letter_pdf.data_of(letter())
    signed = letter_pdf.typeset(data, made_at=AT, image=png(300, 100))
    assert signed == letter_pdf.typeset(data, made_at=AT, image=png(300, 100))
    assert b"Figure" in b"".join(str(kind).encode() for kind in _kinds(catalogue(signed)["/StructTreeRoot"]))
    with pytest.raises(LetterRefused, match="neither PNG nor JPEG"):
        letter_pdf.typeset(data, made_at=AT, image=b"GIF89a")


def png(width: int, height: int) -> bytes:
    """A dark stroke on nothing."""
    rows = b"".join(
        b"\0" + bytes([20, 30, 80, 255 if abs(y - height // 2) < 4 else 0]) * width for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return len(data).to_bytes(4, "big") + kind + data + crc.to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 6, 0, 0, 0])
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@given(st.text(max_size=300))
def test_any_html_is_read_without_a_fault(html: str) -> None:
    letter_tree.from_html(html)


def test_a_link_says_its_address_once() -> None:
    tree = letter_tree.from_html(
        "<p><a href='tel:+13125550101'>+1 312 555 0101</a> <a href='mailto:d@a.example'>d@a.example</a> "
        "<a href='https://a.example/'>a.example</a> <a href='https://a.example/t'>Time</a></p>"
    )
    assert list(letter_tree.words(tree)) == [
        "+1 312 555 0101 d@a.example a.example Time (https://a.example/t)"
    ]
