"""The e-mail around the words: one column, readable in light and dark, with who writes, why, and the way out.

A marketing e-mail gets its identity, postal address and unsubscribe link here and nowhere else, so that no
template can leave them out.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from string import Template

from engine.wording import Notices

#: keeps a mail program from filling the preview with the first words of the body
_PADDING = "&#847;&zwnj;&nbsp;" * 60


@cache
def _page() -> Template:
    return Template(files("engine").joinpath("layouts/email.html").read_text(encoding="utf-8"))


def html(*, body: str, subject: str, preheader: str, website: str, language: str, notices: Notices) -> str:
    """The Jinja source of a whole HTML e-mail; all arguments are Jinja sources, already escaped."""
    return _page().substitute(
        body=body,
        subject=subject,
        preheader=preheader,
        padding=_PADDING if preheader else "",
        website=website,
        language=language,
        why=notices.why.replace("{brand}", "{{ brand.name }}"),
        unsubscribe=notices.unsubscribe,
    )


def text(*, body: str, notices: Notices) -> str:
    """The Jinja source of the plain text e-mail."""
    why = notices.why.replace("{brand}", "{{ brand.name }}")
    return (
        f"{body}\n\n--\n{why}\n{notices.unsubscribe}: {{{{ unsubscribe }}}}\n\n"
        "{{ brand.legal_name }}\n{{ brand.postal_address }}\n"
    )
