"""Work for people: what they are asked, and the words to use."""

from __future__ import annotations

import pytest

from engine.model import BUILT_IN, Step, StepKind
from engine.render import RenderError
from tests.render.conftest import NOW, render


def test_a_linkedin_note_is_words_to_send_and_facts_for_the_sender() -> None:
    extra = {"title": "Write to {{ person.first_name }}"}
    message = render("Hi {{ person.first_name }}.", channel="linkedin", extra=extra)
    assert message.text == "Hi Sam."
    assert message.to == "https://www.linkedin.com/in/sam-example"
    assert message.subject == "Write to Sam"
    assert message.meta == {
        "campaign": "closed_lost",
        "step": "gap_closed",
        "kind": "linkedin",
        "owner": "revops@acme.example",
        "title": "Write to Sam",
        "due_at": str(NOW),
    }


def test_a_call_goes_to_the_persons_owner_by_the_moment_it_is_due() -> None:
    message = render(
        "WHO\n{{ person.first_name }}\n\n* Not Markdown *",
        channel="phone",
        subject=None,
        person={"owner_email": "ana@acme.example"},
        due_at=NOW + 60,
    )
    assert message.text == "WHO\nSam\n\n* Not Markdown *"
    assert message.to == "+13125550123"
    assert message.meta["owner"] == "ana@acme.example"
    assert message.meta["due_at"] == str(NOW + 60)
    assert message.meta["title"] == "phone: gap_closed"


def test_a_review_asks_what_the_step_says() -> None:
    step = Step(id="check", kind=StepKind.REVIEW, at=0, source=BUILT_IN, task="Read the quote before it goes")
    message = render("", step=step, template_ref="")
    assert (message.channel, message.subject) == ("review", "Read the quote before it goes")
    assert message.meta["kind"] == "review"
    assert message.to == "revops@acme.example"


def test_a_letter_is_plain_words_to_a_postal_address() -> None:
    address = {"attributes": {"postal_address": "1 Example Road\nSpringfield"}}
    message = render("Dear **{{ person.first_name }}**,", channel="letter", person=address)
    assert message.text == "Dear Sam,"
    assert message.to == "Sam Okafor\nCustomer Ltd\n1 Example Road\nSpringfield"


def test_other_channels_name_the_person_by_mail_address() -> None:
    message = render("Welcome back.", channel="in_app")
    assert (message.to, message.subject, message.text) == (
        "sam@customer.example",
        "Single sign-on is here",
        "Welcome back.",
    )


def test_in_the_product_a_person_may_have_a_name_of_its_own() -> None:
    assert render("Hello.", channel="in_app", person={"attributes": {"app_user": "u-1"}}).to == "u-1"


def test_a_push_message_goes_to_its_token_and_nowhere_else() -> None:
    assert render("Hello.", channel="push", person={"attributes": {"push_token": "t-1"}}).to == "t-1"
    with pytest.raises(RenderError, match=r"person\.attributes\.push_token"):
        render("Hello.", channel="push")


def test_a_list_knows_people_by_mail_address_and_number() -> None:
    both = render("Hello.", channel="audience", person={"phone": "+13125550142"})
    assert (both.to, both.meta["phone"]) == ("sam@customer.example", "+13125550142")
    alone = render("Hello.", channel="audience", person={"email": None, "phone": "+13125550142"})
    assert alone.to == "+13125550142"
