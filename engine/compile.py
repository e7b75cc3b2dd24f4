"""Files -> a compiled project: the public door of the language.

``load_project`` and ``load_files`` report every finding and give a project when no error stands. With
``tolerant`` a broken campaign is left out and the others stay usable: that is what the daemon runs on.
``pinned_files`` and ``compile_pinned`` keep a campaign exactly as it was when people entered it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from engine.compile_campaign import Surroundings, compile_campaign
from engine.compile_predicate import compile_predicate, field_types
from engine.compile_project import (
    compile_brand,
    compile_environments,
    compile_offers,
    compile_policy,
    compile_segments,
    compile_sources,
    one_or_more,
    words,
)
from engine.compile_tests import compile_test_file
from engine.diagnostics import Finding, Severity, in_order
from engine.document import MAX_CHARACTERS
from engine.edits import edited, edits_of
from engine.errors import ProjectError
from engine.fields import CLOSED_VALUES
from engine.lint import lint as lints
from engine.lint.base import Subject
from engine.located import Located
from engine.model import Campaign, Project
from engine.testfile import TestFile
from engine.validate import INCENTIVES, PROJECT, SEGMENTS, Checked, check, errors, kind_of
from engine.waivers import Waived, apply, read_waivers

__all__ = [
    "Loaded",
    "compile_pinned",
    "compile_predicate",
    "field_types",
    "is_read",
    "load_files",
    "load_project",
    "pinned_files",
    "read_files",
    "read_text",
]

_SHARED = (PROJECT, SEGMENTS, INCENTIVES)
#: the files of the language, below a project's folder
_PATTERNS = ("*.yaml", "*.yml", "tests/*.yaml", "templates/**/*.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A project as its files have it.

    ``project`` is None while an error stands; with ``tolerant``, while one stands in a shared file.
    """

    project: Project | None
    findings: list[Finding]
    #: findings that a comment answers for
    waived: tuple[Waived, ...] = ()
    tests: tuple[TestFile, ...] = ()
    #: campaign (its file's stem) -> the errors that keep it out
    campaigns_broken: Mapping[str, list[Finding]] = field(default_factory=dict)
    #: what was read: relative posix path -> text
    files: Mapping[str, str] = field(default_factory=dict)

    def require(self) -> Project:
        """The project. Raises ProjectError when there is none."""
        if self.project is None:
            wrong = errors(self.findings)
            first = wrong[0]
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise ProjectError(f"{first.file}:{first.line}: {first.message}{more}")
        return self.project


def read_files(root: Path) -> dict[str, str]:
    """Relative posix path -> text of every file of the language below ``root``.

    Bytes that are not UTF-8 come as surrogates and files too long are cut just above the bound: both become
    findings. Raises ProjectError when ``root`` is no folder or a file cannot be opened.
    """
    if not root.is_dir():
        raise ProjectError(f"there is no folder '{root}'", hint="Name the folder that holds rekindle.yaml")
    found = [path for pattern in _PATTERNS for path in root.glob(pattern)]
    return {path.relative_to(root).as_posix(): _read(path) for path in sorted(found) if path.is_file()}


def is_read(file: str) -> bool:
    """Would ``read_files`` read a file of this relative posix path?"""
    folder = file.rpartition("/")[0]
    if folder.split("/")[0] == "templates":
        return file.endswith(".md")
    return folder in ("", "tests") and file.endswith(".yaml" if folder else (".yaml", ".yml"))


def read_text(source: BinaryIO) -> str:
    """The text of one file, as ``read_files`` reads it."""
    with TextIOWrapper(source, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read(MAX_CHARACTERS + 1)


def _read(path: Path) -> str:
    try:
        return read_text(path.open("rb"))
    except OSError as error:
        raise ProjectError(
            f"cannot read '{path}': {error.strerror}", hint="Check the file's permissions"
        ) from None


def load_project(root: Path, *, tolerant: bool = False, lint: bool = False) -> Loaded:
    """Read and compile the project in a folder."""
    return load_files(read_files(root), root, tolerant=tolerant, lint=lint)


def load_files(files: Mapping[str, str], root: Path, *, tolerant: bool = False, lint: bool = False) -> Loaded:
    """Compile a project from texts by relative path; ``root`` is only kept in the project.

    ``lint``: say also what is sound and unwise. Whoever runs the project does not ask: a rule that is raised to an
    error fails a review, and never stops a daemon.
    """
    checked = check(files)
    broken = _broken_campaigns(checked)
    project = None if _stands_in_the_way(checked, tolerant) else _compile(checked, root, frozenset(broken))
    tests = _tests(checked, project) if project else ()
    complete = lint and project is not None and not errors(checked.findings)
    advice: list[Finding] = []
    if complete and project is not None:
        subject = Subject(
            project=project,
            roots=checked.roots,
            templates=checked.templates,
            tests=tests,
            files=files,
            root=root,
        )
        advice = checked.in_context(lints(subject))
    waivers, bad_waivers = read_waivers(files)
    findings, waived = apply([*checked.findings, *advice], waivers, complete=complete)
    if lint:
        findings = _raised(checked, [*findings, *bad_waivers])
    return Loaded(
        project=project,
        findings=in_order(findings),
        waived=tuple(waived),
        tests=tests,
        campaigns_broken=broken,
        files=files,
    )


def _raised(checked: Checked, findings: list[Finding]) -> list[Finding]:
    """Warnings as severe as rekindle.yaml wants them."""
    declared = checked.roots[PROJECT].get("lint") if PROJECT in checked.roots else None
    raised = {code for code, node in (declared.items() if declared else ()) if node.value == "error"}
    return [replace(f, severity=Severity.ERROR) if f.code in raised else f for f in findings]


def _stands_in_the_way(checked: Checked, tolerant: bool) -> bool:
    if tolerant:
        return PROJECT not in checked.roots or any(checked.broken(file) for file in _SHARED)
    return bool(errors(checked.findings))


def _broken_campaigns(checked: Checked) -> dict[str, list[Finding]]:
    """Errors of each broken campaign: in its own file, or in a template it uses."""
    found: dict[str, list[Finding]] = {}
    for finding in errors(in_order(checked.findings)):
        for campaign in checked.concerned(finding.file):
            found.setdefault(campaign, []).append(finding)
    return found


def _compile(checked: Checked, root: Path, without: frozenset[str]) -> Project:
    base = checked.roots[PROJECT]
    people = base["people"]
    attributes, currency = words(people.get("attributes")), str(people["currency"].value)
    country, listed = str(people["default_country"].value), people.get("values")
    around = _surroundings(checked)
    campaigns = [
        compile_campaign(node, around)
        for file, node in checked.of_kind("campaign").items()
        if stem(file) not in without
    ]
    return Project(
        name=str(base["project"].value),
        root=str(root.resolve()),
        brand=compile_brand(base["brand"]),
        default_country=country,
        currency=currency,
        attributes=attributes,
        customers=people.text("customers") or "businesses",
        values=CLOSED_VALUES | {name: one_or_more(node) for name, node in (listed.items() if listed else ())},
        events=frozenset(one_or_more(people["events"])) if "events" in people else None,
        sources=compile_sources(people.get("sources")),
        policy=compile_policy(base.get("policy"), country),
        environments=compile_environments(base),
        segments=compile_segments(checked.roots.get(SEGMENTS), around.fields, currency),
        offers=around.offers,
        campaigns={c.id: c for c in sorted(campaigns, key=lambda c: (-c.priority, c.id))},
    )


def _surroundings(checked: Checked) -> Surroundings:
    base, incentives = checked.roots[PROJECT], checked.roots.get(INCENTIVES)
    people = base["people"]
    currency = str(people["currency"].value)
    policy = compile_policy(base.get("policy"), "")
    return Surroundings(
        fields=field_types(words(people.get("attributes"))),
        currency=currency,
        step_expiry=policy.step_expiry,
        templates={p.template.ref: p.template for p in checked.templates.values() if p.template},
        offers=compile_offers(incentives, currency),
        offer_data={
            str(o["offer"].value): o.plain() for o in (incentives["incentives"] if incentives else ())
        },
    )


def _tests(checked: Checked, project: Project) -> tuple[TestFile, ...]:
    fields = field_types(project.attributes)
    sound = {file: root for file, root in checked.of_kind("tests").items() if not checked.broken(file)}
    return tuple(compile_test_file(root, fields, project.currency) for root in sound.values())


def stem(file: str) -> str:
    """``closed_lost.yaml`` is ``closed_lost``."""
    return file.removesuffix(".yaml")


def pinned_files(project_root_files: Mapping[str, str], campaign: Campaign) -> dict[str, str]:
    """The files needed to compile one campaign again, taken from ``read_files``."""
    wanted = {f"{campaign.id}.yaml", *_SHARED, *(t.file for t in campaign.templates.values())}
    return {file: text for file, text in project_root_files.items() if file in wanted}


def compile_pinned(files: Mapping[str, str], root: Path) -> Campaign:
    """The campaign of a bundle of ``pinned_files``, equal to what it was.

    Other campaigns it may start are not in the bundle and not asked for. Raises ProjectError when the bundle
    does not compile.
    """
    campaign, *others = [file for file in files if kind_of(file) == "campaign"] or [""]
    checked = check(files, alone=True)
    wrong = errors(in_order(checked.findings))
    mends = [finding.fix for finding in wrong if finding.file == PROJECT and finding.fix]
    if wrong and len(mends) == len(wrong):  # pinned by an older rekindle, to which a rate was 10 per 1s
        return compile_pinned({**files, PROJECT: edited(files[PROJECT], edits_of(files[PROJECT], mends))}, root)
    if others or not campaign or wrong or PROJECT not in checked.roots:
        reason = f"{wrong[0].file}:{wrong[0].line}: {wrong[0].message}" if wrong else "it is not complete"
        raise ProjectError(f"a pinned campaign cannot be compiled again: {reason}")
    node: Located = checked.roots[campaign]
    return compile_campaign(node, _surroundings(checked))
