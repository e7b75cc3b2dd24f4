"""``rekindle schema``: the published schemas, and with a project's own names in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft7Validator

import schemas
from engine.compile import read_files
from engine.document import parse
from engine.editor_schema import Names, fitted, names_of
from engine.validate import kind_of
from tests.language.support import SMALL, small

ROOT = Path(__file__).parents[2]


def schema(*words: str, project: Path = SMALL) -> Result:
    from engine.cli import main

    return CliRunner().invoke(main, ["--project", str(project), "schema", *words])


def offered(node: dict[str, Any]) -> list[str]:
    return next(found["enum"] for found in node["anyOf"] if "enum" in found)


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_plain_is_the_published_one(kind: str, tmp_path: Path) -> None:
    published = (ROOT / "schemas" / f"{kind}.schema.json").read_text(encoding="utf-8")
    assert schema(kind, "--plain").stdout == published
    assert schema(kind, project=tmp_path).stdout == published


def test_a_projects_names_are_offered() -> None:
    definitions = json.loads(schema("campaign").stdout)["definitions"]
    assert "churned" in offered(definitions["segment_name"])
    assert "keep_price" in offered(definitions["offer_name"])
    assert "winback/hello" in offered(definitions["template_ref"])
    assert offered(definitions["campaign_name"]) == ["follow_up", "winback"]
    assert "replied" in offered(definitions["event_name"])
    assert "fresh" in offered(definitions["cohort_name"])


def test_an_attribute_is_a_field_with_the_comparisons_of_its_type() -> None:
    project = "project: x\npeople:\n  default_country: US\n  currency: USD\n  attributes: {seats: number, gap: text}\n"
    files = {"rekindle.yaml": project + "  values: {attributes.gap: [offline, api], loss_reason: [price]}\n"}
    fields = fitted("segments", names_of(files))["definitions"]["test"]["properties"]
    assert fields["attributes.seats"]["$ref"] == "#/definitions/number_condition"
    text, compared = fields["attributes.gap"]["anyOf"]
    assert offered(text) == ["offline", "api"]
    assert offered(compared["properties"]["in"]["items"]) == ["offline", "api"]
    assert offered(fields["loss_reason"]["anyOf"][0]) == ["price"]
    assert "attributes.seats" in fitted("tests", names_of(files))["definitions"]["person"]["properties"]


@pytest.mark.parametrize("names", [Names(), names_of(small())], ids=["no names", "other names"])
def test_names_it_does_not_know_are_accepted(names: Names) -> None:
    files = read_files(ROOT / "campaigns")
    for file, text in files.items():
        kind = kind_of(file)
        if kind in schemas.KINDS:
            root = parse(text, file).root
            assert root is not None
            made = fitted(kind, names)
            Draft7Validator.check_schema(made)
            assert [e.message for e in Draft7Validator(made).iter_errors(root.plain())] == [], file


def test_all_are_written_where_the_first_lines_of_files_point(tmp_path: Path) -> None:
    assert schema("--write", str(tmp_path / "here")).stdout == f"wrote {tmp_path / 'here'}\n"
    assert {file.name for file in (tmp_path / "here").iterdir()} == {
        f"{kind}.schema.json" for kind in schemas.KINDS
    }
    assert (tmp_path / "here" / "tests.schema.json").read_text(encoding="utf-8") == schema("tests").stdout


def test_a_project_with_faults_still_gives_its_names(tmp_path: Path) -> None:
    (tmp_path / "rekindle.yaml").write_text("project: [", encoding="utf-8")
    (tmp_path / "segments.yaml").write_text(
        "segments:\n  - {segment: lapsed, where: {closed_at: {}}}\n", encoding="utf-8"
    )
    assert "lapsed" in schema("campaign", project=tmp_path).stdout


@pytest.mark.parametrize("words", [[], ["campaign", "--write", "x"], ["nonsense"], ["--write"]])
def test_what_makes_no_sense_is_told(words: list[str], tmp_path: Path) -> None:
    told = schema(*words, project=tmp_path)
    assert told.exit_code in (1, 2) and "Traceback" not in told.stderr
    assert "KIND" in told.stderr or "rekindle.yaml" in told.stderr
