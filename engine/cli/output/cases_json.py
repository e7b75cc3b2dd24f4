"""Results of test cases for programs. ``format_version`` changes when a field changes its meaning or goes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson

from engine.cases.compare import Pair
from engine.cases.runner import CaseResult
from engine.cli.output.cases import CaseReport, wanted

FORMAT_VERSION = 1


def render(report: CaseReport) -> str:
    """One JSON document. ``at`` is in seconds after entry."""
    failed = len(report.failed)
    document = {
        "format_version": FORMAT_VERSION,
        "summary": {"cases": len(report.results), "failed": failed, "seconds": round(report.seconds, 3)},
        "cases": [_case(result) for result in report.results],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def _case(result: CaseResult) -> dict[str, Any]:
    return {
        "file": result.file,
        "line": result.case.source.line,
        "campaign": result.campaign,
        "it": result.case.it,
        "passed": result.passed,
        "error": result.error,
        "note": result.note,
        "seconds": round(result.seconds, 4),
        "story": [_pair(pair) for pair in result.pairs],
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "expected": wanted(pair.expected) if pair.expected else None,
        "line": pair.expected.source.line if pair.expected else None,
        "happened": asdict(pair.actual) if pair.actual else None,
        "problems": pair.problems,
    }
