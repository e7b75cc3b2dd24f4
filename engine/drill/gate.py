"""Where messages really go out, no campaign opens before the drill has passed there, for every channel it writes by.

A channel is known by its adapter, its options (secrets aside) and where the pages are: whichever of them changes, its
campaigns wait for another drill, and no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import Connection

from engine.model import Campaign, ChannelDef, Environment, Secret
from state.queries import control

_KEY = "drill:"


def fingerprints(environment: Environment) -> dict[str, str]:
    """Channel -> what it is known by here."""
    public_url = environment.http.public_url if environment.http else None
    return {name: _fingerprint(declared, public_url) for name, declared in environment.channels.items()}


def _fingerprint(declared: ChannelDef, public_url: str | None) -> str:
    open_ = {k: v for k, v in declared.options.items() if not isinstance(v, Secret)}
    known = [declared.channel, declared.adapter, sorted(open_.items()), public_url]
    return blake2b(orjson.dumps(known), digest_size=8).hexdigest()


def record(conn: Connection, environment: Environment, now: int) -> None:
    """The drill has passed, for the environment's channels as they are now."""
    control.put(conn, f"{_KEY}{environment.name}", {"channels": fingerprints(environment)}, now)


def passed(conn: Connection, environment: Environment) -> tuple[dict[str, Any], int] | None:
    """What the last drill that passed here knew, and when it was."""
    return control.get(conn, f"{_KEY}{environment.name}")


def closed(
    conn: Connection, environment: Environment, campaigns: Mapping[str, Campaign]
) -> dict[str, list[str]]:
    """Campaigns that may not open, each with the channels that it waits for; all of its channels where no drill has
    passed at all."""
    if not environment.sends or not campaigns:
        return {}
    found = passed(conn, environment)
    if found is None:
        return {c.id: channels_of(c) for c in campaigns.values()}
    now, then = fingerprints(environment), found[0]["channels"]
    return {c.id: changed for c in campaigns.values() if (changed := _changed(channels_of(c), now, then))}


def _changed(channels: Iterable[str], now: Mapping[str, str], then: Mapping[str, str]) -> list[str]:
    return [c for c in channels if c not in now or now[c] != then.get(c)]


def channels_of(campaign: Campaign) -> list[str]:
    """The channels that a campaign writes by."""
    return sorted({step.channel for step in campaign.steps if step.channel})


def mend(environment: Environment) -> str:
    """What to do about closed campaigns."""
    return f"rekindle --env {environment.name} drill"
