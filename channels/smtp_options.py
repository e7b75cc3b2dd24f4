"""What the ``smtp`` adapter can be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SMTP_OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["host"],
    "properties": {
        "host": {"type": "string", "minLength": 1, "description": "Name of the mail server."},
        "port": {
            "type": "integer",
            "minimum": 1,
            "maximum": 65_535,
            "description": "587 with starttls, 465 with tls, 25 with none, where not said.",
        },
        "username": {"type": "string", "minLength": 1, "description": "Login name, if the server asks."},
        "password": {"type": "string", "minLength": 1, "description": "Its password: {env: NAME}."},
        "security": {
            "type": "string",
            "enum": ["starttls", "tls", "none"],
            "default": "starttls",
            "description": "How the connection is encrypted. With none, only localhost gets a password.",
        },
        "timeout": {
            "type": "integer",
            "minimum": 1,
            "maximum": 600,
            "default": 30,
            "description": "Seconds to wait for the server, at each step.",
        },
        "connections": {
            "type": "integer",
            "minimum": 1,
            "maximum": 50,
            "default": 4,
            "description": "At most so many connections at once: so many messages are under way together.",
        },
        "return_path": {
            "type": "string",
            "minLength": 1,
            "description": "The mailbox bounces go to; each message's own mark is put behind a plus sign.",
        },
        "dkim_domain": {
            "type": "string",
            "minLength": 1,
            "description": "The domain that signs: the From's own, one above it or one below.",
        },
        "dkim_selector": {
            "type": "string",
            "minLength": 1,
            "description": "The key's name in DNS: <selector>._domainkey.<domain>.",
        },
        "dkim_key": {
            "type": "string",
            "minLength": 1,
            "description": "The private key, RSA or Ed25519, as PEM or base64 of that: {env: NAME}.",
        },
    },
}
