"""The shipped project, and variations of it with a fault planted in each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from engine.cases.runner import CaseResult, CaseRunner
from engine.compile import Loaded, load_files, read_files
from engine.prove.base import Asked, Prover
from engine.prove.model import Answer, Counterexample, Outcome, Replay
from engine.prove.replay import Replays
from engine.testfile import TestCase, TestFile

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


def replayed(loaded: Loaded, example: Counterexample) -> Replay:
    """The counterexample as the real engine played it: it happens as it is told, and as a test it fails."""
    with CaseRunner(loaded) as runner:
        replay = Replays(loaded, runner).replayed(example)
    assert replay is not None
    assert not run(loaded, example.campaign, replay.case).passed
    return replay


def wrong(replay: Replay) -> list[tuple[int, str]]:
    """What must not be: seconds after entry, and the line of the timeline."""
    return [(told.at - replay.case.now, told.text) for told in replay.timeline if told.wrong]


def run(loaded: Loaded, campaign: str, case: TestCase) -> CaseResult:
    """The case on the real engine."""
    file = TestFile(file=f"tests/{campaign}.yaml", campaign=campaign, cases=(case,), source=case.source)
    with CaseRunner(loaded) as runner:
        return runner.run(file, case)
