"""What ``rekindle serve`` says when it begins."""

from __future__ import annotations

from channels.events import Receiver
from engine.http.desk import Desk


def screen(desk: Desk, address: str) -> str:
    """Where it listens, and what is there."""
    public, http = desk.http.public_url, desk.http
    hooks = sorted(name for name, adapter in desk.app.channels.items() if isinstance(adapter, Receiver))
    lines = [
        f"Serving {desk.brand.name}, environment {desk.app.environment.name}, on http://{address}",
        f"  unsubscribe   {public}/u/<token>",
        f"  preferences   {public}/p/<token>",
        *(f"  webhook       {public}/webhooks/{name}" for name in hooks),
        *(f"  events        {public}/events/{name}" for name in sorted(http.events)),
        "  from inside   /live /ready /metrics",
    ]
    expected = f"{public}/u"
    if desk.brand.unsubscribe_url.rstrip("/") != expected:
        lines.append(
            f"  note: messages link to {desk.brand.unsubscribe_url}, which is not {expected}: "
            "make brand.unsubscribe_url lead here"
        )
    return "\n".join(lines)
