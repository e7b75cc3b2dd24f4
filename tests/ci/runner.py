"""As much of a runner of GitHub Actions as our composite action needs: its scripts under bash, as GitHub runs them.

``${{ }}`` holds names only, ``if`` compares one with a word; a step that uses another action is given its outputs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
COMMAND = [sys.executable, "-c", "from engine.cli import main; main(prog_name='rekindle')"]

_NAME = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
_EQUALS = re.compile(r"([\w.-]+) == '([^']*)'")


@dataclass(slots=True, kw_only=True)
class Job:
    """A job that uses the action in a workspace, and what became of it."""

    workspace: Path
    temp: Path
    context: dict[str, str] = field(default_factory=dict)
    log: str = ""
    #: the name of the step that failed
    failed: str | None = None

    @property
    def summary(self) -> str:
        """The job's summary."""
        return (self.temp / "summary").read_text(encoding="utf-8")


def run(workspace: Path, temp: Path, steps: Collection[str], **inputs: str) -> Job:
    """Run those steps of the action, in its order, until one fails."""
    job = Job(workspace=workspace, temp=temp)
    known = {name.replace("-", "_"): name for name in ACTION["inputs"]}
    given = {known[name]: value for name, value in inputs.items()}
    job.context = {f"inputs.{name}": given.get(name, it["default"]) for name, it in ACTION["inputs"].items()}
    job.context |= {"runner.temp": str(temp), "github.action_path": str(ROOT)}
    for name in ("summary", "output"):
        (temp / name).touch()
    for step in ACTION["runs"]["steps"]:
        if step["name"] in steps and _wanted(step, job) and not _step(step, job):
            job.failed = step["name"]
            break
    return job


def _wanted(step: Mapping[str, Any], job: Job) -> bool:
    if "if" not in step:
        return True
    compared = _EQUALS.fullmatch(step["if"])
    assert compared is not None
    return job.context[compared[1]] == compared[2]


def _step(step: Mapping[str, Any], job: Job) -> bool:
    """Did it succeed?"""
    if "uses" in step:
        job.context[f"steps.{step['id']}.outputs.python-path"] = str(job.temp / "python")
        return True
    assert step["shell"] == "bash"
    assert "${{" not in step["run"], "an input could become a command"
    script = job.temp / "script.sh"
    script.write_text(step["run"], encoding="utf-8")
    (job.temp / "output").write_text("")
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", script]
    done = subprocess.run(
        words, cwd=job.workspace, env=_environment(step, job), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    job.log += done.stdout
    for line in (job.temp / "output").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        job.context[f"steps.{step['id']}.outputs.{name}"] = value
    return done.returncode == 0


def _environment(step: Mapping[str, Any], job: Job) -> dict[str, str]:
    own = {
        name: _NAME.sub(lambda found: job.context.get(found[1], ""), value)
        for name, value in step.get("env", {}).items()
    }
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(job.workspace),
        "GITHUB_OUTPUT": str(job.temp / "output"),
        "GITHUB_STEP_SUMMARY": str(job.temp / "summary"),
        "RUNNER_TEMP": str(job.temp),
        "PYTHONPATH": str(ROOT),
    }
    return {**os.environ, **github, **own}
