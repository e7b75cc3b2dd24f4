"""``rekindle init``: what it writes works, and it never writes over anything."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from engine.cli import main
from engine.cli.init import project_files
from engine.clock import VirtualClock
from engine.compile import load_project
from schemas import KINDS


def init(*words: str) -> Result:
    return CliRunner().invoke(main, ["init", *words])


def test_the_project_has_no_findings(tmp_path: Path) -> None:
    assert init(str(tmp_path / "acme")).exit_code == 0
    loaded = load_project(tmp_path / "acme")
    assert loaded.findings == []
    assert set(loaded.require().campaigns) == {"come_back"}
    assert len(loaded.tests) == 1


def test_it_names_the_next_three_commands(tmp_path: Path) -> None:
    said = init(str(tmp_path / "acme")).stdout
    assert re.findall(r"^  rekindle --project \S+ (\w+)", said, re.MULTILINE) == ["validate", "test", "run"]


@pytest.mark.parametrize(
    ("folder", "project"), [("Acme Robots", "acme_robots"), ("2nd", "p_2nd"), ("é", "acme"), ("x", "x")]
)
def test_the_project_is_named_after_its_folder(tmp_path: Path, folder: str, project: str) -> None:
    init(str(tmp_path / folder))
    assert load_project(tmp_path / folder).require().name == project


def test_every_file_tells_the_editor_its_schema(tmp_path: Path) -> None:
    init(str(tmp_path))
    for file in [*tmp_path.glob("*.yaml"), *tmp_path.glob("tests/*.yaml")]:
        text = file.read_text()
        found = re.match(r"# yaml-language-server: \$schema=(\S+)", text)
        assert found, file.name
        schema = (file.parent / found[1]).resolve()
        assert schema.is_file()
        first_key = next(iter(yaml.safe_load(text)))
        assert schema.name == f"{first_key}.schema.json"
    assert {p.name for p in (tmp_path / ".schemas").iterdir()} == {f"{kind}.schema.json" for kind in KINDS}


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "segments.yaml").write_text("mine")
    result = init(str(tmp_path))
    assert result.exit_code == 1
    assert "already has segments.yaml" in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["segments.yaml"]
    assert (tmp_path / "segments.yaml").read_text() == "mine"


def test_a_repositorys_own_gitignore_stays(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    result = init(str(tmp_path))
    assert result.exit_code == 0
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert "stays as it is; not to be committed: var/, .env, .schemas/\n" in result.stdout


def test_a_commit_has_what_people_write_and_nothing_that_is_made_of_it(tmp_path: Path) -> None:
    assert init(str(tmp_path)).exit_code == 0
    (tmp_path / "var").mkdir(exist_ok=True)
    (tmp_path / "var/rekindle.db").touch()
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    listed = subprocess.run(
        [*git, "ls-files"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert {path.split("/")[0] for path in listed} == {
        ".gitignore", "come_back.yaml", "data", "incentives.yaml", "rekindle.yaml", "segments.yaml", "templates",
        "tests",
    }  # fmt: skip


def test_schemas_can_be_written_anew(tmp_path: Path) -> None:
    init(str(tmp_path))
    schema = tmp_path / ".schemas" / "campaign.schema.json"
    whole = schema.read_text()
    schema.write_text("{}")
    assert CliRunner().invoke(main, ["--project", str(tmp_path), "schema", "--write"]).exit_code == 0
    assert schema.read_text() == whole
    assert "come_back/second_start" in whole


def test_a_file_in_the_way_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = init(str(tmp_path / "file" / "acme"))
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr


def test_the_samples_dates_lie_well_whenever_it_is_made() -> None:
    march = project_files("acme", VirtualClock(1_772_463_600))["data/people.csv"]  # 2026-03-02
    assert "churned,2026-01-16,price" in march
    assert "<" not in march
