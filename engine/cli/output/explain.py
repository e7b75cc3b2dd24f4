"""``rekindle explain`` as a page: who, which segment, which campaign and why not, what happened and will."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.cli.output.look import (
    BAD,
    DIM,
    GOOD,
    STRONG,
    WAITS,
    day,
    mark,
    moment,
    plain,
    rows,
    table,
    under,
    words,
    zones,
)
from engine.cli.output.timeline import Line, happenings, timeline

Data = Mapping[str, Any]



def render(e: Data) -> Group:
    """The whole page. Times are in the person's zone, or in the first of those they may be in."""
    zone = next(iter(e["person"]["zones"]), "UTC")
    return Group(*_who(e, zone), *_segments(e), *_campaigns(e), *_rounds(e, zone))


# ── who ───────────────────────────────────────────────────────────────────────────────────────────────


def _who(e: Data, zone: str) -> Iterator[RenderableType]:
    p = e["person"]
    named = [plain(p[k]) for k in ("name", "company") if p[k]] or ["no name on record"]
    yield Text.assemble((", ".join(named), STRONG), (f"  identity {e['identity']}", DIM))
    yield Text(f"as of {moment(e['now'], zone)}, {zone}", DIM)
    grid = rows()
    grid.add_row("e-mail", plain(p["email"]))
    grid.add_row("phone", plain(p["phone"]))
    grid.add_row(
        "status", f"{plain(p['status_at_last_touch'])}, last touch by {plain(p['last_touch_channel'])}"
    )
    grid.add_row("source", _source(p))
    grid.add_row("zone", zones(p["zones"], known=p["zone_known"]))
    grid.add_row("consent", _lines(_consent(c) for c in p["consents"]) or Text("none on record", DIM))
    grid.add_row("do not contact", _refusals(p))
    grid.add_row("notes", _lines(_note(n) for n in p["notes"]) or Text("none", DIM))
    yield Padding(grid, (1, 0, 0, 2))


def _lines(texts: Iterable[Text]) -> Text:
    return Text("\n").join(texts)


def _source(p: Data) -> str:
    known = ", ".join(f"{plain(c['source'])} {plain(c['key'])}" for c in p["contacts"])
    return f"{plain(p['source'])} (rows: {known})" if known else plain(p["source"])


def _consent(c: Data) -> Text:
    colour = BAD if c["consent_type"] == "revoked" else GOOD
    proof = f", proof {plain(c['proof_uri'])}" if c["proof_uri"] else ", no proof"
    since = f" since {day(c['consent_timestamp'])} ({plain(c['source'])}{proof})"
    return Text.assemble(f"{c['channel']} ", (words(c["consent_type"]), colour), since)


def _refusals(p: Data) -> Text:
    scope = p["do_not_contact_scope"]
    told = [Text.assemble((f"scope {plain(scope)}", BAD))] if scope not in (None, "none") else []
    for s in p["suppressions"]:
        told.append(
            Text.assemble(
                (f"{s['channel']}: {words(s['reason'])}", BAD), f" since {day(s['since'])}, by {s['by']}"
            )
        )
    return _lines([*told, *_preference(p["preference"])]) or Text("nothing suppressed", DIM)


def _preference(chosen: Data | None) -> list[Text]:
    """What they asked for on the preference page."""
    if chosen is None:
        return []
    pause, days = chosen["paused_until"], chosen["at_most_every_days"]
    told = [f"asked for a pause until {day(pause)}"] if pause else []
    told += [f"asked for at most one message in {days} days"] if days else []
    return [Text(line, WAITS) for line in told]


def _note(n: Data) -> Text:
    closed = f", closed {day(n['closed'])}" if n["closed"] else ", open"
    return Text.assemble((words(n["kind"]), "" if n["closed"] else WAITS), f" of {day(n['opened'])}{closed}")


# ── where they belong ─────────────────────────────────────────────────────────────────────────────────


def _segments(e: Data) -> list[RenderableType]:
    body = table("", "segment", "", "condition", "value", "at")
    for s in e["segments"]:
        first = (mark(s["holds"]), Text(s["segment"], f"{STRONG} {GOOD}" if s["taken"] else ""))
        for n, condition in enumerate(s["conditions"]):
            head = first if n == 0 else (Text(), Text())
            place = Text(condition["at"], DIM)
            body.add_row(
                *head, mark(condition["holds"]), condition["condition"], _value(condition["value"]), place
            )
    taken = next((s["segment"] for s in e["segments"] if s["taken"]), "none")
    return under(f"Segment: {taken}", body, "the first that holds wins")


def _value(value: Any) -> str:
    is_instant = isinstance(value, str) and len(value) == 20 and value.endswith("Z")
    return day(value) if is_instant else plain(value)


def _campaigns(e: Data) -> list[RenderableType]:
    body = table("campaign", "", "at")
    for c in e["campaigns"]:
        body.add_row(c["campaign"], plain(c["why"]), Text(c["at"], DIM))
    return under("Campaigns", body)


# ── what happened, and what comes ─────────────────────────────────────────────────────────────────────


def _rounds(e: Data, zone: str) -> Iterator[RenderableType]:
    if not e["enrolments"]:
        yield from under("Messages", Text("none: no campaign ever had this person", DIM))
    for enrolment in e["enrolments"]:
        key = (enrolment["campaign"], enrolment["cycle"])
        mine = [d for d in e["ledger"] if (d["campaign"], d["cycle"]) == key]
        tasks = [t for t in e["tasks"] if (t["campaign"], t["cycle"]) == key]
        channels = {t["step"]: t["channel"] for t in e["touches"] if (t["campaign"], t["cycle"]) == key}
        heard = happenings([x for x in e["events"] if _during(x, enrolment)], tasks, zone)
        body = _table(sorted([*heard, *timeline(mine, channels, zone)], key=lambda line: line.instant))
        if enrolment.get("next"):
            _add_next(body, enrolment["next"], zone)
        yield from under(_title(enrolment), body, _entered(enrolment, zone))
    apart = [x for x in e["events"] if not any(_during(x, enrolment) for enrolment in e["enrolments"])]
    if lines := happenings(apart, (), zone):
        yield from under("Events outside any round", _table(lines))


def _during(event: Data, enrolment: Data) -> bool:
    """Did it happen while the round lived? ISO 8601 in UTC sorts as time does."""
    ended = enrolment["ended"]
    return bool(enrolment["entered"] <= event["when"] and (ended is None or event["when"] <= ended))


def _title(enrolment: Data) -> str:
    turn = f", round {enrolment['cycle']}" if enrolment["cycle"] > 1 else ""
    track = f", {enrolment['track']}" if enrolment["track"] != "main" else ""
    reason = f": {words(enrolment['reason'])}" if enrolment["reason"] else ""
    return f"{enrolment['campaign']}{turn}{track}, {enrolment['state']}{reason}"


def _entered(enrolment: Data, zone: str) -> str:
    cohort = f", cohort {enrolment['cohort']}" if enrolment["cohort"] else ""
    return f"entered {moment(enrolment['entered'], zone)}{cohort}, version {enrolment['version'][:8]}"


def _table(lines: Sequence[Line]) -> Table:
    body = Table.grid(padding=(0, 2))
    body.add_column(no_wrap=True)
    body.add_column(no_wrap=True)
    body.add_column(overflow="fold")
    body.add_column(overflow="fold", ratio=1)
    for line in lines:
        what = Text(f"{line.sign} {line.what}", line.colour)
        body.add_row(
            line.when,
            what,
            line.step,
            Text.assemble(plain(line.why), (f"  {line.at}" if line.at else "", DIM)),
        )
    return body


def _add_next(body: Table, n: Data, zone: str) -> None:
    """What comes next, as things stand."""
    if n["what"] == "paused":
        told = f"paused since {moment(n['since'], zone)}; moves by the length of the pause"
        body.add_row("no date", Text("next", STRONG), "", Text.assemble(told, (f"  {n['at']}", DIM)))
        return
    said = {
        "queue": "to be sent",
        "hold": "would be held",
        "skip": "would be skipped",
        "end": "the round ends",
    }
    step = f"{n['step']} ({n['channel']})" if n.get("channel") else n.get("step") or ""
    because = n["verdicts"][-1]["because"] if n.get("verdicts") and n["what"] != "queue" else ""
    told = ": ".join(
        part for part in (said.get(n["what"], words(n["what"])), plain(because) if because else "") if part
    )
    when = moment(n["when"], zone) if n["when"] else "no date"
    body.add_row(
        when, Text("next", STRONG), step, Text.assemble(f"{told}, as things stand", (f"  {n['at']}", DIM))
    )
