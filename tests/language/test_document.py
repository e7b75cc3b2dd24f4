"""YAML as we read it: positions, scalars of the core schema, and what is refused."""

from __future__ import annotations

import pytest
import yaml

from engine import document
from engine.document import parse
from engine.located import Located


def _root(text: str) -> Located:
    found = parse(text, "x.yaml")
    assert found.root is not None, found.findings
    assert not found.findings
    return found.root


def _refusal(text: str) -> tuple[int, int, str, str]:
    (finding,) = parse(text, "x.yaml").findings
    return finding.line, finding.column, finding.code, finding.message


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("False", False),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("0o17", 15),
        ("0xff", 255),
        ("017", 17),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("12:30", "12:30"),
        ("2026-03-02", "2026-03-02"),
        ("1_000", "1_000"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("+1 312 555 0100", "+1 312 555 0100"),
    ],
)
def test_scalars_follow_the_core_schema(written: str, value: object) -> None:
    found = _root(f"a: {written}\n")["a"].value
    assert found == value
    assert type(found) is type(value)


def test_keys_are_text_as_written() -> None:
    assert _root("{on: 1, 2: two, null: x}").plain() == {"on": 1, "2": "two", "null": "x"}


def test_every_key_and_value_has_its_place() -> None:
    root = _root("a:\n  - b: one\n    c: [x, 'y z']\n")
    element = next(iter(root["a"]))
    assert (root.key("a").line, root.key("a").column, root.key("a").end) == (1, 1, 2)
    assert (element["b"].span.line, element["b"].span.column, element["b"].span.end) == (2, 8, 11)
    assert (element.key("c").line, element.key("c").column) == (3, 5)
    assert (element["c"].span.column, element["c"].span.end) == (8, 18)
    assert [(part.span.column, part.span.end) for part in element["c"]] == [(9, 10), (12, 17)]


def test_columns_count_characters_not_bytes() -> None:
    assert _root("日本: {é: x}")["日本"].key("é").column == 6


def test_an_anchored_value_starts_after_its_anchor() -> None:
    root = _root("a: &hours {x: 1}\nb: *hours\n")
    assert root["a"].span.column == 11
    assert root["b"].plain() == {"x": 1}
    assert root["b"].span.line == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(end: str) -> None:
    assert _root(f"a: 1{end}b: 2{end}").key("b").line == 2


def test_a_line_separator_does_not_count_as_a_line() -> None:
    assert _root("a: x\u2028y\nb: 2\n").key("b").line == 2


def test_a_byte_order_mark_is_not_content() -> None:
    assert _root("\ufeffa: 1").key("a").column == 1


def test_duplicate_keys_are_all_reported_and_the_first_stands() -> None:
    found = parse("a: 1\nb: 2\na: 3\nb: 4\n", "x.yaml")
    assert [(f.line, f.code) for f in found.findings] == [(3, "RK102"), (4, "RK102")]
    assert found.root is not None
    assert found.root.plain() == {"a": 1, "b": 2}


def test_an_expansion_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert _refusal("\n".join(lines))[2] == "RK104"


def test_a_value_cannot_hold_itself() -> None:
    assert _refusal("a: &a [1, *a]") == (1, 11, "RK104", "'*a' stands inside the value it names")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_bottomless_nesting_is_refused(opening: str) -> None:
    assert parse(opening * 5000, "x.yaml").root is None


def test_a_file_that_is_too_long_is_refused() -> None:
    assert _refusal("#" * (document.MAX_CHARACTERS + 1))[2] == "RK100"


def test_bytes_that_are_not_utf_8_are_shown_where_they_stand() -> None:
    text = b"a: 1\nb: caf\xe9\n".decode("utf-8", "surrogateescape")
    assert _refusal(text) == (2, 7, "RK100", "byte 0xE9 is not UTF-8")


def test_control_characters_are_shown_where_they_stand() -> None:
    assert _refusal("a: 1\nb: x\x00")[:3] == (2, 5, "RK100")


@pytest.mark.parametrize("text", ["", "   \n", "# only a comment\n"])
def test_an_empty_file_says_so(text: str) -> None:
    assert _refusal(text) == (1, 1, "RK101", "the file is empty")


@pytest.mark.parametrize("written", [".inf", "-.INF", ".nan", "1e999", "9" * 400])
def test_numbers_nobody_can_use_are_refused(written: str) -> None:
    assert _refusal(f"a: {written}")[2] == "RK113"


@pytest.mark.parametrize(
    "text",
    ["a:\n\tb: 1\n", "a: b: c\n", "a: 'x\n", "a: [1, 2\nb: 3\n", "a: @x\n", "a: 1\n  b: 2\n", "key: - a\n"],
)
def test_both_versions_of_the_reader_say_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = parse(text, "x.yaml").findings
    monkeypatch.setattr(document, "_LOADER", yaml.SafeLoader)
    slow = parse(text, "x.yaml").findings
    assert [(f.line, f.code, f.message) for f in fast] == [(f.line, f.code, f.message) for f in slow]
