"""What ships is sound by every rule, and lint of many campaigns costs what they cost one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli import main
from engine.compile import load_files, load_project, read_files
from engine.waivers import read_waivers
from engine.witness import witness
from tests.language.support import SMALL

SHIPPED = Path(__file__).parents[2] / "campaigns"


def test_a_new_project_is_sound_by_every_rule(tmp_path: Path) -> None:
    made = CliRunner().invoke(main, ["init", str(tmp_path / "acme")])
    assert made.exit_code == 0, made.output
    found = load_project(tmp_path / "acme", lint=True)
    assert (found.findings, found.waived) == ([], ())


@pytest.mark.parametrize("root", [SHIPPED, SMALL], ids=["shipped", "small"])
def test_a_project_of_ours_is_sound_or_says_why_not(root: Path) -> None:
    found = load_project(root, lint=True)
    waivers, wrong = read_waivers(found.files)
    assert (found.findings, wrong) == ([], [])
    assert {w.finding.code for w in found.waived} == {w.rule for w in waivers}


def _many(number: int) -> dict[str, str]:
    """The shipped project with its campaigns so many times, each with a segment of its own."""
    shipped = read_files(SHIPPED)
    names = [file.removesuffix(".yaml") for file in shipped if "/" not in file and f"tests/{file}" in shipped]
    files = {file: text for file, text in shipped.items() if file.removesuffix(".yaml") not in names}
    files = {file: text for file, text in files.items() if not file.startswith("tests/")}
    rows = files["segments.yaml"].partition("segments:\n")[2]
    table = "segments:\n"
    for copy in range(number):
        own = rows.replace("    where:\n", f"    where:\n      - attributes.seats: {copy}\n")
        for name in names:
            own = own.replace(f"segment: {name}\n", f"segment: {name}_{copy}\n")
            text = shipped[f"{name}.yaml"].replace(f"campaign: {name}\n", f"campaign: {name}_{copy}\n")
            files[f"{name}_{copy}.yaml"] = text.replace(f"segment: {name}\n", f"segment: {name}_{copy}\n")
        table += own
    return {**files, "segments.yaml": table}


def test_segments_are_searched_in_proportion_to_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(*args: object, **more: object) -> object:
        asked[-1] += 1
        return witness(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("engine.lint.someone.witness", counted)
    for number in (2, 4, 8):
        asked.append(0)
        found = load_files(_many(number), SHIPPED, lint=True)
        assert {finding.code for finding in found.findings} == {"RK901"}
    few, some, more = asked
    assert some == 2 * few
    assert more == 2 * some
