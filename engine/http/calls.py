"""What pages and webhooks share of a call: who calls, and the form it brought."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from engine.http.limits import Allowance

if TYPE_CHECKING:
    from engine.http.desk import Desk

#: fields of a form, and bytes of one of them
_FIELDS, _FIELD_BYTES = 100, 16_384

#: this machine, and networks that no router carries to the outside
_INSIDE = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")

#: in a call's scope: who has connected to us, whatever is said about whom it calls for
_PEER = "rekindle.peer"


class Proxies:
    """ASGI: declared proxies are believed about whom they call for, and nobody else is."""

    def __init__(self, app: ASGIApp, declared: Sequence[str]) -> None:
        self._app: ASGIApp = app
        if declared:
            self._app = ProxyHeadersMiddleware(app, [*declared, *map(_mapped, declared)])  # type: ignore[arg-type, assignment]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[_PEER] = scope["client"][0] if scope.get("client") else ""
        await self._app(scope, receive, send)


def _mapped(declared: str) -> str:
    """An IPv4 proxy as a socket shows it that is for IPv6 too."""
    try:
        network = ip_network(declared, strict=False)
    except ValueError:
        return declared
    if network.version == 6:
        return declared
    return f"::ffff:{network.network_address}/{network.prefixlen + 96}"


def client_of(request: Request) -> str:
    """The address of who calls; behind a declared proxy, of whom it calls for."""
    return _plain(request.client.host) if request.client else ""


def _plain(client: str) -> str:
    """An IPv4 address as such, however the socket shows it."""
    try:
        address = ip_address(client)
    except ValueError:
        return client
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or client)


def bounded(desk: Desk, allowance: Allowance, client: str, route: str) -> None:
    """Use one call of a client's up. Raises 429 where there is none left."""
    wait = allowance.take(client)
    if wait:
        desk.meters.refused(route)
        raise HTTPException(429, "too many calls", {"Retry-After": str(wait)})


def from_inside(request: Request, proxies: Sequence[str]) -> bool:
    """True for a call from this machine or its own network. One that came through a proxy that nobody declared, or
    through a declared one that does not say for whom, may be from anywhere."""
    through = _within(_plain(request.scope.get(_PEER, "")), proxies)
    if not through and any(name in request.headers for name in _FORWARDED):
        return False
    client = client_of(request)
    return _within(client, _INSIDE) and not _within(client, proxies)


def _within(client: str, networks: Sequence[str]) -> bool:
    try:
        address = ip_address(client)
        return any(address in ip_network(each, strict=False) for each in networks)
    except ValueError:
        return client in networks


async def form_of(request: Request) -> FormData:
    """The form in the body, urlencoded or multipart; an empty one where there is none that can be read."""
    try:
        return await request.form(max_files=0, max_fields=_FIELDS, max_part_size=_FIELD_BYTES)
    except HTTPException as error:
        if error.status_code in (408, 413):
            raise
    except (ValueError, LookupError):
        pass
    return FormData()
