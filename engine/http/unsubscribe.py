"""``/u/{token}``: one page, one click, no more messages by that channel.

Looking changes nothing, because link scanners look. A POST says no, whoever sends it and whatever is in its body:
a mailbox provider's ``List-Unsubscribe=One-Click`` (RFC 8058), or the page's own button. Only ``do=back`` says
something else.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from engine import choices
from engine.choices import Holder
from engine.http.calls import client_of, form_of
from engine.http.desk import Desk
from engine.http.pages import Page
from engine.suppression import ALL
from state.queries import persons

_FORM = {
    "requestBody": {
        "content": {
            kind: {"schema": {"type": "object", "properties": {"List-Unsubscribe": {"type": "string"},
                                                               "do": {"type": "string", "enum": ["back"]}}}}
            for kind in ("application/x-www-form-urlencoded", "multipart/form-data")
        }
    }
}  # fmt: skip
#: what a page may answer beside itself
ANSWERS: dict[int | str, dict[str, Any]] = {
    code: {"description": text, "content": {"text/html": {}}}
    for code, text in ((404, "Not a link of ours."), (408, "The body did not come in time."),
                       (413, "The body is too large."), (429, "Too many wrong links."), (503, "Try again."))
}  # fmt: skip


def routes(desk: Desk) -> APIRouter:
    """The page's routes."""
    router = APIRouter(default_response_class=HTMLResponse, tags=["pages"])

    @router.api_route("/u/{token}", methods=["GET", "HEAD"], responses=ANSWERS, include_in_schema=False)
    @router.get("/u/{token}", responses=ANSWERS, summary="Ask before unsubscribing")
    def ask(token: str, request: Request) -> HTMLResponse:
        return _ask(desk, token, request)

    @router.post("/u/{token}", responses=ANSWERS, summary="Unsubscribe, at once", openapi_extra=_FORM)
    async def act(token: str, request: Request) -> HTMLResponse:
        if not desk.signed(token):  # before the body, a connection or a lock
            return not_ours(desk, request)
        form = await form_of(request)
        what = _take_back if form.get("do") == "back" else _opt_out
        return await run_in_threadpool(what, desk, token, request)

    return router


def _ask(desk: Desk, token: str, request: Request) -> HTMLResponse:
    if not desk.signed(token):
        return not_ours(desk, request)
    with desk.app.store.read() as conn:
        holder = desk.holder(conn, token)
        if holder is None:
            return not_ours(desk, request)
        page = Page(desk.brand, request, persons.language(conn, holder.identity))
        out, undo = _out(conn, holder), _may_undo(conn, holder, desk.now())
    if out:
        return page("done", channel=holder.channel, token=token, undo=undo)
    return page("ask", channel=holder.channel, token=token)


def _opt_out(desk: Desk, token: str, request: Request) -> HTMLResponse:
    with desk.writing() as conn:
        holder = desk.holder(conn, token)
        if holder is None:
            return not_ours(desk, request)
        choices.opt_out(conn, holder, holder.channel, desk.listeners, desk.now())
        page = Page(desk.brand, request, persons.language(conn, holder.identity))
        undo = _may_undo(conn, holder, desk.now())
    desk.log.info("unsubscribed", identity=holder.identity, channel=holder.channel)
    return page("done", channel=holder.channel, token=token, undo=undo)


def _out(conn: Connection, holder: Holder) -> bool:
    """Erased people are out too."""
    if holder.identity is None:
        return True
    return not choices.standing(conn, holder.identity).keys().isdisjoint((holder.channel, ALL))


def _may_undo(conn: Connection, holder: Holder, now: int) -> bool:
    return choices.may_take_back(conn, holder, holder.channel, now) is not None


def _take_back(desk: Desk, token: str, request: Request) -> HTMLResponse:
    with desk.writing() as conn:
        holder = desk.holder(conn, token)
        if holder is None:
            return not_ours(desk, request)
        done = choices.take_back(conn, holder, holder.channel, desk.listeners, desk.now())
        page = Page(desk.brand, request, persons.language(conn, holder.identity))
        out, undo = _out(conn, holder), _may_undo(conn, holder, desk.now())
    if out and undo:  # it was said in this very second
        return page("done", channel=holder.channel, token=token, undo=undo)
    if out:
        return page.notice("undo_no", 200)
    if done:
        desk.log.info("subscribed_again", identity=holder.identity, channel=holder.channel)
    return page("undone", channel=holder.channel, token=token)


def not_ours(desk: Desk, request: Request) -> HTMLResponse:
    """What a wrong link gets: how to opt out all the same; after too many, a wait."""
    page = Page(desk.brand, request)
    wait = desk.strangers.take(client_of(request))
    if not wait:
        return page.notice("lost", 404)
    desk.meters.refused("/u/{token}")
    answer = page.notice("many", 429)
    answer.headers["Retry-After"] = str(wait)
    return answer
