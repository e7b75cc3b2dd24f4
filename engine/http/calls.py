"""What pages and webhooks share of a call: who calls, and the form it brought."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

#: fields of a form, and bytes of one of them
_FIELDS, _FIELD_BYTES = 100, 16_384

#: this machine, and networks that no router carries to the outside
_INSIDE = tuple(
    map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"))
)

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


def client_of(request: Request) -> str:
    """The address of who calls; behind a declared proxy, of whom it calls for."""
    return request.client.host if request.client else ""


def from_inside(request: Request, proxies: bool) -> bool:
    """True for a call from this machine or its own network. One that came through a proxy that nobody declared may be
    from anywhere."""
    if not proxies and any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ip_address(client_of(request))
    except ValueError:
        return False
    return any(address in network for network in _INSIDE)


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
