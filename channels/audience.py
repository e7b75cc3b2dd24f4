"""Retargeting lists: people as hashes, put on a list, and taken off it when they refuse or are back.

A message puts one person on the list. Who is new and who leaves is told in changes, as files or to a server of the
customer's own; each can be told twice.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import orjson

from channels.base import (
    Accepted,
    CannotTell,
    Capabilities,
    Found,
    Lookup,
    Message,
    NotFound,
    Outcome,
    Rejected,
    Retry,
    Unknown,
)
from channels.endpoints import endpoint, origin
from channels.list_hashes import FORMATS, GOOGLE, by_kind, csv_of, hashes_of
from channels.lists import ListBook, ListBookBusy, ListChange
from channels.options import TIMEOUT, OptionError
from channels.pooled import Lost, NotSent, Pool
from channels.standard_webhooks import Signatures
from channels.webhook_calls import outcome_of

if TYPE_CHECKING:
    from channels.registry import Host

_NAME = r"^[A-Za-z0-9_-]{1,80}$"


class AudienceAdapter:
    """Puts people on a retargeting list, and carries its changes to a folder or a URL."""

    OPTIONS: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "folder": {
                "type": "string",
                "minLength": 1,
                "description": "Where files of who is new and who leaves are written. Either this or url.",
            },
            "url": {
                "type": "string",
                "minLength": 1,
                "description": "Where changes are posted. Without TLS only this machine.",
            },
            "secret": {
                "type": "string",
                "minLength": 1,
                "description": "What signs what is posted: {env: NAME}. Several, with blanks between them.",
            },
            "format": {
                "type": "string",
                "enum": list(FORMATS),
                "default": GOOGLE,
                "description": "Whose rules addresses are normalised by, and whose columns files have.",
            },
            "list": {
                "type": "string",
                "pattern": _NAME,
                "examples": ["win_back"],
                "description": "Name of the one list everybody is put on; else each campaign has its own.",
            },
            "timeout": TIMEOUT,
        },
    }

    name = "audience"
    capabilities = Capabilities(channels=frozenset({"audience"}), lookup=True, idempotent=True)

    def __init__(
        self, book: ListBook, carrier: _Folder | _Endpoint, *, platform: str, one_list: str = ""
    ) -> None:
        self._book, self._carrier = book, carrier
        self._platform, self._list = platform, one_list

    def __repr__(self) -> str:
        return f"AudienceAdapter({self._carrier!r})"

    @classmethod
    def build(cls, options: Mapping[str, Any], host: Host) -> Self:
        if host.lists is None:
            raise OptionError("it needs a list book, and this program has none")
        if ("folder" in options) == ("url" in options):
            raise OptionError("options 'folder' and 'url': exactly one of them says where lists go")
        if ("url" in options) != ("secret" in options):
            raise OptionError("options 'url' and 'secret' go together")
        platform, timeout = options["format"], options["timeout"]
        carrier: _Folder | _Endpoint
        if "folder" in options:
            carrier = _Folder(host.root / options["folder"], platform)
        else:
            carrier = _Endpoint(options["url"], options["secret"], platform, now=host.now, timeout=timeout)
        return cls(host.lists, carrier, platform=platform, one_list=options.get("list", ""))

    def send(self, message: Message) -> Outcome:
        hashes = hashes_of([message.to, message.meta.get("phone", "")], self._platform)
        if not hashes:
            return Rejected(reason="audience: neither an e-mail address nor a number in E.164 form")
        audience = self._list or message.meta.get("campaign", "")
        if not re.fullmatch(_NAME, audience):
            return Rejected(reason="audience: the campaign's id is no possible name of a list")
        try:
            self._book.join(ref=message.ref, audience=audience, hashes=hashes)
        except ListBookBusy as busy:
            return Retry(reason=str(busy) or "the list book is busy")
        except LookupError as unplaced:
            return Rejected(reason=str(unplaced) or "the list book does not know whom this message is for")
        return Accepted(provider_id=message.ref)

    def lookup(self, ref: str) -> Lookup:
        try:
            return Found(provider_id=ref) if self._book.exists(ref) else NotFound()
        except ListBookBusy as busy:
            return CannotTell(reason=str(busy) or "the list book is busy")

    def deliver(self, change: ListChange) -> Outcome:
        """Carry one change to where the list is used. Whatever is not accepted may be said again."""
        return self._carrier.deliver(change)

    def close(self) -> None:
        self._carrier.close()


class _Folder:
    """Changes as files: ``<list>/<sequence>-1-add.csv`` and ``<sequence>-2-remove.csv``, to be read in their order."""

    def __init__(self, folder: Path, platform: str) -> None:
        self._folder, self._platform = folder, platform

    def __repr__(self) -> str:
        return repr(str(self._folder))

    def deliver(self, change: ListChange) -> Outcome:
        parts = {"1-add": change.add, "2-remove": change.remove}
        try:
            for name, people in parts.items():
                if people:
                    path = self._folder / change.audience / f"{change.sequence:019d}-{name}.csv"
                    _write(path, csv_of(people, self._platform).encode("ascii"))
        except OSError as error:
            return Retry(reason=f"audience: cannot write to {self._folder}: {error.strerror}", after=600, ours=True)
        return Accepted()

    def close(self) -> None:
        pass


def _write(path: Path, content: bytes) -> None:
    """The file whole and on the disk, or an OSError and nothing; only its owner reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with open(part, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class _Endpoint:
    """Changes as calls, signed by Standard Webhooks."""

    def __init__(
        self, url: str, secret: str, platform: str, *, now: Callable[[], int], timeout: float
    ) -> None:
        self._url, self._signatures = endpoint(url), Signatures(secret)
        self._platform, self._now, self._pool = platform, now, Pool(timeout)

    def __repr__(self) -> str:
        return repr(origin(self._url))

    def deliver(self, change: ListChange) -> Outcome:
        now = self._now()
        body = self._body(change, now)
        name = f"{change.audience}-{change.sequence}"
        headers = {"Content-Type": "application/json", **self._signatures.headers(name, now, body)}
        try:
            answer = self._pool.request("POST", self._url, headers, body)
        except NotSent as error:
            return Retry(reason=f"audience: {error}", after=600 if error.ours else 60, ours=error.ours)
        except Lost as error:
            return Unknown(reason=f"audience: {error}")
        return outcome_of(answer, self._now(), by="audience")

    def _body(self, change: ListChange, now: int) -> bytes:
        at = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        data = {
            "list": change.audience,
            "sequence": change.sequence,
            "format": self._platform,
            "add": [by_kind(person) for person in change.add],
            "remove": [by_kind(person) for person in change.remove],
        }
        return orjson.dumps({"type": "audience.changed", "timestamp": at, "data": data})

    def close(self) -> None:
        self._pool.close()
