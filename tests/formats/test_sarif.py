"""SARIF, judged by the published schema: in Python, and by Ajv with its formats of addresses."""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

from jsonschema import Draft202012Validator

from engine.cli.output import sarif
from engine.cli.output.report import Report, build
from engine.diagnostics import Severity
from engine.rules import RULES
from engine.waivers import Waived
from tests import npm
from tests.formats.support import NASTY, conflict, finding


@cache
def schema() -> Any:
    """The OASIS schema with its errata, as the authors of the format publish it for Node."""
    package = npm.modules() / "@microsoft" / "sarif-multitool-ts"
    return json.loads((package / "assets" / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def _run(report: Report) -> Any:
    document = json.loads(sarif.render(report).encode())
    assert [error.message for error in _validator().iter_errors(document)] == []
    (run,) = document["runs"]
    return run


def _file(location: Any) -> bytes:
    return unquote_to_bytes(location["physicalLocation"]["artifactLocation"]["uri"])


def test_the_schema_would_tell() -> None:
    document = json.loads(sarif.render(build([finding()], {}, "")))
    del document["runs"][0]["results"][0]["message"]
    assert [error.message for error in _validator().iter_errors(document)] == ["'message' is a required property"]


def test_a_finding_is_a_result_with_its_rule_place_other_end_and_mend() -> None:
    run = _run(build([conflict()], {"a.yaml": "", "b.yaml": ""}, "campaigns/"))
    (result,) = run["results"]
    assert (result["ruleId"], result["ruleIndex"], result["level"]) == ("RK209", 0, "error")
    assert result["message"]["text"] == "unknown key 'foo' (did you mean 'for'?)"
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "campaigns/a.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2, "startColumn": 4, "endColumn": 7},
    }
    assert location["logicalLocations"] == [{"name": "step 's'"}]
    (other,) = result["relatedLocations"]
    assert (_file(other), other["message"]["text"]) == (b"campaigns/b.yaml", "the first")
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 2, "startColumn": 4, "endColumn": 7},
            "insertedContent": {"text": "for"},
        }
    ]


def test_what_would_turn_a_page_or_move_a_cursor_is_not_in_its_words() -> None:
    (result,) = _run(build([finding(message="a\u202eb\x1b[2J\x07c\nd")], {}, ""))["results"]
    assert result["message"]["text"].startswith("a\ufffdb\ufffd[2J\ufffdc\ufffdd")


def test_the_run_says_what_its_columns_count_and_describes_the_rules_it_speaks_of() -> None:
    run = _run(build([finding(), finding(code="RK615", severity=Severity.ERROR)], {}, ""))
    assert run["columnKind"] == "unicodeCodePoints"
    first, second = run["tool"]["driver"]["rules"]
    assert (first["id"], second["id"]) == ("RK110", "RK615")
    assert second["shortDescription"]["text"] == RULES["RK615"].title
    assert second["helpUri"] == "https://rekindle.example/docs/rules/RK615"
    assert second["helpUri"] in second["help"]["text"]
    assert second["defaultConfiguration"] == {"level": "warning"}  # and the result says what this project makes of it
    assert [result["level"] for result in run["results"]] == ["error", "error"]


def test_a_waived_finding_is_suppressed_in_the_source_and_every_other_says_that_it_is_not() -> None:
    waived = [Waived(finding(code="RK615"), "the lawyer wrote it")]
    told = [result["suppressions"] for result in _run(build([finding()], {}, "", waived=waived))["results"]]
    assert told == [[], [{"kind": "inSource", "justification": "the lawyer wrote it"}]]


def test_a_file_outside_the_repository_has_a_whole_address() -> None:
    (result,) = _run(build([finding()], {}, "/srv/a b/"))["results"]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "file:///srv/a%20b/a.yaml"}


def test_a_name_with_a_colon_is_no_scheme_and_one_that_is_not_utf_8_keeps_its_bytes() -> None:
    uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in _run(build([finding(file="c:x.yaml"), finding(file="\udcff.yaml")], {}, ""))["results"]
    ]
    assert uris == ["c%3Ax.yaml", "%FF.yaml"]


def test_words_of_a_file_are_no_placeholder_and_no_link() -> None:
    (result,) = _run(build([finding(message="{0} [x](https://evil.example) {env: NAME}", mend="")], {}, ""))["results"]
    assert result["message"]["text"] == r"{{0}} \[x](https://evil.example) {env: NAME}"


def test_names_of_every_kind_are_addresses_by_another_judge_too() -> None:
    named = [build([finding(file=f"{name}x.yaml")], {}, "a b/") for name in NASTY]
    documents = [json.loads(sarif.render(report)) for report in [*named, build([conflict()], {}, "/srv/a b/")]]
    assert npm.run("judge.mjs", {"schema": schema(), "documents": documents}) == [[]] * len(documents)


def check(report: Report) -> None:
    """Whatever is told fits the schema and names the very file."""
    run = _run(report)
    assert [_file(result["locations"][0]) for result in run["results"]] == [
        os.fsencode(finding.file) for finding in [*report.findings, *(w.finding for w in report.waived)]
    ]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    assert all(result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in run["results"])
