"""Letters to try with, and a desk in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from channels.base import Message

FACTS = {
    "kind": "letter",
    "owner": "dana@acme.example",
    "title": "Sign the letter to Sam Okafor",
    "due_at": "1772463600",
    "made_at": "1772463600",
    "signatory": "Dana Reyes",
    "signatory_title": "Chief Executive Officer",
    "signatory_phone": "+1 312 555 0101",
    "signatory_email": "dana@acme.example",
    "language": "en",
    "country": "US",
    "date": "March 2, 2026",
    "closing": "Sincerely,",
    "brand": "Acme Robotics",
    "legal_name": "Acme Robotics, Inc.",
    "website": "https://www.acme.example",
    "brand_phone": "+1 312 555 0100",
}


def letter(ref: str = "ref-1", **changes: Any) -> Message:
    """A letter without HTML: its words are those of ``text``."""
    message = Message(
        ref=ref,
        channel="letter",
        to="Sam Okafor\nCustomer Ltd\n12 Example Road, Suite 4\nSpringfield, IL 62701",
        to_name="Sam Okafor",
        sender="hello@acme.example",
        sender_name="Acme Robotics",
        subject="The arm you bought in May",
        text="Dear Sam,\n\nin May you bought an inspection arm.\n",
        postal_address="100 Example Street, Springfield, IL 62701, USA",
        meta=FACTS,
    )
    return replace(message, **changes)


LAPSED = """\
<p>Dear Sam,</p>
<p>In May you bought an <strong>RX-40 inspection arm</strong> from us, and in June its gripper. We have not heard
from you since, and I would like to know whether it still does what you bought it for.</p>
<p>Many plants that pack food had the same trouble with the wash-down seal. We changed it. Since then:</p>
<ul><li>the seal lasts two years instead of eight months;</li>
<li>it is changed in ten minutes, without a technician;</li>
<li>every owner of an RX-40 gets the first one free.</li></ul>
<p>If you order by <em>April 1, 2026</em>, your service plan costs 10% less for a year. The offer is for your plant
only.</p>
<p>Would you tell me by April 1 whether we may send you the seal? A call or two lines by e-mail are enough:
<a href="tel:+13125550101">+1 312 555 0101</a>, or choose a time at
<a href="https://go.acme.example/time">go.acme.example/time</a>.</p>
<p>Thank you for the trust you gave us.</p>"""

APOLOGY = """\
<p>Sehr geehrter Herr Müßiggang,</p>
<p>wir haben Ihnen im Januar zwölf Greifer zu spät und ohne Prüfprotokoll geliefert. Das war unser Fehler, und es tut
mir leid. Sie haben deshalb am 9. Februar Ihren Vertrag (Kundennummer 4711-B) beendet.</p>
<p>Der Grund ist einfach: Unser Lager hat Ihre Bestellung zweimal umgebucht, und niemand hat Sie angerufen. Sie
schrieben uns: „Wir haben drei Tage lang gewartet, und keiner wusste etwas.“ Das stimmt.</p>
<p>Wir haben geändert, was dazu geführt hat, und wir möchten es gutmachen:</p>
<ol><li>Sie erhalten 4.800 € zurück; das sind 12 % Ihres Jahresvertrags.</li>
<li>Jede Ihrer Bestellungen hat von heute an eine Person mit Namen und Durchwahl.</li>
<li>Die Prüfprotokolle liegen diesem Brief bei.</li></ol>
<p>Bitte sagen Sie mir bis zum <strong>20. März 2026</strong>, ob Sie das annehmen. Danach schließen wir den Vorgang und
überweisen Ihnen den Betrag ohne weitere Bedingung.</p>"""


def lapsed() -> Message:
    """A letter to a customer who has not bought for a while, in the United States."""
    return letter(
        "5f0c2a9be71d4408",
        subject="The inspection arm you bought in May is easier to keep running",
        html=LAPSED,
    )


def apology() -> Message:
    """An apology to a customer who left, in Germany."""
    facts = FACTS | {
        "language": "de",
        "country": "DE",
        "date": "2. März 2026",
        "closing": "Mit freundlichen Grüßen",
    }
    to = "Jürgen Müßiggang\nGröße & Söhne GmbH\nÄußere Königstraße 12\n70173 Stuttgart\nGERMANY"
    subject = "Unser Fehler bei Ihrer Lieferung vom 14. Januar – und wie wir ihn gutmachen"
    return letter(
        "c41d7e0a93b25f66", to=to, to_name="Jürgen Müßiggang", subject=subject, html=APOLOGY, meta=facts
    )


class Desk:
    """A letter desk in memory."""

    def __init__(self) -> None:
        self.letters: dict[str, dict[str, Any]] = {}
        self.fault: Exception | None = None

    def put(self, *, ref: str, meta: Mapping[str, str], **facts: Any) -> None:
        if self.fault:
            raise self.fault
        self.letters.setdefault(ref, {**facts, "meta": meta})

    def exists(self, ref: str) -> bool:
        if self.fault:
            raise self.fault
        return ref in self.letters
