"""Results of test cases as a comment on a pull request, or a job's summary: the verdict, what failed, the coverage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.cases.compare import Pair
from engine.cases.coverage import CampaignCoverage, Part
from engine.cases.runner import CaseResult
from engine.cli.output.cases import CaseReport, name, place, told, wanted
from engine.cli.output.coverage import CoverageReport, declared_at, never, parts, percent
from engine.cli.output.markdown import LONGEST, code, words

#: bytes kept free for the lines that say that the rest was cut
_CUT = 200


def render(report: CaseReport) -> str:
    """The comment; one that would be too long is cut at the end of a block, and says so."""
    sign = "✅" if report.passed else "❌"
    blocks, left = [f"{sign} **{words(report.summary)}**"], LONGEST - _CUT
    for block in (*_summary(report.coverage), *map(_failed, report.failed), *_missing(report.coverage)):
        left -= len(block.encode()) + 2
        if left < 0:
            blocks.append(
                f"_Cut here: a comment holds {LONGEST:,} bytes. Run `rekindle test` to see everything._"
            )
            break
        blocks.append(block)
    return "\n\n".join(blocks) + "\n"


def _failed(result: CaseResult) -> str:
    head = f"#### {words(name(result))}\n\n{code(place(result))}"
    if result.error:
        return f"{head}\n\n{words(result.error)}"
    rows = [
        _cells(["line", "expected", "happened"]),
        _cells(["---:", "---", "---"]),
        *map(_row, result.pairs),
    ]
    return "\n\n".join([head, "\n".join(rows), *([words(result.note)] if result.note else [])])


def _row(pair: Pair) -> str:
    line = str(pair.expected.source.line) if pair.expected else ""
    happened = [words(told(pair.actual, pair.expected))] if pair.actual else []
    happened += [f"❌ {words(problem)}" for problem in pair.problems]
    if pair.problems and pair.actual and pair.actual.because:
        happened.append(f"_{words(pair.actual.because)}_")
    return _cells([line, words(wanted(pair.expected)) if pair.expected else "", "<br>".join(happened)])


def _summary(report: CoverageReport | None) -> Iterator[str]:
    if report is None:
        return
    head = ["campaign", *Part, "all"]
    rows = [_cells(head), _cells(["---", *["---:"] * (len(head) - 1)])]
    rows += [_figures(code(campaign.file), campaign) for campaign in report.campaigns]
    if len(report.campaigns) > 1:
        rows.append(_figures("together", report))
    yield "\n".join([f"Coverage {report.subset}".rstrip(), "", *rows])


def _missing(report: CoverageReport | None) -> Iterator[str]:
    missing = (
        [f"- {code(declared_at(c, covered))} {words(never(covered))}" for c, covered in report.missing()]
        if report
        else []
    )
    if missing:
        listed = "\n".join(missing)
        yield f"<details><summary>{len(missing)} never happened</summary>\n\n{listed}\n\n</details>"


def _figures(title: str, counted: CampaignCoverage | CoverageReport) -> str:
    counts = [counted.count(part) for part in Part]
    return _cells([title, *parts(counts), percent(*counted.count())])


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
