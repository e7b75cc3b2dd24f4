"""Who signs letters: declared by name, named by a step, and never a department."""

from __future__ import annotations

import pytest

from engine.model import Brand
from engine.signatories import no_person, signatory_of
from tests.language.support import load, small

SIGNATORIES = """  signatories:
    dana: {name: Dana Reyes, title: Chief Executive Officer, phone: "+1 312 555 0101", email: dana@acme.example}
people:
"""
LETTER = """campaign: winback
owner: revops@acme.example
objective: Win back those who chose another product.
audience: {segment: lost}
cadence:
  - {step: hello, at: 0d, letter: winback/hello}
"""


def found(channel: str, step: str = "") -> list[tuple[str, str, str]]:
    """(code, message, mend) of the errors of a project with a letter."""
    project = small()["rekindle.yaml"]
    project = project.replace("people:\n", SIGNATORIES, 1)
    project = project.replace("  linkedin: {", f"  letter: {channel}\n  linkedin: {{", 1)
    files = small(project=project, campaign=LETTER.replace("hello}", f"hello{step}}}"))
    return [
        (f.code, f.message, f.mend) for f in load(files).findings if f.code in ("RK214", "RK505", "RK115")
    ]


def test_a_letter_that_becomes_a_document_needs_a_signatory() -> None:
    [(code, message, mend)] = found("{adapter: letter}")
    assert (code, message) == ("RK505", "nobody is named who signs this letter")
    assert "signed_by: owner" in mend
    assert found("{adapter: letter}", ", signed_by: dana") == []
    assert found("{adapter: letter}", ", signed_by: owner") == []


def test_a_letter_for_a_human_to_write_needs_none() -> None:
    assert found("{adapter: task}") == []
    assert found("{adapter: file, folder: out}") == []


def test_a_signatory_nobody_declared_is_told_with_the_one_that_was_meant() -> None:
    assert found("{adapter: task}", ", signed_by: dans") == [
        ("RK214", "unknown signatory 'dans'", "did you mean 'dana'?")
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Dana Reyes", None),
        ("Jean-Luc d'Arc", None),
        ("Ana María de la Cruz", None),
        ("Dr. O. Müller", None),
        ("Dana", "is not a first and a last name"),
        ("", "is not a first and a last name"),
        ("Customer Success", "is a department"),
        ("Your Sales Team", "is a department"),
        ("Équipe clientèle", "is a department"),
        ("Abteilung Vertrieb", "is a department"),
        ("Acme Robotics, Inc.", "is a company"),
        ("Größe GmbH", "is a company"),
        ("Room 12", "is not a name"),
    ],
)
def test_a_signatory_is_a_human_being(name: str, said: str | None) -> None:
    assert no_person(name) == said


def brand() -> Brand:
    project = small()["rekindle.yaml"].replace("people:\n", SIGNATORIES, 1)
    return load(small(project=project)).require().brand


def test_the_company_is_no_signatory() -> None:
    assert no_person("acme robotics", brand()) == "is the company"


def test_the_owner_signs_with_the_title_of_a_declared_signatory_of_that_mailbox() -> None:
    person = {
        "owner_name": "Dana Reyes",
        "owner_email": "Dana@acme.example",
        "owner_phone": "+1 312 555 0102",
    }
    found = signatory_of("owner", person, brand())
    assert not isinstance(found, str)
    assert (found.title, found.phone) == ("Chief Executive Officer", "+1 312 555 0102")
    other = signatory_of("owner", {**person, "owner_email": "ana@acme.example"}, brand())
    assert not isinstance(other, str)
    assert other.title == ""


@pytest.mark.parametrize("missing", ["name", "email", "phone"])
def test_an_owner_of_whom_something_is_missing_signs_nothing(missing: str) -> None:
    person = {"owner_name": "Dana Reyes", "owner_email": "d@acme.example", "owner_phone": "+1 312 555 0102"}
    assert signatory_of("owner", {**person, f"owner_{missing}": None}, brand()) == f"person.owner_{missing}"
