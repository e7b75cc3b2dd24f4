"""What XML 1.0 can hold."""

from __future__ import annotations

import re

#: what it cannot, not even escaped
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """The text with a sign in the place of every character that no XML document can hold."""
    return _ILLEGAL.sub("\ufffd", text)
