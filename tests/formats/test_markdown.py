"""The comment on a pull request, parsed as Markdown is."""

from __future__ import annotations

import re
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from engine.cli.output import markdown
from engine.cli.output.report import Report, build
from engine.cli.output.text import printable
from engine.diagnostics import Severity
from engine.documentation import rule_url
from engine.waivers import Waived
from tests.formats.support import conflict, finding

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_OURS = re.compile(r"<details><summary>(?:<code>[^<>]*</code>: )?[\w ]+</summary>|</details>")


def items(comment: str) -> list[list[Token]]:
    """What stands in each point of each list; checks that everything else is ours."""
    tokens = _PARSER.parse(comment)
    found = [b.children or [] for a, b in pairwise(tokens) if b.type == "inline" and b.level >= 3 and a.level >= 2]
    for token in tokens:
        assert token.type in {
            "paragraph_open", "paragraph_close", "inline", "heading_open", "heading_close", "html_block",
            "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
        }  # fmt: skip
        if token.type == "html_block":
            assert _OURS.fullmatch(token.content.strip()), token.content
        for part in token.children or []:
            assert part.type in {"text", "code_inline", "strong_open", "strong_close", "link_open", "link_close"}
    return found


def said(item: list[Token]) -> str:
    """The words of a point, as a reader sees them, without the signs that keep a name from being called."""
    return "".join(token.content for token in item).replace("\u200b", "")


def check(report: Report) -> None:
    """Nothing in a file becomes markup: every point is one finding, with its words and a link to its rule."""
    comment = markdown.render(report)
    told = items(comment)
    all_ = [*report.findings, *(waived.finding for waived in report.waived)]
    assert len(comment.encode()) <= markdown.LONGEST
    assert [[part.attrs["href"] for part in item if part.type == "link_open"] for item in told] == [
        [rule_url(each.code)] for each in all_
    ]
    for item, each in zip(told, all_, strict=True):
        assert " ".join(printable(each.message).split()) in said(item)
        assert not any(re.search(r"[@#]\w", part.content) for part in item if part.type == "text")


def test_the_verdict_comes_first_in_numbers() -> None:
    texts = {"a.yaml": "", "b.yaml": "", "c.yaml": ""}
    waived = [Waived(finding(code="RK615"), "the lawyer wrote it")]
    wrong = [finding(), finding(file="b.yaml", severity=Severity.WARNING)]
    assert _first(build(wrong, texts, "")) == "❌ **1 error and 1 warning** in 2 of 3 files."
    assert _first(build(wrong[1:], texts, "", waived=waived)) == "⚠️ **1 warning** in 1 of 3 files; 1 finding waived."
    assert _first(build([], texts, "")) == "✅ **Nothing to mend** in 3 files."


def _first(report: Report) -> str:
    return markdown.render(report).split("\n")[0]


def test_a_finding_is_a_point_below_its_file_with_its_mend_other_end_and_rule() -> None:
    comment = markdown.render(build([conflict()], {"a.yaml": "", "b.yaml": ""}, "campaigns/"))
    assert comment.split("\n")[2:6] == [
        "#### `campaigns/a.yaml`",
        "",
        "- ❌ line 2: **unknown key 'foo'**: did you mean 'for'?; the first: `campaigns/b.yaml` line 1 (step 's')"
        " · [RK209](https://rekindle.example/docs/rules/RK209)",
        "",
    ]
    check(build([conflict()], {}, ""))


def test_what_is_waived_is_folded_with_its_reasons() -> None:
    waived = [Waived(finding(code="RK615"), "the lawyer wrote it")]
    comment = markdown.render(build([], {"a.yaml": ""}, "", waived=waived))
    assert "<details><summary>1 finding waived</summary>\n\n- `a.yaml` line 2: unknown key 'foo'" in comment
    assert "because the lawyer wrote it" in comment


def test_many_findings_are_folded_file_by_file() -> None:
    many = [finding(file=file, line=line) for file in ("a.yaml", "b<b>.yaml") for line in range(1, 12)]
    comment = markdown.render(build(many, {}, ""))
    assert "<details><summary><code>a.yaml</code>: 11 errors</summary>" in comment
    assert "<details><summary><code>b&lt;b&gt;.yaml</code>: 11 errors</summary>" in comment
    assert comment.count("<details>") == comment.count("</details>") == 2
    assert len(items(comment)) == 22


def test_a_comment_too_long_is_cut_between_findings_and_says_so() -> None:
    many = [finding(line=line, message=f"unknown key '{'日' * 80}'") for line in range(1, 2_000)]
    comment = markdown.render(build(many, {}, ""))
    assert markdown.LONGEST - 1_000 < len(comment.encode()) <= markdown.LONGEST
    assert comment.endswith("_Cut here: a comment holds 65,535 bytes. Run `rekindle validate` to see everything._\n")
    assert comment.count("<details>") == comment.count("</details>") == 1
    assert all(part.content != "" for item in items(comment.rpartition("\n_Cut")[0]) for part in item[:1])


def test_a_finding_longer_than_a_comment_is_left_out() -> None:
    comment = markdown.render(build([finding(message="x" * 70_000)], {}, ""))
    assert "**1 error** in 1 of" in comment
    assert "Cut here" in comment


def test_words_of_a_file_stay_words() -> None:
    message = "`a` *b* _c_ [d](https://evil.example) <b>e</b> &amp; | ~~f~~ @octocat #12 www.evil.example \\"
    (item,) = items(markdown.render(build([finding(message=message, mend="", context="")], {}, "")))
    assert message in said(item)
    check(build([finding(message=message)], {}, ""))


def test_a_file_name_of_back_ticks_stays_one_span() -> None:
    comment = markdown.render(build([finding(file="`` ` <b>.yaml")], {}, ""))
    code = [token for token in _PARSER.parse(comment) if token.type == "inline"][1].children or []
    assert [(part.type, part.content) for part in code] == [("code_inline", "`` ` <b>.yaml")]
