"""Findings for programs. ``format_version`` changes when a field changes its meaning or goes."""

from __future__ import annotations

from dataclasses import asdict

import orjson

from engine.cli.output.report import Report

FORMAT_VERSION = 1


def render(report: Report) -> str:
    """One JSON document."""
    document = {
        "format_version": FORMAT_VERSION,
        "summary": {"files": report.files, "errors": report.errors, "warnings": report.warnings},
        "findings": [asdict(finding) for finding in report.findings],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"
