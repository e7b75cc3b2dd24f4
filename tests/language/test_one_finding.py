"""One mistake is one finding, tried everywhere: every key misspelt, every value put wrong, one at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.document import parse
from engine.located import Located, Span
from tests.language.support import REPLACES, load, small

_WRONG = ["", "[]", "{x: 1}", "zzz", "1.5"]


def _places(node: Located) -> Iterator[tuple[bool, Span]]:
    """(is a key, place) of every key and every scalar."""
    for key, value in node.items():
        yield True, node.key(key)
        yield from _places(value)
    for part in node:
        yield from _places(part)
    if not node.is_map and not node.is_list and node.value is not None:
        yield False, node.span


def _damaged(text: str, span: Span, new: str) -> str:
    lines = text.split("\n")
    line = lines[span.line - 1]
    lines[span.line - 1] = line[: span.column - 1] + new + line[span.end - 1 :]
    return "\n".join(lines)


def _word(text: str, span: Span) -> str:
    return text.split("\n")[span.line - 1][span.column - 1 : span.end - 1]


def _told_more_than_once(what: str, text: str, span: Span, new: str) -> list[str]:
    """The findings, when they are several and not all about names that dangle since this one was changed."""
    findings = load(small(**{what: _damaged(text, span, new)})).findings
    old = _word(text, span)
    if len(findings) < 2 or all(f"'{old}'" in f.message or f".{old}'" in f.message for f in findings):
        return []
    return [f"{old} -> {new}: {f.file}:{f.line} {f.code} {f.message}" for f in findings]


@pytest.mark.parametrize("what", sorted(set(REPLACES) - {"template"}))
def test_a_misspelt_key_is_one_finding(what: str) -> None:
    text = small()[REPLACES[what]]
    root = parse(text, "x.yaml").root
    assert root is not None
    spans = [span for is_key, span in _places(root) if is_key]
    told = [_told_more_than_once(what, text, span, _word(text, span) + "x") for span in spans]
    assert [findings for findings in told if findings] == []


@pytest.mark.parametrize("new", _WRONG)
@pytest.mark.parametrize("what", sorted(set(REPLACES) - {"template"}))
def test_a_wrong_value_is_one_finding(what: str, new: str) -> None:
    text = small()[REPLACES[what]]
    root = parse(text, "x.yaml").root
    assert root is not None
    spans = [span for is_key, span in _places(root) if not is_key]
    told = [_told_more_than_once(what, text, span, new) for span in spans]
    assert [findings for findings in told if findings] == []
