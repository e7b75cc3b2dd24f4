"""YAML text -> a located value, or findings that say exactly where it is not YAML as we read it.

PyYAML's own resolution is YAML 1.1 (``no`` is false, ``12:30`` is 750, a duplicate key wins in silence), so
only its events are used: they carry positions, and scalars are resolved here by the YAML 1.2 core schema.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import yaml

from engine.diagnostics import Finding, Related
from engine.located import Grouped, Located, Scalar, Span
from engine.yaml_faults import comma, fault, unreadable

#: characters of one file; a campaign is a page or two
MAX_CHARACTERS = 1_000_000
#: values in one file, aliases written out: what stops an expansion bomb
MAX_VALUES = 50_000
MAX_DEPTH = 40

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: line breaks of YAML 1.1 that no editor counts as one
_NOT_BREAKS = {0x85: " ", 0x2028: " ", 0x2029: " "}

_ANCHOR = re.compile(r"&[^\s,\[\]{}]+ *")

_CORE: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"null|Null|NULL|~|"), lambda text: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]{1,18}"), int),
    (re.compile(r"0o[0-7]{1,18}"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]{1,15}"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?[1-9][0-9]{0,2}\.[0-9]{3}"), Grouped),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), lambda text: math.nan),
)


@dataclass(frozen=True, slots=True)
class Document:
    """One file read: ``root`` is None when it is not YAML, and then ``findings`` says why."""

    file: str
    root: Located | None
    findings: tuple[Finding, ...] = ()


def parse(text: str, file: str) -> Document:
    """Read one file. Never raises for what the text holds."""
    text = text.removeprefix("\ufeff")
    refused = unreadable(text, file, MAX_CHARACTERS)
    if refused:
        return Document(file, None, (refused,))
    reader = _Reader(file, text.translate(_NOT_BREAKS))
    try:
        root = reader.read()
    except _Refused as refusal:
        return Document(file, None, (*reader.findings, refusal.finding))
    except yaml.YAMLError as error:
        return Document(file, None, (*reader.findings, fault(error, reader.lines, file)))
    return Document(file, root, tuple(reader.findings))


def scan(text: str) -> Iterator[Any]:
    """The tokens of a text up to where it stops being YAML; their marks count lines and characters from 0."""
    with suppress(yaml.YAMLError):
        yield from yaml.scan(text.translate(_NOT_BREAKS), Loader=_LOADER)


def resolve(text: str) -> Scalar:
    """A plain scalar by the YAML 1.2 core schema; infinities and NaN come back as NaN."""
    for pattern, convert in _CORE:
        if pattern.fullmatch(text):
            value: Scalar = convert(text)
            return math.nan if isinstance(value, float) and math.isinf(value) else value
    return text


class _Refused(Exception):
    def __init__(self, finding: Finding) -> None:
        self.finding = finding


@dataclass(slots=True)
class _Reader:
    """Builds located values from parse events."""

    file: str
    content: str
    lines: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    anchors: dict[str, tuple[Located, int]] = field(default_factory=dict)  # value, its size written out
    #: anchors whose value is still being read: an alias to one would contain itself
    opening: dict[str, Span] = field(default_factory=dict)
    size: int = 0

    def __post_init__(self) -> None:
        self.lines = re.split(r"\r\n|\r|\n", self.content)

    def read(self) -> Located:
        events: Iterator[Any] = iter(yaml.parse(self.content, Loader=_LOADER))
        root: Located | None = None
        for event in events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if root is not None:
                mend = "split it: one file holds one document"
                self._refuse(self._span(event), "RK105", "a second document starts here", mend)
            root = self._value(next(events), events, 0)
        if root is None:
            mend = "start it with its kind, for example 'campaign: winback'"
            self._refuse(Span(self.file, 1, 1, 2), "RK101", "the file is empty", mend)
        return root

    def _value(self, event: Any, events: Iterator[Any], depth: int) -> Located:
        span = self._span(event)
        self._count(1, span)
        if depth > MAX_DEPTH:
            self._refuse(span, "RK104", f"values are nested more than {MAX_DEPTH} deep", "flatten them")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), span)
        if event.anchor:
            self.opening[event.anchor] = span
        before = self.size
        node = self._node(event, events, depth, span)
        if event.anchor:
            self.opening.pop(event.anchor, None)
            self.anchors[event.anchor] = (node, self.size - before + 1)
        return node

    def _node(self, event: Any, events: Iterator[Any], depth: int, span: Span) -> Located:
        if isinstance(event, yaml.ScalarEvent):
            return Located(self._scalar(event, span), span)
        if event.tag and event.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!"):
            self._tag(event.tag, span)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, depth, span)
        return self._mapping(events, depth, span)

    def _sequence(self, events: Iterator[Any], depth: int, span: Span) -> Located:
        elements: list[Located] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            elements.append(self._value(event, events, depth + 1))
        return Located(tuple(elements), _until(span, event))

    def _mapping(self, events: Iterator[Any], depth: int, span: Span) -> Located:
        values: dict[str, Located] = {}
        keys: dict[str, Span] = {}
        loose: list[tuple[Span, str]] = []
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key_span = self._span(event)
            self._count(1, key_span)
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(
                    key_span, "RK105", "a key must be a plain word", "write a word, a colon, a value"
                )
            following = next(events)
            if values and _stands_alone(event, following):
                loose.append((key_span, str(event.value)))
                continue
            value = self._value(following, events, depth + 1)
            if event.value in values:
                first = (keys[event.value].related("the first"),)
                message = f"'{event.value}' is written twice"
                self.findings.append(key_span.finding("RK102", message, "remove one", related=first))
                continue
            values[event.value], keys[event.value] = value, key_span
        if loose:
            self.findings.append(comma(loose, values))
        return Located(values, _until(span, event), keys)

    def _scalar(self, event: Any, span: Span) -> Scalar:
        text: str = event.value
        if event.tag and event.tag not in ("!", "tag:yaml.org,2002:str"):
            self._tag(event.tag, span)
        if event.tag or event.style not in (None, ""):
            return text
        value = resolve(text)
        too_long = isinstance(value, float) and re.fullmatch(r"[-+]?[0-9]+", text)
        if isinstance(value, float) and (math.isnan(value) or too_long):
            self.findings.append(span.finding("RK113", f"'{text[:40]}' is not a number rekindle can use"))
            return text  # judged as text, at the same place: said once
        return value

    def _alias(self, name: str, span: Span) -> Located:
        if name in self.opening:
            message, opened = f"'*{name}' stands inside the value it names", self.opening[name]
            self._refuse(
                span, "RK104", message, "write the value out", opened.related("the value begins here")
            )
        if name not in self.anchors:
            self._refuse(
                span, "RK104", f"nothing above is named '&{name}'", f"put '&{name}' before the value"
            )
        target, size = self.anchors[name]
        self._count(size, span)
        return Located(target.value, span, target.keys)

    def _count(self, values: int, span: Span) -> None:
        self.size += values
        if self.size > MAX_VALUES:
            message = f"the file holds more than {MAX_VALUES:,} values, aliases written out"
            self._refuse(span, "RK104", message, "split it, or use fewer aliases")

    def _tag(self, tag: str, span: Span) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self._refuse(
            span, "RK105", f"the tag '{shown}' is not part of the language", "write the value without it"
        )

    def _span(self, event: Any) -> Span:
        """Where the event stands; what goes on over several lines is shown to the end of its first."""
        start, end = event.start_mark, event.end_mark
        line = self.lines[start.line] if start.line < len(self.lines) else ""
        first: int = start.column
        if anchor := _ANCHOR.match(line, first):
            first = anchor.end() if anchor.end() < len(line) else first
        stop: int = end.column
        if end.line != start.line or stop <= first:
            stop = len(line.split(" #")[0].rstrip())
        return Span(self.file, start.line + 1, first + 1, max(stop, first + 1) + 1)

    def _refuse(self, span: Span, code: str, message: str, mend: str = "", *related: Related) -> NoReturn:
        raise _Refused(span.finding(code, message, mend, related=related))


def _stands_alone(key: Any, following: Any) -> bool:
    """Is a key in braces only a word, with not so much as a colon?"""
    start, end = following.start_mark.index, following.end_mark.index
    return bool(start == end == key.end_mark.index) and isinstance(following, yaml.ScalarEvent)


def _until(span: Span, end: Any) -> Span:
    """A collection up to its closing bracket, where that stands on the line it opened on."""
    mark = end.end_mark
    on_one_line = mark.line + 1 == span.line and mark.column + 1 > span.column
    return replace(span, end=mark.column + 1) if on_one_line else span
