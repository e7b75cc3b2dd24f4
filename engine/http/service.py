"""The web service: every route of the house on one desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool

from engine.http import events, health, preferences, unsubscribe, webhooks
from engine.http.desk import Desk
from engine.http.door import Door, route_of
from engine.http.pages import Page
from state.errors import StateError

#: threads that pages and webhooks work in: not more than the store has connections
_THREADS = 8
#: seconds between two looks at whether the project's files have changed
_LOOK_EVERY = 5
#: seconds after which a provider or a browser may try again when the store is away
RETRY_AFTER = 10


def service(desk: Desk, *, openapi: bool = False) -> FastAPI:
    """The ASGI application. ``openapi``: it describes itself at ``/openapi.json``."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = _THREADS
        follower = asyncio.create_task(_follow_files(desk))
        yield
        follower.cancel()

    app = FastAPI(
        title="rekindle", description="Pages for people, webhooks for providers, signs of life for operators.",
        version="1", lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False,
        openapi_url="/openapi.json" if openapi else None,
    )  # fmt: skip
    for room in (unsubscribe, preferences, webhooks, events, health):
        app.include_router(room.routes(desk))
    app.add_middleware(Door, meters=desk.meters)

    @app.exception_handler(StateError)
    def store_is_away(request: Request, error: StateError) -> Response:
        desk.log.warning("store_unavailable", route=route_of(request.scope), because=error.message)
        again = {"Retry-After": str(RETRY_AFTER)}
        if not route_of(request.scope).startswith(("/u/", "/p/")):
            return PlainTextResponse("try again", 503, again)
        answer = Page(desk.brand, request).notice("busy", 503)
        answer.headers.update(again)
        return answer

    return app


async def _follow_files(desk: Desk) -> None:
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        try:
            await run_in_threadpool(desk.look_again)
        except Exception as error:  # the next look may find it mended
            desk.log.warning("files_not_read", error=type(error).__name__)
