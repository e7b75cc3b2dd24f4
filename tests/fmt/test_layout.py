"""The layout itself, case by case: what a person left, and what stands there afterwards."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from engine.fmt import lay_out
from tests.language.support import SMALL, small

ROOT = Path(__file__).parents[2]


def _after(text: str) -> str:
    found = lay_out(dedent(text), "x.yaml")
    assert found.findings == ()
    return found.text


def _same(text: str) -> None:
    assert _after(text) == dedent(text)


@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / "campaigns").rglob("*.yaml")), *sorted((ROOT / "engine/cli/starter").rglob("*.yaml"))],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_what_ships_is_laid_out(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert lay_out(text, path.name).text == text


@pytest.mark.parametrize("page", ["README.md", "docs/language.md", "docs/testing.md", "docs/formatting.md"])
def test_what_the_docs_show_is_laid_out(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        assert lay_out(block, page).text == block


def test_two_blanks_a_level_and_dashes_below_the_first_letter_but_two() -> None:
    text = """
        campaign:   winback
        cadence:
        -   step: hello
            choose:
            - if: {event:   clicked}
              go:    note
            -
              else: text
        """
    assert _after(text) == dedent("""\
        campaign: winback
        cadence:
          - step: hello
            choose:
              - if: {event: clicked}
                go: note
              - else: text
        """)


def test_keys_stand_as_the_schema_lists_them_and_the_kind_first() -> None:
    text = """\
        owner: revops@acme.example
        cadence:
          - email: winback/hello
            window: {days: mon..fri, hours: 09:00-17:00}
            unless: {event: replied}
            at: 0d
            step: hello
        campaign: winback
        """
    assert _after(text) == dedent("""\
        campaign: winback
        owner: revops@acme.example
        cadence:
          - step: hello
            at: 0d
            unless: {event: replied}
            email: winback/hello
            window: {hours: 09:00-17:00, days: mon..fri}
        """)


def test_an_order_that_is_the_authors_stays() -> None:
    _same("""\
        campaign: winback
        audience:
          segment: lost
          where: {quote: {is: present}, loss_reason: price, any: [{purchases: 0}]}
        consent: {sms: express_written, email: express}
        cohorts:
          young: {closed_at: {newer_than: 90d}}
          all: everyone
          email: everyone
        """)


def test_a_key_nobody_knows_stays_behind_its_neighbour() -> None:
    text = "campaign: x\npriority: 3\nprioritee: 4\nowner: a\n"
    assert _after(text) == "campaign: x\nowner: a\npriority: 3\nprioritee: 4\n"


def test_an_alias_never_comes_before_the_value_it_stands_for() -> None:
    _same("""\
        campaign: x
        cadence:
          - window: &hours {hours: 09:00-17:00}
            if: {any: [*hours]}
        """)
    text = "campaign: x\nwindow: &a 1\nzzz: *a\ngoal: &a 2\nowner: *a\n"
    assert _after(text) == text


def test_comments_move_with_what_they_are_about() -> None:
    text = """\
        # the head
        # of the file

        # who answers
        owner: revops@acme.example  # by name
        campaign: winback          # its id
        cadence:
          # the first one
          - at: 0d                 # at once
            # who it is
            step: hello
            # closes the step
          # closes the cadence
        # about the goal
        goal: {event: purchase}
        # the end
        """
    assert _after(text) == dedent("""\
        # the head
        # of the file

        # who answers
        campaign: winback          # its id
        owner: revops@acme.example  # by name
        # about the goal
        goal: {event: purchase}
        cadence:
          # the first one
          # who it is
          - step: hello
            at: 0d                 # at once
            # closes the step
          # closes the cadence
        # the end
        """)


def test_a_comment_inside_brackets_opens_them() -> None:
    text = """\
        campaign: x
        audience: {segment: lost, # who lost
          where: [{loss_reason: price}, {purchases: 0}]}
        exit: [ # how it ends
          {event: replied, as: handed_over},
          # and this
          ]
        fatigue: [2 per 7d, 3 per 21d] # both
        """
    assert _after(text) == dedent("""\
        campaign: x
        audience:
          segment: lost  # who lost
          where: [{loss_reason: price}, {purchases: 0}]
        fatigue: [2 per 7d, 3 per 21d]  # both
        exit:  # how it ends
          - {event: replied, as: handed_over}
          # and this
        """)


def test_a_comment_where_no_line_remains_stands_above() -> None:
    text = """\
        campaign: # a
          # b
          x
        cadence:
          - # c
            step: hello # d
          -
            # e
            step: bye
        """
    assert _after(text) == dedent("""\
        # b
        campaign: x  # a
        cadence:
          # c
          - step: hello  # d
          # e
          - step: bye
        """)


def test_brackets_open_when_their_line_is_too_long() -> None:
    words = ", ".join(f"event_number_{number}" for number in range(6))
    text = (
        f"campaign: x\ngoal: {{event: [{words}], within: 60d}}\nexit: [{{event: replied, as: handed_over}}]\n"
    )
    assert _after(text) == dedent(f"""\
        campaign: x
        goal:
          event: [{words}]
          within: 60d
        exit: [{{event: replied, as: handed_over}}]
        """)
    longer = ", ".join(f"event_number_{number}" for number in range(6)) + ", one_more"
    assert _after(f"campaign: x\nevents_that_count: [{longer}]\n") == (
        f"campaign: x\nevents_that_count:\n  [{longer}]\n"
    )


def test_brackets_over_several_lines_close_when_they_fit_on_one() -> None:
    assert _after("campaign: x\ngoal: {\n  event: a,\n  within: 3d\n  }\n") == (
        "campaign: x\ngoal: {event: a, within: 3d}\n"
    )


def test_a_waiver_keeps_its_line() -> None:
    long = f"{{a: one/{'x' * 50}, b: two/{'y' * 50}}}  # rekindle: allow RK703 because their tone differs"
    _same(f"campaign: x\ncadence:\n  - step: a\n    email: {long}\n")
    brackets, _, waiver = long.partition("  ")
    _same(f"campaign: x\ncadence:\n  - step: a\n    {waiver}\n    email: {brackets}\n")
    _same("""\
        campaign: x
        cadence:
          - step: a
            # rekindle: allow RK613 because two dates are one choice
            email: one/two
        """)


def test_a_waiver_goes_with_the_line_below_it() -> None:
    text = """\
        # the head
        # rekindle: allow RK902 because there is nothing to count
        owner: a@acme.example
        campaign: x
        cadence:
          # the first
          # rekindle: allow RK613 because two dates are one choice
          - email: one/two
            step: a
            # rekindle: allow RK704 because it is only a trial
            at: 0d
        """
    assert _after(text) == dedent("""\
        # the head
        campaign: x
        # rekindle: allow RK902 because there is nothing to count
        owner: a@acme.example
        cadence:
          # the first
          - step: a
            # rekindle: allow RK704 because it is only a trial
            at: 0d
            # rekindle: allow RK613 because two dates are one choice
            email: one/two
        """)


def test_comments_stay_in_their_column_while_their_line_is_what_it_was() -> None:
    _same("""\
        campaign: x                    # one
        owner: a@acme.example          # two

        goal: {event: purchase}      # alone, and far
        group: winback  # alone, and near
        priority: 50
        """)


def test_a_line_that_changes_takes_its_comment_along_unless_others_share_its_column() -> None:
    text = """\
        campaign: x
        owner: 'someone'      # alone
        goal:   {event:   purchase} # too long for it
        group: 'winback'    # two
        priority: 50
        then:   end         # share it
        """
    assert _after(text) == dedent("""\
        campaign: x
        owner: someone  # alone
        goal: {event: purchase}  # too long for it
        group: winback      # two
        priority: 50
        then: end           # share it
        """)


def test_wide_characters_count_as_wide_as_they_are_shown() -> None:
    _same("campaign: x\nowner: 日本語    # a\ngroup: abcdef    # b\n")
    assert _after("campaign: x\nowner: 日本語 # a\ngroup: abcdef # b\n") == (
        "campaign: x\nowner: 日本語  # a\ngroup: abcdef  # b\n"
    )


def test_blank_lines_set_long_parts_apart_where_they_do_so_anywhere() -> None:
    text = """\


        campaign: x
        owner: a


        audience:

          segment: lost
          re_enter_after: 3d
        fatigue: 2 per 7d
        cadence:
          - step: a
            at: 0d

          - step: b
            at: 1d
          - step: c
            at: 2d

        then: end

        """
    assert _after(text) == dedent("""\
        campaign: x
        owner: a

        audience:
          segment: lost
          re_enter_after: 3d

        fatigue: 2 per 7d

        cadence:
          - step: a
            at: 0d

          - step: b
            at: 1d

          - step: c
            at: 2d

        then: end
        """)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("'plain'", "plain"),
        ('"two words"', "two words"),
        ("'it''s'", "it's"),
        ('"10%"', "10%"),
        ("'a, b'", '"a, b"'),  # in brackets a comma would part it
        ("'a: b'", '"a: b"'),
        ("'# no'", '"# no"'),
        ("'{{ offer.title }}'", '"{{ offer.title }}"'),
        ("'no'", '"no"'),
        ("'y'", '"y"'),
        ('"on"', '"on"'),
        ('"12:30"', '"12:30"'),
        ("'2026-03-02'", '"2026-03-02"'),
        ('"2026-03-02T15:00:00Z"', '"2026-03-02T15:00:00Z"'),
        ('"1_000"', '"1_000"'),
        ('"0x1F"', '"0x1F"'),
        ('"1e3"', '"1e3"'),
        ('"null"', '"null"'),
        ('"="', '"="'),
        ('"+1 312 555 0100"', '"+1 312 555 0100"'),
        ('""', '""'),
        ("'say: \"x\"'", "'say: \"x\"'"),
        ("'say \"x\"'", 'say "x"'),
        ('"tab\\there"', '"tab\\there"'),
        ("no", "no"),
        ("12:30", "12:30"),
    ],
)
def test_quotes_stay_where_some_reader_needs_them(written: str, kept: str) -> None:
    assert _after(f"campaign: {written}\nexit: [{written}]\n") == f"campaign: {kept}\nexit: [{kept}]\n"


def test_texts_over_several_lines_keep_their_lines() -> None:
    text = """\
        campaign: x
        objective: >-   # in words
              Reopen them.

                deeper
        owner: one
              two
        group: "one

            two \\
              three"
        """
    assert _after(text) == dedent("""\
        campaign: x
        owner: one
          two
        objective: >-   # in words
          Reopen them.

            deeper
        group: "one

          two \\
          three"
        """)


def test_line_ends_marks_and_tabs_are_made_plain() -> None:
    text = "\ufeff--- # head\r\ncampaign:\tx\t# tab \t\r\naudience: {segment:\tlost}   \r\n\r\n...\r\n"
    assert _after(text) == "# head\ncampaign: x  # tab\naudience: {segment: lost}\n"


def test_a_file_of_no_kind_is_laid_out_too() -> None:
    assert _after("b:   1\na: 2\n") == "b: 1\na: 2\n"


def test_what_cannot_be_read_is_a_finding_and_stays() -> None:
    for text in ("a: [\n", "a: 1\na: 2\n", "\ta: 1\n", "", "- a\n", "text\n", "a: !!int 1\n"):
        found = lay_out(text, "x.yaml")
        assert (found.text, len(found.findings)) == (text, 1)


def test_each_comment_stays_on_the_line_of_its_key() -> None:
    """A comment beside every key of a project, whose keys are then put in order."""
    key = re.compile(r"^\s*(?:- )*([\w.]+):(?: |$)")
    for file, text in small().items():
        if not file.endswith(".yaml") or file == str(SMALL):
            continue
        lines = [
            f"{line}  # of {found[1]}" if (found := key.match(line)) else line for line in text.split("\n")
        ]
        after = _after("\n".join(lines))
        for line in after.split("\n"):
            if "# of " in line:
                found = key.match(line)
                assert found and line.endswith(f"# of {found[1]}"), (file, line)
        assert after.count("# of ") == sum("# of " in line for line in lines)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            """
            cadence: [{step: a, at: 0d, email: x/y}, # first
              {step: b, at: 1d, email: x/y}] # second
            """,
            """
            cadence:
              - {step: a, at: 0d, email: x/y}  # first
              - {step: b, at: 1d, email: x/y}  # second
            """,
            id="elements of brackets",
        ),
        pytest.param(
            """
            goal: {within: 3d, event: [purchase, # one
              meeting_booked] # other
              }
            """,
            """
            goal:
              event:
                - purchase  # one
                - meeting_booked  # other
              within: 3d
            """,
            id="words in brackets",
        ),
        pytest.param(
            """
            cadence: [{step: a, at: 0d, email: x/y}, # rekindle: allow RK613 because nobody is asked
              {step: b, at: 1d, email: x/y}]
            """,
            """
            cadence:
              - {step: a, at: 0d, email: x/y}  # rekindle: allow RK613 because nobody is asked
              - {step: b, at: 1d, email: x/y}
            """,
            id="a waiver of a whole step",
        ),
        pytest.param(
            """
            then: end
            cadence:
            - step: a
              at: 0d
            # the very end
            """,
            """
            cadence:
              - step: a
                at: 0d
            then: end
            # the very end
            """,
            id="the end of the file",
        ),
    ],
)
def test_a_comment_stays_with_its_element(before: str, after: str) -> None:
    kind = "campaign: x\n"
    assert lay_out(kind + dedent(before).lstrip(), "x.yaml").text == kind + dedent(after).lstrip()
