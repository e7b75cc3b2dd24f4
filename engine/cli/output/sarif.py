"""Findings as SARIF 2.1.0, which code scanning services read (docs.oasis-open.org/sarif/sarif/v2.1.0).

Lines and columns are 1-based; columns count Unicode code points, and ``endColumn`` is exclusive. Files are relative
to the repository's root. A waived finding is a result that its comment suppresses.
"""

from __future__ import annotations

import os
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine.cli.output.report import Report, as_json, sentence
from engine.cli.output.text import printable
from engine.diagnostics import Finding, Fix, Related
from engine.documentation import HOME, rule_url
from engine.rules import RULES

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: what relative addresses count from
_BASE = "%SRCROOT%"

#: what a viewer would put an argument of the message, or a link, in the place of
_PLACEHOLDER = re.compile(r"\{(\d+)\}")
_LINK = re.compile(r"\[(?=[^][]*\]\()")

_Data = dict[str, Any]


def render(report: Report) -> str:
    """One log of one run, with the rules that it speaks of."""
    codes = sorted({finding.code for finding in [*report.findings, *(w.finding for w in report.waived)]})
    index = {code: number for number, code in enumerate(codes)}
    results = [_result(finding, index, []) for finding in report.findings]
    results += [_result(w.finding, index, [_suppression(w.reason)]) for w in report.waived]
    run = {
        "tool": {"driver": _driver(codes)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": _message("The root of the repository.")}},
        "results": results,
    }
    return as_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _driver(codes: list[str]) -> _Data:
    rules = [_rule(code) for code in codes]
    return {"name": "rekindle", "version": version("rekindle"), "informationUri": HOME, "rules": rules}


def _rule(code: str) -> _Data:
    rule, url = RULES[code], rule_url(code)
    tells = f"{rule.meaning} What is wrong and what is right, by example"
    return {
        "id": code,
        "name": re.sub(r"\W", "", rule.title.title()),
        "shortDescription": _message(rule.title),
        "fullDescription": _message(rule.meaning),
        "help": {"text": f"{tells}: {url}", "markdown": f"{tells}: [{code}]({url})"},
        "helpUri": url,
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": [rule.family]},
    }


def _result(finding: Finding, index: dict[str, int], suppressions: list[_Data]) -> _Data:
    result: _Data = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": finding.severity,
        "message": _message(sentence(finding)),
        "locations": [_location(finding)],
        "suppressions": suppressions,
    }
    if finding.context:
        result["locations"][0]["logicalLocations"] = [{"name": printable(finding.context)}]
    if finding.related:
        others = [{**_location(related), "message": _message(related.message)} for related in finding.related]
        result["relatedLocations"] = [{"id": number, **other} for number, other in enumerate(others, 1)]
    if finding.fix:
        result["fixes"] = [_fix(finding, finding.fix)]
    return result


def _suppression(reason: str) -> _Data:
    return {"kind": "inSource", "justification": printable(reason)}


def _location(at: Finding | Related) -> _Data:
    return {"physicalLocation": {"artifactLocation": _artifact(at.file), "region": _region(at)}}


def _artifact(file: str) -> _Data:
    """Where a file is; its name in the form of an address, byte by byte."""
    if os.path.isabs(file):
        return {"uri": Path(file).as_uri()}
    return {"uri": quote(os.fsencode(file)), "uriBaseId": _BASE}


def _region(at: Finding | Related | Fix) -> _Data:
    return {"startLine": at.line, "startColumn": at.column, "endColumn": at.end_column}


def _fix(finding: Finding, fix: Fix) -> _Data:
    replacement = {"deletedRegion": _region(fix), "insertedContent": {"text": fix.text}}
    change = {"artifactLocation": _artifact(finding.file), "replacements": [replacement]}
    return {"description": _message(finding.mend or "Mend it"), "artifactChanges": [change]}


def _message(text: str) -> dict[str, str]:
    """A plain message. Other braces are left alone, though the standard would have each doubled: viewers show what
    is written, and somebody would copy ``{{env: NAME}}`` into a file. What could turn the writing of a page or move
    a terminal's cursor is left out, as it is in the terminal."""
    return {"text": _LINK.sub(r"\\[", _PLACEHOLDER.sub(r"{{\1}}", printable(text)))}
