"""What a file looks like: its keys, elements and texts as written, each with the comments that belong to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

#: line and column, from 0
Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A comment at the end of a line. ``column``: where it stood; ``width``: of what stood before it."""

    text: str
    column: int
    width: int


@dataclass(slots=True, kw_only=True, eq=False)
class Node:
    """A value. ``tag`` and ``anchor`` as written, empty where there is none."""

    tag: str = ""
    anchor: str = ""

    @property
    def properties(self) -> str:
        """What stands before the value itself."""
        return " ".join(part for part in (self.tag, self.anchor and f"&{self.anchor}") if part)


@dataclass(slots=True, kw_only=True, eq=False)
class Alias(Node):
    """``*name``."""

    name: str


@dataclass(slots=True, kw_only=True, eq=False)
class Text(Node):
    """A scalar. ``lines`` are as written, without what only indents them; the first of a block is its sign.

    ``style``: empty for plain, else the quote, ``|`` or ``>``; ``value``: what it says.
    """

    lines: tuple[str, ...] = ("",)
    style: str = ""
    value: str = ""

    @property
    def is_block(self) -> bool:
        """Does it stand on lines of its own, below its sign?"""
        return self.style in ("|", ">")


@dataclass(slots=True, kw_only=True, eq=False)
class Collection(Node):
    """A mapping or a list. ``column``: of its keys or dashes; ``below``: comments after its last entry."""

    is_map: bool
    flow: bool
    column: int
    owner: Entry | None = None
    entries: list[Entry] = field(default_factory=list)
    below: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """A key with its value, or an element of a list: where a line can begin.

    ``above``: the comments above it, an empty text for a blank line.
    """

    start: Place
    parent: Collection
    key: Text | None = None
    value: Node = field(default_factory=Text)
    above: list[str] = field(default_factory=list)
    beside: Beside | None = None

    @property
    def remarked(self) -> bool:
        """Does a comment belong to it?"""
        return self.beside is not None or any(self.above)

    def around(self) -> Iterator[Collection]:
        """The collections it stands in, the innermost first."""
        parent: Collection | None = self.parent
        while parent is not None:
            yield parent
            parent = parent.owner.parent if parent.owner is not None else None


def is_waiver(comment: str) -> bool:
    """Does a comment speak to rekindle, about the line it stands at?"""
    return "rekindle:" in comment.casefold()


def nodes(node: Node) -> Iterator[Node]:
    """A node and all below it, keys too, in the order they are written."""
    yield node
    if isinstance(node, Collection):
        for entry in node.entries:
            if entry.key is not None:
                yield entry.key
            yield from nodes(entry.value)
