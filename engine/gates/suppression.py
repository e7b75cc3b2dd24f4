"""Suppression and do-not-contact scope: nobody who said no, at any of their addresses."""

from __future__ import annotations

from engine.gates.base import Situation
from engine.verdict import Says, Verdict, allow

#: reasons that end the whole enrolment when they bind every channel, and what it then ends as
_ENDS_AS = {"opt_out": "opted_out", "complaint": "opted_out"}


def suppression(s: Situation) -> Verdict:
    """EXIT when all channels are suppressed, SKIP when this one is. It binds once it is on record: its moment is by the
    clock of whoever recorded it, which may be ahead of ours."""
    channel = s.step.channel
    for found in s.facts.suppressions:
        if found.channel not in ("all", channel):
            continue
        facts = {"channel": found.channel, "reason": found.reason, "since": found.at}
        if found.channel == "all":
            rule = _ENDS_AS.get(found.reason, "suppressed")
            return Verdict(rule, Says.EXIT, f"all channels are suppressed ({found.reason})", facts=facts)
        because = f"{channel} is suppressed ({found.reason})"
        return Verdict("suppression", Says.SKIP, because, facts=facts)
    return allow("suppression", "no suppression binds this person or address")


def do_not_contact(s: Situation) -> Verdict:
    """The system of record's own do-not-contact scope: none, all, marketing, or a channel."""
    declared = s.facts.person["do_not_contact_scope"]
    if not declared:
        return allow("do_not_contact", "no do-not-contact scope")
    scope = declared.strip().lower()
    if scope in ("all", "marketing"):
        return Verdict("suppressed", Says.EXIT, f"do-not-contact scope is {scope}", facts={"scope": scope})
    if s.step.channel in scope.replace(",", " ").split():
        because = f"do-not-contact scope names {s.step.channel}"
        return Verdict("do_not_contact", Says.SKIP, because, facts={"scope": scope})
    return allow(
        "do_not_contact", "the do-not-contact scope leaves this channel free", facts=(("scope", scope),)
    )
