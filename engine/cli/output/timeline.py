"""The ledger of one round as lines a reader follows: decided and sent is one line, and so is a message that
was held again and again for the same reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.cli.output.look import BAD, DIM, GOOD, STRONG, WAITS, moment, plain, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened, ready to be laid out."""

    when: str
    #: the same, ISO 8601 in UTC: what lines are sorted by
    instant: str
    sign: str
    what: str
    colour: str
    step: str
    why: str
    at: str = ""
    #: what must be equal for the next line to be the same thing again
    action: str = ""
    rule: str | None = None


#: action of the ledger -> sign, word, colour
_LOOKS = {
    "queue": ("→", "queued", WAITS),
    "sent": ("✓", "sent", GOOD),
    "hold": ("~", "held", WAITS),
    "skip": ("✗", "skipped", BAD),
    "cancel": ("✗", "cancelled", BAD),
    "failed": ("✗", "failed", BAD),
    "doubt": ("?", "in doubt", BAD),
    "retry": ("~", "put off", WAITS),
    "end": ("■", "ended", DIM),
}


#: what became of a message, as its receiver's side tells -> sign, colour
_HEARD = {"delivered": ("✓", GOOD), "opened": ("·", DIM), "clicked": ("✓", STRONG), "bounced": ("✗", BAD)}


def timeline(ledger: Sequence[Mapping[str, Any]], channels: Mapping[str, str], zone: str) -> list[Line]:
    """Lines of one round. ``channels``: step -> channel, of its touches."""
    lines: list[Line] = []
    for entry in ledger:
        line = _line(entry, channels, zone)
        n = next((n for n in reversed(range(len(lines))) if lines[n].step == line.step), None)
        if n is None or not _joins(lines[n], line):
            lines.append(line)
        elif line.action == "hold":
            lines[n] = replace(lines[n], why=line.why)
        else:
            decided = lines.pop(n)
            since = "" if decided.when == line.when else f"decided {decided.when}; "
            lines.append(replace(line, why=f"{since}{decided.why}", at=decided.at))
    return lines


def happenings(events: Sequence[Mapping[str, Any]], tasks: Sequence[Mapping[str, Any]], zone: str) -> list[Line]:
    """Lines of events and of tasks that were closed. An event a closing recorded is told by the closing."""
    lines = [_event(e, zone) for e in events if e["source"] != "tasks"]
    lines += [_closing(t, zone) for t in tasks if t["closed"]]
    return sorted(lines, key=lambda line: line.instant)


def _event(e: Mapping[str, Any], zone: str) -> Line:
    channel = plain(e["channel"]) if e["channel"] else ""
    step = f"{e['step']} ({channel})" if e.get("step") else f"by {channel}" if channel else ""
    why = f'"{plain(e["text"])}"' if e["text"] else plain(e["because"]) if e.get("because") else ""
    sign, colour = _HEARD.get(e["name"], ("!", STRONG))
    return Line(
        when=moment(e["when"], zone), instant=e["when"], sign=sign, what=plain(e["name"]), colour=colour,
        step=step, why=why,
    )  # fmt: skip


def _closing(t: Mapping[str, Any], zone: str) -> Line:
    comment = f", {plain(t['comment'])}" if t["comment"] else ""
    why = f"{words(t['kind'])}: {words(t['disposition'])}{comment}"
    return Line(
        when=moment(t["closed"], zone), instant=t["closed"], sign="!", what="task closed", colour=STRONG,
        step=t["step"], why=why,
    )  # fmt: skip


def _joins(last: Line, line: Line) -> bool:
    """Decided and sent, or held again for the same reason."""
    if (last.action, line.action) == ("queue", "sent"):
        return True
    return last.action == line.action == "hold" and last.rule == line.rule


def _line(entry: Mapping[str, Any], channels: Mapping[str, str], zone: str) -> Line:
    action, step = entry["action"], entry["step"] or ""
    sign, what, colour = _LOOKS.get(action, ("·", words(action), DIM))
    decided = _deciding(entry["reasons"], action)
    channel = f" ({channels[step]})" if step in channels else ""
    return Line(
        when=moment(entry["when"], zone),
        instant=entry["when"],
        sign=sign,
        what=f"{what}" if action != "end" else words(entry["rule"]) or what,
        colour=colour,
        step=f"{step}{channel}",
        why=_why(decided, entry["reasons"], action, zone),
        at=_place(decided),
        action=action,
        rule=entry["rule"],
    )


def _deciding(reasons: Iterable[Mapping[str, Any]], action: str) -> Mapping[str, Any]:
    """The rule that settled it: the last asked, and for what may go the consent it goes by."""
    verdicts = [r for r in reasons if "rule" in r]
    consent = next((r for r in verdicts if r["rule"] == "consent"), None)
    if action == "queue" and consent:
        return consent
    return verdicts[-1] if verdicts else {}


def _why(decided: Mapping[str, Any], reasons: Sequence[Mapping[str, Any]], action: str, zone: str) -> str:
    if not decided:
        return str(reasons[-1].get("because", "")) if reasons else ""
    until = f", until {moment(decided['until'], zone)}" if action == "hold" and decided.get("until") else ""
    told = f"{decided['rule']}: {decided['because']}{until}"
    if action == "queue":
        return f"{len(reasons)} rules allow it; {decided['rule']}: {decided['because']}"
    return decided["because"] if action == "end" else told


def _place(decided: Mapping[str, Any]) -> str:
    at = str(decided.get("at", ""))
    return "built in" if at.startswith("(built in)") else at
