"""What prove found, for programs. ``format_version`` changes when a field changes its meaning or goes."""

from __future__ import annotations

from typing import Any

import orjson

from engine.cli.output.prove import ProofReport
from engine.clock import iso
from engine.prove.model import Answer

FORMAT_VERSION = 1


def render(report: ProofReport) -> str:
    """One JSON document."""
    proof = report.proof
    document: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "project": report.project,
        "campaigns": list(proof.campaigns),
        "looked_at": {
            "people": proof.people,
            "courses": proof.courses,
            "decisions": proof.decisions,
            "seconds": round(proof.seconds, 3),
        },
        "questions": [
            {
                "question": q.name,
                "asks": q.asks,
                "outcome": proof.outcome(q.name).value,
                "answers": [_answer(report, a) for a in proof.of(q.name)],
            }
            for q in report.questions
        ],
        "assumptions": list(proof.assumptions),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def _answer(report: ProofReport, answer: Answer) -> dict[str, Any]:
    source = answer.source if answer.source and answer.source.line else None
    return {
        "outcome": answer.outcome.value,
        "message": answer.message,
        "campaign": answer.campaign,
        "step": answer.step,
        "file": f"{report.prefix}{source.file}" if source else None,
        "line": source.line if source else None,
        "column": source.column if source else None,
        "details": list(answer.details),
        "counterexample": _example(answer),
    }


def _example(answer: Answer) -> dict[str, Any] | None:
    replay = answer.counterexample.replay if answer.counterexample else None
    if answer.counterexample is None or replay is None:
        return None
    return {
        "campaign": answer.counterexample.campaign,
        "zone": replay.zone,
        "timeline": [{"at": iso(t.at), "told": t.text, "wrong": t.wrong} for t in replay.timeline],
        "test": replay.yaml or None,
    }
