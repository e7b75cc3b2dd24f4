"""Letters: reviewed and signed by the person who is named, then on their way, then delivered; each step on record.

Only the signatory signs. What they sign is the document they were shown, to the byte, with a picture of their
signature and a cryptographic one where there are such. ``letter_delivery`` hands it on.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from channels.base import Message
from channels.letter import LetterAdapter
from channels.letter_pdf import LetterRefused
from engine.clock import iso
from engine.errors import ConfigurationError, RekindleError, UnknownName
from engine.events import NewEvent, record_in
from engine.letter_clearance import forbidden
from engine.model import DAY
from state.queries import letters as queries
from state.queries import people

if TYPE_CHECKING:
    from engine.app import App

#: how long whoever prints and posts a signed letter has
POST_WITHIN = 2 * DAY
_INSTANTS = ("created_at", "signed_at", "posted_at", "delivered_at", "due_at", "offer_expires_at")


class LetterStands(RekindleError):
    """The letter is in no state for what is asked of it."""

    hint = "'rekindle letters list --state all' shows where each letter is"


class LetterWaits(LetterStands):
    """The letter is signed and cannot leave yet."""

    hint = "The daemon tries again, and so does 'rekindle letters send REF'"


def adapter_of(app: App) -> LetterAdapter:
    """What makes letters here. Raises ConfigurationError."""
    found = app.adapter("letter")
    if not isinstance(found, LetterAdapter):
        raise ConfigurationError(
            f"letters are not documents in environment '{app.environment.name}': adapter '{found.name}' has them",
            hint="Declare 'letter: {adapter: letter}' under channels",
        )
    return found


def listed(app: App, *, state: str | None, limit: int) -> dict[str, Any]:
    """Letters with where each is, the oldest first; state None is what something is still to be done with."""
    with app.store.read() as conn:
        rows = queries.listed(conn, state, limit + 1)
    return {"format_version": 1, "letters": [_shown(row) for row in rows[:limit]], "more": len(rows) > limit}


def shown(app: App, ref: str) -> dict[str, Any]:
    """One letter, by its ref or an unambiguous beginning of it. Raises UnknownName."""
    with app.store.read() as conn:
        return {"format_version": 1, "letter": _shown(one(conn, ref))}


def _again(app: App, ref: str) -> dict[str, Any]:
    with app.store.read() as conn:
        return _shown(one(conn, ref))


def document(app: App, ref: str) -> tuple[str, bytes]:
    """(whole ref, the PDF as it stands). Raises UnknownName, and LetterStands where it was forgotten."""
    with app.store.read() as conn:
        found = one(conn, ref)
        pdf = queries.document(conn, found["ref"])
    if pdf is None:
        raise LetterStands("the person was erased, and the letter with them")
    return found["ref"], pdf


def one(conn: Connection, ref: str) -> dict[str, Any]:
    """The letter whose ref begins so. Raises UnknownName."""
    rows = queries.beginning(conn, ref)
    if len(rows) != 1:
        what = f"{len(rows)} letters begin" if rows else "no letter begins"
        raise UnknownName(f"{what} with '{ref}'", hint="'rekindle letters list' shows what is there")
    return rows[0]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    doubtful = row["state"] == "signed" and row["carrier"] == "email"
    kept = {name: value for name, value in row.items() if name != "handed_at"}
    return {**kept, **{name: iso(row[name]) for name in _INSTANTS}, "in_doubt": doubtful}


def sign(app: App, ref: str, *, by: str, image: bytes | None = None) -> dict[str, Any]:
    """Sign a letter as ``by``, a name or a mailbox, which must be its signatory's. Returns the letter.

    ``image``: a picture of the signature, PNG or JPEG. Raises UnknownName, LetterStands with the reason why it is
    not to be signed, and ConfigurationError.
    """
    adapter = adapter_of(app)
    with app.store.read() as conn:
        found = one(conn, ref)
        ref, pdf, payload = (
            found["ref"],
            queries.document(conn, found["ref"]),
            queries.payload(conn, found["ref"]),
        )
    _may_sign(found, by)
    _in_time(payload, app.clock.now())
    if pdf is None:
        raise LetterStands("the person was erased, and the letter with them")
    signed = _document(adapter, found, pdf, payload, image)
    app.versions.refresh(app.store)
    now = app.clock.now()
    with app.store.begin() as conn:
        people.lock_living(conn, [found["identity_id"]])
        found = one(
            conn, ref
        )  # again under the lock: it may have been refused, or followed its person in a merge
        _may_sign(found, by)
        if because := forbidden(app, conn, found, ("letter",), now):
            raise LetterStands(f"the letter is not to be signed: {because.because}")
        digest = sha256(signed).hexdigest()
        queries.sign(conn, ref, document=signed, sha256=digest, signed_by=f"{by}", now=now)
        _turn_task(conn, found, adapter.deliver, now)
        happened(app, conn, found, "signed", now, {"signatory": found["signatory"], "sha256": digest})
    return _again(app, ref)


def _may_sign(letter: dict[str, Any], by: str) -> None:
    """Raises LetterStands where the letter waits for no signature, or for another's."""
    if letter["state"] != "unsigned":
        raise LetterStands(f"letter {letter['ref']} is {letter['state']} and waits for no signature")
    if letter["task"] != "open":
        raise LetterStands(
            f"letter {letter['ref']} was withdrawn: its task is closed as {letter['disposition']}"
        )
    if _same(by) not in (_same(letter["signatory"]), _same(letter["owner"])):
        raise LetterStands(
            f"letter {letter['ref']} waits for the signature of {letter['signatory']}, not of '{by}'",
            hint="Nobody signs for another; say who you are by --by, a name or a mailbox",
        )


def _in_time(payload: str | None, now: int) -> None:
    """Raises LetterStands where the letter asks for an answer by a day that has passed."""
    respond_by = Message.from_json(payload).meta.get("respond_by") if payload else None
    if respond_by and int(respond_by) <= now:
        raise LetterStands(
            f"the letter asks for an answer by {(iso(int(respond_by)) or '')[:10]}, which has passed",
            hint="Decline its task: 'rekindle tasks decline REF'",
        )


def _same(name: str) -> str:
    return " ".join(name.split()).casefold()


def _document(
    adapter: LetterAdapter, letter: dict[str, Any], pdf: bytes, payload: str | None, image: bytes | None
) -> bytes:
    """The document signed: with the picture where one is given, and sealed where a key is configured."""
    from channels.letter_seal import SealError

    try:
        if image is not None:
            pdf = _with_picture(adapter, pdf, payload, image)
        return adapter.sealed(pdf, letter["signatory"])
    except (LetterRefused, SealError) as error:
        raise LetterStands(str(error), hint="Sign without --image, or mend what is wrong with it") from None


def _with_picture(adapter: LetterAdapter, pdf: bytes, payload: str | None, image: bytes) -> bytes:
    """The letter set again with a picture of the signature; but for that it is what the signatory was shown."""
    message = Message.from_json(payload) if payload else None
    if message is None or adapter.document(message) != pdf:
        raise LetterRefused(
            "the letter would not be the one that was laid before you: its letterhead has changed"
        )
    return adapter.document(message, image)


def _turn_task(conn: Connection, letter: dict[str, Any], deliver: str, now: int) -> None:
    """Its task is done, or goes on as the work of posting it."""
    if deliver == "post":
        whom = (
            " ".join(part for part in (letter["first_name"], letter["last_name"]) if part)
            or letter["company"]
        )
        title = f"Print and post the letter to {whom}" if whom else "Print and post the letter"
        queries.turn_task(conn, letter["ref"], title=title, due_at=now + POST_WITHIN)
    else:
        queries.finish_task(conn, letter["ref"], now)


def posted(
    app: App, ref: str, *, carrier: str, tracking: str | None, at: int | None = None
) -> dict[str, Any]:
    """Take a person's word that a signed letter is on its way. Returns it. Raises UnknownName and LetterStands."""
    now = app.clock.now()
    moment = _past(at, now)
    app.versions.refresh(app.store)
    with app.store.begin() as conn:
        found = _locked(conn, ref)
        if not queries.post(conn, found["ref"], carrier=carrier, tracking=tracking, at=moment):
            was = "is not signed" if found["signed_at"] is None else f"is {found['state']} already"
            raise LetterStands(f"letter {found['ref']} {was}")
        queries.finish_task(conn, found["ref"], now)
        happened(app, conn, found, "posted", moment, {"carrier": carrier, "tracking": tracking or ""})
    return _again(app, found["ref"])


def delivered(app: App, ref: str, *, at: int | None = None, proof: str | None = None) -> dict[str, Any]:
    """Take a person's word that a posted letter has arrived. Returns it. Raises UnknownName and LetterStands."""
    now = app.clock.now()
    moment = _past(at, now)
    app.versions.refresh(app.store)
    with app.store.begin() as conn:
        found = _locked(conn, ref)
        if found["state"] != "posted":
            raise LetterStands(f"letter {found['ref']} is {found['state']}, not posted")
        if moment // DAY < found["posted_at"] // DAY:
            raise LetterStands("a letter does not arrive before it is posted")
        queries.deliver(conn, found["ref"], at=max(moment, found["posted_at"]), proof_uri=proof)
        happened(app, conn, found, "delivered", max(moment, found["posted_at"]), {"proof": proof or ""})
    return _again(app, found["ref"])


def _locked(conn: Connection, ref: str) -> dict[str, Any]:
    found = one(conn, ref)
    people.lock_living(conn, [found["identity_id"]])
    return one(conn, found["ref"])


def _past(at: int | None, now: int) -> int:
    if at is not None and at > now:
        raise LetterStands("that day is still to come", hint="Say it when it has happened")
    return now if at is None else at


def happened(
    app: App, conn: Connection, letter: dict[str, Any], what: str, at: int, data: dict[str, Any]
) -> None:
    """Record ``letter_signed``, ``letter_posted`` or ``letter_delivered``, so that cadences may wait for it."""
    ref = letter["ref"]
    told = {"ref": ref, "campaign": letter["campaign"], "step": letter["step"], "channel": "letter", **data}
    event = NewEvent(
        identity_id=letter["identity_id"], name=f"letter_{what}", at=at, source="letters", key=f"{ref}:{what}",
        data=told,
    )  # fmt: skip
    record_in(conn, [event], app.listeners(), app.clock.now())
