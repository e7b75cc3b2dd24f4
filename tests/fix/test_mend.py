"""``mend``: what it mends, what it leaves to a person, and that nothing else is touched."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from engine.diagnostics import Finding, Severity
from engine.document import parse
from engine.fixes import Mended, mend
from tests.language.support import DATA, REPLACES, SMALL, small
from tests.language.test_one_finding import _damaged, _places, _word

MISTAKES = sorted(p for p in (DATA / "err").iterdir() if p.suffix in (".yaml", ".md"))
#: mistakes with a mend that the project, judged anew, is no better for: the mended name is wrong in another way
NOT_BETTER = {"project.values_of_unknown_field"}


def _mend(files: dict[str, str]) -> Mended:
    return mend(files, SMALL, lambda file: True)


def _errors(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.severity is Severity.ERROR]


def _after(what: str, *swaps: tuple[str, str]) -> tuple[str, Mended]:
    """One file of the small project with something put wrong, as it is after the mends."""
    text = small()[REPLACES[what]]
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    mended = _mend(small(**{what: text}))
    return mended.files[REPLACES[what]], mended


@pytest.mark.parametrize("path", MISTAKES, ids=lambda p: p.stem)
def test_a_mistake_with_a_mend_is_mended_and_any_other_is_left(path: Path) -> None:
    what, text = path.name.split(".")[0], path.read_text(encoding="utf-8")
    files = small(**{what: text})
    mended = _mend(files)
    if not mended.findings:
        left = [f for f in mended.loaded.findings if f.fix and not f.code.startswith("RK5")]
        assert bool(left) == (path.stem in NOT_BETTER)
        assert mended.files == files
        return
    assert _errors(mended.loaded.findings) == []
    (finding,) = mended.findings
    assert {file for file in files if files[file] != mended.files[file]} == {finding.file}
    rows = zip(text.split("\n"), mended.files[finding.file].split("\n"), strict=True)
    assert [number for number, (old, new) in enumerate(rows, 1) if old != new] == [finding.line]


def test_many_on_many_lines_and_in_many_files_are_mended_together() -> None:
    files = small()
    files["winback.yaml"] = (
        files["winback.yaml"]
        .replace(
            "goal: {event: [purchase, meeting_booked], within: 60d",
            "goall: {evnt: [purchase, meeting_booked], within: 60 days",
        )
        .replace("window: {hours: 09:00-17:00, days: mon..fri}", "window: {hours: 9:00-17:00, days: Mon-Fri}")
        .replace("for: [fresh, older]", "for: [frehs, oldr]")
    )
    files["incentives.yaml"] = files["incentives.yaml"].replace("percent: 10%", "percent: 10 percent")
    hello = "templates/winback/hello.md"
    files[hello] = files[hello].replace(" | money", "").replace(" | date", "")
    mended = _mend(files)
    assert mended.files == small()
    assert len(mended.findings) == 10


def test_a_mend_that_brings_another_to_light_is_made_with_it() -> None:
    text, mended = _after("campaign", ("  segment: lost", "  segmnt: lsot"))
    assert text == small()["winback.yaml"]
    assert [finding.fix and finding.fix.text for finding in mended.findings] == ["segment", "lost"]


def test_a_mend_that_brings_to_light_what_has_none_is_not_made() -> None:
    text, mended = _after("campaign", ("    offer: keep_price", "    offr: something_else"))
    assert "offr: something_else" in text
    assert mended.findings == ()


def test_what_could_be_mended_in_two_ways_is_left() -> None:
    for old, new in (
        ("re_enter_after: 180d", "re_enter_after: 180"),  # days or hours
        ("re_enter_after: 180d", "re_enter_after: 6 months"),
        ("    go: note", "    go: nott"),
        ("expect: 3%..5%", "expect: 5%..3%"),
        ("holdout: 10%", "holdout: 0.1"),  # a tenth, or a tenth of a per cent
        ("if: {attributes.vip: true}", "if: {attributes.vip: maybe}"),
    ):
        another = ("  - step: text", "  - step: notr") if "nott" in new else ("campaign", "campaign")
        text, mended = _after("campaign", another, (old, new))
        assert (new in text, mended.findings) == (True, ()), new


def test_a_name_that_is_wrong_in_the_same_way_twice_may_be_right() -> None:
    text, mended = _after("project", ("vip: flag", "vpi: flag"))
    assert "vpi: flag" in text
    assert [finding for finding in mended.findings if "vip" in finding.message] == []


def test_nothing_that_says_who_may_be_written_to_is_guessed() -> None:
    for what, old, new in (
        ("campaign", "consent: {email: express}", "consent: {email: expres}"),
        ("campaign", "consent: {email: express}", "consent: {emial: express}"),
        ("project", "consent: {email: lawful_basis", "consent: {emial: lawful_basis"),
        ("project", "opted_out: {email:", "opted_out: {emial:"),
        ("project", "type: express_written", "type: express_writen"),
        ("project", "sends: true", 'sends: "true"'),
    ):
        text, _ = _after(what, (old, new))
        assert new in text


def test_an_unused_waiver_goes_and_a_used_one_stays() -> None:
    used = "# rekindle: allow RK907 because the file is made at night\n"
    for waiver in (
        "# rekindle: allow RK613 because two dates are one choice",
        "#  rekindle: allow RK705 because it is so",
    ):
        text, mended = _after("campaign", ("    offer: keep_price", f"    offer: keep_price   {waiver}"))
        assert text == small()["winback.yaml"]
        assert [finding.code for finding in mended.findings] == ["RK131"]
        text, _ = _after("campaign", ("    offer: keep_price", f"    {waiver}\n    offer: keep_price"))
        assert text == small()["winback.yaml"]
    assert used not in small()["winback.yaml"]


def test_only_files_asked_for_are_mended() -> None:
    files = small()
    files["winback.yaml"] = files["winback.yaml"].replace("priority:", "priorty:")
    files["incentives.yaml"] = files["incentives.yaml"].replace("percent: 10%", "percent: 10")
    mended = mend(files, SMALL, lambda file: file == "incentives.yaml")
    assert mended.files == {**files, "incentives.yaml": small()["incentives.yaml"]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "{{ person.quote }} and {{ person.quote }}",
            "{{ person.quote | money }} and {{ person.quote | money }}",
        ),
        (
            "{{ person.quote | money }} {{ person.quote }}",
            "{{ person.quote | money }} {{ person.quote | money }}",
        ),
        ("person.quote {{ person.closed_at | dat }}", "person.quote {{ person.closed_at | date }}"),
        ("{{- first_name or 'x' -}}", "{{- person.first_name or 'x' -}}"),
        ("{{ missing_feature or 'x' }}", "{{ person.attributes.missing_feature or 'x' }}"),
        ("{{ persn.frist_name or 'x' }}", "{{ person.first_name or 'x' }}"),
        ("{{ brand.links.calendar }}", "{{ links.calendar }}"),
        (
            "{{ person.quote or 'x' }}",
            "{{ person.quote or 'x' }}",
        ),  # the amount, or the words: two ways to say it
        ("{{ nobody.knows }}", "{{ nobody.knows }}"),
    ],
)
def test_templates_are_mended_in_their_own_words(before: str, after: str) -> None:
    text, _ = _after("template", ("we quoted you", f"{before} we quoted you"))
    assert text == small()[REPLACES["template"]].replace("we quoted you", f"{after} we quoted you")


def test_bytes_that_are_no_text_and_all_line_ends_stay() -> None:
    files = small()
    files["winback.yaml"] = "\ufeff" + files["winback.yaml"].replace("\n", "\r\n")
    wrong = files | {"winback.yaml": files["winback.yaml"].replace("priority", "priorty")}
    assert _mend(wrong).files == files
    broken = wrong | {"follow_up.yaml": files["follow_up.yaml"] + "# \udcff\r"}
    assert _mend(broken).files == {**broken, "winback.yaml": files["winback.yaml"]}


_SPANS = {
    what: [(is_key, span) for is_key, span in _places(root) if len(_word(small()[file], span)) > 2]
    for what, file in REPLACES.items()
    if what != "template" and (root := parse(small()[file], file).root)
}


def _slip(word: str, chance: random.Random) -> str:
    """The word with one letter left out, added, mistaken, or before its neighbour."""
    at, letter = chance.randrange(len(word)), chance.choice("aeiorst")
    slips = (
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
    )
    return chance.choice(slips)


@settings(deadline=None, max_examples=20)
@given(what=st.sampled_from(sorted(_SPANS)), at=st.floats(0, 1), chance=st.randoms(use_true_random=False))
def test_a_slip_anywhere_is_undone_or_left_or_leaves_a_sound_project(
    what: str, at: float, chance: random.Random
) -> None:
    spans = _SPANS[what]
    _, span = spans[int(at * (len(spans) - 1))]
    base, file = small(), REPLACES[what]
    wrong = base | {file: _damaged(base[file], span, _slip(_word(base[file], span), chance))}
    mended = _mend(wrong)
    if mended.files == base or mended.files == wrong:
        event("undone" if mended.files == base else "left")
        return
    event("a name, and all who use it")
    assert not _errors(list(mended.loaded.findings))
    changed = [f.line for f in mended.findings if f.file == file]
    rows = zip(wrong[file].split("\n"), mended.files[file].split("\n"), strict=True)
    assert [number for number, (old, new) in enumerate(rows, 1) if old != new] == sorted(set(changed))
