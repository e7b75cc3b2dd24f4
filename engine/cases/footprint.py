"""Which parts of its campaigns a case made the engine go through, as marks.

They are read from what the engine wrote down: the ledger's verdicts, the rounds and the touches. Nothing is judged
here a second time.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.cases.records import Decided, Records
from engine.cases.story import SENT
from engine.verdict import Says, Way

#: a campaign's name, what was gone through, and which
Mark = tuple[str, ...]

#: verdicts of steps that send nothing; ``start`` tells by its way
_SILENT = frozenset({"wait_for", "choose", "review"})
#: ways by which a step is not taken at all
_PASSED_BY = frozenset({Way.IF, Way.UNLESS})


def footprint(records: Records) -> Iterator[Mark]:
    """Every mark, as often as it was left:

    - ``step``, its name, the cohort or "": sent, or decided where nothing is to be sent
    - ``unsent``, its name, the cohort or "", the rule: skipped or held
    - ``way``, step, a ``Way``, ``allowed`` or ``variant:a``
    - ``cohort``, ``woken``, ``trigger``, each with its name
    - ``exit``, the reason, the event or the place declared; ``ended``, the reason
    - ``again``: one round ended and the next began at that moment
    """
    cohorts = {(r["campaign"], r["cycle"]): r["cohort"] or "" for r in records.rounds}
    for decided in records.decisions:
        cohort = cohorts.get((decided.campaign, decided.cycle), "")
        yield from _decision(decided, cohort)
    for touch in records.touches:
        if touch["state"] in SENT:
            cohort = cohorts.get((touch["campaign"], touch["cycle"]), "")
            yield touch["campaign"], "step", touch["step"], cohort
            if touch["variant"]:
                yield touch["campaign"], "way", touch["step"], f"variant:{touch['variant']}"
    yield from _rounds(records)


def _decision(decided: Decided, cohort: str) -> Iterator[Mark]:
    campaign, step = decided.campaign, decided.step or ""
    if decided.action in ("skip", "hold", "cancel"):
        yield campaign, "unsent", step, cohort, decided.rule or ""
    for verdict in decided.verdicts:  # what a channel answered stands among them, without a rule
        way = verdict.get("way")
        if way:
            yield campaign, "way", step, way
        elif verdict.get("rule") == "condition" and verdict["says"] == Says.ALLOW:
            yield campaign, "way", step, "allowed"
        if verdict.get("rule") in _SILENT or (way and way not in _PASSED_BY):
            yield campaign, "step", step, cohort
    if decided.action == "end" and decided.verdicts:
        last = decided.verdicts[-1]
        event = last.get("facts", {}).get("event")
        yield campaign, "exit", last["rule"], event or last["at"]


def _rounds(records: Records) -> Iterator[Mark]:
    begun = {(r["campaign"], r["cycle"]): r["entered_at"] for r in records.rounds}
    for row in records.rounds:
        campaign, reason = row["campaign"], row["reason"]
        yield campaign, "trigger", row["track"]
        if row["cohort"]:
            yield campaign, "cohort", row["cohort"]
        if row["ended_at"] is None:
            continue
        yield campaign, "ended", reason
        if reason == "superseded" and row["cohort"]:
            yield campaign, "woken", row["cohort"]
        if reason == "completed" and begun.get((campaign, row["cycle"] + 1)) == row["ended_at"]:
            yield campaign, "again", reason
