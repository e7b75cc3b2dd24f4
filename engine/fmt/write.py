"""The tree -> lines. A list or mapping in brackets stays so while it fits on its line and no comment is inside."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.cells import cell_len

from engine.fmt.attach import BLANK
from engine.fmt.quotes import one_line
from engine.fmt.tree import Alias, Beside, Collection, Entry, Node, Text, is_waiver

#: columns a line may have, its comment not counted
WIDTH = 110
_STEP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. ``only``: it is blank or a comment of its own; ``runs_on``: its text does, so that nothing can stand
    beside it; ``open``: a blank line below would be its text's."""

    indent: int = 0
    text: str = ""
    beside: Beside | None = None
    only: bool = False
    runs_on: bool = False
    open: bool = False


def write(root: Collection) -> list[Line]:
    """The lines of a file."""
    lines = [Line(text=root.properties)] if root.properties else []
    for line in _block(root, 0):
        if not (lines and lines[-1].open and line.only and line.text == BLANK):
            lines.append(line)
    return lines


def _block(collection: Collection, indent: int) -> list[Line]:
    """The entries of a collection, each on lines of its own."""
    found: list[Line] = []
    parts = [_part(entry, indent) for entry in collection.entries]
    apart = any(BLANK in above for above, _ in parts[1:])
    long_before = False
    for number, (above, body) in enumerate(parts):
        long = len(body) > 1
        wanted = apart and (long or long_before) and BLANK not in above
        above = [BLANK, *above] if wanted and number else above
        found += _own_lines(above, indent, first=not number)
        found += body
        long_before = long
    return found + _own_lines(collection.below, indent)


def _own_lines(texts: list[str], indent: int, *, first: bool = False) -> list[Line]:
    """Comments of their own and blank lines, never two of these in a row, and none at the top of a block."""
    found: list[Line] = []
    for text in texts:
        again = text == BLANK and (found[-1].text == BLANK if found else first)
        if not again:
            found.append(Line(indent=indent if text else 0, text=text, only=True))
    return found


def _part(entry: Entry, indent: int) -> tuple[list[str], list[Line]]:
    """What stands above an entry, and its own lines."""
    above, inner = list(entry.above), _opened(entry)
    if entry.key is None and inner is not None and not inner.properties:
        body = _block(inner, indent + _STEP)
        first = next(number for number, line in enumerate(body) if not line.only)
        above += [line.text for line in body[:first] if line.text]
        body = body[first:]
        body[0] = replace(body[0], indent=indent, text=f"- {body[0].text}")
    else:
        body = _body(entry, indent)
    if entry.beside is None:
        return above, body
    at = len(body) - 1 if isinstance(entry.value, Text) and not entry.value.is_block else 0
    if body[at].beside is not None or body[at].runs_on:
        return [*above, entry.beside.text], body
    body[at] = replace(body[at], beside=entry.beside)
    return above, body


def _body(entry: Entry, indent: int) -> list[Line]:
    """The lines of a key with its value, or of an element that is no mapping of its own lines."""
    head, value, inner = _head(entry), entry.value, _opened(entry)
    if inner is not None:
        below = _below(inner, indent + _STEP) if entry.key is not None else None
        start = Line(indent=indent, text=_joined(head, inner.properties))
        return [start, below] if below else [start, *_block(inner, indent + _STEP)]
    if isinstance(value, Text) and len(value.lines) > 1:
        first, *others = value.lines
        runs_on = not value.is_block
        lines = [Line(indent=indent, text=_joined(head, value.properties, first), runs_on=runs_on)]
        lines += [Line(indent=indent + _STEP if text else 0, text=text) for text in others]
        lines[-1] = replace(lines[-1], open=value.is_block and "+" in first)
        return lines
    empty = isinstance(value, Text) and value.lines == ("",)
    said = value.properties if empty else _in_line(value) or ""
    return [Line(indent=indent, text=_joined(head, said))]


def _opened(entry: Entry) -> Collection | None:
    """The value, where its entries stand on lines of their own."""
    value = entry.value
    if not isinstance(value, Collection) or not value.entries:
        return None
    if not value.flow:
        return value
    said = _in_line(value)
    if said is None:
        return value
    return value if _too_long(entry, said) else None


def _below(collection: Collection, indent: int) -> Line | None:
    """A list of words in brackets, where it fits on the line below its key."""
    words = all(isinstance(entry.value, Text | Alias) for entry in collection.entries)
    said = _in_line(replace(collection, tag="", anchor="")) if collection.flow else None
    if collection.is_map or not words or said is None or indent + cell_len(said) > WIDTH:
        return None
    return Line(indent=indent, text=said)


def _too_long(entry: Entry, said: str) -> bool:
    comments = [*entry.above, entry.beside.text if entry.beside is not None else ""]
    if any(map(is_waiver, comments)):  # opened brackets would take what it is for to other lines
        return False
    return _indent(entry) + cell_len(_joined(_head(entry), said)) > WIDTH


def _indent(entry: Entry) -> int:
    """Where an entry will stand: two columns in for each collection around it."""
    return _STEP * (sum(1 for _ in entry.around()) - 1)


def _head(entry: Entry) -> str:
    return "-" if entry.key is None else (_in_line(entry.key) or '""') + ":"


def _in_line(node: Node) -> str | None:
    """The value on one line; None when a comment, or a text of several lines, stands in the way."""
    match node:
        case Alias(name=name):
            return f"*{name}"
        case Text():
            said = _text_in_line(node)
            return None if said is None else _joined(node.properties, said)
        case Collection():
            parts = [_entry_in_line(entry) for entry in node.entries]
            if node.below or None in parts:
                return None
            said = ", ".join(part for part in parts if part is not None)
            return _joined(node.properties, f"{{{said}}}" if node.is_map else f"[{said}]")
    return None


def _entry_in_line(entry: Entry) -> str | None:
    if entry.remarked:
        return None
    empty = isinstance(entry.value, Text) and entry.value.lines == ("",) and not entry.value.style
    said = _joined(entry.value.properties, "null") if empty else _in_line(entry.value)
    return said if entry.key is None or said is None else f"{_head(entry)} {said}"


def _text_in_line(text: Text) -> str | None:
    if len(text.lines) == 1:
        return one_line(text)
    folds = "" not in text.lines and not any(line.endswith("\\") for line in text.lines)
    return " ".join(text.lines) if folds and not text.is_block else None


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
