"""Mail that came to the bounce mailbox: read, and taken in as what any provider tells is.

Whose address a bounce costs is never taken from the mail, which anybody can write, but from what was sent under the
ref that it proves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from channels import bounces
from channels.events import ProviderEvent
from channels.mailbox_mail import MOST
from engine.errors import ConfigurationError
from engine.intake import Item, take
from engine.mail_words import what_it_says
from state.errors import StateError
from state.queries import sent

if TYPE_CHECKING:
    from engine.app import App

#: the source its items stand under in ``received``, and the channel they are about
SOURCE, CHANNEL = "bounces", "email"


def take_mail(app: App, data: bytes) -> Counter[str]:
    """Take in one mail. When it returns it is on record, and whoever said no is suppressed.

    Returns what ``engine.intake.take`` does, and under ``mails`` that it was one. Raises the store's errors.
    """
    items = _addressed(app, bounces.read(data, app.return_marks.read))
    return Counter(mails=1) + take(app, SOURCE, CHANNEL, items, app.clock.now())


def take_maildir(app: App, folder: Path) -> Counter[str]:
    """Take in every new mail of a Maildir; each is moved to ``cur``, as seen, once it is committed.

    A mail that cannot be taken in stays where it is and is counted as ``failed``; the rest goes on. Raises
    ConfigurationError where the folder is no Maildir, and the store's errors.
    """
    tally: Counter[str] = Counter()
    for file in _new(folder):
        try:
            with file.open("rb") as mail:
                found = take_mail(app, mail.read(MOST))
        except FileNotFoundError:
            continue  # another one was quicker
        except StateError:
            raise
        except Exception as error:  # one mail must not hold back the others
            app.log.error("mail_not_taken", file=file.name, error=type(error).__name__)
            tally["failed"] += 1
            continue
        with suppress(FileNotFoundError):
            file.rename(folder / "cur" / f"{file.name}:2,S")
        tally += found
    return tally


def _new(folder: Path) -> Iterator[Path]:
    """Mails nobody has looked at, the oldest name first."""
    if not all((folder / name).is_dir() for name in ("new", "cur")):
        raise ConfigurationError(
            f"{folder} is no Maildir: it needs the folders new and cur",
            hint="Name the folder that holds them both",
        )
    yield from sorted(file for file in (folder / "new").iterdir() if file.is_file())


def _addressed(app: App, items: Sequence[Item]) -> list[Item]:
    """The items, each event with the address its message was sent to."""
    with app.store.read() as conn:
        found = sent.payloads(conn, {item.ref for item in items if item.ref})
    messages = {ref: orjson.loads(payload) for ref, payload in found.items()}
    return [_with_sent(item, messages.get(item.ref, {})) for item in items]


def _with_sent(item: Item, message: Mapping[str, Any]) -> Item:
    """The item, judged by the message of ours that it is about; empty where none is known."""
    if isinstance(item, ProviderEvent):
        return _event(item, message.get("to"))
    return replace(item, text=what_it_says(item.subject, item.text, message.get("subject")))


def _event(event: ProviderEvent, to: str | None) -> ProviderEvent:
    """Of what was never sent, or was sent to somebody who is forgotten, no address is known."""
    return replace(event, to=to) if to else replace(event, to="", suppress=None)
