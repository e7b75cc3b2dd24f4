"""What filters and mail programs are known to count against an e-mail, asked of the bytes as they arrive.

Each rule is a published fact, under the name it goes by: in upper case a test of SpamAssassin's (its published list of
tests), ``gmail:`` what Gmail's sender guidelines or its clipping say, ``rfc:`` what a standard asks, ``wcag:`` a
criterion of WCAG 2.2. What needs a network (reputation, black lists) or a trained filter is not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as rfc
from itertools import pairwise
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib

#: Gmail shows no more of a message's HTML
_CLIPPED = 102 * 1024
_SHORTENERS = {"bit.ly", "t.co", "goo.gl", "tinyurl.com", "ow.ly", "is.gd", "buff.ly", "lnkd.in"}
_ACTIVE = {
    "script",
    "form",
    "iframe",
    "object",
    "embed",
    "applet",
    "input",
    "button",
    "video",
    "audio",
    "link",
    "base",
}


def faults(data: bytes) -> list[str]:
    """The names of what is wrong; empty for a good mail."""
    mail = message_from_bytes(data, policy=rfc)
    assert isinstance(mail, EmailMessage)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    found = [*_heads(mail), *_wire(data)]
    if text is None:
        return [*found, "MIME_HTML_ONLY"]
    if html is None:
        return found
    source = html.get_content()
    page, wrong = _parsed(source)
    return [
        *found,
        *_parts(mail, text.get_content(), page),
        *_size(source),
        *wrong,
        *_page_faults(source, page),
    ]


def _heads(mail: EmailMessage) -> Iterator[str]:
    for name, rule in (
        ("Date", "MISSING_DATE"), ("From", "MISSING_FROM"), ("To", "MISSING_HEADERS"), ("Subject", "MISSING_SUBJECT"),
        ("Message-ID", "MISSING_MID"), ("MIME-Version", "MIME_HEADER_CTYPE_ONLY"),
    ):  # fmt: skip
        if not mail.get_all(name):
            yield rule
    for name in {name.lower() for name in mail}:
        if len(mail.get_all(name, [])) > 1:
            yield f"rfc:{name} twice"
    subject = str(mail["Subject"])
    letters = [sign for sign in subject if sign.isalpha()]
    if len(letters) > 10 and all(sign.isupper() for sign in letters):
        yield "SUBJ_ALL_CAPS"
    if re.match(r"(re|fwd?|aw|tr)\s*:", subject, re.IGNORECASE):
        yield "gmail:false reply"
    if subject.count("!") > 1 or "  " in subject or "$$" in subject:
        yield "PLING_QUERY"
    raw = dict(mail.raw_items())
    for name in ("Subject", "From"):
        if name in raw and "=?" in raw[name] and str(mail[name]).isascii():
            yield f"{name.upper()}_EXCESS_BASE64"
    if len(mail["From"].addresses) != 1:
        yield "gmail:more than one From"
    if "@" in mail["From"].addresses[0].display_name:
        yield "FROM_ADDR_IN_NAME"
    if not re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", str(mail["Message-ID"])):
        yield "INVALID_MSGID"
    if mail["Date"] is not None and mail["Date"].datetime is None:
        yield "INVALID_DATE"


def _wire(data: bytes) -> Iterator[str]:
    if b"\n" in data.replace(b"\r\n", b"") or b"\r" in data.replace(b"\r\n", b""):
        yield "rfc:bare line end"
    if any(len(line) > 998 for line in data.split(b"\r\n")):
        yield "rfc:line too long"
    if any(part.defects for part in message_from_bytes(data, policy=rfc).walk()):
        yield "rfc:defect"


def _size(html: str) -> Iterator[str]:
    if len(html.encode()) > _CLIPPED:
        yield "gmail:clipped"


def _parts(mail: EmailMessage, text: str, page: Element) -> Iterator[str]:
    if mail.get_content_type() != "multipart/alternative":
        yield "rfc:no alternative"
    elif [part.get_content_type() for part in mail.iter_parts()] != ["text/plain", "text/html"]:
        yield "rfc:the best part is not the last"
    shown = _words(page)
    said = set(re.findall(r"\w{4,}", re.sub(r"https?://\S+", "", text).lower()))
    if said and len(said & set(re.findall(r"\w{4,}", shown.lower()))) < 0.9 * len(said):
        yield "MPART_ALT_DIFF"
    links = {_place(a.get("href", "")) for a in page.iter("a")}
    if links != {_place(link.rstrip(").,")) for link in re.findall(r"https?://[^\s]+", text)} | _brand(page):
        yield "rfc:the parts lead elsewhere"


def _brand(page: Element) -> set[str]:
    """Where the head of the page leads, which the text has no head for."""
    return {
        _place(a.get("href", "")) for a in page.iter("a") if "text-decoration:none" in a.get("style", "")[:60]
    }


def _place(url: str) -> str:
    return url.split("?")[0].rstrip("/")


def page_faults(html: str) -> list[str]:
    """What is wrong with an e-mail's HTML for filters and for people who do not see it as it is drawn."""
    page, wrong = _parsed(html)
    return [*wrong, *_page_faults(html, page)]


def _parsed(html: str) -> tuple[Element, list[str]]:
    """The page as a browser reads it, and what it has to forgive."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    page: Element = parser.parse(html)
    return page, [f"html:{code}" for _, code, _ in parser.errors]


def _page_faults(html: str, page: Element) -> Iterator[str]:
    yield from (f"active:{tag}" for tag in _ACTIVE if next(page.iter(tag), None) is not None)
    yield from _sense(page)
    yield from _links(page)
    words, pictures = len(_words(page)), len(list(page.iter("img")))
    if pictures and words < 400 * pictures:
        yield "HTML_IMAGE_RATIO"
    if not 100 < words < 20_000:
        yield "HTML_SHORT_LENGTH"
    if words / len(html) < 0.05:
        yield "text to markup"
    if any(
        re.search(r"font-size:\s*[0-9](\.\d+)?px", e.get("style", "")) and _is_shown(e) for e in page.iter()
    ):
        yield "HTML_FONT_SIZE_TINY"
    if any(img.get("width") in ("0", "1") or img.get("height") in ("0", "1") for img in page.iter("img")):
        yield "a pixel that counts readers"


def _sense(page: Element) -> Iterator[str]:
    if not page.get("lang"):
        yield "wcag:3.1.1 no language"
    title = page.find("head/title")
    if title is None or not (title.text or "").strip():
        yield "wcag:2.4.2 no title"
    if any(img.get("alt") is None for img in page.iter("img")):
        yield "wcag:1.1.1 a picture without words"
    if any(table.get("role") != "presentation" for table in page.iter("table")):
        yield "wcag:1.3.1 a table for layout says that it holds data"
    levels = [int(e.tag[1]) for e in page.iter() if isinstance(e.tag, str) and re.fullmatch("h[1-6]", e.tag)]
    if levels.count(1) > 1 or any(b > a + 1 for a, b in pairwise(levels)):
        yield "wcag:1.3.1 headings out of order"
    ids = [e.get("id") for e in page.iter() if e.get("id")]
    if len(ids) != len(set(ids)):
        yield "html:an id twice"


def _links(page: Element) -> Iterator[str]:
    for a in page.iter("a"):
        url, shown = urlsplit(a.get("href", "")), _words(a).strip()
        if url.scheme not in ("https", "mailto", "tel"):
            yield f"a link that is not https: {url.scheme}"
        if re.fullmatch(r"[\d.]+|\[.*\]", url.netloc):
            yield "NUMERIC_HTTP_ADDR"
        if url.netloc in _SHORTENERS:
            yield "URL_SHORTENER"
        if not shown and not any(img.get("alt") for img in a.iter("img")):
            yield "wcag:2.4.4 a link without words"
        if shown.lower() in ("click here", "here", "link", "more"):
            yield "wcag:2.4.4 a link that does not say where it leads"
        named = re.fullmatch(r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?:/\S*)?", shown)
        if named and named[1] != url.netloc:
            yield "SPOOFED_URL"


def _is_shown(element: Element) -> bool:
    return "display:none" not in element.get("style", "")


def _words(element: Element) -> str:
    """What a reader sees of it."""
    if (
        element.tag in ("style", "title", "script")
        or not isinstance(element.tag, str)
        or not _is_shown(element)
    ):
        return ""
    inner = (element.text or "") + "".join(_words(child) + (child.tail or "") for child in element)
    return f" {inner} "
