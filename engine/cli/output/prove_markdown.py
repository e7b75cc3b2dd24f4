"""What prove found, as a comment on a pull request or a job's summary: the verdict, then each question."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cli.output.markdown import LONGEST, code, words
from engine.cli.output.prove import UNWRITTEN, ProofReport, moment, verdict
from engine.prove.model import Answer, Outcome, Question, Replay

_SIGNS = {Outcome.KEPT: "✅", Outcome.NOTED: "✅", Outcome.NOT_SETTLED: "❔", Outcome.VIOLATED: "❌"}
#: bytes kept free for the lines that say that the rest was cut
_CUT = 200


def render(report: ProofReport) -> str:
    """The comment; one that would be too long is cut at the end of a block, and says so."""
    worst = next((o for o in (Outcome.VIOLATED, Outcome.NOT_SETTLED) if report.proof.count(o)), Outcome.KEPT)
    head = f"{_SIGNS[worst]} **{words(report.summary)}**\n\n{words(report.looked_at)}"
    blocks, left = [head], LONGEST - _CUT
    for block in _blocks(report):
        left -= len(block.encode()) + 2
        if left < 0:
            blocks.append(
                f"_Cut here: a comment holds {LONGEST:,} bytes. Run `rekindle prove` to see everything._"
            )
            break
        blocks.append(block)
    return "\n\n".join(blocks) + "\n"


def _blocks(report: ProofReport) -> Iterator[str]:
    yield "\n".join(["| | question | |", "| --- | --- | --- |", *(_row(report, q) for q in report.questions)])
    wrong = (Outcome.VIOLATED, Outcome.NOT_SETTLED)
    for answer in report.proof.answers:
        if answer.outcome in wrong:
            yield from _at_length(report, answer)
    noted = [a for a in report.proof.answers if a.outcome not in wrong]
    if noted:
        listed = "\n".join(_line(report, a) for a in noted)
        yield f"<details><summary>{len(noted)} to know</summary>\n\n{listed}\n\n</details>"
    if report.proof.assumptions:
        listed = "\n".join(f"- {words(text)}" for text in report.proof.assumptions)
        yield f"<details><summary>Taken for granted</summary>\n\n{listed}\n\n</details>"


def _row(report: ProofReport, question: Question) -> str:
    outcome = report.proof.outcome(question.name)
    return f"| {_SIGNS[outcome]} | {words(question.asks)} | {words(verdict(outcome, question))} |"


def _line(report: ProofReport, answer: Answer) -> str:
    place = report.place(answer.source)
    return f"- {code(place) + ' ' if place else ''}{words(answer.message)}"


def _at_length(report: ProofReport, answer: Answer) -> Iterator[str]:
    place = report.place(answer.source)
    yield f"#### {words(answer.message)}" + (f"\n\n{code(place)}" if place else "")
    if answer.details:
        yield "\n".join(f"- {words(detail)}" for detail in answer.details)
    replay = answer.counterexample.replay if answer.counterexample else None
    if replay is not None:
        yield _timeline(replay)
        if not replay.yaml:
            yield f"_{UNWRITTEN}_"
            return
        yield f"<details><summary>as a test</summary>\n\n```yaml\n{replay.yaml.rstrip()}\n```\n\n</details>"


def _timeline(replay: Replay) -> str:
    rows = [f"| {words(replay.zone)} | what happens |", "| --- | --- |"]
    rows += [
        f"| {moment(told, replay.zone)} | {'❌ ' if told.wrong else ''}{words(told.text)} |"
        for told in replay.timeline
    ]
    return "\n".join(rows)
