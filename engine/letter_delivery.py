"""A signed letter handed on: into a folder, or as an attachment through the environment's own e-mail.

The receipt (whose it is now) is committed before anything leaves, as for every message: what dies in between is in
doubt, is shown, and is never sent again unless a person says that it did not leave.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from channels.base import Accepted, Adapter, Message, Outcome, Rejected, Retry, Unknown
from channels.letter import LetterAdapter
from engine import rates
from engine.clock import iso
from engine.errors import ConfigurationError, RekindleError
from engine.letter_clearance import forbidden
from engine.letter_mail import as_mail
from engine.letters import LetterStands, LetterWaits, adapter_of, happened, one
from engine.people.normalise import email_key
from engine.suppression import reached_on, suppress, suppress_addresses
from engine.verdict import Says
from state.queries import control, facts, people
from state.queries import letters as queries

if TYPE_CHECKING:
    from engine.app import App

_BATCH = 50
_CURSOR = "letters:tried"
#: seconds for which a letter without an answer may still be on its way out: longer than any call takes
UNDER_WAY = 900


class LetterForbidden(LetterStands):
    """The letter must not leave, now or later."""


def hand_on(app: App, ref: str) -> str:
    """Hand a signed letter on as its adapter says. What became of it, in words. Raises LetterStands, saying why it
    did not leave, and ConfigurationError."""
    adapter = adapter_of(app)
    if adapter.deliver == "post":
        return "print it, post it, and say so: rekindle letters posted REF --carrier NAME --tracking NUMBER"
    app.versions.refresh(app.store)
    try:
        return _to_folder(app, adapter, ref) if adapter.deliver == "file" else _by_mail(app, ref)
    except LetterForbidden:
        _refuse(app, ref)
        raise


def _refuse(app: App, ref: str) -> None:
    with app.store.begin() as conn:
        found = one(conn, ref)
        people.lock_living(conn, [found["identity_id"]])
        queries.refuse(conn, found["ref"])


def hand_on_due(app: App) -> Counter[str]:
    """Hand on what was signed and could not leave at once. A letter that cannot leave holds back no other."""
    tally: Counter[str] = Counter()
    if adapter_of(app).deliver == "post":
        return tally
    for ref in _next(app):
        try:
            hand_on(app, ref)
            tally["letters"] += 1
        except LetterWaits as later:
            app.log.debug("letter_waits", letter=ref, because=later.message)
        except RekindleError as error:
            app.log.warning("letter_not_sent", letter=ref, because=error.message)
    return tally


def _next(app: App) -> list[str]:
    """The next letters to try, behind those that were tried last: after the newest the oldest again."""
    with app.store.read() as conn:
        tried = control.get(conn, _CURSOR)
        at, ref = (tried[0]["at"], tried[0]["ref"]) if tried else (0, "")
        waiting = queries.to_hand_on(conn, (at, ref), _BATCH)
    if len(waiting) == _BATCH:  # else each of them is in every batch
        at, ref = waiting[-1]
        with app.store.begin() as conn:
            control.put(conn, _CURSOR, {"at": at, "ref": ref}, app.clock.now())
    return [ref for _, ref in waiting]


def did_not_leave(app: App, ref: str) -> None:
    """Take a person's word that a letter in doubt never left. Raises UnknownName and LetterStands: also while it is
    being sent, since nobody can know that yet."""
    now = app.clock.now()
    with app.store.begin() as conn:
        found = one(conn, ref)
        people.lock_living(conn, [found["identity_id"]])
        found = one(conn, found["ref"])
        if found["handed_at"] is not None and now < found["handed_at"] + UNDER_WAY:
            until = iso(found["handed_at"] + UNDER_WAY)
            raise LetterStands(
                f"letter {found['ref']} is being sent, and nobody has the answer yet",
                hint=f"If whoever sends it was killed, say so again after {until}",
            )
        carried = found["carrier"] in ("email", "failed")
        if not carried or not queries.give_back(conn, found["ref"], found["handed_at"]):
            raise LetterStands(f"letter {found['ref']} is {found['state']}, and not in doubt")


# ── a folder ──


def _to_folder(app: App, adapter: LetterAdapter, ref: str) -> str:
    assert adapter.folder is not None
    now = app.clock.now()
    with app.store.begin() as conn:
        found = _cleared(app, conn, ref, ("letter",), now)
        pdf = queries.document(conn, found["ref"]) or b""
        path = adapter.folder / found["campaign"] / found["step"] / f"{found['ref']}.pdf"
        try:
            _publish(path, pdf)
        except OSError as error:
            raise LetterWaits(f"cannot write to {adapter.folder}: {error.strerror}") from None
        queries.take(conn, found["ref"], "file", now)
        queries.note(conn, found["ref"], "file", str(path.relative_to(adapter.folder)), now)
    return f"signed, and written to {path}"


def _publish(path: Path, content: bytes) -> None:
    """The file whole, or an OSError and nothing; a file that is there stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{token_hex(8)}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            part.rename(path)
    finally:
        part.unlink(missing_ok=True)


# ── an e-mail ──


def _by_mail(app: App, ref: str) -> str:
    carrier = app.adapter("email")
    if not carrier.capabilities.attachments:
        raise ConfigurationError(
            f"the e-mail adapter '{carrier.name}' carries no attachments",
            hint="Choose one that does (smtp, sendgrid), or 'deliver: post' for letters",
        )
    now = app.clock.now()
    with app.store.begin() as conn:
        found = _cleared(app, conn, ref, ("letter", "email"), now)
        ref, pdf, payload = (
            found["ref"],
            queries.document(conn, found["ref"]),
            queries.payload(conn, found["ref"]),
        )
        if pdf is None or payload is None:
            raise LetterStands("the person was erased, and the letter with them")
        [person] = facts.people(conn, [found["identity_id"]])
        mail = as_mail(app, Message.from_json(payload), person, pdf)
        share = rates.draw_one(app, conn, "email", f"letter/{ref}")
        if not share.count:
            raise LetterWaits(
                f"letter {ref}: signed, and not sent yet: the rate of the e-mail channel is used up"
            )
        taken = app.clock.now()
        if not queries.take(conn, ref, "email", taken):
            raise LetterStands(f"letter {ref} was handed on before")
    outcome = _sent(app, carrier, mail)
    try:
        return _settled(app, ref, taken, mail, outcome)
    finally:
        rates.close_one(app, share, left=True)


def _sent(app: App, carrier: Adapter, mail: Message) -> Outcome:
    try:
        return carrier.send(mail)
    except Exception as error:  # an adapter of someone else's may raise anything
        app.log.error("channel_raised", channel="email", error=type(error).__name__, touch=mail.ref)
        return Unknown(reason=f"the adapter failed with {type(error).__name__}")


def _settled(app: App, ref: str, taken: int, mail: Message, outcome: Outcome) -> str:
    """Write down what became of the e-mail that was ``taken`` then."""
    now = app.clock.now()
    with app.store.begin() as conn:
        people.lock_living(conn, [one(conn, ref)["identity_id"]])
        found = one(conn, ref)  # under the lock: a merge may have moved it while it was sent
        match outcome:
            case Accepted(provider_id=tracking):
                queries.post(conn, ref, carrier="email", tracking=tracking, at=now)
                happened(app, conn, one(conn, ref), "posted", now, {"carrier": "email", "tracking": tracking})
            case Retry():
                queries.give_back(conn, ref, taken)
            case Unknown():
                queries.doubt(conn, ref, taken)
            case Rejected(reason=because, suppress=suppress_as):
                queries.note(conn, ref, "failed", because, taken)
                if suppress_as:
                    _suppress(conn, found["identity_id"], mail.to, suppress_as, now)
    if isinstance(outcome, Accepted):
        return "signed, and sent by e-mail"
    if isinstance(outcome, Retry):
        raise LetterWaits(f"letter {ref}: signed, and not sent yet: {outcome.reason}")
    raise LetterStands(
        f"letter {ref}: {_UNSENT[type(outcome)]}: {outcome.reason}", hint=_MENDS[type(outcome)]
    )


_UNSENT = {
    Rejected: "signed, and its e-mail was refused",
    Unknown: "signed, and its e-mail is in doubt",
}
_MENDS = {
    Rejected: "Post it, and say so by 'rekindle letters posted REF'",
    Unknown: "Find out, and say so: 'rekindle letters posted REF --carrier email', or 'letters send REF --not-sent'",
}


def _suppress(conn: Connection, identity: int, to: str, reason: str, now: int) -> None:
    """What the provider says of an address or a person is taken at its word, as for every e-mail."""
    if reason == "hard_bounce":
        suppress_addresses(
            conn, reached_on("email", email_key(to), None), "email", reason, at=now, source="provider"
        )
    else:
        suppress(conn, identity, "email", reason, at=now, source="provider")


def _cleared(app: App, conn: Connection, ref: str, by: tuple[str, ...], now: int) -> dict[str, Any]:
    """The letter, its person locked, when it may be handed on. Raises LetterStands."""
    found = one(conn, ref)
    people.lock_living(conn, [found["identity_id"]])
    found = one(conn, found["ref"])
    if found["state"] != "signed":
        raise LetterStands(f"letter {found['ref']} is {found['state']}, and not waiting to be handed on")
    if found["carrier"] is not None:
        doubt = " and is in doubt" if found["carrier"] == "email" else ""
        raise LetterStands(f"letter {found['ref']} was handed on before ({found['carrier']}){doubt}")
    verdict = forbidden(app, conn, found, by, now)
    if verdict is not None and verdict.says is Says.DEFER:
        raise LetterWaits(f"the letter waits: {verdict.because}")
    if verdict is not None:
        raise LetterForbidden(f"the letter must not leave: {verdict.because}")
    return found
