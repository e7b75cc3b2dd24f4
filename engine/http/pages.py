"""The pages' own look: HTML that needs no script, no font and no picture, in light and dark."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from engine.http.words import Words, words_for
from engine.model import Brand
from engine.wording import date as in_words
from engine.wording import locale_of

_FOLDER = Path(__file__).parent / "templates"
_STYLE = (_FOLDER / "style.css").read_text(encoding="utf-8")
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()

_MARKED_STYLE = Markup(_STYLE)  # noqa: S704 - our own file

#: nothing from anywhere, no script, no frame around it; forms lead back to where they came from
CONTENT_SECURITY = "; ".join(
    ("default-src 'none'", f"style-src 'sha256-{_HASH}'", "img-src data:", "form-action 'self'", "base-uri 'none'",
     "frame-ancestors 'none'")
)  # fmt: skip

_JINJA = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Page:
    """One page for one reader: the brand's name, the reader's language."""

    def __init__(self, brand: Brand, request: Request, language: str | None = None) -> None:
        self._brand = brand
        self.words = words_for(language, request.headers.get("accept-language"))

    def __call__(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """The page, rendered."""
        words = self.words
        html = _JINJA.get_template(f"{template}.html").render(
            say=_with_brand(words, self._brand), brand=self._brand, lang=words.language,
            style=_MARKED_STYLE, date=self.date, **values,
        )  # fmt: skip
        return HTMLResponse(html, status, headers={"Content-Language": words.language})

    def date(self, instant: int) -> str:
        """A day, as the reader's language writes it."""
        return in_words(instant, None, locale_of(self.words.language, ""))

    def notice(self, what: str, status: int) -> HTMLResponse:
        """A page that only says something, by the keys ``<what>_title`` and ``<what>_lead``."""
        return self("notice", status, what=what)


def _with_brand(words: Words, brand: Brand) -> Any:
    """The words, with who is writing and where to answer in them."""
    name = Markup("<bdi>{}</bdi>").format(brand.name)
    reply = Markup('<a href="mailto:{0}" dir="ltr">{0}</a>').format(escape(brand.reply_to))

    def say(key: str, **values: object) -> Markup:
        return words(key, brand=name, reply=reply, **values)

    return say
