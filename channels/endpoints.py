"""Addresses of servers that an operator declares."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from channels.options import OptionError

_HOST = re.compile(r"[A-Za-z0-9.:-]+")
_TARGET = re.compile(r"[!-~]*")


def endpoint(url: str, option: str = "url") -> str:
    """The URL of an endpoint, as it was given. Raises OptionError: without TLS it has to be this machine.

    The message never repeats the URL, whose path may be a secret.
    """
    try:
        parts = urlsplit(url)
        name, _ = parts.hostname or "", parts.port
        sound = (
            _HOST.fullmatch(name) and _TARGET.fullmatch(url) and "@" not in parts.netloc and "#" not in url
        )
    except ValueError:
        sound, name = None, ""
    if not sound or parts.scheme not in ("http", "https"):
        raise OptionError(
            f"option '{option}': must be an address such as https://api.acme.example/in-app, in ASCII,"
            " without a password or '#'"
        )
    if parts.scheme == "http" and not is_here(name):
        raise OptionError(f"option '{option}': without https what is said would go over in the clear")
    return url


def origin(url: str) -> str:
    """Scheme, host and port: what may be shown of an endpoint."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_here(host: str) -> bool:
    """True for a name or address of this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
