"""Every finding of every file, in one pass; and what is sound enough to compile.

First each file by itself: its YAML, then its shape. What is wrong there is cut away, and the checks of names,
time, consent and content see only what has the shape of the language: one mistake stays one finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine import suggest
from engine.checks import campaign, cases, content, events, project, scope, shape
from engine.checks.context import Place, context_at, places
from engine.compile_campaign import step_variants
from engine.diagnostics import Finding, Severity
from engine.document import Document, parse
from engine.located import Located, Span
from engine.template_file import FOLDER, ParsedTemplate, parse_template

PROJECT, SEGMENTS, INCENTIVES = "rekindle.yaml", "segments.yaml", "incentives.yaml"
_SINGLE = {PROJECT: "project", SEGMENTS: "segments", INCENTIVES: "incentives"}
#: kind of file -> where its files stand
_PLACES = {
    "project": PROJECT,
    "segments": SEGMENTS,
    "incentives": INCENTIVES,
    "campaign": "the project's folder",
    "tests": "tests/",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """The files of a project, read and judged. Roots hold only what has the shape of the language."""

    roots: Mapping[str, Located]  # by file
    templates: Mapping[str, ParsedTemplate]  # by file
    findings: list[Finding] = field(default_factory=list)
    #: by file, what stands where, for whoever aims a finding at it
    named: Mapping[str, list[Place]] = field(default_factory=dict)

    def in_context(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings, each with the element it stands in."""
        return [
            f
            if f.context or f.file not in self.named
            else replace(f, context=context_at(self.named[f.file], f.line))
            for f in findings
        ]

    def of_kind(self, kind: str) -> dict[str, Located]:
        """Roots of a kind, by file."""
        return {file: root for file, root in self.roots.items() if kind_of(file) == kind}

    def broken(self, file: str) -> bool:
        """Is there an error in the file?"""
        return any(f.file == file and f.severity is Severity.ERROR for f in self.findings)

    def concerned(self, file: str) -> list[str]:
        """Campaigns that cannot be used while the file has an error."""
        if kind_of(file) == "campaign":
            return [file.removesuffix(".yaml")]
        users = [name for name, root in self.of_kind("campaign").items() if file in _templates_of(root)]
        return [name.removesuffix(".yaml") for name in users]


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
    documents = {f: parse(text, f) for f, text in files.items() if f.endswith(".yaml")}
    findings = [_wrong_suffix(f) for f in files if f.endswith(".yml")]
    findings += [] if PROJECT in files else [_no_project()]
    roots = {}
    for file, document in documents.items():
        found, root = _shape(document)
        findings += found
        if root is not None:
            roots[file] = root
    findings += [x for parsed in templates.values() for x in parsed.findings]
    named = {file: places(d.root) for file, d in documents.items() if d.root is not None}
    checked = Checked(roots, templates, findings, named)
    _relations(checked, documents, alone=alone)
    findings[:] = checked.in_context(_said_once(findings, documents.values()))
    return checked


def _shape(document: Document) -> tuple[list[Finding], Located | None]:
    """One file by itself: its findings, and its root without what is wrong."""
    found, root = list(document.findings), document.root
    if root is None:
        return found, None
    kind = kind_of(document.file)
    misplaced, judged = _first_key(root, kind)
    if misplaced:
        found.append(misplaced)
    if not judged:
        return found, None
    wrong, root = shape.judge(kind, root)
    places_said = {(f.line, f.column) for f in found}
    return found + [f for f in wrong if (f.line, f.column) not in places_said], root


def _first_key(root: Located, kind: str) -> tuple[Finding | None, bool]:
    """A finding when the first key does not say what the file is; and whether to judge it as its kind."""
    keys = [key for key, _ in root.items()]
    if not keys:
        mend = f"start it with '{kind}: ...'"
        return root.span.finding("RK116", "the first key says what a file is; here is none", mend), False
    first, span = keys[0], root.key(keys[0])
    if first == kind:
        return None, True
    if kind in keys:
        message = f"'{kind}' says what the file is and stands first"
        return root.key(kind).finding("RK116", message, "move it to the top"), True
    if first in _PLACES:
        message = f"this is a file of kind '{first}'"
        return span.finding("RK116", message, f"such a file stands in {_PLACES[first]}"), False
    if any(suggest.nearest(key, [kind]) for key in keys):
        return None, True
    return span.finding(
        "RK116", f"the first key says what a file is; '{first}' does not", f"start with '{kind}: ...'"
    ), False


def _relations(checked: Checked, documents: Mapping[str, Document], *, alone: bool) -> None:
    """Files against each other."""
    raw = {file: document.root for file, document in documents.items()}
    stems = {f.removesuffix(".yaml"): raw[f] for f in documents if kind_of(f) == "campaign"}
    shared = {file: raw[file] for file in _SINGLE if file in raw}
    names = scope.build(shared, None if alone else stems, checked.templates, checked.findings)
    if names.project is not None and PROJECT in checked.roots:
        names.project = checked.roots[PROJECT]
        project.check(names, checked.roots[PROJECT], alone=alone)
    if SEGMENTS in checked.roots:
        project.check_segments(names, checked.roots[SEGMENTS])
    if INCENTIVES in checked.roots:
        project.check_incentives(names, checked.roots[INCENTIVES])
    campaigns = checked.of_kind("campaign")
    for file, root in campaigns.items():
        campaign.check(names, root, file.removesuffix(".yaml"))
    for root in checked.of_kind("tests").values():
        cases.check(names, root, stems)
    content.check(names, campaigns, alone=alone)
    if not alone:
        events.check(names, raw.get(PROJECT), checked.roots.values())


def _templates_of(root: Located) -> set[str]:
    tracks = [root.get("cadence"), *(trigger.get("cadence") for trigger in root.get("triggers") or ())]
    steps = [step for track in tracks if track for step in track]
    return {f"{FOLDER}{ref.value}.md" for step in steps for _, ref in step_variants(step)}


def _said_once(findings: Iterable[Finding], documents: Iterable[Document]) -> list[Finding]:
    """Nothing more about a value that could not even be read."""
    read = {id(f): f for document in documents for f in document.findings}
    places_said = {(f.file, f.line, f.column) for f in read.values()}
    return [f for f in findings if id(f) in read or (f.file, f.line, f.column) not in places_said]


def _wrong_suffix(file: str) -> Finding:
    mend = f"rename it to {file.removesuffix('.yml')}.yaml"
    return Span(file, 1, 1, 2).finding("RK116", "rekindle reads files that end in .yaml", mend)


def _no_project() -> Finding:
    mend = "'rekindle init' writes one"
    return Span(PROJECT, 1, 1, 2).finding("RK116", "a project needs the file rekindle.yaml", mend)


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that stand in the way."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]
