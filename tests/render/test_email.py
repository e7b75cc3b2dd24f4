"""A rendered e-mail: what it must hold, what its links carry, how values are told."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest

from channels.base import Message
from engine.model import DAY
from engine.render import RenderError
from engine.tokens import Signer
from tests.render.conftest import BRAND, NOW, OFFER, render

UTM = "utm_source=rekindle&utm_medium=email&utm_campaign=closed_lost&utm_content=gap_closed"


class Links(HTMLParser):
    """Addresses of all links, in order, as a browser reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value or "" for name, value in attrs if name == "href"]


def body_links(message: Message) -> list[str]:
    """Addresses of the links between the brand's line and the footer."""
    return Links(message.html).found[1:-1]


def paragraphs(message: Message) -> list[str]:
    """Paragraphs of the body as plain words."""
    found = re.findall(r"<p [^>]*>(.*?)</p>", message.html, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", paragraph) for paragraph in found]


def text_body(message: Message) -> str:
    return message.text.split("\n\n--\n")[0]


def test_a_mail_says_who_writes_why_and_how_to_stop() -> None:
    message = render("Hello.")
    for part in (message.text, message.html):
        assert "Acme Robotics, Inc." in part
        assert BRAND.postal_address in part
        assert "You receive this because" in part
        assert message.opt_out in part
    assert message.headers == {
        "List-Unsubscribe": f"<{message.opt_out}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_the_way_out_is_a_signed_token_and_nothing_personal() -> None:
    message = render("Hello.")
    base, _, token = message.opt_out.rpartition("/")
    assert base == BRAND.unsubscribe_url
    assert Signer("test key").read(token) == "r1"
    assert "utm_" not in message.opt_out


def test_it_comes_from_the_brand_and_goes_to_the_person() -> None:
    message = render("Hello.")
    assert (message.sender_name, message.sender, message.reply_to) == (
        "Dana Reyes",
        "dana@acme.example",
        "hello@acme.example",
    )
    assert (message.to_name, message.to) == ("Sam Okafor", "sam@customer.example")
    assert message.meta == {"campaign": "closed_lost", "step": "gap_closed"}


def test_markdown_becomes_html_and_readable_text() -> None:
    message = render("# Hello\n\nIt is *really* **here**.\n\n1. one\n2. two\n\n> said\n\n---\n\n`code`")
    assert "<strong>here</strong>" in message.html
    assert text_body(message) == "Hello\n\nIt is really here.\n\n1. one\n2. two\n\n> said\n\n-----\n\ncode"


def test_raw_html_of_a_template_is_shown_and_not_run() -> None:
    assert "&lt;script&gt;" in render("<script>alert(1)</script>").html


def test_a_link_alone_in_a_paragraph_is_a_button() -> None:
    message = render("[Pick a time]({{ links.calendar }})\n\nor [read]({{ links.docs }}) first")
    assert message.html.count('class="button"') == 1
    assert re.search(r'class="button"[^>]*>Pick a time<', message.html)


def test_every_link_is_tagged_and_keeps_what_it_had() -> None:
    message = render(
        "[a](https://acme.example/x?q=1#top), <https://acme.example/y>, https://acme.example/z."
        " [b]({{ links.calendar }}) {{ links.docs }} [c]({{ trigger.url }})",
        trigger={"url": "https://other.example/deal?id=7"},
    )
    assert body_links(message) == [
        f"https://acme.example/x?q=1&{UTM}#top",
        f"https://acme.example/y?{UTM}",
        f"https://acme.example/z?{UTM}",
        f"https://cal.acme.example/dana?slot=am&{UTM}#week",
        f"https://docs.acme.example/new?{UTM}",
        f"https://other.example/deal?id=7&{UTM}",
    ]
    for address in body_links(message):
        assert address in message.text


def test_the_variant_is_told_apart_and_the_authors_own_tags_stay() -> None:
    message = render("[a](https://acme.example/?utm_source=partner)", variant="b")
    [address] = body_links(message)
    assert parse_qs(urlsplit(address).query) == {
        "utm_source": ["partner"],
        "utm_medium": ["email"],
        "utm_campaign": ["closed_lost"],
        "utm_content": ["gap_closed-b"],
    }


def test_mail_and_phone_links_are_left_alone() -> None:
    message = render(
        "[write](mailto:{{ owner.email }}) or [call](tel:{{ owner.phone }}) or [x](mailto:a@x.example)"
    )
    assert body_links(message) == ["mailto:dana@acme.example", "tel:+13125550100", "mailto:a@x.example"]
    assert text_body(message) == "write (dana@acme.example) or call (+1 312 555 0100) or x (a@x.example)"


def test_a_value_in_a_link_cannot_change_where_it_leads() -> None:
    message = render(
        "[a](https://acme.example/c/{{ person.company }}?p={{ person.product }})",
        person={"company": "../x?y=1#z", "product": "a&admin=1"},
    )
    [address] = body_links(message)
    assert address.startswith("https://acme.example/c/..%2Fx%3Fy%3D1%23z?p=a%26admin%3D1&utm_source")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/relative", "http:"]
)
def test_a_link_from_data_is_a_web_address_or_refused(url: str) -> None:
    with pytest.raises(RenderError, match="a link must"):
        render("[a]({{ trigger.url }})", trigger={"url": url})


def test_a_block_that_is_not_there_leaves_no_gap() -> None:
    source = """One.

{% if person.quote %}
Your quote of {{ person.quote | money }}.
{% endif %}

{% if person.product %}You had {{ person.product }}.{% endif %}

Two.
"""
    full = render(source, person={"product": "Basic"})
    assert paragraphs(full) == ["One.", "Your quote of $4,800.", "You had Basic.", "Two."]
    assert text_body(full) == "One.\n\nYour quote of $4,800.\n\nYou had Basic.\n\nTwo."
    bare = render(source, person={"quote": None})
    assert paragraphs(bare) == ["One.", "Two."]
    assert text_body(bare) == "One.\n\nTwo."


def test_a_loop_over_data_makes_a_list() -> None:
    source = "{% for f in trigger.features %}\n- {{ f }}\n{% endfor %}"
    message = render(source, trigger={"features": ["a", "b"]})
    assert re.findall(r"<li [^>]*>(.*?)</li>", message.html) == ["a", "b"]
    assert "- a\n\n- b" in message.text


def test_branches_loops_and_raw_stand_inside_a_paragraph() -> None:
    message = render(
        "Hi{% if person.first_name %} {{ person.first_name }}{% else %} you{% endif %}, "
        "{% raw %}{{ x }}{% endraw %}"
    )
    assert paragraphs(message) == ["Hi Sam, {{ x }}"]


def test_values_are_told_as_people_write_them() -> None:
    message = render(
        "{{ person.closed_at | date }}; {{ person.closed_at | ago }}; {{ person.quote | money }}; "
        "{{ offer.expires_on | date }}; {{ offer.percent }}; {{ offer.amount | money }}",
        offer=OFFER,
        offer_expires_at=NOW + 30 * DAY,
    )
    assert text_body(message) == "December 1, 2025; about three months ago; $4,800; April 1, 2026; 15%; $200"


def test_a_moment_is_told_in_the_persons_zone_and_a_calendar_day_is_not_moved() -> None:
    late = 1_772_416_800  # 2026-03-02T02:00:00Z, still the first in Chicago
    assert text_body(render("{{ person.meeting_at | date }}", person={"meeting_at": late})) == "March 1, 2026"
    day = 1_772_409_600  # 2026-03-02T00:00:00Z
    assert text_body(render("{{ person.meeting_at | date }}", person={"meeting_at": day})) == "March 2, 2026"


def test_a_template_in_another_language_is_so_throughout() -> None:
    message = render(
        "{{ person.closed_at | date }}, {{ person.quote | money }}",
        extra={"language": "fr"},
        person={"country": "FR"},
    )
    assert text_body(message).replace("\u202f", " ").replace("\xa0", " ") == "1 décembre 2025, 4 800 $US"
    assert "Se désabonner" in message.text
    assert '<html lang="fr"' in message.html


def test_the_owner_is_the_persons_or_the_brands_sender() -> None:
    source = "{{ owner.name }}, {{ owner.email }}, {{ owner.phone }}"
    assert text_body(render(source)) == "Dana Reyes, dana@acme.example, +1 312 555 0100"
    own = {"owner_name": "Ana Lima", "owner_email": "ana@acme.example", "owner_phone": None}
    assert text_body(render(source, person=own)) == "Ana Lima, ana@acme.example, +1 312 555 0100"


def test_subject_and_preheader_take_values() -> None:
    message = render(
        "Hello.",
        subject="{{ person.attributes.gap }} & you, {{ person.first_name }}",
        preheader="For <{{ person.company }}>",
    )
    assert message.subject == "single sign-on & you, Sam"
    assert "<title>single sign-on &amp; you, Sam</title>" in message.html
    assert "For &lt;Customer Ltd&gt;" in message.html


def test_the_reason_for_writing_can_be_the_templates_own() -> None:
    message = render("Hello.", extra={"why": "You asked when {{ person.attributes.gap }} & co. is here."})
    assert "You asked when single sign-on & co. is here." in message.text
    assert "You asked when single sign-on &amp; co. is here." in message.html


def test_an_unsubscribe_address_that_ends_in_an_equals_sign_takes_the_token_as_it_is() -> None:
    brand = replace(BRAND, unsubscribe_url="https://go.acme.example/u?t=")
    assert render("Hello.", brand=brand).opt_out.startswith("https://go.acme.example/u?t=r1.")


def test_a_brand_is_words_whatever_it_is_called() -> None:
    brand = replace(BRAND, name="Tom & {{ Jerry }}.io", legal_name="<b> {% x %}", postal_address='1 "A" St\\')
    message = render("Hello.", brand=brand)
    assert "Tom & {{ Jerry }}.io" in message.text
    assert "<b> {% x %}\n1 \"A\" St\\\n" in message.text
    assert "Tom &amp; {{ Jerry }}.io</a>" in message.html
    assert "&lt;b&gt; {% x %}<br>1 &#34;A&#34; St\\</div>" in message.html


def test_a_message_reads_back_equal() -> None:
    message = render("Hello {{ person.first_name }}.")
    assert Message.from_json(message.to_json()) == message
