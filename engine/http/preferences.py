"""``/p/{token}``: fewer messages, a pause, other channels, nothing at all; and what is held about consent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from engine import choices
from engine.choices import Chosen, Holder
from engine.http.calls import form_of
from engine.http.desk import Desk
from engine.http.pages import Page
from engine.http.standing import View, view_of
from engine.http.unsubscribe import ANSWERS, not_ours
from engine.model import DAY
from engine.suppression import ALL
from state.queries import persons

_FIELDS = {
    "do": {"type": "string", "enum": ["save", "stop", "back"]},
    "often": {"type": "integer"},
    "pause": {"type": "string"},
    "shown": {"type": "array", "items": {"type": "string"}},
    "way": {"type": "array", "items": {"type": "string"}},
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "required": ["do"],
                                                                     "properties": _FIELDS}}},
    }
}  # fmt: skip
_WRONG: dict[int | str, dict[str, Any]] = {
    400: {"description": "A choice that is none.", "content": {"text/html": {}}}
}


class _Misread(ValueError):
    """A form that says nothing we offer."""


def routes(desk: Desk) -> APIRouter:
    """The page's routes."""
    router = APIRouter(default_response_class=HTMLResponse, tags=["pages"])

    @router.api_route("/p/{token}", methods=["GET", "HEAD"], responses=ANSWERS, include_in_schema=False)
    @router.get("/p/{token}", responses=ANSWERS, summary="What somebody has chosen")
    def look(token: str, request: Request) -> HTMLResponse:
        if not desk.signed(token):
            return not_ours(desk, request)
        with desk.app.store.read() as conn:
            return _shown(conn, desk, token, request)

    @router.post("/p/{token}", responses={**ANSWERS, **_WRONG}, summary="Choose", openapi_extra=_FORM)
    async def choose(token: str, request: Request) -> HTMLResponse:
        if not desk.signed(token):  # before the body, a connection or a lock
            return not_ours(desk, request)
        form = await form_of(request)
        return await run_in_threadpool(_chosen, desk, token, request, form)

    return router


def _shown(
    conn: Connection, desk: Desk, token: str, request: Request, *, saved: bool = False
) -> HTMLResponse:
    holder = desk.holder(conn, token)
    if holder is None:
        return not_ours(desk, request)
    page = Page(desk.brand, request, persons.language(conn, holder.identity))
    if holder.identity is None:
        return page.notice("gone", 200)
    view = view_of(conn, holder, desk.app.environment.channels, desk.now())
    return page("preferences", view=view, saved=saved)


def _chosen(desk: Desk, token: str, request: Request, form: FormData) -> HTMLResponse:
    with desk.writing() as conn:
        holder = desk.holder(conn, token)
        if holder is None:
            return not_ours(desk, request)
        if holder.identity is not None:
            try:
                _act(conn, desk, holder, form)
            except _Misread:
                page = Page(desk.brand, request, persons.language(conn, holder.identity))
                return page.notice("bad", 400)
        answer = _shown(conn, desk, token, request, saved=True)
    desk.log.info("preferences_changed", identity=holder.identity)
    return answer


def _act(conn: Connection, desk: Desk, holder: Holder, form: FormData) -> None:
    """Do what the form says. Raises _Misread before anything is written."""
    assert holder.identity is not None
    now, listeners = desk.now(), desk.listeners
    match form.get("do"):
        case "stop":
            choices.opt_out(conn, holder, ALL, listeners, now)
        case "back":
            choices.take_back(conn, holder, ALL, listeners, now)
        case "save":
            view = view_of(conn, holder, desk.app.environment.channels, now)
            chosen = Chosen(paused_until=_pause(form, view, now), at_most_every=_often(form, view))
            ways, shown = _names(form.getlist("way")), _names(form.getlist("shown"))
            choices.choose(conn, holder, chosen, listeners, now)
            _set_ways(conn, desk, holder, view, {c: c in ways for c in shown})
        case _:
            raise _Misread


def _set_ways(conn: Connection, desk: Desk, holder: Holder, view: View, wanted: dict[str, bool]) -> None:
    """Close and open what the page offered; a way that it did not offer stays as it is."""
    for way in view.ways:
        if way.fixed or way.channel not in wanted:
            continue
        if wanted[way.channel] and way.off_since is not None:
            choices.take_back(conn, holder, way.channel, desk.listeners, desk.now())
        elif not wanted[way.channel] and way.off_since is None:
            choices.decline(conn, holder, way.channel, desk.listeners, desk.now())


def _often(form: FormData, view: View) -> int | None:
    """Seconds between two messages; what the form leaves out stays."""
    days = _whole(form.get("often", str(view.often)))
    if days not in view.frequencies:
        raise _Misread
    return days * DAY or None


def _pause(form: FormData, view: View, now: int) -> int | None:
    asked = form.get("pause", "keep")
    if asked == "keep":
        return view.paused_until
    days = _whole(asked)
    if days not in view.pauses:
        raise _Misread
    return now + days * DAY if days else None


def _whole(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 5:
        return int(value)
    raise _Misread


def _names(values: Sequence[Any]) -> set[str]:
    return {value for value in values if isinstance(value, str)}
