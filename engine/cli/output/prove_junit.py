"""What prove found, as JUnit XML: a case a question, failed where something is violated."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from engine.cli.output.prove import ProofReport, moment
from engine.cli.output.xml import legal
from engine.prove.model import Answer, Outcome, Question


def render(report: ProofReport) -> str:
    """The document. A question that is not settled is an error: neither passed nor failed."""
    outcomes = [report.proof.outcome(q.name) for q in report.questions]
    counts = {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count(Outcome.VIOLATED)),
        "errors": str(outcomes.count(Outcome.NOT_SETTLED)),
        "time": f"{report.proof.seconds:.3f}",
    }
    root = ElementTree.Element("testsuites", {"name": "rekindle prove", **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": legal(report.project), **counts})
    for question in report.questions:
        _case(report, suite, question)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(report: ProofReport, suite: ElementTree.Element, question: Question) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname="prove", name=question.asks, time="0")
    found = report.proof.of(question.name)
    wrong = [a for a in found if a.outcome in (Outcome.VIOLATED, Outcome.NOT_SETTLED)]
    if wrong:
        tag = "failure" if report.proof.outcome(question.name) is Outcome.VIOLATED else "error"
        lines = [line for answer in wrong for line in _lines(report, answer)]
        failure = ElementTree.SubElement(case, tag, message=legal(_told(report, wrong[0])))
        failure.text = legal("\n".join(["", *lines, ""]))
    elif found:
        text = ElementTree.SubElement(case, "system-out")
        text.text = legal("\n".join(["", *(_told(report, answer) for answer in found), ""]))


def _told(report: ProofReport, answer: Answer) -> str:
    place = report.place(answer.source)
    return f"{place}: {answer.message}" if place else answer.message


def _lines(report: ProofReport, answer: Answer) -> Iterator[str]:
    yield _told(report, answer)
    yield from (f"  {detail}" for detail in answer.details)
    replay = answer.counterexample.replay if answer.counterexample else None
    if replay is not None:
        for told in replay.timeline:
            yield f"  {'x' if told.wrong else ' '} {moment(told, replay.zone)}  {told.text}"
