"""A touch as the message it will be: words, links, headers, and by construction the legal parts.

A template is read once for each campaign step and variant that uses it; a message then costs a few renders of
compiled templates. Every error names the template and what is missing, never a person's data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import TemplateSyntaxError, UndefinedError

from channels.base import Message, MessageError
from engine import letter_words, sms, tokens
from engine.errors import RekindleError
from engine.gates.address import ADDRESS_ATTRIBUTE, ADDRESS_FIELD, ATTRIBUTE_ONLY
from engine.gates.capacity import owner_of
from engine.links import LinkRefused
from engine.model import Campaign, Offer, Project, Signatory, Step
from engine.pages import Page, letterhead, read, utm_of
from engine.signatories import no_person, signatory_of
from engine.template_faults import TemplateFault
from engine.templates import Missing, plain
from engine.vocabulary import Vocabulary
from engine.wording import notices

_MEND = "Mend the template or the data it is given"


class RenderError(RekindleError):
    """A template and a person do not make a message. ``missing``: the dotted name that has no value."""

    hint = "Give the value, or write the template so that it can do without: {{ x or '...' }}, {% if x %}"

    def __init__(self, message: str, *, template: str, missing: str | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.template = template
        self.missing = missing


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """One touch to be worded.

    ``person``: columns of the person table, ``attributes`` a mapping; ``trigger``: data of the event that
    started the track; instants are UTC epoch seconds. ``due_at``: for human tasks, when it should be done.
    """

    ref: str
    campaign: Campaign
    step: Step
    template_ref: str
    person: Mapping[str, Any]
    now: int
    variant: str = ""
    offer: Offer | None = None
    offer_expires_at: int | None = None
    respond_by: int | None = None
    trigger: Mapping[str, Any] = field(default_factory=dict)
    due_at: int | None = None


class Renderer:
    """Words messages for one project. Keep one: what it has read, it keeps."""

    def __init__(self, project: Project, signer: tokens.Signer, *, preferences_url: str = "") -> None:
        """``preferences_url``: where people choose, without a slash at the end; empty where there is no such page."""
        self._preferences_url = preferences_url
        self._brand = project.brand
        self._head = letterhead(project.brand)
        self._signer = signer
        self._country = project.default_country
        self._vocabulary = Vocabulary(
            project.brand, project.attributes, project.currency, project.default_country
        )
        self._pages: dict[tuple[str, ...], Page] = {}

    def render(self, request: RenderRequest) -> Message:
        """The message, complete and lawful in form. Raises RenderError."""
        try:
            return self._message(request)
        except RenderError:
            raise
        except Missing as missing:
            of_event = missing.name.startswith("trigger.")
            lacks = "is not among what the event carried" if of_event else "is missing for this person"
            problem = f"{missing.name} {lacks}"
            raise _error(request, problem, missing=missing.name) from None
        except (TemplateFault, TemplateSyntaxError) as fault:
            raise _fault(request, fault) from None
        except (LinkRefused, MessageError, UndefinedError) as refused:
            raise _error(request, str(refused), hint=_MEND) from None
        except Exception as error:  # a template can raise anything, and what it says may be personal data
            raise _error(request, f"it failed with {type(error).__name__}", hint=_MEND) from None

    def _message(self, request: RenderRequest) -> Message:
        channel = request.step.channel or "review"
        if channel == "review":
            return self._task(request, channel, title=request.step.task or request.step.id, text="")
        page = self._page(request, channel)
        person = request.person
        names = self._vocabulary.names(
            person, request.offer, request.offer_expires_at, request.trigger, request.respond_by
        )
        names["voice"] = self._vocabulary.voice(person, request.now, page.language or "en")
        if channel == "email":
            return self._email(request, page, names)
        if channel == "sms":
            return self._sms(request, page, names)
        if channel == "letter":
            return self._letter(request, page, names)
        text = page.text.render(names).strip()
        if channel in _TASKS:
            title = page.title.render(names) or f"{channel}: {request.step.id}"
            return self._task(request, channel, title=title, text=text)
        return self._plain(request, channel, subject=page.subject.render(names), text=text)

    def _page(self, request: RenderRequest, channel: str) -> Page:
        campaign, step, ref = request.campaign, request.step, request.template_ref
        key = (campaign.id, campaign.version, step.id, request.variant, ref, channel)
        page = self._pages.get(key)
        if page is None:
            template = campaign.templates.get(ref)
            if template is None:
                raise _error(request, "there is no such template", hint="Run 'rekindle validate'")
            utm = utm_of(channel, campaign.id, step.id, request.variant)
            page = self._pages[key] = read(template, utm, self._vocabulary.types, self._head)
        return page

    def _email(self, request: RenderRequest, page: Page, names: dict[str, Any]) -> Message:
        assert page.html is not None
        brand, person = self._brand, request.person
        token = self._signer.sign(request.ref)
        link = tokens.unsubscribe_url(brand.unsubscribe_url, token)
        names["unsubscribe"] = link
        if self._preferences_url:
            names["preferences"] = f"{self._preferences_url}/{token}"
        return Message(
            ref=request.ref,
            channel="email",
            to=_address(person, "email"),
            to_name=_full_name(person),
            sender=brand.from_email,
            sender_name=brand.from_name,
            reply_to=brand.reply_to,
            subject=page.subject.render(names),
            text=page.text.render(names),
            html=page.html.render(names),
            headers={"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
            opt_out=link,
            postal_address=brand.postal_address,
            meta=_meta(request),
        )

    def _sms(self, request: RenderRequest, page: Page, names: dict[str, Any]) -> Message:
        person, brand = request.person, self._brand.name
        stop = notices(page.language or person.get("language")).stop
        text = sms.whole(page.text.render(names), brand, stop)
        if len(text) > sms.LONGEST:
            problem = f"the text has {len(text)} characters, {sms.LONGEST} is the most"
            raise _error(request, problem, hint=_MEND)
        return Message(
            ref=request.ref,
            channel="sms",
            to=_address(person, "phone"),
            to_name=_full_name(person),
            sender_name=brand,
            text=text,
            media=tuple(page.media.render(names).split()),
            opt_out=stop,
            meta=_meta(request),
        )

    def _task(self, request: RenderRequest, channel: str, *, title: str, text: str) -> Message:
        person = request.person
        owner = owner_of(request.campaign, person)
        due_at = request.now if request.due_at is None else request.due_at
        meta = {"kind": channel, "owner": owner, "title": title, "due_at": str(due_at)}
        return Message(
            ref=request.ref,
            channel=channel,
            to=owner if channel == "review" else _address(person, channel),
            to_name=_full_name(person),
            subject=title,
            text=text,
            meta=_meta(request) | meta,
        )

    def _letter(self, request: RenderRequest, page: Page, names: dict[str, Any]) -> Message:
        """A letter: its words as plain text and as HTML, and in ``meta`` what stands around them."""
        assert page.html is not None
        brand, person = self._brand, request.person
        signatory = self._signatory(request)
        language = page.language or "en"
        country = str(person.get("country") or self._country)
        closing = page.closing.render(names) or letter_words.closing_of(language)
        if closing is None:
            hint = "Write 'closing: ...' in the front matter"
            raise _error(request, f"there are no closing words for the language {language}", hint=hint)
        subject = page.subject.render(names)
        facts = letter_words.facts(
            brand, signatory, language=language, country=country, zone=person.get("timezone"), now=request.now,
            closing=closing,
        )  # fmt: skip
        owner = signatory.email if signatory else person.get("owner_email") or request.campaign.owner
        title = letter_words.task_of(person, signatory, _full_name(person), subject)
        due_at = request.now if request.due_at is None else request.due_at
        task = {"kind": "letter", "owner": str(owner), "title": title, "due_at": str(due_at)}
        if request.respond_by is not None:
            task["respond_by"] = str(request.respond_by)
        return Message(
            ref=request.ref,
            channel="letter",
            to="\n".join(self._postal_lines(person)),
            to_name=_full_name(person),
            sender=brand.from_email,
            sender_name=brand.from_name,
            subject=subject,
            text=page.text.render(names).strip(),
            html=page.html.render(names).strip(),
            postal_address=brand.postal_address,
            meta=_meta(request) | task | facts,
        )

    def _signatory(self, request: RenderRequest) -> Signatory | None:
        """Who signs the letter. Raises Missing, and RenderError for a contact who is no human being."""
        if request.step.signed_by is None:
            return None
        found = signatory_of(request.step.signed_by, request.person, self._brand)
        if isinstance(found, str):
            raise Missing(found)
        if said := no_person(found.name, self._brand):
            problem = f"who should sign the letter {said}: a letter is signed by a named person"
            raise _error(request, problem, hint="Give the person a contact with a first and a last name")
        return found

    def _postal_lines(self, person: Mapping[str, Any]) -> list[str]:
        """Name, company and the declared attribute ``postal_address``, a line each. Raises Missing."""
        address = (person.get("attributes") or {}).get("postal_address")
        if not address:
            raise Missing("person.attributes.postal_address")
        lines = letter_words.address_lines(str(address), person.get("country"), self._country)
        return [str(plain(line, "")) for line in (_full_name(person), person.get("company"), *lines) if line]

    def _plain(self, request: RenderRequest, channel: str, *, subject: str, text: str) -> Message:
        person = request.person
        return Message(
            ref=request.ref,
            channel=channel,
            to=_address(person, channel),
            to_name=_full_name(person),
            sender=self._brand.from_email,
            sender_name=self._brand.from_name,
            subject=subject,
            text=text,
            postal_address=self._brand.postal_address,
            meta=_meta(request) | _also(person, channel),
        )


#: channels a human being carries out
_TASKS = frozenset({"linkedin", "phone"})


def _address(person: Mapping[str, Any], channel: str) -> str:
    """Where a channel reaches this person. Raises Missing."""
    attribute = ADDRESS_ATTRIBUTE.get(channel)
    found = (person.get("attributes") or {}).get(attribute)
    name = f"attributes.{attribute}"
    if not found and channel not in ATTRIBUTE_ONLY:
        name = ADDRESS_FIELD.get(channel, "email")
        found = person.get(name) or (person.get("phone") if channel == "audience" else None)
    if not found:
        raise Missing(f"person.{name}")
    return str(found)


def _also(person: Mapping[str, Any], channel: str) -> dict[str, str]:
    """What a retargeting list knows people by beside their address."""
    phone = person.get("phone") if channel == "audience" else None
    return {"phone": str(phone)} if phone else {}


def _full_name(person: Mapping[str, Any]) -> str:
    names = (person.get("first_name"), person.get("last_name"))
    return str(plain(" ".join(name for name in names if name), ""))


def _meta(request: RenderRequest) -> dict[str, str]:
    meta = {"campaign": request.campaign.id, "step": request.step.id}
    return meta | {"variant": request.variant} if request.variant else meta


def _error(
    request: RenderRequest,
    problem: str,
    *,
    missing: str | None = None,
    hint: str = "",
    line: int | None = None,
) -> RenderError:
    ref = request.template_ref or request.step.id
    template = request.campaign.templates.get(ref)
    where = f" ({template.file}:{line})" if template and line else f" ({template.file})" if template else ""
    return RenderError(f"template '{ref}'{where}: {problem}", template=ref, missing=missing, hint=hint)


def _fault(request: RenderRequest, fault: TemplateFault | TemplateSyntaxError) -> RenderError:
    if not isinstance(fault, TemplateFault):
        return _error(request, str(fault.message), hint=_MEND)
    template, first = request.campaign.templates[request.template_ref], fault.faults[0]
    if first.part != "body":
        return _error(request, f"{first.part}: {fault}", hint=_MEND)
    return _error(request, str(fault), hint=_MEND, line=template.body_line + first.line - 1)
