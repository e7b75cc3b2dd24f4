"""Reports with everything in them that a format could trip over."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from engine.cli.output.report import Report, build, merge
from engine.diagnostics import Finding, Fix, Related, Severity
from engine.rules import RULES
from engine.waivers import Waived

#: what ends a line, a cell, a span, a tag, a command or a document somewhere
NASTY = (
    "\n", "\r\n", "\r", "\t", "\0", "\x1b[2J", "\x85", "\u2028", "\u202e", "\ufeff", "\ufffe", "日本", "😀", "e\u0301",
    "::", "::error::", "%", "%0A", "%25", ",", "=", ":", "##[error]", "::stop-commands::x",
    "|", "`", "``", "```", "*", "**", "_", "~~", "[x](https://evil.example)", "![x](y)", "<b>", "</details>", "<!--",
    "-->", "<script>", "&amp;", "]]>", "https://evil.example", "www.evil.example", "@octocat", "#1", "$x$", "\\", "\\|",
    "{0}", "{{", "}", "[", "](1)", "'", '"', " ", "#", "---", "- ", "1. ", "> ",
)  # fmt: skip

_PLAIN = st.characters(exclude_categories=["Cs"])
words = st.lists(st.one_of(st.sampled_from(NASTY), st.text(_PLAIN, max_size=6)), max_size=6).map("".join)
#: as the system gives them: bytes that are not UTF-8 come as surrogates
_byte = st.integers(0xDC80, 0xDCFF).map(chr)
names = st.one_of(
    st.sampled_from(["a.yaml", "templates/b.md"]),
    st.lists(st.one_of(st.sampled_from(NASTY), _byte, st.text(_PLAIN, min_size=1)), min_size=1).map("".join),
).map(lambda name: "./" + name if name.startswith("/") else name)

_lines, _columns, _widths = st.integers(1, 5), st.integers(1, 300), st.integers(1, 200)


@st.composite
def _stretches(draw: st.DrawFn) -> dict[str, int]:
    column = draw(_columns)
    return {"line": draw(_lines), "column": column, "end_column": column + draw(_widths)}


_related = st.builds(lambda at, file, message: Related(**at, file=file, message=message), _stretches(), names, words)
_fixes = st.builds(lambda at, text: Fix(**at, text=text), _stretches(), words)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """A finding of a rule there is, in any words, anywhere."""
    return Finding(
        **draw(_stretches()),
        file=draw(names),
        code=draw(st.sampled_from(sorted(RULES))),
        message=draw(words),
        mend=draw(words),
        context=draw(words),
        severity=draw(st.sampled_from(Severity)),
        related=tuple(draw(st.lists(_related, max_size=2))),
        fix=draw(st.none() | _fixes),
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Reports of one or two projects, sound ones among them."""
    return merge(draw(st.lists(_of_one_project(), min_size=1, max_size=2)))


@st.composite
def _of_one_project(draw: st.DrawFn) -> Report:
    found = draw(st.lists(findings(), max_size=4))
    waived = draw(st.lists(st.builds(Waived, findings(), words), max_size=2))
    texts = {finding.file: draw(words) for finding in found if draw(st.booleans())}
    return build(found, texts, draw(st.sampled_from(["", "p/", "a b/"])), waived=waived)


def finding(**changes: Any) -> Finding:
    """An ordinary finding."""
    values: dict[str, Any] = {
        "file": "a.yaml", "line": 2, "column": 4, "end_column": 7, "code": "RK110", "message": "unknown key 'foo'",
        "mend": "did you mean 'for'?", "context": "step 's'",
    }  # fmt: skip
    return Finding(**(values | changes))


def conflict() -> Finding:
    """A finding with another end, in another file, and a safe mend."""
    other = Related(file="b.yaml", line=1, column=1, end_column=4, message="the first")
    return finding(code="RK209", related=(other,), fix=Fix(line=2, column=4, end_column=7, text="for"))
