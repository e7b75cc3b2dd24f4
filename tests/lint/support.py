"""The small project with one file in the place of another, and what lint says of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from engine.compile import Loaded, load_files
from engine.diagnostics import Finding, Related
from tests.language.support import SMALL, small

HELLO = "{step: hello, at: 0d, email: winback/hello, offer: keep_price}"
REPLIED = "{event: replied, as: handed_over}"


def campaign(
    *,
    goal: str | None = "{event: purchase, within: 90d}",
    audience: str = "{segment: lost}",
    steps: tuple[str, ...] = (HELLO,),
    exits: tuple[str, ...] = (REPLIED,),
    **more: str,
) -> str:
    """A small campaign as YAML; ``more`` are other keys with their values."""
    keys = {
        "campaign": "winback",
        "owner": "revops@acme.example",
        "objective": "Test.",
        **({"goal": goal} if goal else {}),
        "audience": audience,
        "cadence": _listed(steps),
        **({"exit": _listed(exits)} if exits else {}),
        **more,
    }
    return "".join(f"{key}: {value}\n" for key, value in keys.items())


def _listed(parts: tuple[str, ...]) -> str:
    return "".join(f"\n  - {part}" for part in parts)


def lint(files: Mapping[str, str] | None = None, root: Path = SMALL, **changes: str) -> list[Finding]:
    """What ``validate`` says of the small project; ``campaign="..."`` and so on replace a file of it."""
    return loaded(
        {**small(**{what: dedent(text) for what, text in changes.items()}), **(files or {})}, root
    ).findings


def loaded(files: Mapping[str, str], root: Path = SMALL) -> Loaded:
    """The project these files make, linted. A test of lint means a project that can run."""
    found = load_files(files, root, lint=True)
    assert found.project is not None, found.findings
    return found


def codes(findings: list[Finding]) -> list[str]:
    """Their codes, in order."""
    return [finding.code for finding in findings]


def only(findings: list[Finding], code: str) -> Finding:
    """The one finding of a rule."""
    [found] = [finding for finding in findings if finding.code == code]
    return found


def marked(files: Mapping[str, str], at: Finding | Related) -> str:
    """The text that a finding, or its other end, points at."""
    return files[at.file].splitlines()[at.line - 1][at.column - 1 : at.end_column - 1]
