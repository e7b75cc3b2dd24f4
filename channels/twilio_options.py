"""The options of the adapter ``twilio``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from channels.options import TIMEOUT

_SECRET = {"type": "string", "minLength": 1}


def _like(example: str, pattern: str) -> dict[str, Any]:
    """Text that is of this form as a whole: ``$`` alone lets a line break pass."""
    return {"type": "string", "pattern": f"^(?:{pattern})(?![\\s\\S])", "examples": [example]}


def _sid(prefix: str) -> dict[str, Any]:
    """One of Twilio's names."""
    return _like(f"{prefix}{'0' * 32}", f"{prefix}[0-9a-fA-F]{{32}}")


OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["account_sid"],
    "properties": {
        "account_sid": _sid("AC") | {"description": "The account."},
        "auth_token": _SECRET
        | {
            "description": "The account's auth token: {env: NAME}. Beside an API key it verifies what Twilio tells."
        },
        "api_key_sid": _sid("SK") | {"description": "An API key, which can be withdrawn by itself."},
        "api_key_secret": _SECRET | {"description": "The API key's secret: {env: NAME}."},
        "messaging_service": _sid("MG")
        | {"description": "The messaging service whose senders are used. Or 'from'."},
        # an alphanumeric sender can't be answered, so nobody could say STOP to it
        "from": _like("+13125550100", r"\+[1-9][0-9]{6,14}|[0-9]{3,8}")
        | {"description": "The number or short code that sends. Or 'messaging_service'."},
        "status_callback": {
            "type": "string",
            "minLength": 1,
            "description": "The public https:// URL Twilio tells what became of a message; else the web service's.",
        },
        "max_parts": {
            "type": "integer",
            "minimum": 1,
            "maximum": 24,
            "default": 10,
            "description": "The most parts that one text may cost.",
        },
        "validity_period": {
            "type": "integer",
            "minimum": 1,
            "maximum": 36_000,
            "default": 3_600,
            "description": "Seconds a message may wait in Twilio's queue; then it is not sent, and night is kept.",
        },
        "region": _like("ie1", "[a-z]{2}[0-9]")
        | {
            "description": "Where Twilio keeps the data, if not in the US; with an auth token and keys of its own."
        },
        "edge": _like("dublin", "[a-z]+(-[a-z0-9]+)*")
        | {"description": "Where requests enter Twilio's network."},
        "timeout": TIMEOUT,
        "host": _like("http://127.0.0.1:8080", r"https?://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?/?")
        | {"description": "For tests: a double of Twilio on this machine."},
    },
}
