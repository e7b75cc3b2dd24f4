"""What the law asks, as data: bases for writing to someone, and hours for texts and calls.

Facts encoded from docs/law.md, rule ids as there. Not legal advice: it makes the engine stricter, and a
project's own policy can only tighten it further. Where facts are missing the strictest rule that could be
true applies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from engine.model import DAY, Window

#: consent types, weakest first; a stronger one serves wherever a weaker one does
STRENGTH = ("revoked", "implied", "soft_opt_in", "express", "express_written")

EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()
)

#: countries whose law is told apart from that of all others
COUNTRIES = EU | {"AU", "CA", "GB", "US"}

#: channels that reach a telephone
BY_PHONE = frozenset({"sms", "phone"})

YEAR = 365 * DAY
MONTH = 30 * DAY


@dataclass(frozen=True, slots=True)
class Basis:
    """One way in which writing to a person can be lawful.

    ``consent``: the weakest consent type that serves, or None where none is needed.
    ``anchor``: person fields whose newest instant starts the clock, with ``months`` until it runs out.
    """

    law: str
    consent: str | None = None
    anchor: tuple[str, ...] = ()
    months: int = 0
    proof: bool = False


_NONE_NEEDED = (Basis("CS-12"),)
_EXPRESS_ONLY = (Basis("TIM-05", consent="express"),)
_CANADA = (
    Basis("CA-02", consent="express"),
    Basis("CA-03", anchor=("last_purchase_at", "churned_at"), months=24),
    Basis("CA-05", anchor=("consent.implied",), months=6),
)
_EUROPE = (
    Basis("EU-01", consent="express"),
    Basis(
        "EU-04",
        consent="soft_opt_in",
        anchor=("last_purchase_at", "churned_at", "last_activity_at"),
        months=24,
    ),
)
_US_CALL = (
    Basis("TCPA-20", consent="express"),
    Basis("TCPA-21", anchor=("last_purchase_at", "churned_at"), months=18),
    Basis("TCPA-22", anchor=("last_activity_at", "meeting_at", "closed_at"), months=3),
)
_CANADA_CALL = (
    Basis("CA-09", consent="express"),
    Basis("CA-09", anchor=("last_purchase_at", "churned_at"), months=18),
    Basis("CA-09", anchor=("last_activity_at", "meeting_at", "closed_at"), months=6),
)


@lru_cache(maxsize=4096)
def bases(channel: str, country: str, regions: tuple[str, ...]) -> tuple[Basis, ...]:
    """The bases that can carry a marketing touch on ``channel`` to someone in ``country``; any one serves."""
    if channel in ("letter", "in_app"):
        return (Basis("EU-08"),)
    if channel == "sms":
        return (
            (Basis("TCPA-01", consent="express_written", proof=True),) if country == "US" else _EXPRESS_ONLY
        )
    if channel in ("push", "audience"):
        return _EXPRESS_ONLY
    if channel == "phone":
        if "US-CT" in regions:
            return (Basis("ST-CT", consent="express_written", proof=True),)
        return {"US": _US_CALL, "CA": _CANADA_CALL}.get(country, _EXPRESS_ONLY)
    # e-mail, and LinkedIn messages, which count as electronic messages where the law speaks of those (LI-04)
    if country == "US":
        return _NONE_NEEDED
    if country == "CA":
        return _CANADA
    return _EUROPE if country in EU or country == "GB" else _EXPRESS_ONLY


@dataclass(frozen=True, slots=True)
class Hours:
    """Lawful hours of one place: any of ``windows`` (local time), never on a holiday of ``holidays``."""

    law: str
    windows: tuple[Window, ...]
    holidays: tuple[str, str] | None = None  # (country, subdivision)


_WEEK, _SAT, _SUN = frozenset(range(5)), frozenset({5}), frozenset({6})


def _hours(
    law: str, week: tuple[float, float], sat: tuple[float, float] | None, sun: tuple[float, float] | None,
    holidays: tuple[str, str] | None = None,
) -> Hours:  # fmt: skip
    spans = ((week, _WEEK), (sat, _SAT), (sun, _SUN))
    windows = tuple(
        Window(opens=int(span[0] * 60), closes=int(span[1] * 60), days=days) for span, days in spans if span
    )
    return Hours(law, windows, holidays)


def _all_week(law: str, opens: float, closes: float) -> Hours:
    return _hours(law, (opens, closes), (opens, closes), (opens, closes))


FEDERAL = _all_week("TCPA-19", 8, 21)

#: texts and calls; a state not listed keeps the federal hours
US_STATES: dict[str, Hours] = {
    **{s: _all_week(f"ST-{s}", 8, 20) for s in "FL OK OR MD WA MA WY".split()},
    **{s: _all_week(f"ST-{s}", 9, 20) for s in "CT NV".split()},
    **{s: _all_week(f"ST-{s}", 9, 21) for s in "MI MN NM".split()},
    "TX": _hours("ST-TX", (9, 21), (9, 21), (12, 21)),
    "KY": _all_week("ST-KY", 10, 21),
    "AL": _hours("ST-AL", (8, 20), (8, 20), None, ("US", "AL")),
    "LA": _hours("ST-LA", (8, 20), (8, 20), None, ("US", "LA")),
    "MS": _hours("ST-MS", (8, 20), (8, 20), None, ("US", "MS")),
    "PA": _hours("ST-PA", (8, 21), (8, 12), (13.5, 21), ("US", "PA")),
    "RI": _hours("ST-RI", (9, 18), (10, 17), None, ("US", "RI")),
    "UT": _hours("ST-UT", (8, 21), (8, 21), None, ("US", "UT")),
    "SD": _hours("ST-SD", (9, 21), (9, 21), None),
    "?": _hours("US-UNKNOWN", (10, 18), (10, 12), None, ("US", "")),
}

_CANADA_HOURS = _hours("CA-10", (9, 21.5), (10, 18), (10, 18))
_AUSTRALIA_HOURS = _hours("AU-06", (9, 20), (9, 17), None, ("AU", ""))
_FRANCE_HOURS = Hours(
    "EU-11",
    (Window(opens=600, closes=780, days=_WEEK), Window(opens=840, closes=1200, days=_WEEK)),
    ("FR", ""),
)
_EUROPE_HOURS = _hours("EU-12", (9, 20), (9, 20), None)


@lru_cache(maxsize=4096)
def hours(channel: str, countries: tuple[str, ...], regions: tuple[str, ...]) -> tuple[Hours, ...]:
    """The lawful hours that all have to be open for a text or a call; none for other channels."""
    if channel not in BY_PHONE:
        return ()
    found: list[Hours] = []
    for country in countries:
        match country:
            case "US":
                found.append(FEDERAL)
            case "CA":
                found.append(_CANADA_HOURS)
            case "AU":
                found.append(_AUSTRALIA_HOURS)
            case "FR" if channel == "phone":
                found.append(_FRANCE_HOURS)
            case _ if country in EU or country == "GB":
                found.append(_EUROPE_HOURS)
    found += [US_STATES[r[3:]] for r in regions if r.startswith("US-") and r[3:] in US_STATES]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Frequency:
    """At most ``limit`` texts and calls together in any ``per`` seconds.

    ``exempt_months``: not for whom bought so recently; 0: for everyone.
    """

    law: str
    limit: int = 3
    per: int = DAY
    exempt_months: int = 0


#: states that count; "same subject" is every marketing touch of one brand
_FREQUENCIES: dict[str, Frequency] = {
    **{f"US-{s}": Frequency(f"ST-{s}") for s in ("FL", "OK", "MD")},
    "US-OR": Frequency("ST-OR", exempt_months=18),
    "US-?": Frequency("US-UNKNOWN"),
}


def frequencies(channel: str, regions: tuple[str, ...]) -> tuple[Frequency, ...]:
    """What the law allows in number, all of it at once; nothing for channels that neither text nor call."""
    if channel not in BY_PHONE:
        return ()
    return tuple(_FREQUENCIES[r] for r in regions if r in _FREQUENCIES)
