"""Every single-key damage of a file: each key deleted or misspelt, each value misspelt, retyped or out of range."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.document import parse
from engine.located import Located, Span

#: names a file gives to things of its own: another name is as good, until something else speaks of it
_GIVEN = frozenset({"campaign", "step", "trigger", "segment", "offer", "it"})
#: mappings whose keys are such names
_NAMING = frozenset({"cohorts", "email", "sms", "linkedin", "phone"})
#: words for people, and amounts nobody can judge
_PROSE = frozenset({"objective", "task", "owner", "title", "terms", "limits", "description", "group"})
#: what stands where and is far outside of what it may be
_BEYOND = (
    (re.compile(r"\d+[smhdw]"), "999999999w"),
    (re.compile(r"\d+ per \S+"), "0 per 7d"),
    (re.compile(r"\d+%"), "300%"),
    (re.compile(r"\d+%\.\.\d+%"), "9%..3%"),
    (re.compile(r"\d\d:\d\d-\d\d:\d\d"), "09:00-29:00"),
    (re.compile(r"[a-z]{3}\.\.[a-z]{3}"), "mon..xyz"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One damaged text. ``kind``: delete, misspell key, misspell value, misspell name, retype, out of range;
    ``what``: in words; ``lines``: the damaged line, and for what is gone those of the mapping that lacks it."""

    kind: str
    what: str
    lines: frozenset[int]
    text: str


def damages(text: str, file: str) -> Iterator[Damage]:
    """Every damage of a sound YAML text."""
    root = parse(text, file).root
    assert root is not None
    lines = text.split("\n")
    for parent, owner, key, node in _entries(root, "", 1):
        yield from _of_key(lines, key, parent.key(key), node, owner, around=_lines_of(parent))
        if not (node.is_map or node.is_list) and _written_here(lines, node):
            yield from _of_value(lines, key, node)


def _entries(node: Located, owner: str, top: int) -> Iterator[tuple[Located, str, str, Located]]:
    """(mapping, the key it stands under, key, value); what an alias repeats is damaged where it is written."""
    for key, child in node.items():
        if node.key(key).line >= top:
            yield node, owner, key, child
            yield from _entries(child, key, node.key(key).line)
    for child in node:
        yield from _entries(child, owner, max(top, node.span.line))


def _lines_of(mapping: Located) -> frozenset[int]:
    return frozenset({mapping.span.line, mapping.span.line - 1, *(s.line for s in mapping.keys.values())})


def _of_key(
    lines: list[str], key: str, span: Span, node: Located, owner: str, *, around: frozenset[int]
) -> Iterator[Damage]:
    if lines[span.line - 1][span.column - 1 : span.end - 1] != key:
        return
    kind = "misspell name" if owner in _NAMING else "misspell key"
    yield _put(lines, span, _misspelt(key), kind, f"{key} misspelt")
    without = _without(lines, span, node)
    if without is not None:
        yield Damage(kind="delete", what=f"{key} deleted", lines=around, text=without)


def _of_value(lines: list[str], key: str, node: Located) -> Iterator[Damage]:
    value, span = node.value, node.span
    if isinstance(value, str):
        if key in _GIVEN:
            yield _put(lines, span, _misspelt(value), "misspell name", f"{key} {value} misspelt")
        elif key not in _PROSE and not re.match(r"\d", value):
            yield _put(lines, span, _misspelt(value), "misspell value", f"{key}: {value} misspelt")
    yield _put(lines, span, "{a: {b: [c]}}", "retype", f"{key} made a mapping")
    yield _put(lines, span, "[[]]", "retype", f"{key} made a list")
    yield _put(lines, span, "~", "retype", f"{key} made nothing")
    if isinstance(value, str) and key not in _PROSE:
        yield _put(lines, span, "3.5", "retype", f"{key} made a number")
    for pattern, beyond in _BEYOND:
        if isinstance(value, str) and pattern.fullmatch(value):
            yield _put(lines, span, beyond, "out of range", f"{key} made {beyond}")
    if isinstance(value, int) and not isinstance(value, bool):
        yield _put(lines, span, "-99999999999999999999", "out of range", f"{key} far below nothing")


def _written_here(lines: list[str], node: Located) -> bool:
    shown = lines[node.span.line - 1][node.span.column - 1 : node.span.end - 1]
    return bool(shown) and not shown.startswith("*")


def _put(lines: list[str], span: Span, new: str, kind: str, what: str) -> Damage:
    line = lines[span.line - 1]
    changed = f"{line[: span.column - 1]}{new}{line[span.end - 1 :]}"
    text = "\n".join([*lines[: span.line - 1], changed, *lines[span.line :]])
    return Damage(kind=kind, what=what, lines=frozenset({span.line}), text=text)


def _misspelt(word: str) -> str:
    """Two letters in the middle change places, or one is doubled where they are the same."""
    middle = len(word) // 2
    for at in (*range(middle, len(word) - 1), *range(middle)):
        if word[at].isalpha() and word[at + 1].isalpha() and word[at] != word[at + 1]:
            return f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}"
    return f"{word}x"


def _without(lines: list[str], span: Span, node: Located) -> str | None:
    """The text without a key and its value; None where that cannot be cut out by whole lines or one flow entry."""
    line = lines[span.line - 1]
    before = line[: span.column - 1]
    if not before.strip() or before.strip() == "-":
        indent = span.column - 1
        last = span.line
        while last < len(lines) and (not lines[last].strip() or _indent(lines[last]) > indent):
            last += 1
        rest = lines[last:]
        if before.strip() == "-":
            if not rest or _indent(rest[0]) != indent:
                return None
            rest[0] = before + rest[0].lstrip()
        return "\n".join([*lines[: span.line - 1], *rest])
    if node.is_map or node.is_list or node.span.line != span.line:
        return None
    cut = re.sub(r"^\s*,\s*", "", line[node.span.end - 1 :])
    kept = before if cut != line[node.span.end - 1 :] else re.sub(r",\s*$", "", before)
    return "\n".join([*lines[: span.line - 1], kept + cut, *lines[span.line :]])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
