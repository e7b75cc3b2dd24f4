"""Damage to a shipped campaign is told, at the place where it was done; never with a stack trace, never in silence.

What a key's deletion leaves may be another sound campaign: nobody can call it wrong, so it has to be another version,
which every review shows. ``make soak`` goes through every damage, the suite through every sixth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.compile import Loaded, load_files, read_files
from tests.language.damage import Damage, damages

ROOT = Path(__file__).parent.parent.parent / "campaigns"
FILES = read_files(ROOT)
CAMPAIGNS = ("churned", "closed_lost", "no_show", "stalled")
SHARED = ("rekindle.yaml", "segments.yaml", "incentives.yaml")

#: kinds whose every damage is told on the damaged line
SURE = ("misspell key", "misspell value", "out of range", "retype")


def _alone(campaign: str) -> dict[str, str]:
    """The project with one campaign, and segments that the others used."""
    own = (f"templates/{campaign}/", f"{campaign}.yaml", f"tests/{campaign}.yaml")
    return {file: text for file, text in FILES.items() if file in SHARED or file.startswith(own)}


def _load(campaign: str, damage: Damage | None = None) -> Loaded:
    files = _alone(campaign)
    return load_files(files if damage is None else {**files, f"{campaign}.yaml": damage.text}, ROOT, lint=True)


def _told(campaign: str, damage: Damage, before: Loaded) -> str:
    """``here``, ``elsewhere``, or ``silent``: nothing that was not said of the sound project."""
    known = {(f.code, f.file, f.message) for f in before.findings}
    loaded = _load(campaign, damage)
    new = [f for f in loaded.findings if (f.code, f.file, f.message) not in known]
    if not new:
        assert damage.kind in ("delete", "misspell name"), damage.what
        assert loaded.require().campaigns[campaign].version != before.require().campaigns[campaign].version
        return "silent"
    file = f"{campaign}.yaml"
    ends = [*new, *(end for f in new for end in f.related)]
    return "here" if any(e.file == file and e.line in damage.lines for e in ends) else "elsewhere"


def _counts(campaign: str, every: int) -> Mapping[tuple[str, str], int]:
    before = _load(campaign)
    assert before.project is not None
    chosen = list(damages(FILES[f"{campaign}.yaml"], f"{campaign}.yaml"))[::every]
    return Counter((damage.kind, _told(campaign, damage, before)) for damage in chosen)


def _judge(counts: Mapping[tuple[str, str], int]) -> None:
    for kind in SURE:
        assert counts.get((kind, "elsewhere"), 0) == 0, kind
    told = {where: sum(n for (_, w), n in counts.items() if w == where) for where in ("here", "elsewhere")}
    assert told["here"] / (told["here"] + told["elsewhere"]) > 0.95


def test_damage_is_told_where_it_was_done() -> None:
    _judge(sum((Counter(_counts(campaign, every=6)) for campaign in CAMPAIGNS), Counter()))


@pytest.mark.soak
def test_every_damage_is_told_where_it_was_done() -> None:
    counts = sum((Counter(_counts(campaign, every=1)) for campaign in CAMPAIGNS), Counter())
    _judge(counts)
