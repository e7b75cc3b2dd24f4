"""Which cases are meant: by file, by campaign, by words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from engine.testfile import TestCase, TestFile


def chosen(
    files: Iterable[TestFile], paths: Collection[str] | None = None, words: str = ""
) -> Iterator[tuple[TestFile, TestCase]]:
    """Cases in the order written.

    ``paths``: files and folders of the project, relative to it, None for all; a campaign's file stands for
    its tests. ``words``: see ``matches``.
    """
    for file in files:
        if paths is None or any(_stands_for(path, file) for path in paths):
            yield from ((file, case) for case in file.cases if matches(words, f"{file.campaign}: {case.it}"))


def _stands_for(path: str, file: TestFile) -> bool:
    return path in (file.file, f"{file.campaign}.yaml") or file.file.startswith(f"{path}/")


def matches(words: str, name: str) -> bool:
    """Does a case's name fit ``stops and not reply``, ``sms or fatigue``? Capitals do not matter."""
    return any(all(_holds(part, name) for part in _split("and", way)) for way in _split("or", words))


def is_complete(words: str) -> bool:
    """Does something stand on each side of every ``and`` and ``or``, and behind every ``not``?"""
    parts = [part.strip() for way in _split("or", words) for part in _split("and", way)]
    return not words.strip() or all(part and part.casefold() != "not" for part in parts)


def _split(operator: str, words: str) -> list[str]:
    return re.split(rf"(?:^|\s+){operator}(?:\s+|$)", words.strip(), flags=re.IGNORECASE)


def _holds(part: str, name: str) -> bool:
    negated = re.fullmatch(r"not\s+(.+)", part.strip(), flags=re.IGNORECASE)
    wanted = negated[1] if negated else part.strip()
    return (wanted.casefold() in name.casefold()) != bool(negated)
