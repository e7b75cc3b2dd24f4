"""What people see of what came back."""

from __future__ import annotations

from typing import Any

import click
import orjson
import pytest
from rich.console import Console, RenderableType

from channels.base import Unknown
from channels.events import EventKind as K
from channels.recording import RecordingAdapter
from engine.cli.output import received as page
from engine.cli.output import status as status_page
from engine.errors import UnknownName
from engine.explain import explain
from engine.notices import answer
from engine.people.erase import erase
from engine.received_desk import listed, shown
from engine.status import status
from state.store import Store
from tests.intake.building import came, event, message, ref_of, written_to


def lines(view: RenderableType) -> str:
    console = Console(width=130, color_system=None)
    with console.capture() as caught:
        console.print(view)
    return caught.get()


def test_the_list_says_what_came_in_and_what_became_of_it(store: Store) -> None:
    app = written_to(store, 2)
    came(app, event(K.DELIVERED, ref_of(store, 1)), event(K.OPENED, ref_of(store, 1), machine=True))
    came(app, message("Hello?", sender="x@customer.example"))
    found = listed(app, limit=10)
    assert [(r["kind"], r["state"], r["machine"]) for r in found["received"]] == [
        ("inbound", "open", False), ("opened", "applied", True), ("delivered", "applied", False)]  # fmt: skip
    text = lines(page.render_list(found))
    assert "opened (machine)" in text
    assert "person 1; hello, hello" in text
    assert "open: nobody has the address" in text
    assert [r["kind"] for r in listed(app, state="open", limit=10)["received"]] == ["inbound"]
    assert len(listed(app, identity=1, limit=10)["received"]) == 2
    assert listed(app, source="channel:sms", limit=10)["received"] == []
    assert listed(app, limit=1)["more"]
    assert lines(page.render_list(listed(app, source="nowhere", limit=1))) == "nothing came in\n"


def test_one_is_shown_as_it_came_and_not_after_its_person_was_erased(store: Store) -> None:
    app = written_to(store)
    came(app, event(K.BOUNCED, ref_of(store), raw='{"a": "\\u001b[31m"}', provider_id="sg-1"))
    number = listed(app, limit=1)["received"][0]["id"]
    text = lines(page.render_one(shown(app, number)["received"]))
    assert '"a"' in text and "\x1b" not in text
    assert "sg-1" in text
    erase(store, 1, app.clock)
    assert "the person was erased" in lines(page.render_one(shown(app, number)["received"]))
    with pytest.raises(UnknownName, match="nothing of the number 1 "):
        shown(app, 1)


def test_status_tells_when_something_came_in_last_and_what_waits(store: Store) -> None:
    app = written_to(store)
    assert status(app)["received"] == {"open": 0, "last": None, "answers_in_doubt": 0}
    app.channels["sms"] = RecordingAdapter().then(Unknown(reason="dead"))
    came(app, event(K.DELIVERED, "strange"), event(K.CLICKED, ref_of(store)))
    came(app, message("STOP", sender="+13125550101"), channel="sms")
    answer(app)
    found = status(app)
    assert found["received"] == {"open": 1, "last": "2026-03-02T16:00:00Z", "answers_in_doubt": 1}
    text = lines(status_page.render(found))
    assert "last heard from outside Mon 02 Mar 2026 16:00 UTC, 1 open" in text
    assert "1 answer to STOP or HELP in doubt" in text


def test_explain_tells_of_which_message(store: Store) -> None:
    app = written_to(store)
    came(app, event(K.BOUNCED, ref_of(store), reason="552 mailbox full"))
    [told] = explain(app, 1)["events"]
    assert (told["name"], told["step"], told["because"]) == ("bounced", "hello", "552 mailbox full")


def test_the_command_lists_and_shows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from engine.cli.received import command

    app = written_to(store)
    came(app, event(K.DELIVERED, ref_of(store)))

    class Context:
        def open(self, *, tolerant: bool) -> Any:
            return _Kept()

        def show(self, view: RenderableType) -> None:
            click.echo(lines(view))

    class _Kept:
        def __enter__(self) -> Any:
            return app

        def __exit__(self, *exc: object) -> None:
            return None

    def run(*words: str) -> str:
        # as under the main command, whose name for help a command keeps from its first use
        return CliRunner().invoke(command, words, obj=Context(), help_option_names=["-h", "--help"]).output

    number = str(listed(app, limit=1)["received"][0]["id"])
    assert "delivered" in run("list", "--person", "1")
    told = orjson.loads(run("show", number, "--format", "json"))
    assert told["received"]["raw"] == '{"event":"delivered"}'
    assert "provider's name" in run("show", number)
