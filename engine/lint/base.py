"""What a lint rule is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.diagnostics import Finding
from engine.located import Located
from engine.model import Project
from engine.template_file import ParsedTemplate
from engine.testfile import TestFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A project without errors, compiled and as written."""

    project: Project
    roots: Mapping[str, Located]  # by file
    templates: Mapping[str, ParsedTemplate]  # by file
    tests: tuple[TestFile, ...]
    files: Mapping[str, str]  # what was read, by file
    root: Path  # the project's folder; what it holds beside the language may be absent

    def campaign(self, name: str) -> Located:
        """A campaign as written."""
        return self.roots[f"{name}.yaml"]


#: a family of rules: every finding of a sound project
Lint = Callable[[Subject], Iterator[Finding]]
