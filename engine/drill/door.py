"""Drill calls at the webhooks' door: where a provider signs with a key that we do not have, ours stands in.

It opens for nobody but synthetic people. What it does not show is that the key declared for the provider is the right
one; the docs say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels import sendgrid_events
from channels.events import Call, NotGenuine, ProviderEvent, Taken
from engine.drill.calls import HEADER, drill_key, public
from state.queries import synthetic

if TYPE_CHECKING:
    from engine.app import App


def rehearsed(app: App, channel: str, call: Call) -> Taken | None:
    """What a drill's call says; None for any other call."""
    declared = app.environment.channels.get(channel)
    if HEADER not in call.headers or declared is None or declared.adapter != "sendgrid":
        return None
    signature, timestamp = (
        call.headers.get(n.lower(), "") for n in (sendgrid_events.SIGNATURE, sendgrid_events.TIMESTAMP)
    )
    try:
        sendgrid_events.verify(call.body, signature, timestamp, public(drill_key(app.ref_key)), now=call.now)
    except NotGenuine:
        return None
    items = sendgrid_events.parse(call.body)
    return Taken(items=items) if _all_synthetic(app, items) else None


def _all_synthetic(app: App, items: object) -> bool:
    events = [item for item in items if isinstance(item, ProviderEvent)] if isinstance(items, list) else []
    with app.store.read() as conn:
        owners = synthetic.owners(conn, {event.ref for event in events})
    return bool(events) and all(owners.get(event.ref, 0) < 0 for event in events)
