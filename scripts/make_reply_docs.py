"""docs/replies.md: how well replies are read, counted over tests/data/replies. ``--errors`` prints the mistakes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from engine.inbound import Meaning, Reading, classify

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data" / "replies"
PAGE = ROOT / "docs" / "replies.md"
BEGIN, END = "<!-- counted: begin -->\n", "<!-- counted: end -->\n"

HALVES = ("tuned", "held_out", "unseen", "second", "blind2")
LANGUAGES = {
    "de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian", "mixed": "mixed, signs",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese",
}  # fmt: skip
REFUSING = (Meaning.REFUSAL, Meaning.WRONG_PERSON, Meaning.LEGAL)
EVERYWHERE = "_everywhere"


class Judged(NamedTuple):
    """One text of the corpus: what it means, and how it was read."""

    language: str
    half: str
    text: str
    meant: Reading
    read: Reading


def judged() -> Iterator[Judged]:
    """Every text of the corpus."""
    for file in sorted(DATA.glob("*.yaml")):
        for half, groups in yaml.safe_load(file.read_text("utf-8")).items():
            for label, texts in groups.items():
                meaning = Meaning(label.removesuffix(EVERYWHERE))
                everywhere = label.endswith(EVERYWHERE) or meaning in (Meaning.WRONG_PERSON, Meaning.LEGAL)
                for text in texts:
                    yield Judged(file.stem, half, text, Reading(meaning, everywhere), classify(text))


def share(part: int, whole: int) -> str:
    """``95 of 100``, for a percentage of so few says too much."""
    return f"{part} of {whole}" if whole else "—"


def tables(corpus: list[Judged]) -> str:
    """The counted part of the page."""
    parts = [f"{len(corpus):,} replies, {_sizes(corpus)}.\n"]
    for half in HALVES:
        mine = [j for j in corpus if j.half == half]
        parts += [f"### {_TITLES[half]}\n", _by_language(mine), _by_meaning(mine)]
    return "\n".join(parts)


_TITLES = {
    "tuned": "Tuned on",
    "held_out": "Held out",
    "unseen": "Written to surprise, and never tuned on",
    "second": "Second collection, the half tuned on",
    "blind2": "Second collection, the half never tuned on",
}


def _sizes(corpus: list[Judged]) -> str:
    return ", ".join(f"{sum(j.half == half for j in corpus)} {half.replace('_', ' ')}" for half in HALVES)


def _by_language(corpus: list[Judged]) -> str:
    lines = [
        "| language | refusals: suppressed at once | suppressed, or held for a person | of those suppressed, meant so |"
        " harmless: left alone |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [f"| {name} | {_row([j for j in corpus if j.language == code])} |" for code, name in LANGUAGES.items()
              if any(j.language == code for j in corpus)]  # fmt: skip
    return "\n".join([*lines, f"| **all** | {_row(corpus)} |", ""])


def _row(corpus: list[Judged]) -> str:
    no = [j for j in corpus if j.meant.meaning in REFUSING]
    harmless = [j for j in corpus if j.meant.meaning is Meaning.NONE]
    suppressed = [j for j in corpus if j.read.refuses]
    held = [j for j in no if j.read.refuses or j.read.meaning is Meaning.AMBIGUOUS]
    return " | ".join(
        [
            share(sum(j.read.refuses for j in no), len(no)),
            share(len(held), len(no)),
            share(sum(j.meant.meaning in REFUSING for j in suppressed), len(suppressed)),
            share(sum(j.read.meaning is Meaning.NONE for j in harmless), len(harmless)),
        ]
    )


def _by_meaning(corpus: list[Judged]) -> str:
    lines = ["| meaning | found | of those read so, right | right scope |", "| --- | --- | --- | --- |"]
    for meaning in Meaning:
        meant = [j for j in corpus if j.meant.meaning is meaning]
        read = [j for j in corpus if j.read.meaning is meaning]
        both = [j for j in meant if j.read.meaning is meaning]
        scope = share(sum(j.meant.everywhere == j.read.everywhere for j in both), len(both))
        lines.append(
            f"| {meaning} | {share(len(both), len(meant))} | {share(len(both), len(read))} |"
            f" {scope if meaning is Meaning.REFUSAL else '—'} |"
        )
    return "\n".join([*lines, ""])


def page(now: str, corpus: list[Judged]) -> str:
    """The page with its counted part written anew."""
    before, _, rest = now.partition(BEGIN)
    return before + BEGIN + "\n" + tables(corpus) + "\n" + END + rest.partition(END)[2]


def errors(corpus: Iterable[Judged]) -> Iterator[str]:
    """One line a text that is not read as it is meant."""
    for j in corpus:
        if j.meant.meaning is not j.read.meaning:
            yield f"{j.language} {j.half}: meant {j.meant.meaning}, read {j.read.meaning}: {j.text!r}"


if __name__ == "__main__":
    all_of_it = list(judged())
    if "--errors" in sys.argv:
        print("\n".join(errors(all_of_it)))
    PAGE.write_text(page(PAGE.read_text("utf-8"), all_of_it), encoding="utf-8")
    print(tables(all_of_it))
