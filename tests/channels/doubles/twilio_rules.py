"""Twilio's published rules for POST Messages.json, as a judge that shares nothing with the adapter.

From Twilio's OpenAPI description (github.com/twilio/twilio-oai, twilio_api_v2010, CreateMessage: names, types, what
excludes what) and the Message resource's page (lengths, ranges, E.164). Unknown fields are faults here: Twilio ignores
them. Each fault has the code of Twilio's error dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

Form = dict[str, list[str]]
Fault = tuple[int, str]

FLAG, WORD, WHOLE = r"true|false", r".*", r"-?[0-9]+"
#: parameter -> what a value of it looks like
PARAMETERS = {
    "To": WORD, "From": WORD, "FallbackFrom": WORD, "Body": WORD, "MediaUrl": WORD, "StatusCallback": WORD,
    "MessagingServiceSid": r"MG[0-9a-fA-F]{32}", "ApplicationSid": r"AP[0-9a-fA-F]{32}",
    "ContentSid": r"HX[0-9a-fA-F]{32}", "MaxPrice": r"[0-9.]+", "ProvideFeedback": FLAG, "Attempt": WHOLE,
    "ValidityPeriod": WHOLE, "ForceDelivery": FLAG, "ContentRetention": "retain|discard",
    "AddressRetention": "retain|obfuscate", "SmartEncoded": FLAG, "PersistentAction": WORD, "TrafficType": "free",
    "ShortenUrls": FLAG, "ScheduleType": "fixed", "SendAt": WORD, "SendAsMms": FLAG, "ContentVariables": WORD,
    "RiskCheck": "enable|disable",
}  # fmt: skip
REPEATED = {"MediaUrl", "PersistentAction"}


def faults(form: Form) -> list[Fault]:
    """(code, message) of each rule that is broken; none for a request that Twilio takes."""
    return list(_shape(form)) or [*_sender(form), *_recipient(form), *_content(form), *_rest(form)]


def _shape(form: Form) -> Iterator[Fault]:
    for name, values in form.items():
        if name not in PARAMETERS:
            yield 20001, f"{name} is no parameter"
        elif len(values) > 1 and name not in REPEATED:
            yield 20001, f"{name} is there twice"
        elif not all(re.fullmatch(PARAMETERS[name], value, re.DOTALL) for value in values):
            yield 20001, f"Invalid parameter {name}"


def _sender(form: Form) -> Iterator[Fault]:
    if not form.keys() & {"From", "MessagingServiceSid"}:
        yield 21603, "A 'From' phone number is required."
    for sender in form.get("From", ()):
        if not re.fullmatch(r"\+[1-9][0-9]{1,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}", sender):
            yield 21212, f"The 'From' number {sender} is not a valid phone number."


def _recipient(form: Form) -> Iterator[Fault]:
    if "To" not in form:
        yield 21604, "A 'To' phone number is required."
    for to in form.get("To", ()):
        if re.fullmatch(r"[0-9]{3,8}", to):
            yield 21265, "'To' number cannot be a short code."
        elif not re.fullmatch(r"\+[1-9][0-9]{6,14}", to):
            yield 21211, f"The 'To' number {to} is not a valid phone number."
        elif to in form.get("From", ()):
            yield 21266, "'To' and 'From' number cannot be the same."


def _content(form: Form) -> Iterator[Fault]:
    [body] = form.get("Body", [""])[:1]
    if not body and not form.keys() & {"MediaUrl", "ContentSid"}:
        yield 21619, "A text message body or media urls must be specified."
    if len(body) > 1600:
        yield 21617, "The concatenated message body exceeds the 1600 character limit."
    if len(form.get("MediaUrl", ())) > 10:
        yield 21623, "Number of media files exceeds allowed limit."
    for url in form.get("MediaUrl", ()):
        if not _is_url(url):
            yield 21620, "Invalid media URL(s)."


def _rest(form: Form) -> Iterator[Fault]:
    for url in form.get("StatusCallback", ()):
        if not _is_url(url):
            yield 21609, f"The StatusCallback URL {url} is not a valid URL."
    for seconds in form.get("ValidityPeriod", ()):
        if not 1 <= int(seconds) <= 36_000:
            yield 21622, "Validity period must be between 1 and 36000."
    if form.get("ShortenUrls") == ["true"] and "MessagingServiceSid" not in form:
        yield 21703, "Links are shortened with a messaging service only."


def _is_url(url: str) -> bool:
    """A valid host name, and no underscore in it."""
    found = urlsplit(url)
    host = found.hostname or ""
    return (
        found.scheme in ("http", "https")
        and bool(re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+", host))
        and url.isascii()
        and not re.search(r"[\s<>\"{}|\\^`]", url)
    )
