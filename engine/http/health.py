"""``/live``, ``/ready`` and ``/metrics``: for whoever keeps the service running."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from engine.http.calls import from_inside
from engine.http.desk import Desk
from state import schema
from state.errors import StateError
from state.queries import control

#: a worker that has shown no sign of life for so many seconds may be gone
_SILENT = 300


class Ready(BaseModel):
    """Whether pages and webhooks can do their work. Workers are told of and ask for nothing: people must be able to
    say no while no worker runs."""

    ready: bool
    store: str  # reachable | away
    schema_current: bool
    workers_alive: int
    workers_silent: int


def routes(desk: Desk) -> APIRouter:
    """The signs of life."""
    router = APIRouter(tags=["operations"])

    @router.get("/live", summary="The process answers")
    async def live() -> dict[str, bool]:
        return {"live": True}

    @router.get(
        "/ready", response_model=Ready, summary="The store answers", responses={503: {"model": Ready}}
    )
    def ready() -> JSONResponse:
        found = _ready(desk)
        return JSONResponse(found.model_dump(), 200 if found.ready else 503)

    inside: dict[int | str, dict[str, Any]] = {404: {"description": "Asked from outside."}}

    @router.get("/metrics", summary="For Prometheus, from inside", responses=inside, response_class=Response)
    def metrics(request: Request) -> Response:
        if not from_inside(request, desk.http.proxies):
            raise HTTPException(404)
        return Response(desk.meters.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return router


def _ready(desk: Desk) -> Ready:
    try:
        with desk.app.store.read() as conn:
            current = schema.current(conn) == schema.HEAD
            signs = [at for _, at in control.like(conn, "worker:").values()]
    except StateError:
        return Ready(ready=False, store="away", schema_current=False, workers_alive=0, workers_silent=0)
    alive = sum(at >= desk.now() - _SILENT for at in signs)
    silent = len(signs) - alive
    return Ready(
        ready=current, store="reachable", schema_current=current, workers_alive=alive, workers_silent=silent
    )
