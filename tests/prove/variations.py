"""The shipped project, and variations of it with a fault planted in each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from engine.cases.runner import CaseResult, CaseRunner
from engine.cases.story import Line
from engine.compile import Loaded, load_files, read_files
from engine.prove.base import Asked, Prover
from engine.prove.model import Answer, Counterexample, Outcome
from engine.testfile import TestFile

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"

#: file -> (what stands there, what is to stand there)
Change = tuple[str, str, str]


@cache
def _shipped() -> Mapping[str, str]:
    return {path: text for path, text in read_files(CAMPAIGNS).items() if not path.startswith("tests/")}


@cache
def varied(*changes: Change, added: tuple[tuple[str, str], ...] = ()) -> Loaded:
    """The shipped project with texts replaced and files added; it has to be sound."""
    files = {**_shipped(), **dict(added)}
    for path, old, new in changes:
        assert files[path].count(old) == 1, f"{old!r} in {path}"
        files[path] = files[path].replace(old, new)
    loaded = load_files(files, CAMPAIGNS)
    loaded.require()
    return loaded


def asked(loaded: Loaded, *names: str) -> Asked:
    """The whole project, asked about the campaigns named, or all of them."""
    project = loaded.require()
    return Asked(
        project=project, campaigns=tuple(c for c in project.campaigns.values() if not names or c.id in names)
    )


def found(prover: Prover, loaded: Loaded, *names: str, outcome: Outcome = Outcome.VIOLATED) -> list[Answer]:
    """What it answers with that outcome."""
    return [a for a in prover(asked(loaded, *names)) if a.outcome is outcome]


def replayed(loaded: Loaded, example: Counterexample) -> list[Line]:
    """The story that the real engine makes of a counterexample, which must be what the example says it is."""
    result = run(loaded, example)
    assert not result.error
    story = [pair.actual for pair in result.pairs if pair.actual is not None]
    assert all(shown.holds(story) for shown in example.shows), story
    assert not result.passed
    return story


def run(loaded: Loaded, example: Counterexample) -> CaseResult:
    """The case on the real engine."""
    path, case = f"tests/{example.campaign}.yaml", example.case
    file = TestFile(file=path, campaign=example.campaign, cases=(case,), source=case.source)
    with CaseRunner(loaded) as runner:
        return runner.run(file, case)
