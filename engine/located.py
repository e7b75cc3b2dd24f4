"""A value with its place: what a document is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.diagnostics import Finding, Fix, Related, Severity
from engine.model import Source
from engine.rules import RULES

Scalar = str | int | float | bool | None


class Grouped(float):
    """A number written with a point and three decimals: to half of the world 20.000 is twenty thousand."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line. Line and columns are 1-based and count characters; ``end`` is exclusive."""

    file: str
    line: int
    column: int
    end: int

    @property
    def source(self) -> Source:
        """The same place, as the compiled model keeps it."""
        return Source(self.file, self.line, self.column)

    def finding(
        self,
        code: str,
        message: str,
        mend: str = "",
        *,
        context: str = "",
        severity: Severity | None = None,
        related: tuple[Related, ...] = (),
        instead: str | None = None,
    ) -> Finding:
        """A finding aimed here, as severe as its rule says. ``instead``: what safely mends it, put in this place."""
        return Finding(
            file=self.file,
            line=self.line,
            column=self.column,
            end_column=max(self.end, self.column + 1),
            code=code,
            message=message,
            mend=mend,
            context=context,
            severity=severity or RULES[code].severity,
            related=related,
            fix=None if instead is None else self._replaced_by(instead),
        )

    def related(self, message: str) -> Related:
        """This place as the other end of a conflict."""
        return Related(
            file=self.file, line=self.line, column=self.column, end_column=self.end, message=message
        )

    def _replaced_by(self, text: str) -> Fix:
        return Fix(line=self.line, column=self.column, end_column=self.end, text=text)


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """A scalar, a list or a mapping with text keys; ``keys`` holds the place of each key of a mapping."""

    value: Scalar | tuple[Located, ...] | dict[str, Located]
    span: Span
    keys: Mapping[str, Span] = field(default_factory=dict)

    @property
    def is_map(self) -> bool:
        """True for a mapping."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """True for a list."""
        return isinstance(self.value, tuple)

    @property
    def source(self) -> Source:
        """The place, as the compiled model keeps it."""
        return self.span.source

    def get(self, key: str) -> Located | None:
        """The value of a key; None when it is absent or this is no mapping."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def __getitem__(self, key: str) -> Located:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def key(self, name: str) -> Span:
        """Where a key stands; the place of the mapping itself when it is absent."""
        return self.keys.get(name, self.span)

    def items(self) -> Iterator[tuple[str, Located]]:
        """Keys and values of a mapping, in the order written; nothing for anything else."""
        return iter(self.value.items() if isinstance(self.value, dict) else ())

    def __iter__(self) -> Iterator[Located]:
        """Elements of a list; nothing for anything else."""
        return iter(self.value if isinstance(self.value, tuple) else ())

    def texts(self) -> list[Located]:
        """The scalar itself, or the elements of the list: for keys that take one or several."""
        return list(self) if self.is_list else [self]

    def text(self, key: str) -> str | None:
        """The value of a key where it is text."""
        found = self.get(key)
        return found.value if found is not None and isinstance(found.value, str) else None

    def quoted(self) -> str | None:
        """A number in quotes, so that it is text; None where it may be written otherwise than it is shown: 007."""
        written = str(self.value)
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        return f'"{written}"' if is_number and len(written) == self.span.end - self.span.column else None

    def plain(self) -> Any:
        """The same data without places: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, tuple):
            return [child.plain() for child in self.value]
        return self.value
