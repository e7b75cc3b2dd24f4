"""``/webhooks/{channel}``: what providers tell. The channel's adapter judges and reads it; intake keeps and obeys it.

A provider hears that its call was taken when all of it is committed. When the store is away it hears 503, and tries
again.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from channels.events import Call, NotGenuine, Receiver, Taken
from engine.drill.door import rehearsed
from engine.http.calls import bounded, client_of
from engine.http.desk import Desk
from engine.intake import take

_ROUTE = "/webhooks/{channel}"
_ANSWERS: dict[int | str, dict[str, Any]] = {
    code: {"description": text}
    for code, text in (
        (200, "Taken, with an answer for the provider."), (204, "Taken."), (403, "Not the provider's."),
        (404, "No channel that providers call back for."), (408, "The body did not come in time."),
        (413, "The body is too large."), (429, "Too many calls."), (503, "Try again."),
    )
}  # fmt: skip


def routes(desk: Desk) -> APIRouter:
    """The webhooks' routes."""
    router = APIRouter(tags=["webhooks"])

    async def receive(channel: str, request: Request) -> Response:
        receiver = receivers(desk).get(channel)
        if receiver is None:
            raise HTTPException(404, "no provider calls back for this channel")
        call = await _call(desk, request)
        taken = await run_in_threadpool(_taken, desk, channel, receiver, call, client_of(request))
        reply = taken.reply
        headers = {"Content-Type": reply.content_type} if reply.body else None
        return Response(reply.body, reply.status, headers)

    options: dict[str, Any] = {"response_class": Response, "status_code": 204, "responses": _ANSWERS}
    router.post(_ROUTE, summary="A provider tells", **options)(receive)
    router.get(_ROUTE, summary="A provider asks whether we are there", **options)(receive)
    return router


def receivers(desk: Desk) -> dict[str, Receiver]:
    """The channels whose providers call back, by name."""
    found = list(desk.app.channels.items())
    return {name: a for name, a in found if a.capabilities.webhooks and isinstance(a, Receiver)}


async def _call(desk: Desk, request: Request) -> Call:
    body = await request.body()
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    url = desk.public_url(path, request.scope["query_string"])
    return Call(method=request.method, url=url, headers=headers, body=body, now=desk.now())


def _taken(desk: Desk, channel: str, receiver: Receiver, call: Call, client: str) -> Taken:
    try:
        taken = receiver.receive(call)
    except NotGenuine as why:
        drilled = rehearsed(desk.app, channel, call)
        if drilled is None:
            bounded(desk, desk.forgers, client, _ROUTE)
            desk.log.warning("webhook_not_genuine", channel=channel, because=str(why))
            raise HTTPException(403, "not genuine") from None
        taken = drilled
    bounded(desk, desk.calls, client, _ROUTE)
    if taken.items:
        with desk.writer_turn():
            tally = take(desk.app, f"channel:{channel}", channel, taken.items, call.now)
        desk.log.info("received", channel=channel, **{k: v for k, v in sorted(tally.items()) if v})
    return taken
