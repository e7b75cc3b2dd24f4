"""An instant or an amount that is printed as it is kept: found where it is printed, and mended only there."""

from __future__ import annotations

import pytest

from engine.diagnostics import Finding
from engine.fixes import mend
from tests.language.support import SMALL, load, small

FILE = "templates/winback/hello.md"


def _files(body: str, subject: str = "It is back") -> dict[str, str]:
    """The small project, whose first e-mail has this body."""
    front = f"---\nsubject: '{subject}'\npreheader: '{{{{ offer.title }}}}'\n---\n"
    return small() | {FILE: f"{front}{body}\n\n[Choose a time]({{{{ links.calendar }}}})\n"}


def _found(files: dict[str, str]) -> list[Finding]:
    return [found for found in load(files).findings if found.code == "RK609"]


def _words(files: dict[str, str], found: Finding) -> str:
    return files[found.file].splitlines()[found.line - 1][found.column - 1 : found.end_column - 1]


GUARDED = [
    "{% if person.quote %}{{ person.quote }}{% endif %}",
    "{% if person.quote == 0 %}nothing{% else %}{{ person.quote }}{% endif %}",
    "{# person.quote #}{{ person.quote }}",
    "{{ 'a' if person.quote else 'b' }} {{- person.quote }}",
    "{% raw %}{{ person.quote }}{% endraw %}{{ person.quote }}",
    "{{\n  person.quote\n}}",
    "{{ person.quote | money }} and {{ person.quote }}",
    "person.quote is {{ person.quote }}",
]


@pytest.mark.parametrize("body", GUARDED)
def test_only_what_is_printed_is_named_and_mended(body: str) -> None:
    files = _files(body)
    [found] = _found(files)
    before, printed, after = body.rpartition("person.quote")
    assert _words(files, found) == "person.quote"
    assert mend(files, SMALL, lambda file: file == FILE).files == _files(
        before + f"{printed} | money" + after
    )


def test_what_is_printed_in_the_front_matter_is_named_there() -> None:
    files = _files("For {{ person.product }}.", "{% if person.quote %}{{ person.quote }}{% endif %} stands")
    [found] = _found(files)
    line = files[FILE].splitlines()[1]
    assert (found.line, found.column) == (2, line.rindex("person.quote") + 1)


@pytest.mark.parametrize(
    "body", ['{{ person.quote or "your quote" }}', '{{ person.quote | default("your quote") }}']
)
def test_what_stands_in_for_a_missing_value_is_kept_by_the_mend_and_left_to_a_person(body: str) -> None:
    files = _files(body)
    [found] = _found(files)
    assert found.fix is None
    told = found.mend.removeprefix("write ")
    assert told == '{{ person.quote | money if person.quote else "your quote" }}'
    assert _found(_files(told)) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{% set q = person.quote %}{{ q }}", "q"),
        ("{{ person.quote + 5 }}", "person.quote + 5"),
        ("{{ person.quote / 12 }}", "person.quote / 12"),
        ("{{ 12 * person.quote }}", "12 * person.quote"),
        ("{{ person.closed_at - 86400 }}", "person.closed_at - 86400"),
        ("{{ person.quote | round(2) }}", "person.quote | round(2)"),
        ('{{ "%.2f" | format(person.quote) }}', "person.quote"),
        ('{{ "%s" % person.quote }}', "person.quote"),
    ],
)
def test_reckoning_and_other_names_hide_nothing(body: str, words: str) -> None:
    files = _files(body)
    [found] = _found(files)
    assert _words(files, found) == words


@pytest.mark.parametrize(
    "body", ["{{ person.quote + 5 }}", "{{ person.quote / 12 }}", '{{ "%s" % person.quote }}']
)
def test_what_is_told_instead_of_a_reckoning_is_sound(body: str) -> None:
    [found] = _found(_files(body))
    told = found.mend.removeprefix("write ")
    assert load(_files(told)).findings == []


@pytest.mark.parametrize(
    "body",
    [
        "{% set q = person.quote | money %}{{ q }}",
        "{% set q = person.quote %}{{ q | money }}",
        "{% set q = 1 %}{% set q = person.quote %}{{ q | money }}",
        "{{ (person.quote + 5) | money }}",
        "{{ person.quote // 100 }} in whole units",
        "{{ (person.meeting_at - person.closed_at) // 86400 }} days",
        "{{ 100 * person.quote // person.lifetime_value }} %",
        "{% for q in [person.quote] %}{{ q | money }}{% endfor %}",
    ],
)
def test_what_is_written_or_reckoned_on_purpose_is_left_alone(body: str) -> None:
    assert _found(_files(body)) == []
