"""Addresses as they are matched: e-mail keys, E.164 numbers, company domains.

What is kept for sending is what was given; a key is only ever compared with another key.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

#: a mailbox here says nothing about where its owner works; the last three belong to nobody (RFC 2606)
FREE_MAIL = frozenset(
    """gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.fr yahoo.de yahoo.co.in ymail.com
    rocketmail.com outlook.com outlook.fr outlook.de hotmail.com hotmail.co.uk hotmail.fr hotmail.de
    live.com live.co.uk msn.com aol.com icloud.com me.com mac.com proton.me protonmail.com pm.me
    tutanota.com fastmail.com hey.com zoho.com mail.com gmx.com gmx.de gmx.net web.de t-online.de
    freenet.de posteo.de mailbox.org orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it
    virgilio.it mail.ru yandex.ru yandex.com bk.ru qq.com 163.com 126.com sina.com naver.com daum.net
    hanmail.net rediffmail.com uol.com.br bol.com.br terra.com.br comcast.net verizon.net att.net
    sbcglobal.net bellsouth.net cox.net charter.net btinternet.com sky.com virginmedia.com bigpond.com
    optusnet.com.au rogers.com shaw.ca sympatico.ca telus.net example.com example.org example.net""".split()
)

_GMAIL = frozenset({"gmail.com", "googlemail.com"})

#: addresses so plain that only their domain needs the validator
_PLAIN = re.compile(r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]+)")
#: domains so plain that the validator has nothing to say either: letters and digits, a top level of letters
_PLAIN_DOMAIN = re.compile(r"(?:[a-z0-9]{1,63}\.){1,3}[a-z]{2,12}")
_RESERVED = frozenset("arpa invalid local localhost onion test".split())


def email_key(address: str) -> str | None:
    """The key of a mailbox: Unicode NFC, local part casefolded, domain as a lower-case A-label (SUP-01).

    None when it is not an e-mail address. Nothing is looked up in the DNS.
    """
    address = address.strip()
    plain = _PLAIN.fullmatch(address)
    if plain is None or len(plain[1]) > 64 or len(address) > 254:
        return _unusual_key(address)
    domain = _domain_key(plain[2].lower())
    return None if domain is None else f"{plain[1].lower()}@{domain}"


@lru_cache(maxsize=65_536)
def email_keys(address: str) -> tuple[str, ...]:
    """Every key under which a mailbox may be suppressed: its own, without its +tag, and Gmail's dotless one.

    The first is ``email_key``; the others serve suppression only, never identity (SUP-02, SUP-03). A hit of
    any key of one address on any key of another suppresses. Empty when it is no address.
    """
    key = email_key(address)
    return () if key is None else keys_of(key)


def keys_of(key: str) -> tuple[str, ...]:
    """``email_keys`` of what is a key already."""
    local, _, domain = key.rpartition("@")
    if "+" not in local and domain not in _GMAIL:
        return (key,)
    plain = local.partition("+")[0] or local
    keys = [key, f"{plain}@{domain}"]
    if domain in _GMAIL:
        keys.append(f"{plain.replace('.', '')}@gmail.com")
    return tuple(dict.fromkeys(keys))


def company_domain(text: str) -> str | None:
    """The company's domain in a URL, an e-mail address or a bare name; None for a free-mail provider.

    ``https://www.acme.example/about`` and ``dana@acme.example`` both are ``acme.example``.
    """
    text = text.strip().lower()
    host = text.rpartition("@")[2] if "@" in text else _host(text)
    domain = _domain_key(host.removeprefix("www.").rstrip("."))
    return None if domain in FREE_MAIL else domain


def _host(text: str) -> str:
    try:
        return urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""


def _unusual_key(address: str) -> str | None:
    try:
        found = validate_email(address, check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError:
        return None
    return f"{unicodedata.normalize('NFC', found.local_part).casefold()}@{found.ascii_domain.lower()}"


@lru_cache(maxsize=65_536)
def _domain_key(domain: str) -> str | None:
    """The A-label of a domain that could receive mail, or None. ``domain`` is in lower case."""
    if _PLAIN_DOMAIN.fullmatch(domain) and domain.rpartition(".")[2] not in _RESERVED:
        return domain
    try:
        return validate_email(f"x@{domain}", check_deliverability=False).ascii_domain.lower()
    except EmailNotValidError:
        return None
