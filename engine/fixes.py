"""The mends that need no thought, made: each is kept only where the project, judged anew, has the finding no more and
no other one in its place.

What one mend brings to light may be mended with it. Nothing of consent and law is ever mended, nor a name of the
project's own that is wrong in the same way in several places: there it may be its declaration that is misspelt.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.compile import Loaded, load_files
from engine.diagnostics import Finding
from engine.edits import Edit, edited, edits_of, moved

#: rules of which nothing is mended: what is lawful is for a person to say
_LAW = "RK5"
#: mistakes of one value that hide each other
_DEEPEST = 8
#: a name in a template that the project declares
_DECLARED = re.compile(r"\battributes\.|\blinks\.")

#: file, code, line and column of a finding
_Place = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A project after its mends. ``findings``: what was mended, at the places it had."""

    files: Mapping[str, str]
    findings: tuple[Finding, ...]
    loaded: Loaded


def mend(files: Mapping[str, str], root: Path, asked: Callable[[str], bool]) -> Mended:
    """Make every safe mend in the files asked for, again and again until there is none. Nothing is written."""
    mender = _Mender(root=root, asked=asked, loaded=load_files(files, root, lint=True))
    while mender.round():
        pass
    return Mended(files=mender.loaded.files, findings=tuple(mender.mended), loaded=mender.loaded)


@dataclass(slots=True)
class _Mender:
    root: Path
    asked: Callable[[str], bool]
    loaded: Loaded
    mended: list[Finding] = field(default_factory=list)

    def round(self) -> bool:
        """Try what can be mended now; whether anything was."""
        before = len(self.mended)
        mendable = [found for found in self.loaded.findings if self._mendable(found)]
        same = Counter(_named(found) for found in mendable)
        self._settle([found for found in mendable if not _named(found) or same[_named(found)] == 1])
        return len(self.mended) > before

    def _mendable(self, finding: Finding) -> bool:
        return finding.fix is not None and self.asked(finding.file) and not finding.code.startswith(_LAW)

    def _settle(self, findings: Sequence[Finding]) -> None:
        """Mend them all at once if that is sound, else one half and the other, else none of them.

        The later half comes first: what is above a mend stays where it is.
        """
        there = {_place(found) for found in self.loaded.findings}
        findings = [found for found in findings if _place(found) in there]
        if not findings or self._mend(findings) or len(findings) == 1:
            return
        half = len(findings) // 2
        self._settle(findings[half:])
        self._settle(findings[:half])

    def _mend(self, findings: Sequence[Finding]) -> bool:
        """Mend these, and what that brings to light, if nothing else remains of it."""
        files = self.loaded.files
        allowed = {_place(found) for found in self.loaded.findings} - {_place(found) for found in findings}
        made: list[Finding] = []
        todo = list(findings)
        for _ in range(_DEEPEST):
            files, edits = _made(files, todo)
            made += todo
            allowed = {_after(place, edits) for place in allowed}
            loaded = load_files(files, self.root, lint=True)
            new = [found for found in self._comparable(loaded) if _place(found) not in allowed]
            if not new:
                self.loaded = loaded
                self.mended += made
                return True
            if not all(map(self._mendable, new)):
                return False
            todo = new
        return False

    def _comparable(self, loaded: Loaded) -> list[Finding]:
        """The findings, without advice that nobody was asked for before: lint speaks when no error stands."""
        if loaded.project is not None and self.loaded.project is None:
            return load_files(loaded.files, self.root).findings
        return loaded.findings


def _named(finding: Finding) -> str:
    """What a finding says of a name that the project declares; empty for any other."""
    declared = finding.code.startswith("RK2") or finding.code in ("RK302", "RK307")
    written = finding.code == "RK602" and _DECLARED.search(finding.message)
    return finding.message if declared or written else ""


def _made(
    files: Mapping[str, str], findings: Sequence[Finding]
) -> tuple[dict[str, str], dict[str, list[Edit]]]:
    """The files with the mends of the findings, and the edits by file."""
    edits = {
        file: edits_of(files[file], [found.fix for found in findings if found.file == file and found.fix])
        for file in {found.file for found in findings}
    }
    return {**files, **{file: edited(files[file], made) for file, made in edits.items()}}, edits


def _place(finding: Finding) -> _Place:
    return finding.file, finding.code, finding.line, finding.column


def _after(place: _Place, edits: Mapping[str, list[Edit]]) -> _Place:
    file, code, line, column = place
    return file, code, *moved(line, column, edits.get(file, ()))
