"""rekindle.yaml, segments.yaml and incentives.yaml -> model values. Takes checked data only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.compile_predicate import compile_predicate
from engine.fields import FieldType
from engine.located import Located, Span
from engine.model import (
    BUILT_IN,
    CHANNELS,
    DAY,
    Brand,
    Cap,
    ChannelDef,
    ConsentLevel,
    ConsentMapping,
    Environment,
    HttpDef,
    Offer,
    Policy,
    Rate,
    Secret,
    SegmentDef,
    Signatory,
    SourceDef,
    WarmUp,
    Window,
)
from engine.units import (
    parse_duration,
    parse_hours,
    parse_mailbox,
    parse_money,
    parse_percent,
    parse_rate,
    parse_sending_rate,
)

#: what holds where the project says nothing
DEFAULT_CONSENT: Mapping[str, ConsentLevel] = {
    **dict.fromkeys(CHANNELS, ConsentLevel.LAWFUL_BASIS),
    "sms": ConsentLevel.EXPRESS_WRITTEN,
}
DEFAULT_CAP = Cap(limit=2, per=7 * DAY)
DEFAULT_QUIET = "20:00-08:00"
TEXT_PARTS = 2
DEFAULT_WON_BACK = ("purchase", "subscription_restarted")
LOCAL = "local"
#: the web service listens here unless told otherwise: behind a proxy, not in the open
LISTEN = "127.0.0.1:8080"
LOCAL_DATABASE = "sqlite:///var/rekindle.db"
#: keys of a channel that are ours; the others are its adapter's options
CHANNEL_KEYS = ("adapter", "rate", "warm_up", "rate_group", "attempts")

_ABSENT = Located({}, Span(BUILT_IN.file, BUILT_IN.line, BUILT_IN.column, BUILT_IN.column))


def words(node: Located | None) -> dict[str, str]:
    """A mapping of texts; empty when absent."""
    return {key: str(value.value) for key, value in node.items()} if node else {}


def one_or_more(node: Located | None) -> tuple[str, ...]:
    """A text, or a list of them; empty when absent."""
    return tuple(str(part.value) for part in node.texts()) if node else ()


def seconds(node: Located, key: str, default: int = 0) -> int:
    """The duration at a key, in seconds."""
    found = node.get(key)
    return default if found is None else parse_duration(found.value)


def compile_brand(node: Located) -> Brand:
    """Who is writing."""
    from_name, from_email = parse_mailbox(node["from"].value)
    return Brand(
        name=str(node["name"].value),
        legal_name=str(node["legal_name"].value),
        postal_address=str(node["postal_address"].value),
        website=str(node["website"].value),
        from_name=from_name,
        from_email=from_email,
        reply_to=str(node["reply_to"].value),
        phone=node.text("phone"),
        unsubscribe_url=str(node["unsubscribe_url"].value),
        links=words(node.get("links")),
        signatories={
            name: Signatory(**words(part)) for name, part in (node.get("signatories") or _ABSENT).items()
        },
    )


def compile_policy(declared: Located | None, default_country: str) -> Policy:
    """The project's promises, with safe defaults for what it leaves out."""
    node = declared or _ABSENT
    return Policy(
        consent={**DEFAULT_CONSENT, **consent_levels(node.get("consent"))},
        consent_source=node.key("consent").source,
        caps=compile_caps(node.get("fatigue")) or (DEFAULT_CAP,),
        hours=_hours(node.get("quiet_hours")),
        step_expiry=seconds(node, "step_expiry", 3 * DAY),
        discount_cooldown=seconds(node, "discount_cooldown", 90 * DAY),
        confirm_opt_out=(said := node.get("confirm_opt_out")) is None or said.value is True,
        won_back=frozenset(one_or_more(node.get("won_back")) or DEFAULT_WON_BACK),
        markets=one_or_more(node.get("markets")) or (default_country,),
        reading_grade=_whole(node.get("reading_grade")),
        text_parts=_whole(node.get("text_parts")) or TEXT_PARTS,
        source=node.source,
    )


def _whole(node: Located | None) -> int | None:
    return None if node is None else int(str(node.value))


def consent_levels(node: Located | None) -> dict[str, ConsentLevel]:
    """The consent each channel needs, as declared."""
    return {channel: ConsentLevel(level) for channel, level in words(node).items()}


def compile_caps(node: Located | None, campaign: str | None = None) -> tuple[Cap, ...]:
    """Caps from a rate, a rate for each channel, or a list of both."""
    found = []
    for part in node.texts() if node else ():
        entries: Iterable[tuple[str | None, Located]] = part.items() if part.is_map else [(None, part)]
        for channel, rate in entries:
            limit, per = parse_rate(rate.value)
            found.append(Cap(limit=limit, per=per, channel=channel, campaign=campaign, source=rate.source))
    return tuple(found)


def _hours(node: Located | None) -> dict[str, Window]:
    if node is None:
        return dict.fromkeys(CHANNELS, _outside(DEFAULT_QUIET, _ABSENT))
    if not node.is_map:
        return dict.fromkeys(CHANNELS, _outside(node.value, node))
    fallback = node.get("default")
    rest = _outside(fallback.value, fallback) if fallback else _outside(DEFAULT_QUIET, _ABSENT)
    return {c: _outside(own.value, own) if (own := node.get(c)) else rest for c in CHANNELS}


def _outside(quiet: object, node: Located) -> Window:
    """The open window that quiet hours leave; ``open_hours`` says which quiet hours leave exactly one."""
    opens, closes = open_hours(parse_hours(quiet, wraps=True))
    return Window(opens=opens, closes=closes, source=node.source)


def open_hours(quiet: tuple[int, int]) -> tuple[int, int]:
    """What quiet hours leave open, in minutes. Raises ValueError when that is not one window of a day."""
    starts, ends = quiet
    closes, opens = (starts or 1_440), (ends % 1_440)
    if opens >= closes:
        raise ValueError("quiet hours in the middle of the day leave two windows")
    return opens, closes


def compile_sources(node: Located | None) -> tuple[SourceDef, ...]:
    """Where people and events come from."""
    return tuple(_source(part) for part in node or ())


def _source(node: Located) -> SourceDef:
    kind = "people" if "source" in node else "events"
    names = ("name", "at", "person") if kind == "events" else (None, None, None)
    event_name, event_at, event_person = (node.text(name) if name else None for name in names)
    sql = node.get("sql")
    return SourceDef(
        id=str(node["source" if kind == "people" else "events"].value),
        kind=kind,
        csv=node.text("csv"),
        sql=text_or_secret(sql) if sql else None,
        query=node.text("query"),
        key=str(node["key"].value),
        every=seconds(node, "every", 3_600),
        mapping=words(node.get("map")),
        constants=_constants(node.get("set")),
        consent=tuple(_consent_mapping(part) for part in node.get("consent") or ()),
        opted_out=words(node.get("opted_out")),
        notes=words(node.get("notes")),
        event_name=event_name,
        event_at=event_at,
        event_person=event_person,
        event_data=words(node.get("data")),
        date_format=node.text("date_format"),
        source=node.source,
    )


def _constants(node: Located | None) -> dict[str, str]:
    """Values as a CSV cell would hold them: the importer reads both the same way."""
    plain = {key: value.value for key, value in node.items()} if node else {}
    return {
        key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in plain.items()
    }


def _consent_mapping(node: Located) -> ConsentMapping:
    type_ = node["type"]
    return ConsentMapping(
        channel=str(node["channel"].value),
        type=type_.text("column"),
        type_value=None if type_.is_map else str(type_.value),
        at=node.text("at"),
        proof=node.text("proof"),
    )


def text_or_secret(node: Located) -> str | Secret:
    """A literal, or ``{env: NAME}``."""
    return Secret(env=str(node["env"].value)) if node.is_map else str(node.value)


def compile_environments(root: Located) -> dict[str, Environment]:
    """The built-in ``local`` and the declared ones, which inherit the channels they do not name."""
    channels = _channels(root.get("channels"))
    http = _http(root.get("http"))
    local = Environment(
        name=LOCAL,
        sends=False,
        database=LOCAL_DATABASE,
        channels=channels,
        signing_key=None,
        source=root.key("channels").source,
        http=http,
    )
    declared = root.get("environments") or _ABSENT
    return {LOCAL: local, **{name: _environment(name, node, local) for name, node in declared.items()}}


def _environment(name: str, node: Located, local: Environment) -> Environment:
    signing_key = node.get("signing_key")
    return Environment(
        name=name,
        sends=node["sends"].value is True,
        database=text_or_secret(node["database"]),
        channels={**local.channels, **_channels(node.get("channels"))},
        signing_key=Secret(env=str(signing_key["env"].value)) if signing_key else None,
        source=node.source,
        http=_http(node.get("http")),
    )


def _http(node: Located | None) -> HttpDef | None:
    if node is None:
        return None
    host, _, port = (node.text("listen") or LISTEN).rpartition(":")
    return HttpDef(
        public_url=str(node["public_url"].value).rstrip("/"),
        host=host.strip("[]"),
        port=int(port),
        proxies=one_or_more(node.get("proxies")),
        events={
            name: Secret(env=str(part["secret"]["env"].value))
            for name, part in (node.get("events") or _ABSENT).items()
        },
        source=node.source,
    )


def _channels(node: Located | None) -> dict[str, ChannelDef]:
    return {channel: _channel(channel, part) for channel, part in (node or _ABSENT).items()}


def _channel(channel: str, node: Located) -> ChannelDef:
    attempts = node.get("attempts")
    return ChannelDef(
        channel=channel,
        adapter=str(node["adapter"].value),
        options={key: _option(value) for key, value in node.items() if key not in CHANNEL_KEYS},
        rates=sending_rates(node.get("rate")),
        warm_up=_warm_up(node.get("warm_up")),
        rate_group=node.text("rate_group"),
        **({"attempts": int(str(attempts.value))} if attempts else {}),
        source=node.source,
    )


def sending_rates(node: Located | None) -> tuple[Rate, ...]:
    """The rates of a channel; none when absent."""
    return tuple(Rate(*parse_sending_rate(part.value)) for part in node.texts()) if node else ()


def _warm_up(node: Located | None) -> WarmUp | None:
    if node is None:
        return None
    start = Rate(*parse_sending_rate(node["from"].value))
    return WarmUp(start=start, double_every=seconds(node, "double_every"))


def _option(node: Located) -> str | int | bool | Secret:
    return node.value if isinstance(node.value, int) else text_or_secret(node)


def compile_segments(
    root: Located | None, fields: Mapping[str, FieldType], currency: str
) -> tuple[SegmentDef, ...]:
    """The routing table, in order."""
    rows = root["segments"] if root else _ABSENT
    return tuple(
        SegmentDef(
            id=str(row["segment"].value),
            where=compile_predicate(row["where"], fields, currency),
            description=row.text("description") or "",
            source=row.source,
        )
        for row in rows
    )


def compile_offers(root: Located | None, currency: str) -> dict[str, Offer]:
    """Declared incentives by id."""
    return {
        str(node["offer"].value): compile_offer(node, currency)
        for node in (root["incentives"] if root else _ABSENT)
    }


def compile_offer(node: Located, currency: str) -> Offer:
    """One incentive."""
    percent, amount, share = node.get("percent"), node.get("amount"), node.get("of_contract")
    return Offer(
        id=str(node["offer"].value),
        kind=str(node["kind"].value),
        title=str(node["title"].value),
        terms=str(node["terms"].value),
        valid_for=seconds(node, "valid_for"),
        limits=node.text("limits"),
        percent=parse_percent(percent.value) if percent else None,
        amount=parse_money(amount.value, currency) if amount else None,
        currency=currency if amount else None,
        of_contract=parse_percent(share.value) if share else None,
        source=node.source,
    )
