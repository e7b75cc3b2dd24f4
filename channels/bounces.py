"""What a mail in the bounce mailbox says: a report (RFC 3464), a complaint (RFC 5965), an automatic reply, or a person.

Pure: bytes in, events out, and nothing raises whatever the bytes are. A report counts where it shows a mark of ours
(``channels.return_path``), and costs an address where the receiving server's own words put it down to the address.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from email.message import Message
from email.parser import HeaderParser
from hashlib import sha256

from flufl.bounce import all_failures

from channels.events import EventKind, InboundMessage, ProviderEvent
from channels.mailbox_mail import Opened, ReadMark, content, decoded, header_of, instant, one_line, text_of
from channels.smtp_replies import is_asleep, is_bad_address, readable

# it logs the mail's own faults with a stack trace; we answer for them instead
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

#: more reports in one mail are not read
_MOST_REPORTS = 50

_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_ACTIONS = {
    "failed": EventKind.BOUNCED,
    "delayed": EventKind.DEFERRED,
    "delivered": EventKind.DELIVERED,
    "relayed": EventKind.DELIVERED,
    "expanded": EventKind.DELIVERED,
}
#: RFC 5965 7.3; ``not-spam`` and reports about authentication are no complaints
_COMPLAINTS = frozenset({"abuse", "fraud", "other", "opt-out", "opt-out-list"})
_SERVERS = re.compile(r"(mailer-daemon|postmaster|mail-daemon|mdaemon|bounce[sd]?)([+._-].*)?", re.IGNORECASE)
_AUTO_SUBJECT = re.compile(
    r"\W*(auto(matic|mated)?[ -]?(reply|response)|out of (the )?office|abwesen|automatische antwort|réponse automatique"
    r"|respuesta automática|risposta automatica|resposta automática|automatisch antwoord)",
    re.IGNORECASE,
)
#: a server's words about the failure, wherever they stand in a bounce of its own making
_REPLY = re.compile(r"\b([45]\d\d)[ -]([245]\.\d{1,3}\.\d{1,3})?[^\n]{0,300}")

Item = ProviderEvent | InboundMessage


def read(data: bytes, read_mark: ReadMark) -> Sequence[Item]:
    """What a mail says, in its order. ``read_mark``: a mark -> the ref it proves, or None.

    Never raises; what makes no sense is UNKNOWN, and kept. ``to`` of an event is what the mail claims: whose address is
    bad is known from what was sent under the ref.
    """
    try:
        return _Reader(Opened(data), read_mark).items()
    except Exception as error:  # a parser that somebody found a way to break
        raw = text_of(data[:65_536])
        told = f"it cannot be read ({type(error).__name__})"
        return [
            ProviderEvent(
                kind=EventKind.UNKNOWN, id=f"sha256:{sha256(data).hexdigest()}", raw=raw, reason=told
            )
        ]


class _Reader:
    """One mail, being read."""

    def __init__(self, opened: Opened, read_mark: ReadMark) -> None:
        self._opened = opened
        self._proved = opened.proved_ref(read_mark)
        self._ref = self._proved or opened.named_ref() or ""

    def items(self) -> Sequence[Item]:
        """The first reading that fits."""
        opened, automatic = self._opened, self._is_automatic()
        if automatic and (report := opened.part(*_REPORTS)) is not None:
            found = self._reports(report)
        elif automatic and (report := opened.part("message/feedback-report")) is not None:
            found = [self._complaint(report)]
        elif automatic and opened.part("message/disposition-notification") is not None:
            found = [self._event(EventKind.UNKNOWN, reason="a receipt", machine=True)]
        elif self._is_from_a_server() and (bounce := self._own_form()):
            found = [bounce]
        elif automatic:
            found = [self._event(EventKind.UNKNOWN, reason="an automatic reply", machine=True)]
        else:
            return [self._message()]
        return found or [self._event(EventKind.UNKNOWN, reason="a report that says nothing")]

    # ── reports ──

    def _reports(self, part: Message) -> list[ProviderEvent]:
        """One event for each recipient that is reported on."""
        groups = [g for g in _groups(part) if g.get("Action") or g.get("Final-Recipient")][:_MOST_REPORTS]
        failed = [g for g in groups if _action(g) is EventKind.BOUNCED]
        # where something of it arrived, or failed for another reason, the address is not what is wrong
        dead = bool(failed) and len(failed) == len(groups) and all(_is_dead(g) for g in failed)
        return [self._report(n, group, dead=dead) for n, group in enumerate(groups)]

    def _report(self, n: int, group: Message, *, dead: bool) -> ProviderEvent:
        status = header_of(group, "Status").split(" ")[0]
        words = _typed(header_of(group, "Diagnostic-Code"))
        return self._proven(
            _action(group),
            n,
            to=_typed(header_of(group, "Original-Recipient") or header_of(group, "Final-Recipient")),
            reason=readable(words if status in words else f"{status} {words}"),
            suppress="hard_bounce" if dead else None,
            at=instant(header_of(group, "Last-Attempt-Date")),
        )

    def _complaint(self, part: Message) -> ProviderEvent:
        """A reader pressed "spam". Whoever names a ref of ours has seen the mail, and a no is never doubted."""
        fields = next(_groups(part), Message())
        told = header_of(fields, "Feedback-Type").lower()
        kind = EventKind.COMPLAINED if told in _COMPLAINTS else EventKind.UNKNOWN
        complains = kind is EventKind.COMPLAINED and self._ref
        return self._event(
            kind,
            to=header_of(fields, "Original-Rcpt-To").strip("<>"),
            reason=readable(f"reported as {told}" if told else ""),
            suppress="complaint" if complains else None,
            at=instant(header_of(fields, "Arrival-Date") or header_of(fields, "Received-Date")),
        )

    def _own_form(self) -> ProviderEvent | None:
        """A bounce as one kind of server words it; None where it is none."""
        later, gone = all_failures(self._opened.mail)
        words = self._opened.text()
        if not (later or gone):
            return None
        found = [match[0] for match in _REPLY.finditer(words)][:20]
        verdicts = [is_bad_address("", reply) for reply in found] or [is_bad_address("", words)]
        dead = bool(gone) and any(verdicts) and False not in verdicts
        named = sorted(gone or later)[0].decode("ascii", "replace")
        return self._proven(
            EventKind.BOUNCED if gone else EventKind.DEFERRED,
            to=named if "@" in named else "",
            reason=readable(found[0] if found else ""),
            suppress="hard_bounce" if dead else None,
        )

    # ── whose doing it is ──

    def _is_from_a_server(self) -> bool:
        """Is it a program that writes about mail?"""
        opened = self._opened
        back = opened.mail.get("Return-Path")
        local = opened.sender.rpartition("@")[0]
        nobody = back is not None and str(back).strip() in ("", "<>")
        return nobody or bool(_SERVERS.fullmatch(local)) or "X-Failed-Recipients" in opened.mail

    def _is_automatic(self) -> bool:
        """RFC 3834, and what programs write instead of it."""
        header = self._opened.header
        said = header("Auto-Submitted").lower().partition(";")[0].strip()
        return (
            said not in ("", "no")
            or header("Precedence").lower() in ("bulk", "junk", "list", "auto_reply")
            or any(header(name) for name in ("X-Autoreply", "X-Autorespond", "X-Autogenerated", "List-Id"))
            or self._opened.mail.get_content_type() == "multipart/report"
            or bool(_AUTO_SUBJECT.match(decoded(header("Subject"))))
            or self._is_from_a_server()
        )

    def _message(self) -> Item:
        opened = self._opened
        if "@" not in opened.sender:
            return self._event(EventKind.UNKNOWN, reason="a mail from nobody")
        to = next(opened.delivered_to(), "")
        return InboundMessage(
            id=opened.digest,
            raw=opened.raw,
            sender=opened.sender,
            to=to,
            text=opened.text(),
            subject=one_line(decoded(opened.header("Subject"))),
            ref=self._ref or opened.answered_ref() or "",
        )

    def _proven(
        self,
        kind: EventKind,
        n: int = 0,
        *,
        to: str,
        reason: str,
        suppress: str | None,
        at: int | None = None,
    ) -> ProviderEvent:
        """What a server says became of a message; without a mark of ours only a hint, kept and no more."""
        if self._proved:
            return self._event(kind, n, to=to, reason=reason, suppress=suppress, at=at)
        return self._event(
            EventKind.UNKNOWN, n, to=to, reason=f"{kind}, without a mark of ours: {reason}", at=at
        )

    def _event(
        self,
        kind: EventKind,
        n: int = 0,
        *,
        to: str = "",
        reason: str = "",
        suppress: str | None = None,
        at: int | None = None,
        machine: bool = False,
    ) -> ProviderEvent:
        opened = self._opened
        return ProviderEvent(
            kind=kind,
            id=f"{opened.digest}:{n}",
            raw=opened.raw,
            ref=self._ref,
            at=opened.at if at is None else at,
            to=to,
            reason=reason.strip(),
            suppress=suppress,
            soft=kind is EventKind.BOUNCED and suppress is None and is_asleep(reason),
            machine=machine,
        )


def _groups(part: Message) -> Iterator[Message]:
    """The groups of fields of a report, however a server has put it into the mail."""
    inner = part.get_payload()
    if isinstance(inner, list) and inner:
        yield from (group for group in inner if isinstance(group, Message))
        return
    for block in re.split(r"\n[ \t]*\n", content(part)):
        yield HeaderParser().parsestr(block.strip())


def _action(group: Message) -> EventKind:
    return _ACTIONS.get(header_of(group, "Action").lower().split(" ")[0], EventKind.UNKNOWN)


def _is_dead(group: Message) -> bool:
    """Is it the address that is bad? A server that gave up waiting says nothing of it."""
    status = header_of(group, "Status").split(" ")[0]
    return status[:1] != "4" and is_bad_address(status, _typed(header_of(group, "Diagnostic-Code"))) is True


def _typed(value: str) -> str:
    """What stands behind the type of a field: ``rfc822; sam@…``, ``smtp; 550 …``."""
    kind, mark, rest = value.partition(";")
    return (rest if mark and " " not in kind.strip() else value).strip().strip("<>")
