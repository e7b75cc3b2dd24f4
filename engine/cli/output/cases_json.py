"""Results of test cases for programs. ``format_version`` changes when a field changes its meaning or goes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson

from engine.cases.compare import Pair
from engine.cases.coverage import Covered, Part
from engine.cases.runner import CaseResult
from engine.cli.output.cases import CaseReport, wanted
from engine.cli.output.coverage import ONE, CoverageReport, share

FORMAT_VERSION = 1


def render(report: CaseReport) -> str:
    """One JSON document. ``at`` is in seconds after entry."""
    failed = len(report.failed)
    document: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "summary": {"cases": len(report.results), "failed": failed, "seconds": round(report.seconds, 3)},
        "cases": [_case(result) for result in report.results],
    }
    if report.coverage:
        document["coverage"] = _coverage(report.coverage)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def _case(result: CaseResult) -> dict[str, Any]:
    return {
        "file": result.file,
        "line": result.case.source.line,
        "column": result.case.source.column,
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
        "column": pair.expected.source.column if pair.expected else None,
        "happened": asdict(pair.actual) if pair.actual else None,
        "problems": pair.problems,
    }


def _coverage(report: CoverageReport) -> dict[str, Any]:
    ran, cases = report.cases
    return {
        **_counted(report.count()),
        "fail_under": report.fail_under,
        "enough": report.enough,
        "cases": {"run": ran, "of": cases},
        "campaigns": [
            {
                "campaign": campaign.campaign,
                "file": campaign.file,
                **_counted(campaign.count()),
                "parts": {part.value: _counted(campaign.count(part)) for part in Part},
                "items": [_item(covered) for covered in campaign.items],
            }
            for campaign in report.campaigns
        ],
    }


def _counted(count: tuple[int, int]) -> dict[str, Any]:
    covered, items = count
    return {"percent": share(covered, items), "covered": covered, "of": items}


def _item(covered: Covered) -> dict[str, Any]:
    item = covered.item
    return {
        "kind": ONE[item.part],
        "name": item.name,
        "line": item.source.line,
        "column": item.source.column,
        "times": covered.times,
        "instead": covered.instead,
    }
