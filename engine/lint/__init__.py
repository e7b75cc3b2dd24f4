"""Lint: what is sound and still unwise. One module a family; each is asked only about a project without errors.

Add a rule: its line in engine/rules.py, its finding here, its page in docs/rules/ with a bad and a good example.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagnostics import Finding
from engine.lint import audience, channels, contradictions, experiments, needs, operations, sources, timing
from engine.lint.base import Lint, Subject
from engine.lint.content import content

LINTS: tuple[Lint, ...] = (
    content,
    audience.lint,
    timing.lint,
    contradictions.lint,
    experiments.lint,
    channels.lint,
    operations.lint,
    needs.lint,
    sources.lint,
)


def lint(subject: Subject) -> Iterator[Finding]:
    """Every finding of every family."""
    for family in LINTS:
        yield from family(subject)
