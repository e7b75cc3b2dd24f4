"""Consent: what the recipient's law asks, then what the project's policy and the campaign ask on top."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache

from dateutil.relativedelta import relativedelta

from engine.facts import ConsentFact
from engine.gates.base import Situation
from engine.law import STRENGTH, Basis, bases
from engine.model import ConsentLevel, Source
from engine.verdict import Says, Verdict, allow

_LEVELS = tuple(ConsentLevel)


def consent(s: Situation) -> Verdict:
    """SKIP unless a valid basis exists in every country the person may be in, strong enough for the policy."""
    channel = s.step.channel or ""
    current = s.facts.consents.get(channel)
    if current and current.type == "revoked":
        return Verdict(
            "consent", Says.SKIP, f"consent for {channel} was revoked", facts={"revoked": current.at}
        )
    laws: list[str] = []
    for country in s.place.countries:
        options = bases(channel, country, s.place.regions)
        lawful = next((b for b in options if _valid(b, s, current)), None)
        if lawful is None:
            facts = {"country": country, "consent": current.type if current else None}
            law = "/".join(dict.fromkeys(b.law for b in options))
            return Verdict("consent", Says.SKIP, _missing(channel, country, options), facts=facts, law=law)
        laws.append(lawful.law)
    return _policy(s, channel, current, laws)


def _missing(channel: str, country: str, options: tuple[Basis, ...]) -> str:
    asked = " or ".join(
        dict.fromkeys(
            (f"{b.consent.replace('_', ' ')} consent{' with proof' if b.proof else ''}" if b.consent else "")
            or f"{'a purchase' if 'last_purchase_at' in b.anchor else 'an enquiry'} of the last {b.months} months"
            for b in options
        )
    )
    return f"{channel} to {country} needs {asked}"


def _policy(s: Situation, channel: str, current: ConsentFact | None, laws: list[str]) -> Verdict:
    asked, source = _asked(s, channel)
    law = ",".join(laws)
    held = current.type if current else None
    known = (("consent", held), ("asked", asked.value))
    if asked is ConsentLevel.LAWFUL_BASIS:
        return allow("consent", f"lawful basis {law}", source, law=law, facts=known)
    if current is None or not _serves(current, asked.value, proof=asked is ConsentLevel.EXPRESS_WRITTEN):
        words = asked.value.replace("_", " ")
        because = f"this project asks for {words} consent for {channel}"
        return Verdict("consent", Says.SKIP, because, source, facts=dict(known))
    return allow("consent", f"{current.type} consent on record", source, law=law, facts=known)


def _asked(s: Situation, channel: str) -> tuple[ConsentLevel, Source]:
    """The stricter of the project's and the campaign's demand, and where it is declared."""
    general = s.policy.consent.get(channel, ConsentLevel.EXPRESS)
    own = s.campaign.consent.get(channel, general)
    if _LEVELS.index(own) > _LEVELS.index(general):
        return own, s.campaign.source
    return general, s.policy.consent_source


def _serves(current: ConsentFact, wanted: str, *, proof: bool) -> bool:
    if current.type not in STRENGTH or STRENGTH.index(current.type) < STRENGTH.index(wanted):
        return False
    return not proof or bool(current.proof_uri)


def _valid(basis: Basis, s: Situation, current: ConsentFact | None) -> bool:
    if basis.consent and not (current and _serves(current, basis.consent, proof=basis.proof)):
        return False
    if not basis.anchor:
        return True
    anchors = [a for a in (_anchor(name, s, current) for name in basis.anchor) if a is not None]
    return bool(anchors) and within_months(max(anchors), basis.months, s.now)


def _anchor(name: str, s: Situation, current: ConsentFact | None) -> int | None:
    if name.startswith("consent."):
        return current.at if current and current.type != "revoked" else None
    value: int | None = s.facts.person[name]
    return value if value is not None and value <= s.now else None


@lru_cache(maxsize=65_536)
def within_months(anchor: int, months: int, now: int) -> bool:
    """Calendar months, clamped to the month's end; valid only before the day is reached (TIM-05)."""
    ends: date = _day(anchor) + relativedelta(months=months)
    return _day(now) < ends


def _day(instant: int) -> date:
    return datetime.fromtimestamp(instant, UTC).date()
