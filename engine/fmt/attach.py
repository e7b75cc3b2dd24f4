"""Each comment and blank line put to what it belongs to.

A comment beside something belongs to the key or element whose line it is. One that stands alone belongs to what
follows it, unless it is indented deeper: then it closes the block above that is indented as it is.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from rich.cells import cell_len

from engine.comments import Comment
from engine.fmt.read import Written
from engine.fmt.tree import Beside, Collection, Entry, Place

BLANK = ""


def attach(written: Written, comments: list[Comment]) -> None:
    """Put the comments and the blank lines of a file into its tree."""
    _Attacher(written, comments).attach()


@dataclass(slots=True)
class _Attacher:
    written: Written
    comments: list[Comment]
    starts: list[Place] = field(init=False)  # of all that can be seen
    depths: list[int] = field(init=False)  # how many brackets are open before it
    entry_starts: list[Place] = field(init=False)
    ends: dict[int, Place] = field(init=False)  # where the brackets of a collection, by its id, close
    blocks: list[Entry] = field(init=False)  # entries that stand in no bracket
    block_starts: list[Place] = field(init=False)
    blank: bool = False  # is the line above blank?
    #: while comments follow each other: the blocks that end here and may still be closed by one, the inner first
    ending: list[Collection] | None = None

    def __post_init__(self) -> None:
        self.starts = [start for start, _ in self.written.spans]
        self.entry_starts = [entry.start for entry in self.written.entries]
        self.ends = {id(made): place for place, made in self.written.closed.items()}
        self.blocks = [entry for entry in self.written.entries if not entry.parent.flow]
        self.block_starts = [entry.start for entry in self.blocks]
        self.depths, depth = [], 0
        for start in self.starts:
            self.depths.append(depth)
            depth += (start in self.written.opened) - (start in self.written.closed)

    def attach(self) -> None:
        by_line = {comment.span.line - 1: comment for comment in self.comments}
        covered = {line for start, end in self.written.spans for line in range(start[0], end[0] + 1)}
        for number, line in enumerate(self.written.lines):
            comment = by_line.get(number)
            if number in covered:
                self._reached(number)
            if comment is not None:
                self._comment(comment, alone=number not in covered)
            elif not line.strip():
                self.blank = number not in covered

    def _reached(self, line: int) -> None:
        """A line with something on it: a blank line above belongs to what starts here."""
        self.ending = None
        blank, self.blank = self.blank, False
        following, token = self._entry_from((line, 0)), bisect_left(self.starts, (line, 0))
        if blank and following and token < len(self.starts) and following.start == self.starts[token]:
            following.above.append(BLANK)

    def _comment(self, comment: Comment, *, alone: bool) -> None:
        text, place = comment.text.rstrip(), (comment.span.line - 1, comment.span.column - 1)
        owner = None if alone else self._owner(place)
        if owner is None:
            above = self._above(place)
            above += [BLANK, text] if self.blank else [text]
            self.blank = False
        elif owner.beside is not None:
            owner.above.append(text)
        else:
            prefix = self.written.lines[place[0]][: place[1]]
            owner.beside = Beside(text=text, column=_cells(prefix), width=_cells(prefix.rstrip()))

    def _owner(self, place: Place) -> Entry | None:
        """What a comment at the end of a line stands beside: the last element in brackets, where they are still open
        or were opened above; else the key whose line it is, or the element, or what goes on from a line above."""
        element = self._element(place)
        if element is not None:
            return element
        first, end = (bisect_left(self.block_starts, at) for at in ((place[0], 0), place))
        here = self.blocks[first:end]
        owners = [
            *(entry for entry in here if entry.key is not None),
            *here,
            *self.blocks[max(end - 1, 0) : end],
        ]
        return owners[0] if owners else None

    def _element(self, place: Place) -> Entry | None:
        """The element in brackets that a comment is about: all of what the line has begun and closed again."""
        last = self._before(place)
        while last is not None and last.parent.flow and self.ends[id(last.parent)] < place:
            owner = last.parent.owner
            if owner is None or owner.start[0] != place[0]:
                break
            last = owner
        if last is None or self._in_brackets(place):
            return last
        return last if last.parent.flow and last.start[0] == place[0] else None

    def _in_brackets(self, place: Place) -> bool:
        token = bisect_left(self.starts, place)
        return token < len(self.starts) and self.depths[token] > 0

    def _above(self, place: Place) -> list[str]:
        """Where a comment that stands alone is kept."""
        before, following = self._before(place), self._entry_from(place)
        at = bisect_left(self.starts, place)
        token = self.starts[at : at + 1]
        if before is None:
            assert following is not None
            return following.above
        if token and (following is None or following.start != token[0]):
            closed = self.written.closed.get(token[0])
            return closed.below if closed is not None and closed.entries else before.above
        if following is not None and self._in_brackets(place):
            return following.above
        return self._block(before, following, _cells(self.written.lines[place[0]][: place[1]]))

    def _block(self, before: Entry, following: Entry | None, column: int) -> list[str]:
        """The end of a block that is indented as the comment is, or what follows."""
        if self.ending is None:
            self.ending = _ending(before, following)
        while len(self.ending) > (following is None) and self.ending[0].column > column:
            self.ending.pop(0)
        if following is None and len(self.ending) > 1 and self.ending[1].column == self.ending[0].column:
            self.ending.pop(
                0
            )  # a list whose dashes stand below the first letter of its key ends before the file
        if self.ending and (following is None or column > following.start[1]):
            return self.ending[0].below
        assert following is not None
        self.ending = []
        return following.above

    def _before(self, place: Place) -> Entry | None:
        """The last entry that starts before."""
        at = bisect_left(self.entry_starts, place)
        return self.written.entries[at - 1] if at else None

    def _entry_from(self, place: Place) -> Entry | None:
        """The first entry that starts here or later."""
        at = bisect_left(self.entry_starts, place)
        return self.written.entries[at] if at < len(self.entry_starts) else None


def _ending(before: Entry, following: Entry | None) -> list[Collection]:
    """The blocks that end between two entries, the innermost first."""
    around = [found for found in before.around() if not found.flow]
    if following is None:
        return around
    return around[: around.index(following.parent)] if following.parent in around else []


def _cells(prefix: str) -> int:
    """How wide what stands before a comment is; tabs count from the first letter, for the indent will be blanks."""
    bare = prefix.lstrip(" \t")
    return len(prefix) - len(bare) + cell_len(bare.expandtabs())
