"""The e-mail around the words: one column, readable in light and dark, with who writes, why, and the way out.

A marketing e-mail gets its identity, postal address and unsubscribe link here and nowhere else, so that no
template can leave them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

from engine.tags import literal
from engine.wording import Notices

#: keeps a mail program from filling the preview with the first words of the body
_PADDING = "&#847;&zwnj;&nbsp;" * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Who writes: the parts of a brand that every e-mail shows."""

    name: str
    legal_name: str
    postal_address: str
    #: with its campaign tags
    website: str


@cache
def _page() -> Template:
    return Template(files("engine").joinpath("layouts/email.html").read_text(encoding="utf-8"))


def html(
    *, body: str, subject: str, preheader: str, language: str, notices: Notices, head: Letterhead
) -> str:
    """The Jinja source of a whole HTML e-mail. Arguments, but for ``head``, are Jinja sources, escaped."""
    return _page().substitute(
        body=body,
        subject=subject,
        preheader=preheader,
        padding=_PADDING if preheader else "",
        website=_constant(head.website),
        language=language,
        why=_why(notices, head),
        unsubscribe=notices.unsubscribe,
        preferences=notices.preferences,
        brand=_constant(head.name),
        legal_name=_constant(head.legal_name),
        postal_address=_constant(head.postal_address),
    )


def text(*, body: str, notices: Notices, head: Letterhead) -> str:
    """The Jinja source of the plain text e-mail."""
    return (
        f"{body}\n\n--\n{_why(notices, head)}\n{notices.unsubscribe}: {{{{ unsubscribe }}}}\n"
        f"{{% if preferences is defined %}}{notices.preferences}: {{{{ preferences }}}}\n{{% endif %}}\n"
        f"{_constant(head.legal_name)}\n{_constant(head.postal_address)}\n"
    )


def _why(notices: Notices, head: Letterhead) -> str:
    return notices.why.replace("{brand}", _constant(head.name))


def _constant(words: str) -> str:
    """Words as an expression that Jinja folds into the page, escaped where the page is HTML."""
    return f"{{{{ {literal(words)} }}}}"
