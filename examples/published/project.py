"""The shipped project with one change: where its people come from."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.errors import RekindleError
from examples.published.dataset import DataSet

SHIPPED = Path(__file__).parents[2] / "campaigns"

#: the one assumption about consent that can be asked for, as rekindle.yaml says it
EXPRESS_EMAIL = "      consent: [{channel: email, type: express}]\n"


class InTheWay(RekindleError):
    """Something is where the rehearsal's project would go"""

    hint = "Name another folder with --work"


def derive(data: DataSet, to: Path, *, express_email: bool) -> Path:
    """A copy of the shipped project at ``to`` that reads its people from ``data/people.csv``; that file's path.

    A project that an earlier rehearsal left there is replaced. Raises InTheWay for anything else.
    """
    if to.exists():
        if not (to / "rekindle.yaml").is_file():
            raise InTheWay(f"{to} is there and is no project")
        shutil.rmtree(to)
    shutil.copytree(SHIPPED, to, ignore=shutil.ignore_patterns("data", "var"))
    settings = to / "rekindle.yaml"
    source = data.source + (EXPRESS_EMAIL if express_email else "")
    settings.write_text(
        rewritten(settings.read_text(encoding="utf-8"), source, data.attributes), encoding="utf-8"
    )
    return to / "data" / "people.csv"


def rewritten(settings: str, source: str, attributes: str) -> str:
    """``settings`` with ``people.sources`` replaced, ``attributes`` added to ``people.attributes``, and without
    ``people.values``: other people's records use other words."""
    lines = _without(settings.splitlines(keepends=True), "  values:")
    begin = next(n for n, line in enumerate(lines) if line.startswith("  sources:"))
    end = next(n for n in range(begin + 1, len(lines)) if lines[n][0] not in " \n#")
    declared = next(n for n, line in enumerate(lines) if line.startswith("  attributes:"))
    kept = [*lines[: declared + 1], attributes, *lines[declared + 1 : begin + 1]]
    return "".join([*kept, source, "\n", *lines[end:]])


def _without(lines: list[str], key: str) -> list[str]:
    """The lines without a key of ``people`` and what stands below it."""
    begin = next(n for n, line in enumerate(lines) if line.startswith(key))
    end = next(n for n in range(begin + 1, len(lines)) if not lines[n].startswith("   "))
    return [*lines[:begin], *lines[end:]]
