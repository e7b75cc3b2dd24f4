"""Bounces, complaints and replies by mail, from the bytes to the books, on both databases."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import orjson
import pytest

from channels.return_path import ReturnPath
from engine.advance import advance
from engine.app import App
from engine.bounces import take_mail, take_maildir
from engine.dispatch import dispatch
from engine.errors import ConfigurationError
from engine.jobs import run_refresh
from state.store import Store
from tests.channels.test_bounces import group, letter, report
from tests.engine.building import DAY, NOW, add_person, ask, open_app

TWO = (
    "audience: {segment: churned}\ncadence:\n  - {step: hello, at: 0d, email: note}\n"
    "  - {step: again, at: 1d, email: note}\nthen: end\n"
)


@pytest.fixture
def app(store: Store) -> App:
    """Three people, to each of whom a first message has left."""
    made = open_app(store, {"hello": TWO})
    for identity in (1, 2, 3):
        add_person(store, identity, churned_at=NOW - 40 * DAY)
    run_refresh(made, NOW)
    advance(made, NOW)
    assert dispatch(made, NOW)["sent"] == 3
    return made


def _refs(app: App) -> dict[int, str]:
    return dict(ask(app.store, "SELECT identity_id, ref FROM touch WHERE step = 'hello'"))  # type: ignore[arg-type]


def _path(app: App, identity: int) -> str:
    return ReturnPath("bounces@go.example", app.return_marks.sign).of(_refs(app)[identity])


def _written_to_later(app: App) -> set[object]:
    """Who gets the second message."""
    advance(app, NOW + DAY)
    dispatch(app, NOW + DAY)
    return {
        row[0]
        for row in ask(app.store, "SELECT identity_id FROM touch WHERE step = 'again' AND state = 'sent'")
    }


def test_a_hard_bounce_ends_it_for_the_address_that_was_written_to(app: App) -> None:
    bounce = report(
        group(Final_Recipient="rfc822; user-2@example.com"), to=_path(app, 1)
    )  # it names somebody else
    assert take_mail(app, bounce)["applied"] == 1
    assert take_mail(app, b"Received: again\r\n" + bounce)["known"] == 1
    assert ask(app.store, "SELECT address, reason FROM address_suppression") == [
        ("user-1@example.com", "hard_bounce")
    ]
    assert _written_to_later(app) == {2, 3}


def test_a_soft_bounce_a_delay_and_a_forgery_end_it_for_nobody(app: App) -> None:
    refs = _refs(app)
    take_mail(app, report(group(status="4.2.2", code="452 4.2.2 full"), to=_path(app, 1)))
    take_mail(app, report(group(action="delayed"), to=_path(app, 2)))
    forged = b"Message-ID: <%b@small.example>\r\n" % refs[3].encode()
    assert take_mail(app, report(group(), to="hello@small.example", returned=forged))["ignored"] == 1
    states = dict(ask(app.store, "SELECT identity_id, state FROM touch WHERE step = 'hello'"))
    assert states == {1: "bounced", 2: "sent", 3: "sent"}
    assert _written_to_later(app) == {1, 2, 3}


def test_a_person_who_says_no_by_mail_is_heard(app: App) -> None:
    no = letter("Please unsubscribe me.\n", From="Ann <user-2@example.com>")
    assert take_mail(app, no)["applied"] == 1
    away = letter(
        "I am away. Stop by when I am back.\n", From="user-3@example.com", Auto_Submitted="auto-replied"
    )
    assert take_mail(app, away)["ignored"] == 1
    assert _written_to_later(app) == {1, 3}


@pytest.mark.parametrize(
    ("subject", "text", "refuses"),
    [
        ("UNSUBSCRIBE", "\n", True),
        ("=?utf-8?q?Remove_me_from_your_list?=", "Sent from my iPhone\n", True),
        ("Re: unsubscribe", "\n", True),
        ("Hello", "QUIT\n", True),
        ("Re: Stop paying too much", "Yes, tell me more\n", False),
        ("Aw: RE: Stop calling plumbers yourself", "Yes, tell me more\n", False),
    ],
)
def test_a_no_in_the_subject_of_a_mail_is_heard(app: App, subject: str, text: str, refuses: bool) -> None:
    take_mail(app, letter(text, From="user-2@example.com", Subject=subject))
    assert ask(app.store, "SELECT identity_id, channel FROM suppression") == (
        [(2, "email")] if refuses else []
    )


def test_the_subject_of_what_they_answer_is_ours(app: App) -> None:
    ref = _refs(app)[2]
    with app.store.begin() as conn:
        conn.exec_driver_sql(
            'UPDATE message SET payload = replace(payload, \'"subject":"\', \'"subject":"Stop \')'
        )
    sent = orjson.loads(ask(app.store, "SELECT payload FROM message WHERE identity_id = 2")[0][0])["subject"]
    assert sent.startswith("Stop ")
    answer = letter("Yes, tell me more\n", From="user-2@example.com", Subject=sent,
                    In_Reply_To=f"<{ref}@small.example>")  # fmt: skip
    take_mail(app, answer)
    assert "Stop" not in str(ask(app.store, "SELECT data FROM event WHERE name = 'replied'"))


def test_what_was_sent_to_somebody_who_is_forgotten_suppresses_nobody(app: App) -> None:
    to = _path(app, 1)
    with app.store.begin() as conn:
        conn.exec_driver_sql("DELETE FROM message")
    take_mail(app, report(group(), to=to))
    assert ask(app.store, "SELECT * FROM address_suppression") == []


def test_a_maildir_keeps_what_could_not_be_taken_in(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match="no Maildir"):
        take_maildir(app, tmp_path)
    for name in ("new", "cur"):
        (tmp_path / name).mkdir()
    for n in (1, 2, 3):
        (tmp_path / "new" / f"{n}").write_bytes(report(group(), to=_path(app, n)))
    (tmp_path / "new" / "0").symlink_to(tmp_path / "gone")  # another program is at work there
    second = b"+" + _refs(app)[2].encode()

    def fails(app: App, data: bytes) -> Counter[str]:
        if second in data:
            raise ZeroDivisionError
        return take_mail(app, data)

    monkeypatch.setattr("engine.bounces.take_mail", fails)
    tally = take_maildir(app, tmp_path)
    assert (tally["mails"], tally["failed"]) == (2, 1)
    assert sorted(file.name for file in (tmp_path / "cur").iterdir()) == ["1:2,S", "3:2,S"]
    assert (tmp_path / "new" / "2").exists()
    monkeypatch.undo()
    assert take_maildir(app, tmp_path)["applied"] == 1
