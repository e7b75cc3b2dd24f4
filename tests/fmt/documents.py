"""Documents as people leave them: every way to write a value, and a comment wherever one may stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

_KEYS = (
    "campaign owner objective goal audience cohorts cadence triggers exit then step at for if unless email sms window "
    "hours days event within any not where segment offer kind percent zzz 'quoted key' no"
).split(" ")
_WORDS = (
    "word",
    "30d",
    "two words",
    "12:30",
    "no",
    "1.50",
    "2026-03-02",
    "a#b",
    "x:y",
    "~",
    "true",
    "-1",
    "Größe",
    "日本語",
    "closed_lost/gap",
)
_QUOTED = (
    '"plain"', "'plain'", '"no"', "'12:30'", "\"it's\"", "'it''s'",
    '"a: b"', "'a, b'", '"10%"', '"tab\\there"', '""', "'# no'",
    '" edge "', "'say \"x\"'", '"2026-03-02"', "'1_000'", "'y'", '"a]"', "'end:'", '"日本語 x"', '"\\u00e9"',
)  # fmt: skip


@dataclass
class _Pen:
    """Writes a document, drawing each choice. ``remarks``: the comments so far, each another one."""

    draw: Callable[..., object]
    remarks: int = 0
    named: int = 0
    anchors: list[str] = field(default_factory=list)

    def chance(self, per_cent: int) -> bool:
        return self.number(1, 100) > 100 - per_cent

    def one(self, *choices: str) -> str:
        return str(self.draw(st.sampled_from(choices)))

    def number(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))  # type: ignore[call-overload,no-any-return]

    def remark(self) -> str:
        self.remarks += 1
        return f"#{self.one(' ', '', '  ')}r{self.remarks:03}{self.one('', ' # again', ': x', '   ')}"

    def tail(self) -> str:
        return (
            f"{self.one(' ', '   ', '          ')}{self.remark()}"
            if self.chance(25)
            else self.one("", "", "  ")
        )

    def noise(self) -> str:
        """Lines that say nothing: blank ones and comments, indented anyhow."""
        lines = []
        while self.chance(20):
            lines.append(self.one("", "   ") if self.chance(50) else " " * self.number(0, 9) + self.remark())
        return "".join(f"\n{line}" for line in lines)

    def gap(self) -> str:
        """What may stand between two signs inside brackets."""
        if self.chance(80):
            return self.one("", " ", "  ")
        return f"{self.tail()}{self.noise()}\n{' ' * 20}"

    def mapping(self, indent: int, depth: int) -> str:
        keys = self.draw(st.lists(st.sampled_from(_KEYS), min_size=1, max_size=4, unique=True))
        pad = " " * indent
        rows = [f"{self.noise()}\n{pad}{key}:{self.value(indent, depth)}" for key in keys]  # type: ignore[attr-defined]
        return "".join(rows)

    def listed(self, indent: int, depth: int) -> str:
        pad = " " * indent
        return "".join(
            f"{self.noise()}\n{pad}-{self.element(indent, depth)}" for _ in range(self.number(1, 3))
        )

    def element(self, indent: int, depth: int) -> str:
        if depth and self.chance(60):
            deeper = self.number(2, 5)
            inner = self.mapping if self.chance(70) else self.listed
            lines = inner(indent + deeper, depth - 1).lstrip("\n")
            first = lines.split("\n")[0].lstrip()
            if first and not first.startswith("#"):
                return " " * (deeper - 1) + lines.lstrip(" ")  # on the line of its dash
            return f"{self.tail()}\n{lines}"
        return self.value(indent, depth)

    def value(self, indent: int, depth: int) -> str:
        """What stands behind a colon or a dash, to the end of its last line."""
        kind = 11 - self.number(0, 11)
        if kind < 3 and depth:
            anchor = self.anchor() if self.chance(30) else ""
            inner = self.mapping if kind < 2 else self.listed
            made = f"{anchor}{self.tail()}{inner(indent + self.number(1, 6), depth - 1)}"
            self.define(anchor)
            return made
        if kind == 3:
            return self.block(indent)
        if kind == 4 and self.chance(50):
            return f" word\n{' ' * (indent + self.number(1, 4))}goes on{self.tail()}"
        if kind == 5:
            return f' "text\n\n{" " * (indent + self.number(1, 4))}goes on"{self.tail()}'
        if kind == 6:
            return self.tail()
        start = f"{self.tail()}{self.noise()}\n{' ' * (indent + 9)}" if self.chance(10) else " "
        return f"{start}{self.brackets(3) if kind > 8 else self.word()}{self.tail()}"

    def word(self) -> str:
        if self.anchors and self.chance(15):
            return f"*{self.one(*self.anchors)}"
        return self.one(*_WORDS) if self.chance(60) else self.one(*_QUOTED)

    def block(self, indent: int) -> str:
        pad = " " * (indent + self.number(1, 5))
        lines = [
            self.one("words", "  deeper", "", "# no comment", "trailing  ") for _ in range(self.number(1, 4))
        ]
        text = "".join(f"\n{pad}{line}" if line else "\n" for line in ["first", *lines])
        return f" {self.one('|', '>', '|-', '>-', '|+', '>+')}{self.tail()}{text}{self.one('', chr(10), chr(10) * 2)}"

    def brackets(self, depth: int) -> str:
        anchor = f"{self.anchor().lstrip()} " if self.chance(15) else ""
        is_map = self.chance(50)
        keys = self.draw(st.lists(st.sampled_from(_KEYS[:-2]), max_size=4, unique=True))
        parts = []
        for key in keys:  # type: ignore[attr-defined]
            inner = self.brackets(depth - 1) if depth and self.chance(25) else self.word() + " "
            parts.append(f"{self.gap()}{key + ': ' if is_map else ''}{inner}{self.gap()}")
        inside = ",".join(parts) + ("," if parts and self.chance(10) else "")
        self.define(anchor)
        return f"{anchor}{{{inside}}}" if is_map else f"{anchor}[{inside}]"

    def anchor(self) -> str:
        self.named += 1
        return f" &a{self.named}"

    def define(self, anchor: str) -> None:
        if anchor:
            self.anchors.append(anchor.strip()[1:])


@st.composite
def documents(draw: Callable[..., object]) -> tuple[str, int]:
    """A document, most often sound, and how many comments were written into it."""
    pen = _Pen(draw)
    head = f"{pen.noise()}".lstrip("\n")
    body = pen.mapping(pen.one("", "", " ").count(" "), 3)
    text = f"{head}{body}{pen.noise()}{pen.one('', chr(10), chr(10) * 3)}".lstrip("\n")
    return text.replace("\n", pen.one("\n", "\n", "\n", "\r\n")), pen.remarks
