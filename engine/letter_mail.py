"""A signed letter as an e-mail: its own words, the document attached, and by construction what every e-mail needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from channels.base import Attachment, Message
from engine import layout, links, tokens
from engine.pages import letterhead
from engine.refs import person_ref
from engine.templates import compiled, environment
from engine.wording import notices

if TYPE_CHECKING:
    from engine.app import App

_HTML = environment(html=True)
_TEXT = environment(html=False)


def as_mail(app: App, letter: Message, person: Mapping[str, Any], pdf: bytes) -> Message:
    """The e-mail from the brand's own address, with replies to the signatory. The person has an e-mail address."""
    brand, meta = app.project.brand, letter.meta
    language = meta.get("language")
    # by the person and not by the touch, which is a letter: who presses "unsubscribe" in an e-mail means e-mail
    token = app.signer.sign(person_ref(app.ref_key, person["identity_id"]))
    link = tokens.unsubscribe_url(brand.unsubscribe_url, token)
    said = notices(language)
    website = links.tagged(brand.website, "email", meta.get("campaign", ""), meta.get("step", ""))
    head = replace(letterhead(brand), website=website)
    html = layout.html(
        body="{{ words }}",
        subject="{{ subject }}",
        preheader="",
        language=language or "en",
        notices=said,
        head=head,
    )
    footer = layout.text(body="", notices=said, head=head)
    names = {"words": Markup(letter.html), "subject": letter.subject, "unsubscribe": link}  # noqa: S704 (ours)
    if app.environment.http is not None:
        names["preferences"] = f"{app.environment.http.public_url}/p/{token}"
    closing = (
        f"{meta.get('closing', '')}\n{meta.get('signatory', '')}\n{meta.get('signatory_title', '')}".strip()
    )
    return Message(
        ref=letter.ref,
        channel="email",
        to=str(person["email"]),
        to_name=letter.to_name,
        sender=brand.from_email,
        sender_name=meta.get("signatory") or brand.from_name,
        reply_to=meta.get("signatory_email") or brand.reply_to,
        subject=letter.subject or brand.name,
        text=f"{letter.text}\n\n{closing}\n{compiled(_TEXT, footer).render(names)}",
        html=compiled(_HTML, html).render(names),
        headers={"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        opt_out=link,
        postal_address=brand.postal_address,
        meta={k: meta[k] for k in ("campaign", "step", "variant") if k in meta},
        attachments=(
            Attachment(name=f"letter-{letter.ref[:12]}.pdf", media_type="application/pdf", content=pdf),
        ),
    )
