"""Every format aims at the very word, whatever stands before it: wide characters, tabs, a byte-order mark, CRLF."""

from __future__ import annotations

import json
import re

import click
import pytest
from rich.cells import cell_len

from engine.cli.output import concise, github, sarif, text
from engine.cli.output import json as as_json
from engine.cli.output.report import Report, build
from tests.formats.test_github import commands
from tests.language.support import load, small

_WORD = "segmnt"
#: what stands before the misspelt word, on its own line
_BEFORE = {
    "nothing": "audience: {",
    "wide": 'audience: {"日本語": 1, ',
    "beyond the basic plane": 'audience: {"😀👍": 1, ',
    "combining": 'audience: {"e\u0301te\u0301": 1, ',
    "tabs": "audience:\t{\t",
    "all of it": 'audience:\t{"日本 😀 e\u0301": 1,\t',
}
_ENDS = {"LF": "\n", "CRLF": "\r\n", "CR": "\r"}


@pytest.fixture(params=_BEFORE, name="line", scope="module")
def _line(request: pytest.FixtureRequest) -> str:
    return f"{_BEFORE[request.param]}{_WORD}: lost}}"


@pytest.fixture(params=_ENDS, name="report", scope="module")
def _report(request: pytest.FixtureRequest, line: str) -> Report:
    """The small project with one misspelt key, after a byte-order mark, by each convention of ending lines."""
    whole = re.sub(r"audience:\n(?:  .*\n)+", lambda _: f"{line}\n", small()["winback.yaml"])
    assert line in whole
    files = small(campaign="\ufeff" + whole.replace("\n", _ENDS[request.param]))
    found = [finding for finding in load(files).findings if f"'{_WORD}'" in finding.message]
    assert len(found) == 1
    return build(found, files, "")


def test_json_and_sarif_count_code_points_and_end_after_the_word(report: Report, line: str) -> None:
    (told,) = json.loads(as_json.render(report))["findings"]
    assert line[told["column"] - 1 : told["end_column"] - 1] == _WORD
    (result,) = json.loads(sarif.render(report))["runs"][0]["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"], region["endColumn"]) == (
        told["line"],
        told["column"],
        told["end_column"],
    )


def test_github_counts_code_points_and_ends_with_the_word(report: Report, line: str) -> None:
    (command,) = commands(github.render(report))
    first, last = int(command.properties["col"]), int(command.properties["endColumn"])
    assert line[first - 1 : last] == _WORD


def test_concise_counts_code_points(report: Report, line: str) -> None:
    (column,) = re.findall(r"^winback\.yaml:6:(\d+): ", concise.render(report))
    assert line[int(column) - 1 :].startswith(_WORD)


def test_the_carets_stand_below_the_word_in_cells(report: Report) -> None:
    _, shown, carets, *_ = click.unstyle(text.render(report)).splitlines()
    before, _, _ = shown.partition(_WORD)
    assert cell_len(before) == carets.index("^")
    assert carets.count("^") == len(_WORD)


def test_a_name_that_looks_misspelt_shows_where_the_other_is_spoken_of() -> None:
    segments = small()["segments.yaml"].replace("      status_at_last_touch: closed_lost\n", "      event: clickd\n")
    (found,) = load(small(segments=segments)).findings
    (other,) = found.related
    line = small()[other.file].split("\n")[other.line - 1]
    assert (found.code, line[other.column - 1 : other.end_column - 1]) == ("RK211", "clicked")


def test_of_a_long_stretch_so_much_is_marked_that_the_mend_stays_in_sight() -> None:
    files = small()
    files["templates/winback/hello.md"] = "---\nsubject: Back\n---\n" + "Come and see what is new with us. " * 4
    shown = build([f for f in load(files).findings if f.code == "RK607"], files, "")
    (carets,) = (line for line in click.unstyle(text.render(shown)).splitlines() if "^" in line)
    assert carets.count("^") <= 40
    assert len(carets[: carets.index("name what they did")]) < 60
