"""Waivers: where one may stand, what it reaches, and every way in which one is none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compile import load_files
from engine.diagnostics import Finding, Severity
from engine.located import Span
from engine.rules import RETIRED, RULES
from engine.waivers import Waived, Waiver, apply, read_waivers
from tests.language.support import SMALL, small

CAMPAIGN, TEMPLATE = "winback.yaml", "templates/winback/hello.md"
REASON = "an address is news to everyone alike"
ALLOW = f"rekindle: allow RK607 because {REASON}"


def _read(text: str, file: str = CAMPAIGN) -> tuple[list[Waiver], list[Finding]]:
    return read_waivers({file: text})


def _one(text: str, file: str = CAMPAIGN) -> Waiver:
    waivers, findings = _read(text, file)
    assert findings == []
    (waiver,) = waivers
    return waiver


def _wrong(text: str, file: str = CAMPAIGN) -> Finding:
    waivers, findings = _read(text, file)
    assert waivers == []
    (finding,) = findings
    assert finding.code == "RK130"
    return finding


def _lines(text: str, file: str = CAMPAIGN) -> list[int]:
    """The lines a waiver counts for, as far as the text has them."""
    end = text.count("\n") + 1
    return [line for line in _one(text, file).lines if line <= end]


class TestInYaml:
    def test_beside_it_counts_for_its_line(self) -> None:
        assert _lines(f"a: 1\nb: 2   # {ALLOW}\nc: 3\n") == [2]

    def test_alone_it_counts_for_the_line_below(self) -> None:
        assert _lines(f"a: 1\n# {ALLOW}\nb: 2\nc: 3") == [2, 3]

    def test_a_block_of_comments_counts_for_the_line_below_all_of_it(self) -> None:
        assert _lines(f"a: 1\n# first a word\n# {ALLOW}\n\n# and another\nb: 2\nc: 3") == [2, 3, 4, 5, 6]

    def test_it_keeps_its_reason_and_its_place(self) -> None:
        waiver = _one(f"a: 1\nb: 2   # {ALLOW}\n")
        assert (waiver.rule, waiver.reason) == ("RK607", REASON)
        assert waiver.span == Span(CAMPAIGN, 2, 8, 8 + len(f"# {ALLOW}"))

    def test_two_of_them_share_a_line(self) -> None:
        waivers, _ = _read(f"b: 2 # {ALLOW} # rekindle: allow RK617 because it is worth its price\n")
        assert [(w.rule, w.reason, w.span.column) for w in waivers] == [
            ("RK607", REASON, 6),
            ("RK617", "it is worth its price", 7 + len(f"# {ALLOW}")),
        ]

    def test_it_stands_behind_the_comment_of_another_tool(self) -> None:
        assert _one(f"b: 2 # other-tool: off # {ALLOW}\n").reason == REASON

    def test_a_reason_may_hold_what_starts_a_comment(self) -> None:
        assert _one("b: 2 # rekindle: allow RK607 because ticket #12 says so\n").reason == "ticket #12 says so"

    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_lines_end_as_any_machine_ends_them(self, ending: str) -> None:
        text = ending.join(["a: 1", f"# {ALLOW}", "b: 2", "c: 3"])
        assert list(_one(text).lines) == [2, 3]
        assert _one(text).reason == REASON

    @pytest.mark.parametrize(
        "text",
        [
            f'a: "x # {ALLOW}"\n',
            f"a: 'x # {ALLOW}'\n",
            f'a: "x\n  # {ALLOW}"\n',
            f"a: |\n  x\n  # {ALLOW}\nb: 1\n",
            f"a: >-\n  # {ALLOW}\n",
            f"a: |\n  x\n\n  # {ALLOW}\n",
            f"a#{ALLOW}\n",
        ],
    )
    def test_in_a_text_it_is_text(self, text: str) -> None:
        assert _read(text) == ([], [])

    @pytest.mark.parametrize(
        "text",
        [
            f"a: |   # {ALLOW}\n  x\n",
            f"a: >-  # {ALLOW}\n  x\n",
            f"a: |\n  x\n# {ALLOW}\nb: 1\n",
            f"a: |\n  x\n # {ALLOW}\n",
            f"a: [b,   # {ALLOW}\n  c]\n",
            f"a: {{b: c}}# {ALLOW}\n",
            f"# {ALLOW}",
            f"\ufeff# {ALLOW}\na: 1\n",
            f"## {ALLOW}\na: 1\n",
            f"#{ALLOW}\na: 1\n",
            f"#  Rekindle:   allow  RK607   because\t{REASON}  \na: 1\n",
        ],
    )
    def test_beside_a_text_it_is_a_comment(self, text: str) -> None:
        assert _one(text).reason == REASON

    def test_what_comes_before_broken_yaml_is_read(self) -> None:
        assert _one(f"# {ALLOW}\na: 1\nb: 'open\n# {ALLOW}\n").span.line == 1


class TestInATemplate:
    def test_the_front_matter_counts_for_the_whole_file(self) -> None:
        text = f"---\n# {ALLOW}\nsubject: x\n---\nHi\n\nyou\n"
        assert _lines(text, TEMPLATE) == [1, 2, 3, 4, 5, 6, 7, 8]
        assert _lines(text.replace("\n", "\r\n"), TEMPLATE) == _lines(text, TEMPLATE)

    def test_a_front_matter_may_hold_nothing_else(self) -> None:
        files = small() | {"templates/winback/text.md": f"---\n# {ALLOW}\n---\nHi\n"}
        loaded = load_files(files, SMALL)
        assert [w.finding.code for w in loaded.waived] == ["RK607"]
        assert loaded.findings == []

    def test_in_the_body_it_is_a_comment_of_jinja(self) -> None:
        text = f"---\nsubject: x\n---\nHi {{# {ALLOW} #}}\nyou\n"
        assert _lines(text, TEMPLATE) == [4]
        assert _one(text, TEMPLATE).reason == REASON
        assert _one(text, TEMPLATE).span == Span(TEMPLATE, 4, 4, 4 + len(f"{{# {ALLOW} #}}"))

    def test_alone_it_counts_for_the_next_words(self) -> None:
        assert _lines(f"Hi\n{{#- {ALLOW} -#}}\n\nyou\nall\n", TEMPLATE) == [2, 3, 4]

    def test_above_the_first_words_it_counts_for_the_body_as_a_whole(self) -> None:
        """Whose findings stand at its first line, blank or not."""
        assert _lines(f"---\nsubject: x\n---\n\n{{# {ALLOW} #}}\n\nyou\nall\n", TEMPLATE) == [4, 5, 6, 7]

    def test_it_may_go_on_for_lines(self) -> None:
        waiver = _one(f"Hi\n{{# {ALLOW}\n   and to nobody else #}}\nyou\nall\n", TEMPLATE)
        assert waiver.reason == f"{REASON} and to nobody else"
        assert list(waiver.lines) == [2, 3, 4]

    @pytest.mark.parametrize(
        "text",
        [f'---\nsubject: "# {ALLOW}"\n---\nHi\n', f"The words {ALLOW}\n", f"{{{{ x }}}} # {ALLOW[:9]} we build\n"],
    )
    def test_in_a_text_it_is_text(self, text: str) -> None:
        assert _read(text, TEMPLATE) == ([], [])

    @pytest.mark.parametrize(
        "text",
        [
            f"# {ALLOW}",
            f"<!-- {ALLOW} -->",
            f"{{% raw %}}{{# {ALLOW} #}}{{% endraw %}}",
            f'{{{{ "{{# {ALLOW} #}}" }}}}',
        ],
    )
    def test_what_would_be_sent_is_found(self, text: str) -> None:
        finding = _wrong(f"Hi\n{text}\n", TEMPLATE)
        assert finding.line == 2
        assert finding.mend == "write {# rekindle: allow ... #}, or put it in the front matter"


class TestNoWaiver:
    @pytest.mark.parametrize(
        ("said", "message", "mend"),
        [
            ("allow", "the waiver names no rule", "write 'rekindle: allow RK613 because ...'"),
            (
                "waive RK310 as it is so",
                "a waiver says 'allow', not 'waive'",
                "write 'rekindle: allow RK310 because ...'",
            ),
            ("allow because of RK607 I think", "the waiver names no rule", ""),
            ("allow RK607", "the waiver of RK607 gives no reason", "write 'allow RK607 because ...'"),
            ("allow RK607 because", "the waiver of RK607 gives no reason", ""),
            ("allow RK607 because so", "the waiver of RK607 gives no reason", ""),
            ("allow RK607: it is right", "the waiver of RK607 gives no reason", ""),
            ("allow RK6O7 because it is right", "there is no rule 'RK6O7'", "did you mean 'RK607'?"),
            ("allow rk607 because it is right", "there is no rule 'rk607'", "did you mean 'RK607'?"),
            ("allow RK999 because it is right", "there is no rule 'RK999'", ""),
            ("allow RK103 because it is right", "RK103 is not a rule any more", "remove the waiver"),
            ("allow RK501 because it is right", "RK501 cannot be waived", ""),
            ("allow RK201 because it is right", "RK201 cannot be waived", ""),
            ("allow RK502 because it is right", "RK502 cannot be waived", ""),
            ("allow RK131 because it is right", "RK131 cannot be waived", ""),
            ("allow RK607, RK617 because it is right", "a waiver names one rule", ""),
            ("allow RK607 and RK617 because it is right", "a waiver names one rule", ""),
            ("alow RK607 because it is right", "a waiver says 'allow', not 'alow'", ""),
            ("ignore RK607 because it is right", "a waiver says 'allow', not 'ignore'", ""),
        ],
    )
    def test_it_is_told_why(self, said: str, message: str, mend: str) -> None:
        finding = _wrong(f"a: 1\nb: 2  # rekindle: {said}\nc: 3\n")
        assert finding.message == message
        assert finding.mend == mend or not mend
        assert finding.severity is Severity.ERROR
        assert (finding.line, finding.column, finding.end_column) == (2, 7, 19 + len(said))

    @pytest.mark.parametrize(
        "comment", ["rekindle: the people who left", "see rekindle: allow", "rekindle allow RK607", "rekindle:"]
    )
    def test_other_words_about_rekindle_are_anybodys(self, comment: str) -> None:
        assert _read(f"# {comment}\na: 1\n") == ([], [])

    def test_only_what_warns_and_is_not_of_the_files_or_the_law_can_be_waived(self) -> None:
        for rule in RULES.values():
            waivers, findings = _read(f"# rekindle: allow {rule.code} because it is right here\na: 1\n")
            assert (len(waivers), len(findings)) == ((1, 0) if rule.waivable else (0, 1))
            if rule.waivable:
                assert rule.severity is Severity.WARNING
                assert rule.family not in ("syntax and schema", "consent and law")
        assert RETIRED


class TestApply:
    def _finding(self, line: int, code: str = "RK607", severity: Severity | None = None) -> Finding:
        return Span(CAMPAIGN, line, 1, 2).finding(code, "a message", severity=severity)

    def test_what_it_covers_goes_and_is_counted(self) -> None:
        waiver = _one(f"a: 1\nb: 2 # {ALLOW}\n")
        here, there, other = self._finding(2), self._finding(1), self._finding(2, "RK617")
        remaining, waived = apply([here, there, other], [waiver], complete=True)
        assert remaining == [there, other]
        assert waived == [Waived(here, REASON)]

    def test_one_covers_several_of_its_rule(self) -> None:
        waiver = _one(f"b: 2 # {ALLOW}\n")
        twice = [self._finding(1), Span(CAMPAIGN, 1, 9, 10).finding("RK607", "another")]
        assert apply(twice, [waiver], complete=True) == ([], [Waived(f, REASON) for f in twice])

    def test_it_covers_nothing_of_another_file(self) -> None:
        waiver = _one(f"b: 2 # {ALLOW}\n", "other.yaml")
        assert apply([self._finding(1)], [waiver], complete=False) == ([self._finding(1)], [])

    def test_it_covers_no_error_not_even_of_a_rule_that_warns(self) -> None:
        error = self._finding(1, severity=Severity.ERROR)
        assert apply([error], [_one(f"b: 2 # {ALLOW}\n")], complete=False) == ([error], [])

    def test_one_that_waives_nothing_is_found_when_every_rule_has_been_asked(self) -> None:
        waiver = _one(f"a: 1\nb: 2 # {ALLOW}\n")
        assert apply([], [waiver], complete=False) == ([], [])
        (unused,), _ = apply([], [waiver], complete=True)
        assert (unused.code, unused.line, unused.message) == ("RK131", 2, "nothing here breaks RK607")
        assert unused.severity is Severity.WARNING


IMPERSONAL = "---\nsubject: We have moved\n---\nOur office has moved.\n\n[Find us]({{ links.calendar }})\n"
WAIVED = IMPERSONAL.replace("---\n", f"---\n# {ALLOW}\n", 1)
PERSONAL = WAIVED.replace("Our", "Since {{ person.closed_at | date }} our")


def _codes(*, lint: bool = True, **changes: str) -> set[str]:
    """What is found, but for what lint says of the other files."""
    found = load_files(small(**changes), SMALL, lint=lint).findings
    return {f.code for f in found if f.file == TEMPLATE or f.severity is Severity.ERROR}


class TestInAProject:
    def test_a_waived_finding_is_not_said_and_not_forgotten(self) -> None:
        assert "RK607" in _codes(template=IMPERSONAL)
        loaded = load_files(small(template=WAIVED), SMALL, lint=True)
        assert [f for f in loaded.findings if f.file == TEMPLATE and f.code in ("RK607", "RK131", "RK130")] == []
        assert [(w.finding.code, w.reason) for w in loaded.waived if w.finding.file == TEMPLATE] == [("RK607", REASON)]

    def test_an_unused_one_is_said_when_lint_has_run(self) -> None:
        assert "RK131" in _codes(template=PERSONAL)
        assert "RK131" not in _codes(template=PERSONAL, lint=False)

    def test_while_an_error_stands_nothing_is_called_unused(self) -> None:
        broken = small()["winback.yaml"].replace("segment: lost", "segment: lsot")
        assert _codes(template=PERSONAL, campaign=broken) == {"RK201"}

    def test_a_bad_one_fails_a_review_and_stops_no_run(self) -> None:
        bad = WAIVED.replace("RK607", "RK6O7")
        assert {"RK130", "RK607"} <= _codes(template=bad)
        assert _codes(template=bad, lint=False) == {"RK607"}


_PIECES = st.sampled_from(
    "# |rekindle:|allow|because|RK607|RK501|reason enough| |\n|\r\n|\r|\t|'|\"|: |- |\\|>|{#|#}|-#}|{{|}}|{%|%}|raw"
    "|endraw|---\n|\ufeff|\u2028|\x85|\x00|\ud800|💥|é|[|]|{|}|a: ||-|<!--".replace("\\|", "|").split("|")
)


@settings(deadline=None, max_examples=300)
@given(pieces=st.lists(_PIECES, max_size=40), file=st.sampled_from([CAMPAIGN, TEMPLATE, "tests/winback.yaml"]))
def test_whatever_a_comment_holds_every_waiver_and_finding_has_its_place(pieces: list[str], file: str) -> None:
    text = "".join(pieces)
    waivers, findings = _read(text, file)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for at in [w.span for w in waivers] + [Span(f.file, f.line, f.column, f.end_column) for f in findings]:
        assert 1 <= at.line <= len(lines)
        assert 1 <= at.column < at.end <= len(lines[at.line - 1]) + 1
        assert "rekindle:" in lines[at.line - 1][at.column - 1 : at.end - 1].lower()
    assert all(w.rule in RULES and len(w.reason) >= 8 and w.span.line in w.lines for w in waivers)


_LETTERS = st.characters(
    codec="utf-8", exclude_categories=["Cc", "Cn", "Co", "Zl", "Zp"], exclude_characters="\ufeff"
)


@settings(deadline=None, max_examples=200)
@given(reason=st.text(_LETTERS, max_size=40))
def test_any_words_are_a_reason_when_there_are_enough(reason: str) -> None:
    told = " ".join(reason.split())
    waivers, findings = _read(f"a: 1 # rekindle: allow RK607 because {reason}\n")
    assert [w.reason for w in waivers] == ([told] if len(told) >= 8 else [])
    assert [f.code for f in findings] == ([] if waivers else ["RK130"])


@pytest.mark.parametrize(
    "piece",
    ["#", "{#", "rekindle:", "# rekindle: ", "{{", "'", f"{{# {ALLOW} #}}", f"{{# {ALLOW} #}}\n", f"# {ALLOW}\n"],
)
@pytest.mark.parametrize("file", [CAMPAIGN, TEMPLATE])
def test_much_of_one_thing_is_read_to_its_end(piece: str, file: str) -> None:
    """Nothing here grows with the square of a file: a million characters would take hours."""
    _read("rekindle: \n" + piece * (200_000 // len(piece)), file)
