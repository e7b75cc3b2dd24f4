"""What ``rekindle serve`` says when it begins."""

from __future__ import annotations

from engine.http.desk import Desk
from engine.http.webhooks import receivers


def screen(desk: Desk, address: str) -> str:
    """Where it listens, and what is there."""
    public, http = desk.http.public_url, desk.http
    hooks = sorted(receivers(desk))
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
