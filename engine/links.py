"""Links of a message: campaign tags on them, and only the kinds of link that belong in one."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit


class LinkRefused(ValueError):
    """A link no message may carry."""


@lru_cache(maxsize=8192)
def tagged(url: str, medium: str, campaign: str, content: str) -> str:
    """The link with its UTM parameters; ``mailto:`` and ``tel:`` links as they are.

    ``content`` is the step, with its variant where there is one. Query, fragment and the tags the author has
    already set are kept. A link in a letter is printed, and has none. Raises LinkRefused for any other kind of link.
    """
    parts = _split(url)
    if parts.scheme in ("mailto", "tel"):
        return url
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise LinkRefused("a link must begin with https:, http:, mailto: or tel:")
    if medium == "letter":
        return url  # nobody types a tag
    present = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    ours = {"utm_source": "rekindle", "utm_medium": medium, "utm_campaign": campaign, "utm_content": content}
    added = urlencode({name: value for name, value in ours.items() if name not in present})
    return urlunsplit(parts._replace(query="&".join(part for part in (parts.query, added) if part)))


def _split(url: str) -> SplitResult:
    if not url.isprintable() or any(sign in url for sign in ' "<>\\'):
        raise LinkRefused("a link must not hold blanks, quotes or control characters")
    if not url.strip():
        raise LinkRefused("a link must lead somewhere: its address is empty")
    try:
        return urlsplit(url)
    except ValueError:
        raise LinkRefused("a link must be a whole, well-formed URL") from None


def link(value: object, medium: str, campaign: str, content: str) -> str:
    """Template filter: a link known only at run time, tagged."""
    return tagged(str(value).strip(), medium, campaign, content)


def url_part(value: object) -> str:
    """Template filter: a value inside a link, percent-encoded, so that it cannot change where that leads."""
    return quote(str(value), safe="")


def address_part(value: object) -> str:
    """Template filter: a value inside a ``mailto:`` or ``tel:`` link."""
    return quote("".join(str(value).split()), safe="@+")


def picture(value: object) -> str:
    """Template filter: the address of a picture known only at run time."""
    url = str(value).strip()
    if _split(url).scheme not in ("http", "https"):
        raise LinkRefused("a picture must begin with https:// or http://")
    return url
