"""Messages printed, short enough to read as they go by: for a first look at what a project would send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TextIO

from channels.base import Accepted, CannotTell, Capabilities, Lookup, Message, Outcome, Rejected, Retry

if TYPE_CHECKING:
    from channels.registry import Host

_CHANNELS = frozenset({"email", "sms", "linkedin", "phone", "letter", "in_app", "push", "audience", "review"})


class ConsoleAdapter:
    """Prints each message to a stream."""

    OPTIONS: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "body": {
                "type": "boolean",
                "default": True,
                "description": "Print the text too, not only to whom and about what.",
            },
        },
    }

    name = "console"
    capabilities = Capabilities(channels=_CHANNELS, delivers=False)

    def __init__(self, out: TextIO, *, body: bool = True) -> None:
        self._out = out
        self._body = body

    def __repr__(self) -> str:
        return f"ConsoleAdapter(body={self._body})"

    @classmethod
    def build(cls, options: Mapping[str, Any], host: Host) -> Self:
        return cls(host.out, body=options["body"])

    def send(self, message: Message) -> Outcome:
        try:
            shown = _shown(message, body=self._body)
            encoding = self._out.encoding or "utf-8"
            self._out.write(shown.encode(encoding, "replace").decode(encoding))
            self._out.flush()
        except ValueError:
            return Rejected(reason="the stream is closed")
        except OSError as error:
            return Retry(reason=f"cannot print: {error.strerror or 'unknown fault'}")
        return Accepted()

    def lookup(self, ref: str) -> Lookup:
        return CannotTell(reason="what was printed is not kept")

    def close(self) -> None:
        pass


def _shown(message: Message, *, body: bool) -> str:
    who = f"{message.to_name} <{message.to}>" if message.to_name else message.to
    lines = [_visible(f"{message.channel} {message.ref} to {who}")]
    if message.subject:
        lines.append(_visible(f"  {message.subject}"))
    if body:
        lines += [f"  | {_visible(line)}" for line in message.text.strip().splitlines()]
    return "\n".join(lines) + "\n\n"


def _visible(line: str) -> str:
    """The line without control characters, which could move a terminal's cursor."""
    return "".join(sign if sign.isprintable() or ord(sign) >= 0xA0 else " " for sign in line)
