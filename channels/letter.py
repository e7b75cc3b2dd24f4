"""Letters as documents: each is set, checked and laid before the person who signs it. Nothing leaves without them.

What happens after the signature (a file, an attachment, the post) is the host program's to do, with what is declared
here: ``handing`` tells it how.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from channels import letter_pdf
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
)
from channels.letter_pdf import LetterRefused
from channels.options import OptionError
from channels.task import TaskBookBusy

if TYPE_CHECKING:
    from channels.letter_seal import Key
    from channels.registry import Host


class LetterDesk(Protocol):
    """Where letters are kept and wait for a signature. The host program implements it."""

    def put(
        self,
        *,
        ref: str,
        signatory: str,
        document: bytes,
        owner: str,
        title: str,
        body: str,
        due_at: int,
        meta: Mapping[str, str],
    ) -> None:
        """Keep a letter unsigned and open the task of signing it. A second call with the same ``ref`` changes
        nothing.

        ``signatory``: the name of whoever signs, ``owner`` their mailbox; ``due_at``: UTC epoch seconds. Raises
        TaskBookBusy when nothing was kept and another try may succeed, LookupError, saying why, when the letter is
        not to be.
        """
        ...

    def exists(self, ref: str) -> bool:
        """Was a letter ever kept under this ref, whatever became of it?"""
        ...


_TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1}


class LetterAdapter:
    """Makes a PDF of each letter and lays it before its signatory."""

    OPTIONS: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "deliver": {
                "type": "string",
                "enum": ["post", "file", "email"],
                "default": "post",
                "description": "What follows the signature: somebody prints and posts it, a folder, or an e-mail.",
            },
            "folder": {**_TEXT, "description": "With 'deliver: file': where signed letters go."},
            "pages": {
                "type": "integer",
                "minimum": 1,
                "maximum": 10,
                "default": 1,
                "description": "Pages a letter may have; one that runs over is refused.",
            },
            "paper": {
                "type": "string",
                "enum": ["auto", "a4", "us_letter"],
                "default": "auto",
                "description": "Sheet and window: DIN 5008 or US #10, by the country it goes to.",
            },
            "accent": {
                "type": "string",
                "pattern": "^#[0-9a-fA-F]{6}$",
                "examples": [letter_pdf.ACCENT],
                "default": letter_pdf.ACCENT,
                "description": "Colour of the name and the rule at its head.",
            },
            "fonts": {**_TEXT, "description": "A folder with fonts of yours, used before the built-in ones."},
            "sign_key": {
                **_TEXT,
                "description": "PKCS#12 key that signs each document, as a path or in base64: {env: NAME}.",
            },
            "sign_passphrase": {**_TEXT, "description": "Its passphrase: {env: NAME}."},
        },
    }

    name = "letter"
    capabilities = Capabilities(channels=frozenset({"letter"}), lookup=True, idempotent=True, human=True)

    def __init__(
        self,
        desk: LetterDesk,
        *,
        root: Path,
        deliver: str = "post",
        folder: str | None = None,
        pages: int = 1,
        paper: str = "auto",
        accent: str = letter_pdf.ACCENT,
        fonts: str | None = None,
        sign_key: str | None = None,
        sign_passphrase: str | None = None,
    ) -> None:
        if (deliver == "file") != (folder is not None):
            raise OptionError("options 'deliver: file' and 'folder' go together")
        self._desk, self._pages, self._paper, self._accent = desk, pages, paper, accent
        self._fonts = root / fonts if fonts else None
        self._families = _families(self._fonts)
        self._key = _key(sign_key, sign_passphrase, root)
        self.deliver = deliver
        self.folder = root / folder if folder else None

    def __repr__(self) -> str:
        return f"LetterAdapter(deliver={self.deliver!r})"

    @classmethod
    def build(cls, options: Mapping[str, Any], host: Host) -> Self:
        if host.letters is None:
            raise OptionError("it needs a letter desk, and this program has none")
        return cls(host.letters, root=host.root, **options)

    def send(self, message: Message) -> Outcome:
        meta = message.meta
        missing = [name for name in ("owner", "title", "due_at", "made_at") if not meta.get(name)]
        if missing or not (meta["due_at"] + meta["made_at"]).isdecimal():
            return Rejected(reason=f"a letter needs {', '.join(missing) or 'its moments in epoch seconds'}")
        try:
            document = self.document(message)
            self._desk.put(
                ref=message.ref,
                signatory=meta["signatory"],
                document=document,
                owner=meta["owner"],
                title=meta["title"],
                body=message.text,
                due_at=int(meta["due_at"]),
                meta={**meta, "to": message.to, "to_name": message.to_name},
            )
        except LetterRefused as refused:
            return Rejected(reason=str(refused))
        except TaskBookBusy as busy:
            return Retry(reason=str(busy) or "the letter desk is busy")
        except LookupError as unplaced:
            return Rejected(
                reason=str(unplaced) or "the letter desk does not know what this letter belongs to"
            )
        return Accepted(provider_id=message.ref)

    def document(self, message: Message, image: bytes | None = None) -> bytes:
        """The letter as it is laid before its signatory, with a picture of their signature where one is given: the
        same bytes for the same message and options. Raises LetterRefused."""
        data = letter_pdf.data_of(message, paper=self._paper, accent=self._accent, fonts=self._families)
        made_at = int(message.meta["made_at"])
        return letter_pdf.typeset(data, made_at=made_at, pages=self._pages, fonts=self._fonts, image=image)

    def sealed(self, document: bytes, signatory: str) -> bytes:
        """The document with a cryptographic signature where a key is configured, else as it is. Raises SealError."""
        return self._key.seal(document, signatory=signatory) if self._key else document

    def lookup(self, ref: str) -> Lookup:
        try:
            return Found(provider_id=ref) if self._desk.exists(ref) else NotFound()
        except TaskBookBusy as busy:
            return CannotTell(reason=str(busy) or "the letter desk is busy")

    def close(self) -> None:
        pass


def _families(folder: Path | None) -> list[str]:
    found = letter_pdf.families(folder) if folder else []
    if folder and not found:
        raise OptionError("option 'fonts': no font is in that folder")
    return found


def _key(value: str | None, passphrase: str | None, root: Path) -> Key | None:
    if value is None:
        return None
    from channels.letter_seal import Key, SealError  # a second to import, and most have no key

    try:
        return Key.load(value, passphrase, root)
    except SealError as error:
        raise OptionError(f"option 'sign_key': {error}") from None
