"""Messages as files in a folder: for trying a project out, for tests, and for handing over to a print house.

``<folder>/<channel>/<campaign>/<step>/<ref>.eml`` (``.txt`` for text, ``.json`` for the rest). A file appears
whole or not at all, and once: the same ref never writes a second one, so a look-up is authoritative. A killed
process loses nothing; for a power cut, set ``fsync: true`` (about five times slower).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import orjson

from channels import mime
from channels.base import (
    Accepted,
    CannotTell,
    Capabilities,
    Found,
    Lookup,
    Message,
    MessageError,
    NotFound,
    Outcome,
    Rejected,
    Retry,
)

if TYPE_CHECKING:
    from channels.registry import Host

_CHANNELS = frozenset({"email", "sms", "linkedin", "phone", "letter", "in_app", "push", "audience", "review"})
_ENDING = {"email": "eml", "sms": "txt"}


class FileAdapter:
    """Writes each message to a file of its own."""

    OPTIONS: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["folder"],
        "properties": {
            "folder": {
                "type": "string",
                "minLength": 1,
                "description": "Where messages go; a relative folder starts at the project's.",
            },
            "fsync": {
                "type": "boolean",
                "default": False,
                "description": "Wait until the disk has each message, so that a power cut loses none.",
            },
        },
    }

    name = "file"
    capabilities = Capabilities(
        channels=_CHANNELS, lookup=True, idempotent=True, attachments=True, delivers=False
    )

    def __init__(self, folder: Path, *, now: Callable[[], int], fsync: bool = False) -> None:
        self._folder = folder
        self._now = now
        self._fsync = fsync

    def __repr__(self) -> str:
        return f"FileAdapter({str(self._folder)!r})"

    @classmethod
    def build(cls, options: Mapping[str, Any], host: Host) -> Self:
        return cls(host.root / options["folder"], now=host.now, fsync=options["fsync"])

    def send(self, message: Message) -> Outcome:
        try:
            content = _content(message, self._now())
            path = self._path(message)
        except MessageError as error:
            return Rejected(reason=str(error))
        try:
            self._write(path, content)
        except OSError as error:
            return _failed(error, self._folder)
        return Accepted(provider_id=str(path.relative_to(self._folder)))

    def lookup(self, ref: str) -> Lookup:
        names = [f"{_safe(ref)}.{ending}" for ending in ("eml", "txt", "json")]
        try:
            for folder in _folders(self._folder, depth=3):
                for name in names:
                    if (folder / name).exists():
                        return Found(provider_id=str((folder / name).relative_to(self._folder)))
        except OSError as error:
            return CannotTell(reason=f"cannot read {self._folder}: {error.strerror}")
        return NotFound()

    def close(self) -> None:
        pass

    def _path(self, message: Message) -> Path:
        meta = message.meta
        parts = (message.channel, meta.get("campaign") or "none", meta.get("step") or "none")
        name = f"{_safe(message.ref)}.{_ENDING.get(message.channel, 'json')}"
        return self._folder.joinpath(*map(_safe, parts), name)

    def _write(self, path: Path, content: bytes) -> None:
        """The file whole, or an OSError and nothing; a file that is there stays as it is."""
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{token_hex(8)}.part")
        try:
            with part.open("wb") as file:
                file.write(content)
                if self._fsync:
                    file.flush()
                    os.fsync(file.fileno())
            _publish(part, path)
        finally:
            part.unlink(missing_ok=True)
        if self._fsync:
            _sync_folder(path.parent)


def _folders(root: Path, depth: int) -> Iterator[Path]:
    """Folders exactly so deep below ``root``; the last level, which may be huge, is never listed."""
    if depth == 0:
        yield root
        return
    try:
        entries = [entry.name for entry in os.scandir(root) if entry.is_dir()]
    except FileNotFoundError:
        return
    for name in entries:
        yield from _folders(root / name, depth - 1)


def _publish(part: Path, path: Path) -> None:
    """Give a finished file its name, unless another process was first. A link, unlike a rename, never
    replaces; some network folders have no links."""
    try:
        os.link(part, path)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        part.rename(path)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _safe(name: str) -> str:
    """A name as a file name: readable where it can be, percent-encoded where not, different for each."""
    quoted = quote(name, safe="")
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted


def _content(message: Message, now: int) -> bytes:
    match message.channel:
        case "email":
            return mime.to_bytes(message, now)
        case "sms":
            media = "".join(f"Media: {address}\n" for address in message.media)
            return f"To: {message.to}\n{media}\n{message.text}\n".encode("utf-8", "replace")
        case _:
            return orjson.dumps(orjson.loads(message.to_json()), option=orjson.OPT_INDENT_2) + b"\n"


def _failed(error: OSError, folder: Path) -> Outcome:
    """Nothing was written. What the machine lacks can be mended; what the name is cannot."""
    if error.errno in (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ):
        return Rejected(reason="the message's ref is no possible file name")
    return Retry(reason=f"cannot write to {folder}: {error.strerror or 'unknown fault'}", after=600)
