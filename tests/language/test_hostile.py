"""Whatever stands in the files: findings, never an exception, and every finding at a place that exists."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.compile import Loaded, load_files
from engine.diagnostics import Severity
from tests.language.support import REPLACES, SMALL, load, small

_WHAT = st.sampled_from(sorted(REPLACES))
_PIECES = st.sampled_from(
    "| |\n|\t|:|- |{|}|[|]|&a|*a|'|\"|<<|{{|{%|null|true|0d|99|-1|1e999|any|not|event|step|at|for|everyone|"
    "\x00|\ud800|é|💥|#|---\n".split("|")
)


def _sound(loaded: Loaded) -> None:
    errors = [f for f in loaded.findings if f.severity is Severity.ERROR]
    assert (loaded.project is None) == bool(errors)
    for finding in loaded.findings:
        lines = loaded.files.get(finding.file, "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert 1 <= finding.line <= max(len(lines), 1), finding
        assert 1 <= finding.column < finding.end_column, finding
        assert finding.column <= len(lines[finding.line - 1]) + 1, finding


@settings(deadline=None, max_examples=150)
@given(what=_WHAT, content=st.binary(max_size=400))
def test_arbitrary_bytes_give_findings(what: str, content: bytes) -> None:
    _sound(load(small(**{what: content.decode("utf-8", "surrogateescape")})))


@settings(deadline=None, max_examples=150)
@given(what=_WHAT, content=st.text(max_size=400))
def test_arbitrary_text_gives_findings(what: str, content: str) -> None:
    _sound(load(small(**{what: content})))


@settings(deadline=None, max_examples=400)
@given(what=_WHAT, at=st.floats(0, 1), length=st.integers(0, 60), piece=_PIECES, tolerant=st.booleans())
@example(what="campaign", at=0.0, length=19, piece="", tolerant=True)
def test_arbitrary_damage_gives_findings(
    what: str, at: float, length: int, piece: str, tolerant: bool
) -> None:
    text = small()[REPLACES[what]]
    start = int(at * len(text))
    loaded = load(small(**{what: text[:start] + piece + text[start + length :]}), tolerant=tolerant)
    if not tolerant:
        _sound(loaded)


_KEYS = "any not event note closed_at in at_least is hours a step email go else if name within times".split()
_WORDS = ["x", "30d", "winback/hello", "everyone"]
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(_WORDS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3)
    ),
    max_leaves=8,
)


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return {None: "null", True: "true", False: "false"}.get(value, str(value))  # type: ignore[call-overload, no-any-return]


@settings(deadline=None, max_examples=300)
@given(line=st.integers(0, 64), value=_VALUES)
def test_any_value_under_any_key_gives_findings(line: int, value: object) -> None:
    lines = small()["winback.yaml"].split("\n")
    key = lines[line].split(":")[0]
    lines[line] = f"{key}: {_flow(value)}"
    _sound(load(small(campaign="\n".join(lines))))


def test_a_slip_in_every_step_is_told_once_each_and_what_is_left_out_is_said() -> None:
    def told(steps: int) -> list[str]:
        head = small()["winback.yaml"].split("cadence:")[0]
        body = "".join(f"  - {{step: s{n}, at: 0d, emial: winback/hello}}\n" for n in range(steps))
        findings = load(small(campaign=f"{head}cadence:\n{body}")).findings
        return [f.message for f in findings if f.file == "winback.yaml" and f.code in ("RK110", "RK111")]

    assert told(101) == ["unknown key 'emial'"] * 101
    *each, last = told(250)
    assert (len(each), set(each)) == (199, {"unknown key 'emial'"})
    assert "more mistakes than the 200 that are told" in last


def _slipped(content: bytes, chance: random.Random) -> bytes:
    """One to four bytes flipped, taken out, doubled, or put where others stood."""
    found = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) or 1)
        length = chance.choice((1, 1, 2, 8, 40))
        there = bytes(found[at : at + length])
        new = (bytes([chance.randrange(256)]), b"", there * 2, chance.choice(_SIGNS))
        found[at : at + length] = chance.choice(new)
    return bytes(found)


_SIGNS = (
    *(b"\t", b"\r\n", b"\xff\xfe", b"{{", b"%}", b"&a ", b"*a", b"[[[["),
    *(b"}}}}", b": ", b"- ", b"#", b"\x00", b"\xe2\x80\xae"),
)


@pytest.mark.soak
def test_slips_of_bytes_in_sound_files_give_findings() -> None:
    """Seeded, so that what it finds is found again."""
    chance, sound = random.Random(20260302), small()
    files = sorted(sound)
    for _ in range(3_000):
        file = chance.choice(files)
        damaged = _slipped(sound[file].encode(), chance).decode("utf-8", "surrogateescape")
        _sound(load_files({**sound, file: damaged}, SMALL, lint=True))
