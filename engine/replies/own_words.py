"""What a person wrote themselves, without what they quote and without what their mail program adds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.replies.lexicon import Lexicon
from engine.replies.words import plain

_RULE = re.compile(r"\s*(?:-{2,}\s*\S.*-{2,}|_{8,}|-{2,})\s*$")  # -----Original Message-----, ____, --
_LONGEST_INTRODUCTION = 400


def own_words(text: str, lexicon: Lexicon) -> str:
    """The lines that are their own; an answer below a quote that is marked line by line is one too."""
    lines = text.splitlines()
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        introduced = _introduces(lines, at, lexicon)
        if introduced:
            at += introduced
            if not _quote_follows(lines, at):
                break
            continue
        if _RULE.match(line) or _is_header(line, lexicon):
            break
        if not line.lstrip().startswith(">") and not _is_footer(line, lexicon):
            kept.append(line)
        at += 1
    return "\n".join(kept)


def _introduces(lines: Sequence[str], at: int, lexicon: Lexicon) -> int:
    """How many lines say "On Monday Dana wrote:" from here; mail programs fold it into two."""
    for count in (1, 2):
        said = " ".join(lines[at : at + count]).strip()
        if not said.endswith(":") or len(said) > _LONGEST_INTRODUCTION:
            continue
        words = plain(said)
        if words and words[0] in lexicon.quotes["opening"] and not lexicon.quotes["wrote"].isdisjoint(words):
            return count
    return 0


def _quote_follows(lines: Sequence[str], at: int) -> bool:
    following = next((line for line in lines[at:] if line.strip()), "")
    return following.lstrip().startswith(">")


def _is_header(line: str, lexicon: Lexicon) -> bool:
    """``From: Dana``, as a mail program writes it above what it quotes."""
    name, colon, rest = line.strip().partition(":")
    return bool(colon and rest.strip()) and " ".join(plain(name)) in lexicon.quotes["header"]


def _is_footer(line: str, lexicon: Lexicon) -> bool:
    said = " ".join(plain(line)) + " "
    return any(said.startswith(footer + " ") for footer in lexicon.quotes["footer"])
