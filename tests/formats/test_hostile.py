"""Whatever stands in a file, and whatever the file is called: no format raises, and each can be read back."""

from __future__ import annotations

from hypothesis import given, settings

from engine.cli.output.report import Report
from tests.formats import test_github, test_json, test_junit, test_lines, test_markdown, test_sarif
from tests.formats.support import reports


@settings(deadline=None, max_examples=60)
@given(reports())
def test_every_format_can_be_read_back(report: Report) -> None:
    for each in (test_lines, test_json, test_github, test_sarif, test_junit, test_markdown):
        each.check(report)
