"""The GitHub Action, step by step on a small project, as its runner would run it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.ci.runner import ACTION, ROOT, run
from tests.formats.test_github import commands

#: the steps when the command is there already
_INSTALLED = ["Layout", "Validate", "Test", "Prove", "Verdict"]


def _break(workspace: Path) -> None:
    """Misspell a segment."""
    campaign = workspace / "campaigns/come_back.yaml"
    campaign.write_text(campaign.read_text().replace("segment: ", "segment: x", 1))


def test_it_is_an_action_by_the_published_schema() -> None:
    words = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", ROOT / "action.yml"]
    tried = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stdout


def test_by_default_it_is_the_whole_gate_and_a_sound_project_passes(workspace: Path, temp: Path) -> None:
    job = run(workspace, temp, _INSTALLED)
    assert job.failed is None, job.log
    assert job.summary.startswith("✅ **Nothing to mend** in ")
    assert re.search(r"^✅ \*\*\d+ passed in .*\*\*$", job.summary, re.MULTILINE)
    assert re.search(r"^✅ \*\*\d+ of \d+ questions kept", job.summary, re.MULTILINE)


def test_it_finds_a_project_in_the_root_of_the_repository(workspace: Path, temp: Path) -> None:
    job = run(workspace / "campaigns", temp, ["Layout", "Validate", "Verdict"])
    assert job.failed is None, job.log


def test_what_only_warns_fails_unless_that_is_allowed_and_stands_in_the_summary(
    workspace: Path, temp: Path
) -> None:
    campaign = workspace / "campaigns/come_back.yaml"
    campaign.write_text(re.sub(r"^goal: .*\n", "", campaign.read_text(), flags=re.MULTILINE))
    assert run(workspace, temp, ["Validate", "Verdict"]).failed == "Verdict"
    (temp / "summary").unlink()
    job = run(workspace, temp, ["Validate", "Verdict"], strict="false")
    assert job.failed is None, job.log
    assert job.summary.startswith("⚠️ **1 warning** in 1 of ")


def test_a_file_that_is_not_laid_out_fails_the_job_and_its_name_gives_no_orders(
    workspace: Path, temp: Path
) -> None:
    there = workspace / "campaigns"
    campaign = there / "come_back.yaml"
    campaign.write_text(campaign.read_text().replace("goal: ", "goal:    "))
    (there / "::error::x.yaml").write_text("campaign: [\n")
    job = run(there, temp, ["Layout", "Verdict"])
    assert job.failed == "Verdict"
    assert "rekindle fmt: would lay out come_back.yaml" in job.log
    assert "rekindle fmt: ::error::x.yaml:" in job.log
    assert commands(job.log) == []
    assert "\n    would lay out come_back.yaml\n" in job.summary


def test_what_is_violated_fails_the_job_and_stands_in_the_summary(workspace: Path, temp: Path) -> None:
    """An offer of a day is named again after two weeks."""
    there = workspace / "campaigns"
    offers = there / "incentives.yaml"
    offers.write_text(offers.read_text().replace("valid_for: 30d", "valid_for: 1d"))
    campaign = there / "come_back.yaml"
    first = "email: come_back/what_changed\n"
    campaign.write_text(campaign.read_text().replace(first, f"{first}    offer: month_to_month\n"))
    job = run(workspace, temp, ["Prove", "Verdict"])
    assert job.failed == "Verdict"
    assert "rekindle prove: it failed, see the summary of the job" in job.log
    assert re.search(r"^\| ❌ \| Can a promise run out", job.summary, re.MULTILINE)


def test_findings_annotate_the_pull_request_and_fail_the_job(workspace: Path, temp: Path) -> None:
    _break(workspace)
    job = run(workspace, temp, ["Validate", "Verdict"], sarif_file="findings.sarif")
    assert job.failed == "Verdict"
    (error,) = [command for command in commands(job.log) if command.name == "error"]
    assert error.properties["file"] == "campaigns/come_back.yaml"
    assert error.properties["title"] == "RK201 unknown segment"
    assert "❌ **1 error** in 1 of " in job.summary
    sarif = json.loads((workspace / "findings.sarif").read_text())
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["RK201"]
    assert job.context["steps.validate.outputs.sarif-file"] == "findings.sarif"


def test_a_failed_case_fails_the_job_and_its_words_give_no_orders(workspace: Path, temp: Path) -> None:
    cases = workspace / "campaigns/tests/come_back.yaml"
    text = cases.read_text()
    cases.write_text(re.sub(r"says: \[.*?\]", "says: '::error::out of a message'", text, count=1))
    job = run(workspace, temp, ["Test", "Verdict"])
    assert job.failed == "Verdict"
    assert "❌ **1 failed, " in job.summary
    (error,) = [command for command in commands(job.log) if command.name == "error"]
    assert error.properties["file"] == "campaigns/tests/come_back.yaml"
    assert "::error::out of a message" in error.text


def test_a_project_that_is_not_there_fails_and_is_told(workspace: Path, temp: Path) -> None:
    job = run(workspace, temp, ["Validate", "Verdict"], project="elsewhere")
    assert job.failed == "Verdict"
    assert re.search("there is no rekindle.yaml in .*/elsewhere", job.log)


def _noting(temp: Path, status: int) -> Path:
    """Put a command in the place of ours that only notes what it is asked, and leaves with a status."""
    told = temp / "told"
    (temp / "rekindle/bin/rekindle").write_text(
        f'#!/bin/sh\necho "$@ in $REKINDLE_PROJECT" >> "{told}"\nexit {status}\n'
    )
    return told


def test_inputs_become_options(workspace: Path, temp: Path) -> None:
    told = _noting(temp, 0)
    inputs = {"project": "a b; $c", "strict": "true", "fail_under": "90", "sarif_file": "x.sarif"}
    assert run(workspace, temp, _INSTALLED, **inputs).failed is None
    assert told.read_text().splitlines() == [
        "fmt --check in a b; $c",
        "validate --format github --strict in a b; $c",
        "validate --format markdown in a b; $c",
        "validate --format sarif in a b; $c",
        "test --format github --fail-under 90 in a b; $c",
        "test --format markdown --fail-under 90 in a b; $c",
        "prove --format markdown in a b; $c",
    ]


def test_everything_runs_although_the_first_failed_unless_it_is_left_out(workspace: Path, temp: Path) -> None:
    told = _noting(temp, 1)
    job = run(workspace, temp, _INSTALLED)
    assert job.failed == "Verdict"
    assert [line.split(":")[0] for line in job.log.splitlines()[-4:]] == [
        f"rekindle {word}" for word in ("fmt", "validate", "test", "prove")
    ]
    assert {line.split()[0] for line in told.read_text().splitlines()} == {"fmt", "validate", "test", "prove"}
    told.unlink()
    assert run(workspace, temp, _INSTALLED, layout="false", tests="false", prove="false").failed == "Verdict"
    assert {line.split()[0] for line in told.read_text().splitlines()} == {"validate"}


def test_it_installs_itself_with_locked_packages(workspace: Path, temp: Path) -> None:
    """A Python in whose environments pip only notes what it is asked for."""
    told, stub = temp / "told", temp / "python"
    noting = f'#!/bin/sh\n[ "$2" = venv ] && mkdir -p "$3/bin" && cp "$0" "$3/bin/python" || echo "$@" >> "{told}"\n'
    stub.write_text(noting)
    stub.chmod(0o755)
    assert run(workspace, temp, ["Python", "Install"]).failed is None
    assert (ROOT / "requirements-run.lock").is_file()
    asked = [f"--require-hashes -r {ROOT}/requirements-run.lock", f"--no-build-isolation --no-deps {ROOT}"]
    pip = "-m pip install --quiet --disable-pip-version-check"
    assert told.read_text().splitlines() == [f"{pip} {words}" for words in asked]


def test_every_input_is_used_and_every_output_is_given() -> None:
    steps = json.dumps(ACTION["runs"]["steps"])
    assert [name for name in ACTION["inputs"] if f"inputs.{name}" not in steps] == []
    assert all(
        output["value"].startswith("${{ steps.validate.outputs.") for output in ACTION["outputs"].values()
    )
