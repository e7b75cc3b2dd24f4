"""The envelope sender that bounces come home to (VERP): ``bounces+<mark>@go.example``, one for each message.

The mark names our ref and proves it, so that a bounce somebody made up is told from one that answers our mail.
The same mark stands in a header, for servers that send what they cannot deliver elsewhere and quote its headers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from channels import mime
from channels.base import MessageError
from channels.options import OptionError

#: brings the mark back in what a bounce quotes
HEADER = "X-Rekindle-Ref"

#: RFC 5321 4.5.3.1.1: characters before the @; a mark of one of the engine's refs has 49, and a plus sign
_LONGEST_LOCAL = 64
_LONGEST_BASE = _LONGEST_LOCAL - 50


class ReturnPath:
    """Makes the envelope senders of one address. ``mark``: a ref -> its mark.

    Raises OptionError for an address that has no room for one.
    """

    def __init__(self, address: str, mark: Callable[[str], str]) -> None:
        try:
            self._local, _, self._domain = mime.wire_address(address).rpartition("@")
        except MessageError:
            raise OptionError("option 'return_path': must be an address such as bounces@go.example") from None
        if len(self._local) > _LONGEST_BASE or "+" in self._local:
            raise OptionError(
                f"option 'return_path': at most {_LONGEST_BASE} characters before the @, and no plus sign"
            )
        self._mark = mark

    def of(self, ref: str) -> str:
        """The envelope sender of a message; the bare address for a ref that cannot stand in one."""
        marked = f"{self._local}+{self._mark(ref)}"
        usable = len(marked) <= _LONGEST_LOCAL and mime.is_local(marked)
        return f"{marked if usable else self._local}@{self._domain}"


def marks(address: str) -> Iterator[str]:
    """What may be marks in an address that a mail was delivered to."""
    local = address.rpartition("@")[0]
    for sign in "+-=":  # some servers have another sign for what follows the name
        _, found, mark = local.partition(sign)
        if found:
            yield mark
