"""Tokens -> a tree of what is written. The text was read before and is sound; here only its form is of interest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from engine.document import scan
from engine.fmt.tree import Alias, Collection, Entry, Node, Place, Text

_SIGN = re.compile(r"[|>][-+0-9]*")
_CORE = "tag:yaml.org,2002:"


@dataclass(slots=True)
class Written:
    """A file as it is written. ``lines``: without their ends; ``spans``: places of the tokens that can be seen."""

    root: Collection
    lines: list[str]
    entries: list[Entry]  # in the order they start
    spans: list[tuple[Place, Place]]
    #: places of the brackets; what each closing one closes
    opened: set[Place]
    closed: dict[Place, Collection]


def read(text: str) -> Written:
    """The tree of a sound text whose root is a mapping and whose lines end in \\n."""
    return _Reader(text).read()


@dataclass(slots=True)
class _Reader:
    text: str
    lines: list[str] = field(init=False)
    tokens: list[Any] = field(init=False)
    at: int = 0
    columns: list[int] = field(default_factory=lambda: [-1])  # of the block collections that are open
    entries: list[Entry] = field(default_factory=list)
    opened: set[Place] = field(default_factory=set)
    closed: dict[Place, Collection] = field(default_factory=dict)
    blocks: dict[Place, Place] = field(default_factory=dict)  # where texts in blocks end

    def __post_init__(self) -> None:
        self.lines = self.text.split("\n")
        self.tokens = list(scan(self.text))

    def read(self) -> Written:
        while isinstance(self._next, yaml.StreamStartToken | yaml.DirectiveToken | yaml.DocumentStartToken):
            self._take()
        root = self._node(None)
        assert isinstance(root, Collection)
        return Written(root, self.lines, self.entries, self._spans(), self.opened, self.closed)

    @property
    def _next(self) -> Any:
        return self.tokens[self.at]

    def _take(self) -> Any:
        self.at += 1
        return self.tokens[self.at - 1]

    def _node(self, owner: Entry | None) -> Node:
        """The value that starts here; an empty text where none does."""
        tag, anchor = "", ""
        while isinstance(self._next, yaml.TagToken | yaml.AnchorToken):
            token = self._take()
            if isinstance(token, yaml.TagToken):
                tag = _written_tag(token)
            else:
                anchor = str(token.value)
        match self._next:
            case yaml.AliasToken(value=name):
                self._take()
                return Alias(name=str(name))
            case yaml.ScalarToken():
                return self._text(tag, anchor)
            case (
                yaml.BlockMappingStartToken()
                | yaml.BlockSequenceStartToken()
                | yaml.FlowMappingStartToken()
                | yaml.FlowSequenceStartToken()
            ):
                return self._collection(tag, anchor, owner)
            case yaml.BlockEntryToken() if owner is not None and owner.key is not None:
                return self._unindented(tag, anchor, owner)
        return Text(tag=tag, anchor=anchor)

    def _collection(self, tag: str, anchor: str, owner: Entry | None) -> Collection:
        opening = self._take()
        made = Collection(
            tag=tag,
            anchor=anchor,
            is_map=isinstance(opening, yaml.BlockMappingStartToken | yaml.FlowMappingStartToken),
            flow=isinstance(opening, yaml.FlowMappingStartToken | yaml.FlowSequenceStartToken),
            column=opening.start_mark.column,
            owner=owner,
        )
        if not made.flow:
            self.columns.append(made.column)
        self._entries(made)
        if not made.flow:
            self.columns.pop()
        closing = self._take()
        if made.flow:
            self.opened.add(_place(opening.start_mark))
            self.closed[_place(closing.start_mark)] = made
        return made

    def _entries(self, made: Collection) -> None:
        ends = yaml.BlockEndToken | yaml.FlowMappingEndToken | yaml.FlowSequenceEndToken
        while not isinstance(self._next, ends):
            if isinstance(self._next, yaml.FlowEntryToken):
                self._take()
            elif made.is_map:
                self._pair(made)
            else:
                self._element(made)

    def _unindented(self, tag: str, anchor: str, owner: Entry) -> Collection:
        """A list whose dashes stand below the first letter of its key."""
        column = self._next.start_mark.column
        made = Collection(tag=tag, anchor=anchor, is_map=False, flow=False, column=column, owner=owner)
        while isinstance(self._next, yaml.BlockEntryToken):
            self._element(made)
        return made

    def _pair(self, parent: Collection) -> None:
        entry = self._entry(parent)
        entry.key = Text()
        if isinstance(self._next, yaml.KeyToken):
            self._take()
        if not isinstance(self._next, yaml.ValueToken):
            key = self._node(None)
            assert isinstance(key, Text)
            entry.key = key
        if isinstance(self._next, yaml.ValueToken):
            self._take()
            entry.value = self._node(entry)

    def _element(self, parent: Collection) -> None:
        entry = self._entry(parent)
        if isinstance(self._next, yaml.BlockEntryToken):
            self._take()
        if not isinstance(self._next, yaml.KeyToken | yaml.ValueToken) or not parent.flow:
            entry.value = self._node(entry)
            return
        alone = Collection(is_map=True, flow=True, column=0, owner=entry)  # [a: b] is [{a: b}]
        entry.value = alone
        self._pair(alone)

    def _entry(self, parent: Collection) -> Entry:
        entry = Entry(start=_place(self._next.start_mark), parent=parent)
        parent.entries.append(entry)
        self.entries.append(entry)
        return entry

    def _text(self, tag: str, anchor: str) -> Text:
        token = self._take()
        style = "" if token.plain else str(token.style)
        read = self._block if style in ("|", ">") else self._inline
        return Text(tag=tag, anchor=anchor, lines=read(token), style=style, value=str(token.value))

    def _inline(self, token: Any) -> tuple[str, ...]:
        """A plain or quoted text; what indents its later lines means nothing."""
        (first, column), (last, end) = _place(token.start_mark), _place(token.end_mark)
        if first == last:
            return (self.lines[first][column:end],)
        inner = (_bare(line.lstrip(" \t")) for line in self.lines[first + 1 : last])
        return _bare(self.lines[first][column:]), *inner, self.lines[last][:end].lstrip(" \t")

    def _block(self, token: Any) -> tuple[str, ...]:
        """The sign of a text in a block, and its lines without their common indent."""
        start, (last, end) = _place(token.start_mark), _place(token.end_mark)
        found = _SIGN.match(self.lines[start[0]], start[1])
        sign = found.group() if found else str(token.style)
        content = self.lines[start[0] + 1 : last + (end > 0)]
        indent = next((len(line) - len(line.lstrip(" ")) for line in content if line.strip(" ")), 0)
        if digit := re.search(r"\d", sign):
            indent = max(self.columns[-1], 0) + int(digit.group())
            sign = re.sub(r"\d", "2", sign)
        lines = [line[indent:] for line in content]
        while lines and not lines[-1] and "+" not in sign:
            lines.pop()  # a blank line of the file, not of the text
        self.blocks[start] = (start[0] + len(lines), 1)
        if token.value and not token.value.endswith("\n"):
            sign = (
                f"{sign.rstrip('+-')}-"  # if only because the file ends without a line end, and will have one
            )
        return sign, *lines

    def _spans(self) -> list[tuple[Place, Place]]:
        marks = [
            (_place(token.start_mark), _place(token.end_mark)) for token in self.tokens if _can_be_seen(token)
        ]
        return [(start, self.blocks.get(start, end)) for start, end in marks if end > start]


def _can_be_seen(token: Any) -> bool:
    return not isinstance(token, yaml.DocumentStartToken | yaml.DocumentEndToken)


def _place(mark: Any) -> Place:
    return mark.line, mark.column


def _bare(line: str) -> str:
    """Without the blanks at its end, which mean nothing there but behind a backslash."""
    bare = line.rstrip(" \t")
    return line if bare.endswith("\\") else bare


def _written_tag(token: Any) -> str:
    handle, suffix = token.value
    if handle is None and str(suffix).startswith(_CORE):
        return f"!<{suffix}>"
    return f"{handle or ''}{suffix}"
