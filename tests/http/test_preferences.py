"""The preference page: what is chosen there holds, what is shown there gives nobody away."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from engine.cli.output.explain import render
from engine.explain import explain
from engine.http.link import page_of
from engine.model import CHANNELS
from tests.engine.building import DAY, NOW
from tests.http.building import Site

SAVE: dict[str, Any] = {
    "do": "save",
    "often": "0",
    "pause": "0",
    "shown": ["email", "sms"],
    "way": ["email", "sms"],
}


def save(site: Site, *, token: str = "", **changes: Any) -> str:
    answer = site.client.post(f"/p/{token or site.tokens()[0]}", data={**SAVE, **changes})
    assert answer.status_code == 200
    assert "Your choices are saved" in answer.text
    return answer.text


def own(site: Site) -> str:
    """The person's own link, which support made."""
    return page_of(site.worker, 1).rpartition("/")[2]


def events(site: Site) -> list[str]:
    return [name for (name,) in site.ask("SELECT name FROM event ORDER BY id")]


def test_fewer_messages_and_a_pause_are_on_record_and_shown(site: Site) -> None:
    page = save(site, often="30", pause="60")
    assert site.ask("SELECT paused_until, at_most_every, source FROM preference") == [
        (NOW + 60 * DAY, 30 * DAY, "pages")
    ]
    assert events(site) == ["preferences_changed"]
    assert 'value="30" checked' in page
    assert 'value="keep" checked' in page
    assert "May 1, 2026" in page


def test_saving_the_same_again_is_no_event(site: Site) -> None:
    save(site, often="30", pause="60")
    save(site, often="30", pause="keep")
    assert events(site) == ["preferences_changed"]


def test_a_pause_holds_the_next_message_and_ending_it_lets_it_go(site: Site) -> None:
    save(site, pause="30")
    site.clock.move_to(NOW + 2 * DAY)
    site.turn()
    # thirty days are longer than the step lives
    assert site.ask("SELECT state, reason FROM touch WHERE step = 'again'") == [("skipped", "preference")]


def test_a_milder_choice_lets_go_at_once_what_waited(site: Site) -> None:
    save(site, often="7")
    # so that only three days of the seven are to come
    site.change(f"UPDATE touch SET counted_at = {NOW - 3 * DAY}")
    site.clock.move_to(NOW + 2 * DAY)
    site.turn()
    assert site.ask("SELECT state, reason FROM touch WHERE step = 'again'") == [("held", "preference")]
    save(site, token=own(site), often="0")
    site.turn()
    assert site.ask("SELECT state FROM touch WHERE step = 'again'") == [("sent",)]


def test_a_channel_off_leaves_the_round_and_other_channels_alone(site: Site) -> None:
    page = save(site, way=["email"])
    assert site.ask("SELECT channel, reason FROM suppression") == [("sms", "opt_out")]
    assert events(site) == ["channel_declined"]
    assert 'value="sms" disabled>' in page
    assert "To change that, write to" in page
    site.clock.move_to(NOW + 2 * DAY)
    site.turn()
    assert site.ask("SELECT state FROM touch WHERE step = 'again'") == [("sent",)]


def consented(site: Site, channel: str, kind: str) -> None:
    """A consent on paper, from before."""
    site.change(
        "INSERT INTO consent (identity_id, id, channel, type, at, recorded_at, source, proof_uri, key) VALUES"
        f" (1, 5, '{channel}', '{kind}', {NOW - DAY}, {NOW - DAY}, 'crm', 'https://proof.example/5', 'k')"
    )


def test_email_on_again_has_the_click_as_its_proof(site: Site) -> None:
    """What was given on another paper proves nothing of today."""
    consented(site, "email", "express_written")
    save(site, way=["sms"])
    site.clock.move_to(NOW + 60)
    save(site)
    assert site.ask("SELECT * FROM suppression") == []
    ((key,),) = site.ask("SELECT key FROM event WHERE name = 'opted_in'")
    newest = site.ask("SELECT type, at, proof_uri, source FROM consent ORDER BY at DESC LIMIT 1")
    assert newest == [("express_written", NOW + 60, f"event:pages/{key}", "event:pages")]


def test_no_link_opens_texts_again(site: Site) -> None:
    """A stranger's click is no word of whoever has the telephone."""
    consented(site, "sms", "express_written")
    save(site, way=["email"])
    site.clock.move_to(NOW + 60)
    save(site)
    assert site.ask("SELECT channel FROM suppression") == [("sms",)]
    assert site.ask("SELECT type FROM consent ORDER BY at") == [("express_written",), ("revoked",)]


def test_a_pause_and_a_frequency_are_lifted_by_the_link_that_chose_them_within_a_day(site: Site) -> None:
    save(site, often="30", pause="60")
    save(site, often="7", pause="0")  # a slip, put right at once
    assert site.ask("SELECT paused_until, at_most_every FROM preference") == [(None, 7 * DAY)]
    save(site, often="90", pause="180")
    site.clock.move_to(NOW + DAY + 1)
    (token,) = site.tokens()
    for milder in (
        {"often": "30", "pause": "keep"},
        {"often": "90", "pause": "0"},
        {"often": "90", "pause": "90"},
    ):
        assert site.client.post(f"/p/{token}", data={**SAVE, **milder}).status_code == 400
    page = site.client.get(f"/p/{token}").text
    assert "may have been forwarded" in page
    assert 'name="often" value="30"' not in page
    assert site.ask("SELECT paused_until, at_most_every FROM preference") == [(NOW + 180 * DAY, 90 * DAY)]
    save(site, token=own(site), often="0", pause="0")
    assert site.ask("SELECT paused_until, at_most_every FROM preference") == [(None, None)]


def test_another_link_lifts_nothing_and_adding_to_it_lifts_nothing_either(site: Site) -> None:
    save(site, often="7", pause="90")
    site.clock.move_to(NOW + 60)
    other = site.worker.signer.sign("b" * 32)
    site.change("UPDATE touch SET ref = :ref", ref="b" * 32)
    save(site, token=other, often="30", pause="keep")
    for milder in ({"often": "0", "pause": "keep"}, {"often": "7", "pause": "0"}):
        assert site.client.post(f"/p/{other}", data={**SAVE, **milder}).status_code == 400
    save(site, token=other, often="7", pause="keep")  # its own part is taken back
    assert site.ask("SELECT paused_until, at_most_every FROM preference") == [(NOW + 90 * DAY, 7 * DAY)]


def test_stop_everything_stops_everything_and_can_be_undone(site: Site) -> None:
    (token,) = site.tokens()
    page = site.client.post(f"/p/{token}", data={"do": "stop"}).text
    assert site.ask("SELECT channel, reason FROM suppression") == [("all", "opt_out")]
    assert {a for (a,) in site.ask("SELECT address FROM address_suppression")} == {
        "user-1@example.com",
        "+13125550101",
    }
    assert events(site) == ["unsubscribed"]
    assert "opted out of everything" in page
    site.turn()
    assert site.ask("SELECT state, reason FROM enrolment") == [("ended", "opted_out")]
    site.clock.move_to(NOW + 60)
    site.client.post(f"/p/{token}", data={"do": "back"})
    assert {c for (c,) in site.ask("SELECT channel FROM suppression")} == {*CHANNELS} - {"email"}
    addresses = site.ask("SELECT address, channel FROM address_suppression ORDER BY channel")
    assert addresses == [("+13125550101", "phone"), ("+13125550101", "sms")]


def test_stop_everything_is_undone_by_the_link_that_said_it_within_a_day(site: Site) -> None:
    (token,) = site.tokens()
    page = site.client.post(f"/p/{token}", data={"do": "stop"}).text
    assert 'value="back"' in page
    site.clock.move_to(NOW + 60)
    site.client.post(f"/p/{own(site)}", data={"do": "back"})
    site.clock.move_to(NOW + DAY + 1)
    answer = site.client.post(f"/p/{token}", data={"do": "back"}).text
    assert 'value="back"' not in answer
    assert "To hear from us again, write to" in answer
    assert site.ask("SELECT channel FROM suppression") == [("all",)]


def test_everything_given_back_leaves_what_was_closed_by_itself_closed(site: Site) -> None:
    (token,) = site.tokens()
    site.client.post(f"/u/{token}")
    site.client.post(f"/p/{token}", data={"do": "stop"})
    site.clock.move_to(NOW + 60)
    site.client.post(f"/p/{token}", data={"do": "back"})
    assert ("email",) in site.ask("SELECT channel FROM suppression")
    assert site.ask("SELECT type FROM consent WHERE channel = 'email' ORDER BY at DESC LIMIT 1") == [
        ("revoked",)
    ]
    site.client.post(f"/u/{token}", data={"do": "back"})
    assert ("email",) not in site.ask("SELECT channel FROM suppression")
    newest = site.ask("SELECT type FROM consent WHERE channel = 'email' ORDER BY at DESC LIMIT 1")
    assert newest == [("implied",)]


def test_a_channel_closed_elsewhere_cannot_be_opened_here(site: Site) -> None:
    site.change(f"INSERT INTO suppression VALUES (1, 'sms', 'opt_out', {NOW}, 'crm', NULL)")
    page = site.client.get(f"/p/{site.tokens()[0]}").text
    assert "You opted out on March 2, 2026" in page
    save(site)
    assert site.ask("SELECT source FROM suppression") == [("crm",)]


WRONG: tuple[dict[str, Any], ...] = (
    {}, {"do": "destroy"}, {**SAVE, "often": "5"}, {**SAVE, "often": "-7"}, {**SAVE, "pause": "400"},
    {**SAVE, "pause": "٣٠"}, {**SAVE, "often": "9" * 400}, {**SAVE, "pause": ""},
)  # fmt: skip


def test_what_is_not_offered_is_refused_and_changes_nothing(site: Site) -> None:
    (token,) = site.tokens()
    for form in WRONG:
        answer = site.client.post(f"/p/{token}", data=form)
        assert answer.status_code == 400, form
        assert "Nothing was changed" in answer.text
    assert site.ask("SELECT * FROM preference") == site.ask("SELECT * FROM suppression") == []


def test_ways_that_are_not_theirs_are_not_touched(site: Site) -> None:
    save(site, shown=["email", "letter", "audience", "'; --"], way=["email"])
    assert site.ask("SELECT * FROM suppression") == []


def test_a_forwarded_link_gives_nobody_away(site: Site) -> None:
    (token,) = site.tokens()
    site.change("UPDATE person SET first_name = 'Annabel', last_name = 'Quist', company = 'Globex'")
    site.change(
        "INSERT INTO consent (identity_id, id, channel, type, at, recorded_at, source, proof_uri, key)"
        f" VALUES (1, 5, 'email', 'express', {NOW}, {NOW}, 'crm', 'https://proof.example/Quist', 'k')"
    )
    for path in (f"/u/{token}", f"/p/{token}"):
        page = site.client.get(path).text
        for word in ("user-1@example.com", "555", "Annabel", "Quist", "Globex", "proof.example"):
            assert word not in page
    assert "u•••@e•••" in page
    assert "E-mail: Given" in page


def test_every_mail_leads_here_too(site: Site) -> None:
    """Beside the way out, in both parts; an environment without pages has no such line."""
    (message,) = site.worker.channels["email"].received  # type: ignore[attr-defined]
    (token,) = site.tokens()
    for part in (message.text, message.html):
        assert f"https://go.small.example/p/{token}" in part
        assert f"https://go.small.example/u/{token}" in part
    assert "Preferences" in message.text


def test_explain_tells_what_they_chose(site: Site) -> None:
    save(site, often="30", pause="60")
    found = explain(site.worker, 1)
    assert found["person"]["preference"] == {"paused_until": "2026-05-01T15:00:00Z", "at_most_every_days": 30}
    shown = Console(width=200, file=StringIO())
    shown.print(render(found))
    told = shown.file.getvalue()  # type: ignore[attr-defined]
    assert "asked for a pause until" in told
    assert "asked for at most one message in 30 days" in told
