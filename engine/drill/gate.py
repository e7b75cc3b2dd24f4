"""Where messages really go out, no campaign opens before the drill has passed there, for every channel it writes by.

A channel is known by its adapter, its options, where the pages are and where messages link to: whichever of them
changes, its campaigns wait for another drill, and no others. An option that stands in a variable is known by the
variable's name and, unless it is a credential, by a keyed hash of what it holds: a renewed key needs no drill.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection

from engine import settings
from engine.model import Campaign, ChannelDef, Environment, Secret
from state.queries import control

if TYPE_CHECKING:
    from engine.app import App

_KEY = "drill:"
#: an option with one of these words in its name is a credential
_CREDENTIAL = frozenset({"key", "secret", "token", "password", "passphrase"})

#: channel -> what is known of it -> hash: the declaration as a whole, and each variable's content
Known = dict[str, dict[str, str]]


def known(app: App) -> Known:
    """What the channels are known by here. Raises ConfigurationError where a variable is not set."""
    return {name: _known(app, declared, strict=True) for name, declared in app.environment.channels.items()}


def _known(app: App, declared: ChannelDef, *, strict: bool) -> dict[str, str]:
    http = app.environment.http
    stated = {k: {"env": v.env} if isinstance(v, Secret) else v for k, v in declared.options.items()}
    whole = [declared.channel, declared.adapter, sorted(stated.items()), http.public_url if http else None,
             app.project.brand.unsubscribe_url]  # fmt: skip
    found = {"declared": _hash(app, whole)}
    for option, value in declared.options.items():
        if not isinstance(value, Secret) or _CREDENTIAL & set(option.split("_")):
            continue
        if strict or settings.variable(value.env) is not None:
            found[f"option {option}"] = _hash(app, [option, settings.secret(value)])
    return found


def _hash(app: App, content: list[Any]) -> str:
    """Keyed, since what stands in a variable may be guessed, and is nobody's who reads the store."""
    key = app.ref_key
    return blake2b(orjson.dumps(content), digest_size=8, key=key, person=b"rekindle.drilled").hexdigest()


def record(conn: Connection, environment: Environment, found: Known, now: int) -> None:
    """The drill has passed, for channels that were known by this when it began."""
    control.put(conn, f"{_KEY}{environment.name}", {"channels": found}, now)


def passed(conn: Connection, environment: Environment) -> tuple[dict[str, Any], int] | None:
    """What the last drill that passed here knew, and when it was."""
    return control.get(conn, f"{_KEY}{environment.name}")


def closed(conn: Connection, app: App) -> dict[str, list[str]]:
    """Campaigns that may not open, each with the channels that it waits for; all of its channels where no drill has
    passed at all. What stands in a variable that is not set here is left out: who sends has all of them."""
    environment, campaigns = app.environment, app.project.campaigns
    if not environment.sends or not campaigns:
        return {}
    found = passed(conn, environment)
    if found is None:
        return {c.id: channels_of(c) for c in campaigns.values()}
    then = found[0]["channels"]
    same = {n for n, d in environment.channels.items() if _same(_known(app, d, strict=False), then.get(n))}
    return {c.id: changed for c in campaigns.values() if (changed := _without(channels_of(c), same))}


def _same(now: Mapping[str, str], then: object) -> bool:
    """``then`` is what a drill wrote down, maybe one of another release."""
    return isinstance(then, dict) and all(then.get(part) == mark for part, mark in now.items())


def _without(channels: Iterable[str], same: Iterable[str]) -> list[str]:
    return [c for c in channels if c not in same]


def channels_of(campaign: Campaign) -> list[str]:
    """The channels that a campaign writes by."""
    return sorted({step.channel for step in campaign.steps if step.channel})


def mend(environment: Environment) -> str:
    """What to do about closed campaigns."""
    return f"rekindle --env {environment.name} drill"
