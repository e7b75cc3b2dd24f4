"""rekindle.yaml, segments.yaml and incentives.yaml: what a schema cannot see."""

from __future__ import annotations

from babel.numbers import is_currency
from phonenumbers import SUPPORTED_REGIONS

from engine import links
from engine.checks import adapters, letters
from engine.checks.adapters import no_password
from engine.checks.scope import Scope, unique, written
from engine.compile_predicate import outside_list
from engine.compile_project import LOCAL, open_hours
from engine.diagnostics import Severity
from engine.fields import FieldType
from engine.located import Located
from engine.rules import RETIRED, RULES
from engine.units import UnitError, parse_hours, parse_money, parse_percent

#: kinds of offer that mean nothing without a number
_NEEDS = {"percent_off": "percent", "amount_off": "amount", "remedy": "of_contract"}


def check(scope: Scope, root: Located, *, alone: bool = False) -> None:
    """Findings about rekindle.yaml. ``alone``: adapters may be of another time, and are not judged."""
    people, policy = root.get("people"), root.get("policy")
    if people is not None:
        _people(scope, people)
    if policy is not None:
        _quiet_hours(scope, policy.get("quiet_hours"))
        for market in policy.get("markets") or ():
            _country(scope, market)
    _lint(scope, root.get("lint"))
    _links(scope, root.get("brand"))
    letters.signatories(scope, root.get("brand"))
    judge = adapters.secrets if alone else adapters.check
    judge(scope, root.get("channels"))
    environments = root.get("environments")
    for name, environment in environments.items() if environments else ():
        if environments and name == LOCAL:
            mend = "declare its adapters under the top-level 'channels'"
            scope.say(environments.key(name), "RK209", f"'{LOCAL}' is built in", mend)
        no_password(scope, environment.get("database"))
        judge(scope, environment.get("channels"))
        _signed(scope, environment)


def check_segments(scope: Scope, root: Located) -> None:
    """Findings about segments.yaml."""
    rows = list(root.get("segments") or ())
    unique(scope, (row.get("segment") for row in rows), "segment")
    for row in rows:
        scope.predicate(row.get("where"))


def check_incentives(scope: Scope, root: Located) -> None:
    """Findings about incentives.yaml."""
    offers = list(root.get("incentives") or ())
    unique(scope, (offer.get("offer") for offer in offers), "offer")
    for offer in offers:
        kind = offer.get("kind")
        needed = _NEEDS.get(str(kind.value)) if kind else None
        if kind is not None and needed and not written(offer, needed):
            scope.say(
                kind.span,
                "RK111",
                f"an offer of kind '{kind.value}' needs '{needed}'",
                f"add '{needed}: ...'",
            )
        _one_worth(scope, offer)
        amount = offer.get("amount")
        if amount is not None:
            try:
                parse_money(amount.value, scope.currency)
            except UnitError as error:
                scope.say(amount.span, "RK114", error.message, error.mend, instead=error.instead)


def _one_worth(scope: Scope, offer: Located) -> None:
    """An offer is worth one thing, and more than nothing."""
    said = [key for key in _NEEDS.values() if written(offer, key)]
    needed = _NEEDS.get(offer.text("kind") or "")
    for key in said:
        span, value = offer.key(key), offer.get(key)
        if len(said) > 1 and key != (needed if needed in said else said[0]):
            other = needed if needed in said else said[0]
            first = offer.key(other).related("is said here") if other else None
            message = f"'{key}' and '{other}' both say what the offer is worth"
            scope.say(span, "RK115", message, "keep one of them, or make two offers", first)
        elif value is not None and key != "amount" and _is_nothing(value):
            scope.say(
                value.span, "RK113", f"{value.value} is no offer", f"say how much, or leave '{key}' out"
            )


def _is_nothing(percentage: Located) -> bool:
    try:
        return parse_percent(str(percentage.value)) == 0
    except UnitError:
        return False


def _people(scope: Scope, people: Located) -> None:
    currency, country = people.get("currency"), people.get("default_country")
    if currency is not None and not is_currency(str(currency.value)):
        scope.say(
            currency.span,
            "RK113",
            f"there is no currency '{currency.value}'",
            "write its ISO 4217 code: 'USD'",
        )
    if country is not None:
        _country(scope, country)
    _values(scope, people.get("values"))
    sources = list(people.get("sources") or ())
    unique(scope, (source.get("source") or source.get("events") for source in sources), "source")
    for source in sources:
        _source(scope, source)


def _values(scope: Scope, listed: Located | None) -> None:
    """Lists of what a field can hold: of text fields only, for the others have no closed list."""
    for name, _ in listed.items() if listed else ():
        span = listed.key(name) if listed else None
        type_ = scope.field(name, span) if span else None
        if span and type_ not in (None, FieldType.TEXT):
            scope.say(span, "RK304", f"{name} is a {type_} field: only texts are listed", "remove the line")


def _lint(scope: Scope, declared: Located | None) -> None:
    """A rule can be made stricter: a warning becomes an error."""
    warnings = [rule.code for rule in RULES.values() if rule.severity is Severity.WARNING]
    for code, _ in declared.items() if declared else ():
        span = declared.key(code) if declared else None
        if span is None or code in warnings:
            continue
        if code in RULES:
            scope.say(span, "RK212", f"{code} is an error already", "remove the line")
        else:
            mend = "'rekindle rules' lists them"
            was = "is not a rule any more" if code in RETIRED else "is no rule"
            scope.say(span, "RK212", f"{code} {was}", mend)


def _source(scope: Scope, source: Located) -> None:
    no_password(scope, source.get("sql"))
    for listed in ("map", "set"):
        fields = source.get(listed)
        for name, node in fields.items() if fields else ():
            scope.field(name, fields.key(name) if fields else source.span)
            unlisted = (
                outside_list(scope.values.get(name), name, node.value, node) if listed == "set" else None
            )
            scope.findings += [unlisted] if unlisted else []
    consents = list(source.get("consent") or ())
    unique(scope, (consent.get("channel") for consent in consents), "channel")
    for consent in consents:
        type_ = consent.get("type")
        if type_ is not None and type_.value == "express_written" and not written(consent, "proof"):
            mend = "add 'proof: <column>'; without proof such a consent is worth nothing"
            scope.say(type_.span, "RK502", "written consent without a column for its proof", mend)


def _links(scope: Scope, brand: Located | None) -> None:
    """Addresses that messages will carry."""
    declared = brand.get("links") if brand else None
    website = brand.get("website") if brand else None
    for node in [
        *([website] if website else ()),
        *(link for _, link in (declared.items() if declared else ())),
    ]:
        try:
            links.tagged(str(node.value), "", "", "")
        except links.LinkRefused as refused:
            scope.say(node.span, "RK113", str(refused), "write it as a browser shows it")


def _signed(scope: Scope, environment: Located) -> None:
    """Whoever is really written to must be able to unsubscribe, and the link is signed."""
    sends = environment.get("sends")
    if sends is not None and sends.value is True and not written(environment, "signing_key"):
        mend = "add 'signing_key: {env: REKINDLE_SIGNING_KEY}'"
        scope.say(sends.span, "RK503", "an environment that sends needs a signing key", mend)


def _quiet_hours(scope: Scope, node: Located | None) -> None:
    if node is None:
        return
    for part in [value for _, value in node.items()] if node.is_map else [node]:
        try:
            open_hours(parse_hours(part.value, wraps=True))
        except ValueError:
            mend = "start them in the evening and end them in the morning, for example '20:00-08:00'"
            scope.say(part.span, "RK405", f"the quiet hours '{part.value}' do not span the night", mend)


def _country(scope: Scope, node: Located) -> None:
    if node.value not in SUPPORTED_REGIONS:
        mend = "write its ISO 3166-1 code, for example 'US', 'GB', 'DE'"
        scope.say(node.span, "RK113", f"there is no country '{node.value}'", mend)
