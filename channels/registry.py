"""Which adapters there are. Ours are in the dict, others come by entry points (``rekindle.channels``)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO, cast

from channels.base import Adapter
from channels.lists import ListBook
from channels.options import OptionError, resolved
from channels.task import TaskBook

if TYPE_CHECKING:
    from channels.letter import LetterDesk

#: name -> where its class is; imported when first asked for, because a provider's SDK is slow to import
ADAPTERS: dict[str, str] = {
    "audience": "channels.audience:AudienceAdapter",
    "console": "channels.console:ConsoleAdapter",
    "file": "channels.file:FileAdapter",
    "letter": "channels.letter:LetterAdapter",
    "push": "channels.push:PushAdapter",
    "sendgrid": "channels.sendgrid:SendgridAdapter",
    "smtp": "channels.smtp:SmtpAdapter",
    "task": "channels.task:TaskAdapter",
    "twilio": "channels.twilio:TwilioAdapter",
    "webhook": "channels.webhook:WebhookAdapter",
}

#: entry point group for adapters of other packages
GROUP = "rekindle.channels"


class UnknownAdapter(LookupError):
    """A name that no adapter goes by; the legal ones are in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What the program an adapter lives in gives it."""

    root: Path = field(default_factory=Path)  # relative folders start here
    now: Callable[[], int] = lambda: int(time.time())  # UTC epoch seconds
    out: TextIO = field(default_factory=lambda: sys.stdout)
    tasks: TaskBook | None = None
    lists: ListBook | None = None
    letters: LetterDesk | None = None
    #: a ref -> the mark under which a bounce may bring it back, proved; None: the program reads no bounces
    mark_ref: Callable[[str], str] | None = None
    #: the address that e-mails come from, where it is known before there is one
    sender: str = ""
    #: the public URL at which the channel's provider may call; empty: nobody listens
    webhook: str = ""


class AdapterClass(Protocol):
    """What an adapter's class offers beside the port: its options as a schema, and a way to be made.

    ``OPTIONS`` is a draft-07 JSON Schema of an object with flat ``properties``; ``build`` is given options
    that fit it, defaults filled in, secrets as plain values. Raises OptionError for what no schema says.
    """

    OPTIONS: Mapping[str, Any]

    @classmethod
    def build(cls, options: Mapping[str, Any], host: Host) -> Adapter:
        """The adapter, ready to send."""
        ...


def names() -> list[str]:
    """Every adapter that can be named, in order."""
    return sorted({*ADAPTERS, *(point.name for point in entry_points(group=GROUP))})


def adapter_class(name: str) -> AdapterClass:
    """The class behind a name. Raises UnknownAdapter."""
    if name in ADAPTERS:
        module, _, attribute = ADAPTERS[name].partition(":")
        return cast(AdapterClass, getattr(import_module(module), attribute))
    for point in entry_points(group=GROUP, name=name):
        return cast(AdapterClass, point.load())
    near = get_close_matches(name, names(), 1)
    mend = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names())}"
    raise UnknownAdapter(f"no adapter is called '{name}'; {mend}")


def build(name: str, options: Mapping[str, Any], host: Host | None = None) -> Adapter:
    """An adapter with its options. Raises UnknownAdapter and OptionError."""
    found = adapter_class(name)
    try:
        return found.build(resolved(found.OPTIONS, options), host or Host())
    except OptionError as error:
        raise OptionError(f"adapter '{name}': {error}") from None
