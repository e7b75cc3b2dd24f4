"""``/events/{name}``: what a CRM, a shop or the product itself tells, signed by Standard Webhooks."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from channels.events import Call, NotGenuine
from channels.options import OptionError
from channels.standard_webhooks import Signatures
from engine import settings
from engine.errors import ConfigurationError
from engine.http.calls import bounded, client_of
from engine.http.desk import Desk
from engine.model import Secret
from engine.telling import tell
from engine.told_events import MOST, NotEvents, read

_ROUTE = "/events/{name}"
_ANSWERS: dict[int | str, dict[str, Any]] = {
    code: {"description": text}
    for code, text in (
        (200, "Taken: what became of each event, in order."), (400, "No events can be read from the body."),
        (403, "Not signed as declared, or not fresh."), (404, "Nobody of that name may tell."),
        (408, "The body did not come in time."), (413, "The body is too large."), (429, "Too many calls."),
        (503, "Try again."),
    )
}  # fmt: skip
_PERSON = {
    "type": ["object", "null"],
    "description": "One of email, phone and id; null: for everyone whose campaign waits for it.",
    "properties": {name: {"type": "string"} for name in ("email", "phone", "id")},
    "minProperties": 1,
    "maxProperties": 1,
}
_EVENT = {
    "type": "object",
    "required": ["id", "name", "person"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 200, "description": "Names it for ever."},
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "person": _PERSON,
        "at": {
            "type": ["string", "integer"],
            "description": "ISO 8601 or UTC epoch seconds; now unless said.",
        },
        "data": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
    },
}
_SEVERAL = {
    "type": "object",
    "required": ["events"],
    "additionalProperties": False,
    "properties": {"events": {"type": "array", "maxItems": MOST, "items": _EVENT}},
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"anyOf": [_SEVERAL, _EVENT]}}},
    }
}


def routes(desk: Desk) -> APIRouter:
    """The route of signed events. Raises ConfigurationError for a secret that is none."""
    for name, declared in desk.http.events.items():
        _signatures(name, declared)
    router = APIRouter(tags=["events"])

    @router.post(_ROUTE, summary="Another system tells of events", responses=_ANSWERS, openapi_extra=_BODY)
    async def receive(name: str, request: Request) -> JSONResponse:
        client = client_of(request)
        declared = _declared(desk, name)
        call = Call(
            method="POST",
            url=str(request.url.path),
            headers=dict(request.headers.items()),
            body=await request.body(),
            now=desk.now(),
        )
        return JSONResponse(await run_in_threadpool(_taken, desk, name, declared, call, client))

    return router


def _declared(desk: Desk, name: str) -> Secret:
    """The secret of a caller as the project declares it now."""
    http = desk.app.environment.http or desk.http
    if name not in http.events:
        raise HTTPException(404, "nobody of that name may tell of events")
    return http.events[name]


def _signatures(name: str, declared: Secret) -> Signatures:
    """Raises ConfigurationError."""
    try:
        return Signatures(settings.secret(declared))
    except OptionError as error:
        raise ConfigurationError(
            f"http.events.{name}: {error}",
            hint="Make one: echo whsec_$(head -c 32 /dev/urandom | base64)",
        ) from None


def _taken(desk: Desk, name: str, declared: Secret, call: Call, client: str) -> dict[str, Any]:
    try:
        signatures = _signatures(name, declared)
    except ConfigurationError as error:
        desk.log.error("events_secret_unusable", caller=name, because=error.message)
        raise HTTPException(503, "try again later", {"Retry-After": "60"}) from None
    try:
        signatures.genuine(call)
    except NotGenuine as why:
        bounded(desk, desk.forgers, client, _ROUTE)
        desk.log.warning("events_not_genuine", caller=name, because=str(why))
        raise HTTPException(403, "not genuine") from None
    bounded(desk, desk.calls, client, _ROUTE)
    try:
        items = read(call.body)
    except NotEvents as why:
        raise HTTPException(400, str(why)) from None
    with desk.turn() as app:
        results = tell(app, name, items, call.now)
    told: dict[str, int] = {}
    for result in results:
        told[result["status"]] = told.get(result["status"], 0) + 1
    desk.log.info("events_told", caller=name, **dict(sorted(told.items())))
    return {"results": results}
