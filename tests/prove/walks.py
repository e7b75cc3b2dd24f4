"""Projects walked through, and what is read off the walks."""

from __future__ import annotations

from collections.abc import Sequence

from engine.cases.runner import CaseRunner
from engine.cases.story import Kind, Line
from engine.compile import Loaded, load_files
from engine.prove import deferrals, ends, promises, reach
from engine.prove.base import Budget
from engine.prove.explore import Explorer
from engine.prove.findings import Findings, settled
from engine.prove.model import Answer, Outcome, Replay
from engine.prove.replay import Replays
from engine.prove.write import file_yaml
from tests.prove.variations import CAMPAIGNS

_ASKED = {"ends": ends, "reach": reach, "deferrals": deferrals, "promises": promises}


def walked(loaded: Loaded, *names: str, seconds: float = 60) -> list[Answer]:
    """Every answer about the paths of these campaigns, replayed."""
    with CaseRunner(loaded) as runner:
        findings = explored(loaded, runner, *names, seconds=seconds)
        found = [a for name, m in _ASKED.items() for a in settled(name, findings, m.answers(findings))]
        replays = Replays(loaded, runner)
        return [replays.shown(answer) for answer in found]


def explored(loaded: Loaded, runner: CaseRunner, *names: str, seconds: float = 60) -> Findings:
    """The campaigns walked through."""
    project = loaded.require()
    campaigns = tuple(c for c in project.campaigns.values() if not names or c.id in names)
    explorer = Explorer(project, runner, Budget(seconds))
    explorer.explore(campaigns)
    findings = Findings(project=project, campaigns=campaigns, log=explorer.log, empty=explorer.empty)
    for campaign in campaigns:
        if reach.missing(findings, campaign):
            explorer.look_closer(campaign)
    return findings


def violated(answers: Sequence[Answer]) -> list[Answer]:
    """Those that say no."""
    return [a for a in answers if a.outcome is Outcome.VIOLATED]


def replay_of(answer: Answer) -> Replay:
    """What the engine made of its counterexample."""
    assert answer.counterexample is not None
    assert answer.counterexample.replay is not None
    return answer.counterexample.replay


def played(loaded: Loaded, answer: Answer) -> list[tuple[str, str]]:
    """Its test as it is written, put into the project and run there: (what differs, about what), in order.

    The project with the test is compiled anew, as a user's is who commits it.
    """
    replay = replay_of(answer)
    campaign = answer.counterexample.campaign if answer.counterexample else ""
    files = {**loaded.files, f"tests/{campaign}.yaml": file_yaml(campaign, {answer.message: replay.yaml})}
    tested = load_files(files, CAMPAIGNS)
    assert [f for f in tested.findings if f.severity == "error"] == []
    [file] = tested.tests
    [case] = file.cases
    with CaseRunner(tested) as runner:
        result = runner.run(file, case)
    assert not result.error
    return [
        (problem, about(pair.actual) if pair.actual else "nothing")
        for pair in result.pairs
        for problem in pair.problems
    ]


def about(line: Line) -> str:
    """``two_times sent``, ``exit handed_over``."""
    if line.kind is Kind.EXIT:
        return f"exit {line.reason}"
    return f"{line.step} {'sent' if line.kind is Kind.SEND else line.reason}"
