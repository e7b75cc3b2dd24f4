"""Every finding of every file, in one pass; and what is sound enough to compile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.diagnostics import Finding, Severity
from engine.document import parse
from engine.located import Located
from engine.template_file import FOLDER, ParsedTemplate, parse_template

PROJECT, SEGMENTS, INCENTIVES = "rekindle.yaml", "segments.yaml", "incentives.yaml"
_SINGLE = {PROJECT: "project", SEGMENTS: "segments", INCENTIVES: "incentives"}


@dataclass(frozen=True, slots=True)
class Checked:
    """The files of a project, read and judged. Roots hold only what has the shape of the language."""

    roots: Mapping[str, Located]  # by file
    templates: Mapping[str, ParsedTemplate]  # by file
    findings: list[Finding] = field(default_factory=list)

    def of_kind(self, kind: str) -> dict[str, Located]:
        """Roots of a kind, by file."""
        return {file: root for file, root in self.roots.items() if kind_of(file) == kind}

    def concerned(self, file: str) -> list[str]:
        """Campaigns that cannot be used while the file has an error."""
        if kind_of(file) == "campaign":
            return [file.removesuffix(".yaml")]
        return []

    def broken(self, file: str) -> bool:
        """Is there an error in the file?"""
        return any(f.file == file and f.severity is Severity.ERROR for f in self.findings)


def kind_of(file: str) -> str:
    """The kind a file is expected to be, by its place."""
    if file.startswith("tests/"):
        return "tests"
    return _SINGLE.get(file, "template" if file.startswith(FOLDER) else "campaign")


def check(files: Mapping[str, str], *, alone: bool = False) -> Checked:
    """Judge a project. Never raises for what the files hold.

    ``alone``: it is one pinned campaign with what it needs; other campaigns are not there to be looked for.
    """
    templates = {f: parse_template(text, f) for f, text in files.items() if kind_of(f) == "template"}
    documents = {f: parse(text, f) for f, text in files.items() if kind_of(f) != "template"}
    findings = [x for d in documents.values() for x in d.findings]
    findings += [x for t in templates.values() for x in t.findings]
    roots = {f: d.root for f, d in documents.items() if d.root is not None}
    return Checked(roots, templates, findings)
