"""What the language server has against a file stands where our own finding stands."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

import schemas
from engine.compile import read_files
from engine.validate import kind_of
from tests.editor.client import Editor
from tests.language.support import DATA, SMALL, load, small

ROOT = Path(__file__).parents[2]
MISTAKES = {path.stem: path for path in sorted((DATA / "err").glob("*.yaml"))}

#: faults of shape that no schema can see
UNSEEN = {
    "campaign.band_backwards": "the order of two percentages",
    "campaign.window_wraps": "the order of two times of day",
    "campaign.comma_in_a_number": "the server passes over a key without a value",
    "campaign.comma_in_braces": "the server passes over a key without a value",
    "campaign.events_without_brackets": "the server passes over a key without a value",
    "campaign.park_until_a_day": "a day is a name like another",
    "campaign.thousands_with_point": "three decimals are a number like another",
    "campaign.kind_not_first": "the order of keys",
    "campaign.merge_key": "the server merges, as YAML 1.1 does",
    "campaign.tag": "the server reads the value behind the tag",
    "campaign.signed_email": "that only a letter is signed",
    "campaign.second_document": "the server judges each document by itself",
    "incentives.percent_missing": "what one kind of offer needs",
    "project.country": "which codes are countries",
    "project.misspelt_rate": "the options of an adapter, which may be somebody's own",
    "project.password_in_option_url": "what is inside an address",
    "project.password_in_url": "what is inside an address",
    "project.quoted_link": "what is inside an address",
    "project.rate_group_disagrees": "what two channels agree on",
    "project.warm_up_at_full_rate": "which of two rates is higher",
    "project.warm_up_at_once": "that no time at all is a duration",
    "project.warm_up_without_rate": "what one key asks of another, beside options that are anybody's own",
    "tests.test_moment": "the words of a moment",
    "tests.test_number": "the type of a person's field",
}
#: faults that the server sees, and marks elsewhere
ELSEWHERE = {
    "campaign.alias_in_itself": "the value that contains itself, where we mark the alias",
    "campaign.cadence_as_mapping": "the value, where we mark the key",
    "campaign.open_quote": "the end of the file, where we mark the quote",
    "campaign.two_channels": "the whole step, where we mark the second channel",
    "project.source_csv_and_sql": "the whole source, where we mark the second origin",
}


def _headed(kind: str, text: str) -> str:
    """The text under one line that leads to the published schema: its lines count from 1, as ours do."""
    return f"# yaml-language-server: $schema={(ROOT / 'schemas' / f'{kind}.schema.json').as_uri()}\n{text}"


def _lines(diagnostics: Iterable[dict[str, object]]) -> set[int]:
    return {told["range"]["start"]["line"] for told in diagnostics}  # type: ignore[index]


@pytest.fixture(scope="module")
def seen(editor: Editor) -> dict[str, set[int]]:
    """Lines on which the server has something against each mistake."""
    texts = {path: _headed(name.split(".")[0], path.read_text("utf-8")) for name, path in MISTAKES.items()}
    told = editor.judged(texts)
    return {path.stem: _lines(diagnostics) for path, diagnostics in told.items()}


def test_server_and_rekindle_point_at_the_same_line(seen: dict[str, set[int]]) -> None:
    unseen, apart = [], []
    for name, path in MISTAKES.items():
        (ours,) = load(small(**{name.split(".")[0]: path.read_text("utf-8")})).findings
        if not seen[name] and name not in UNSEEN and ours.code.startswith("RK1"):
            unseen.append(name)
        if seen[name] and (ours.line in seen[name]) is (name in ELSEWHERE):
            apart.append((name, ours.line, seen[name]))
    assert (unseen, apart) == ([], [])


def test_the_lists_of_what_cannot_agree_hold_nothing_else(seen: dict[str, set[int]]) -> None:
    assert {name for name in UNSEEN if seen[name]} == set()
    assert set(ELSEWHERE) <= set(seen)


@pytest.mark.parametrize("folder", [ROOT / "campaigns", SMALL], ids=["shipped", "small"])
def test_nothing_is_against_what_ships(editor: Editor, folder: Path) -> None:
    found = {name: text for name, text in read_files(folder).items() if kind_of(name) in schemas.KINDS}
    own = editor.judged({folder / name: _headed(kind_of(name), text) for name, text in found.items()})
    assert {file.name: told for file, told in own.items() if told} == {}


def test_the_first_lines_of_a_new_project_lead_to_its_schemas(editor: Editor, project: Path) -> None:
    """Each file as it is; and with a key that is not of the language, to see that it is judged at all."""
    sound = {
        file: file.read_text("utf-8") for file in [*project.glob("*.yaml"), *project.glob("tests/*.yaml")]
    }
    told = editor.judged(sound)
    assert {file.name: found for file, found in told.items() if found} == {}
    worse = {file: f"{text}\nnonsense: 1\n" for file, text in sound.items()}
    told = editor.judged(worse)
    assert [found[0]["message"] for found in told.values()] == ["Property nonsense is not allowed."] * len(
        sound
    )


def test_the_first_lines_of_the_shipped_project_lead_to_the_published_schemas(editor: Editor) -> None:
    folder = ROOT / "campaigns"
    worse = {
        file: f"{file.read_text('utf-8')}\nnonsense: 1\n"
        for file in [*folder.glob("*.yaml"), *folder.glob("tests/*.yaml")]
    }
    told = editor.judged(worse)
    assert all(
        found and found[0]["message"] == "Property nonsense is not allowed." for found in told.values()
    )
