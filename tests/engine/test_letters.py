"""The life of a letter, on both databases: laid before its signatory once, signed by nobody else, on its way once,
and stopped by a no at every step before that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default as rfc
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from channels import registry
from channels.base import Accepted, Adapter, Capabilities, Message, Outcome, Rejected, Retry, Unknown
from channels.recording import CRASH_AFTER, RecordingAdapter, SimulatedCrash
from channels.registry import Host
from engine import choices, letters, rates, tasks
from engine.app import App
from engine.clock import VirtualClock
from engine.errors import ConfigurationError
from engine.events import NewEvent, record
from engine.jobs import run_once
from engine.letter_delivery import UNDER_WAY, did_not_leave, hand_on, hand_on_due
from engine.letter_desk import StoreLetterDesk
from engine.letter_proof import verify
from engine.letters import LetterStands, LetterWaits
from engine.model import BUILT_IN, HttpDef, Rate
from engine.people.erase import erase
from engine.people.merge import merge
from state.queries import letters as queries
from state.store import Store
from tests.channels.keys import key_file
from tests.channels.mail_server import Handler, mail_server
from tests.channels.test_letter_pdf import png
from tests.engine.building import DAY, NOW, add_person, ask, files, open_files

WINBACK = """\
audience: {segment: churned}
cadence:
  - {step: paper, at: 0d, letter: paper, signed_by: SIGNED}
  - {step: answer, at: 0d, wait_for: {event: letter_delivered, up_to: 60d}}
  - {step: after, at: 1d, email: note}
then: end
"""
PAPER = """\
---
subject: What you bought from us
---
Dear {{ person.first_name }},

you left us {{ person.churned_at | ago }}. We **changed** what you missed. Shall I [show you](https://www.small.example/new)?
"""
SIGNATORIES = """\
  signatories:
    dana: {name: Dana Reyes, title: Chief Executive Officer, phone: "+1 312 555 0101", email: dana@small.example}
people: """
MAIL = Capabilities(channels=frozenset({"email"}), attachments=True)
PAGES = HttpDef(
    public_url="https://go.small.example", host="127.0.0.1", port=1, proxies=(), events={}, source=BUILT_IN
)


def project(options: str = "", signed_by: str = "dana") -> dict[str, str]:
    texts = files({"winback": WINBACK.replace("SIGNED", signed_by)})
    text = texts["rekindle.yaml"].replace("people: ", SIGNATORIES, 1)
    text = text.replace("{seats: number}", "{seats: number, postal_address: text}")
    texts["rekindle.yaml"] = text + f"  letter: {{adapter: letter{options}}}\n"
    return texts | {"templates/paper.md": PAPER}


@pytest.fixture
def opened(store: Store, tmp_path: Path) -> Iterator[Any]:
    """Opens a worker with one person who is due a letter, and turns the wheel once."""
    apps: list[App] = []

    def open_(options: str = "", signed_by: str = "dana", mail: Adapter | None = None, **fields: Any) -> App:
        app = open_files(store, project(options, signed_by), tmp_path)
        apps.append(app)
        app.channels["email"] = mail or RecordingAdapter(capabilities=MAIL)
        address = '{"postal_address": "12 Example Road\\nSpringfield, IL 62701"}'
        add_person(
            store, 1, **{"churned_at": NOW - 40 * DAY, "last_name": "Lee", "attributes": address, **fields}
        )
        run_once(app, NOW)
        return app

    yield open_
    for app in apps:
        app.close()


def the(store: Store) -> dict[str, Any]:
    """The one letter there is."""
    with store.read() as conn:
        [letter] = queries.listed(conn, "all", 9)
    return letter


def events(store: Store) -> list[str]:
    return [name for (name,) in ask(store, "SELECT name FROM event WHERE source = 'letters' ORDER BY id")]


def says_no(app: App, text: str = "Stop contacting me on all channels") -> None:
    no = NewEvent(identity_id=1, name="replied", at=NOW, source="test", key="no", data={"text": text})
    record(app.store, [no], app.clock, app.listeners())


# ── before the signature ──


def test_a_letter_waits_for_its_signatory_and_its_touch_is_handed_over(opened: Any, store: Store) -> None:
    app = opened()
    letter = the(store)
    assert (letter["state"], letter["signatory"], letter["owner"]) == (
        "unsigned",
        "Dana Reyes",
        "dana@small.example",
    )
    assert ask(store, "SELECT state, channel FROM touch") == [("sent", "letter")]
    [task] = tasks.listed(app, state="open", owner="dana@small.example", kind="letter", limit=9)["tasks"]
    assert task["title"] == "Sign the letter to Ann Lee: What you bought from us"
    ref, pdf = letters.document(app, letter["ref"][:6])
    assert (ref, sha256(pdf).hexdigest()) == (letter["ref"], letter["sha256"])
    assert pdf.startswith(b"%PDF")


def test_the_same_ref_again_is_one_letter_and_one_task(opened: Any, store: Store) -> None:
    app = opened()
    letter, before = the(store), letters.document(app, the(store)["ref"])[1]
    desk = StoreLetterDesk(store, VirtualClock(NOW))
    for _ in range(2):
        desk.put(ref=letter["ref"], signatory="Eve", document=b"other", owner="eve@small.example", title="", body="",
                 due_at=NOW, meta={})  # fmt: skip
    assert ask(store, "SELECT count(*) FROM task") == [(1,)]
    assert letters.document(app, the(store)["ref"])[1] == before
    assert the(store)["signatory"] == "Dana Reyes"
    assert not desk.exists("other")


def test_no_letter_is_kept_for_who_said_no_while_it_was_on_its_way(opened: Any, store: Store) -> None:
    opened()
    ref = the(store)["ref"]
    with store.begin() as conn:
        for table in ("letter", "task"):
            conn.exec_driver_sql(f"DELETE FROM {table}")
    desk = StoreLetterDesk(store, VirtualClock(NOW))
    facts: dict[str, Any] = {
        "signatory": "x",
        "document": b"x",
        "owner": "x",
        "title": "",
        "body": "",
        "due_at": 1,
    }
    with pytest.raises(LookupError, match="no touch"):
        desk.put(ref="nobody", meta={}, **facts)
    no = NewEvent(identity_id=1, name="unsubscribed", at=NOW, source="t", key="k", data={"channel": "letter"})
    record(store, [no], VirtualClock(NOW), {})
    with pytest.raises(LookupError, match="said no"):
        desk.put(ref=ref, meta={}, **facts)
    assert ask(store, "SELECT count(*) FROM letter") == [(0,)]


@pytest.mark.parametrize(("field", "value"), [("owner_phone", None), ("owner_name", "Customer Success")])
def test_a_contact_who_cannot_sign_makes_no_letter(
    field: str, value: str | None, opened: Any, store: Store
) -> None:
    owner = {"owner_name": "Ana Diaz", "owner_email": "ana@small.example", "owner_phone": "+1 312 555 0103"}
    opened(signed_by="owner", **{**owner, field: value})
    assert ask(store, "SELECT count(*) FROM letter") == [(0,)]
    assert ask(store, "SELECT state, reason FROM touch") == [("skipped", "content")]


def test_the_contact_of_a_person_signs_where_the_step_says_so(opened: Any, store: Store) -> None:
    app = opened(
        signed_by="owner",
        owner_name="Ana Diaz",
        owner_email="ana@small.example",
        owner_phone="+1 312 555 0103",
    )
    assert (the(store)["signatory"], the(store)["owner"]) == ("Ana Diaz", "ana@small.example")
    with pytest.raises(LetterStands, match="waits for the signature of Ana Diaz, not of 'Dana Reyes'"):
        letters.sign(app, the(store)["ref"], by="Dana Reyes")


# ── the signature ──


def test_only_the_signatory_signs_and_once(opened: Any, store: Store) -> None:
    app, by = opened(), "dana  REYES"
    ref = the(store)["ref"]
    for other in ("Sam", "sam@small.example", "", "root"):
        with pytest.raises(LetterStands, match="waits for the signature of Dana Reyes"):
            letters.sign(app, ref, by=other)
    signed = letters.sign(app, ref, by=by)
    assert (signed["state"], signed["signed_by"], signed["signed_at"]) == (
        "signed",
        by,
        "2026-03-02T15:00:00Z",
    )
    with pytest.raises(LetterStands, match="is signed and waits for no signature"):
        letters.sign(app, ref, by=by)
    assert events(store) == ["letter_signed"]
    [task] = tasks.listed(app, state="open", owner=None, kind="letter", limit=9)["tasks"]
    assert task["title"] == "Print and post the letter to Ann Lee"


def test_a_picture_of_the_signature_is_set_on_the_letter_that_was_shown(opened: Any, store: Store) -> None:
    app = opened()
    ref, before = letters.document(app, the(store)["ref"])
    letters.sign(app, ref, by="Dana Reyes", image=png(300, 100))
    after = letters.document(app, ref)[1]
    assert after != before
    assert sha256(after).hexdigest() == the(store)["sha256"]


def test_a_letterhead_that_changed_meanwhile_is_not_signed_over(opened: Any, store: Store) -> None:
    app = opened()
    app.channels["letter"] = letters.LetterAdapter.build(
        {"accent": "#aa0000"}, Host(letters=StoreLetterDesk(store, app.clock))
    )
    with pytest.raises(LetterStands, match="letterhead has changed"):
        letters.sign(app, the(store)["ref"], by="Dana Reyes", image=png(30, 10))
    del app.channels["letter"]
    with pytest.raises(LetterStands, match="neither PNG nor JPEG"):
        letters.sign(app, the(store)["ref"], by="Dana Reyes", image=b"GIF")
    assert the(store)["state"] == "unsigned"


def test_with_a_key_a_flipped_bit_is_found_without_our_record_too(
    opened: Any, store: Store, tmp_path: Path
) -> None:
    key_file(tmp_path / "dana.p12", "secret")
    app = opened(", sign_key: dana.p12, sign_passphrase: secret")
    ref = the(store)["ref"]
    letters.sign(app, ref, by="Dana Reyes")
    pdf = letters.document(app, ref)[1]
    whole = verify(app, pdf)
    assert (whole["good"], whole["signature"]["unchanged"], whole["signature"]["signer"]) == (
        True,
        True,
        "Dana Reyes",
    )
    assert whole["on_record"]["ref"] == ref
    for place in range(50, len(pdf), len(pdf) // 40):
        bad = pdf[:place] + bytes([pdf[place] ^ 4]) + pdf[place + 1 :]
        found = verify(app, bad)
        assert not found["good"], place
        assert found["on_record"] is None
    other = verify(app, b"%PDF-1.7 nothing")
    assert (other["good"], other["signature"]) == (False, None)


# ── a no, at any step before it is gone ──


def test_a_no_before_the_signature_withdraws_the_letter(opened: Any, store: Store) -> None:
    app = opened()
    says_no(app)
    assert the(store)["state"] == "refused"
    with pytest.raises(LetterStands, match="is refused and waits for no signature"):
        letters.sign(app, the(store)["ref"], by="Dana Reyes")


def test_a_no_before_the_post_withdraws_it_and_the_post_may_have_been_quicker(
    opened: Any, store: Store
) -> None:
    app = opened()
    ref = the(store)["ref"]
    letters.sign(app, ref, by="Dana Reyes")
    says_no(app)
    assert the(store)["state"] == "refused"
    assert letters.posted(app, ref, carrier="USPS", tracking="9400")["state"] == "posted"


@pytest.mark.parametrize("code", ["declined", "done", "not_interested"])
def test_a_task_closed_without_the_signature_leaves_nothing_to_sign(
    code: str, opened: Any, store: Store
) -> None:
    app = opened()
    tasks.close(app, the(store)["ref"], code)
    assert the(store)["state"] == "refused"


def test_a_deadline_that_has_passed_is_not_signed(opened: Any, store: Store) -> None:
    app = opened()
    with store.begin() as conn:
        payload = queries.payload(conn, the(store)["ref"]) or ""
        late = payload.replace('"kind":"letter"', f'"kind":"letter","respond_by":"{NOW}"')
        conn.execute(text("UPDATE message SET payload = :late"), {"late": late})
    with pytest.raises(LetterStands, match="an answer by 2026-03-02, which has passed"):
        letters.sign(app, the(store)["ref"], by="Dana Reyes")


def test_a_person_who_came_back_gets_no_letter_any_more(opened: Any, store: Store) -> None:
    app = opened()
    back = NewEvent(identity_id=1, name="purchase", at=NOW, source="t", key="p")
    with store.begin() as conn:  # it is known, and no turn has been taken since
        from engine.events import write_events

        write_events(conn, [back], NOW)
    with pytest.raises(LetterStands, match="the letter is not to be signed"):
        letters.sign(app, the(store)["ref"], by="Dana Reyes")


def test_an_open_escalation_makes_it_wait(opened: Any, store: Store) -> None:
    app = opened()
    with store.begin() as conn:
        conn.exec_driver_sql(
            "INSERT INTO note (identity_id, id, kind, opened_at, source, key) VALUES (1, 1, 'escalation', 1, 's', 'k')"
        )
    with pytest.raises(LetterStands, match="escalation"):
        letters.sign(app, the(store)["ref"], by="Dana Reyes")
    assert the(store)["state"] == "unsigned"


# ── on its way ──


def test_posted_and_delivered_are_evidence_and_move_the_cadence(opened: Any, store: Store) -> None:
    app = opened()
    ref = the(store)["ref"]
    with pytest.raises(LetterStands, match="is not signed"):
        letters.posted(app, ref, carrier="USPS", tracking=None)
    letters.sign(app, ref, by="Dana Reyes")
    with pytest.raises(LetterStands, match="is signed, not posted"):
        letters.delivered(app, ref)
    assert (
        letters.posted(app, ref[:8], carrier="USPS", tracking="9400 1")["posted_at"] == "2026-03-02T15:00:00Z"
    )
    with pytest.raises(LetterStands, match="posted already"):
        letters.posted(app, ref, carrier="DHL", tracking="2")
    with pytest.raises(LetterStands, match="still to come"):
        letters.delivered(app, ref, at=NOW + DAY)
    with pytest.raises(LetterStands, match="before it is posted"):
        letters.delivered(app, ref, at=NOW - DAY)
    done = letters.delivered(app, ref, proof="https://proof.example/1")
    assert (done["state"], done["proof_uri"]) == ("delivered", "https://proof.example/1")
    assert events(store) == ["letter_signed", "letter_posted", "letter_delivered"]
    assert ask(store, "SELECT state, disposition FROM task") == [("done", "done")]
    run_once(app, NOW)
    assert ask(store, "SELECT step FROM enrolment") == [("after",)]


def test_into_a_folder_once_and_never_over_a_file_that_is_there(
    opened: Any, store: Store, tmp_path: Path
) -> None:
    app = opened(", deliver: file, folder: out")
    ref = the(store)["ref"]
    letters.sign(app, ref, by="Dana Reyes")
    path = tmp_path / "out" / "winback" / "paper" / f"{ref}.pdf"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"another")
    assert str(path) in hand_on(app, ref)
    assert path.read_bytes() == b"another"
    path.unlink()
    with pytest.raises(LetterStands, match=r"handed on before \(file\)"):
        hand_on(app, ref)
    assert not path.exists()
    assert ask(store, "SELECT state FROM task") == [("done",)]
    assert the(store)["state"] == "signed"
    assert letters.posted(app, ref, carrier="Print house", tracking=None)["state"] == "posted"


def test_a_folder_that_cannot_be_written_to_is_tried_again_by_the_wheel(
    opened: Any, store: Store, tmp_path: Path
) -> None:
    app = opened(", deliver: file, folder: out")
    ref = the(store)["ref"]
    (tmp_path / "out").write_text("a file where a folder should be")
    letters.sign(app, ref, by="Dana Reyes")
    with pytest.raises(LetterStands, match="cannot write to"):
        hand_on(app, ref)
    assert hand_on_due(app) == {}
    (tmp_path / "out").unlink()
    assert hand_on_due(app) == {"letters": 1}
    assert (tmp_path / "out" / "winback" / "paper" / f"{ref}.pdf").read_bytes() == letters.document(app, ref)[
        1
    ]
    assert hand_on_due(app) == {}


def test_by_mail_with_the_document_and_all_that_an_e_mail_owes(opened: Any, store: Store) -> None:
    app = opened(", deliver: email")
    ref = the(store)["ref"]
    letters.sign(app, ref, by="Dana Reyes")
    assert hand_on(app, ref) == "signed, and sent by e-mail"
    [mail] = app.channels["email"].received  # type: ignore[attr-defined]
    assert (mail.to, mail.sender_name, mail.reply_to) == (
        "user-1@example.com",
        "Dana Reyes",
        "dana@small.example",
    )
    assert mail.attachments[0].content == letters.document(app, ref)[1]
    assert "We <strong>changed</strong>" in mail.html
    assert mail.opt_out in mail.html
    assert "Dear Ann," in mail.text
    assert the(store)["state"] == "posted"
    assert events(store) == ["letter_signed", "letter_posted"]
    assert Message.from_json(mail.to_json()) == mail


def test_over_a_real_mail_server_the_document_arrives_as_it_was_signed(
    opened: Any, store: Store, tmp_path: Path
) -> None:
    key_file(tmp_path / "dana.p12", "secret")
    handler = Handler()
    with mail_server(handler) as port:
        options = {"host": "127.0.0.1", "port": port, "security": "none"}
        smtp = registry.build("smtp", options, Host(now=lambda: NOW))
        app = opened(", deliver: email, sign_key: dana.p12, sign_passphrase: secret", mail=smtp)
        ref = letters.sign(app, the(store)["ref"], by="Dana Reyes")["ref"]
        hand_on(app, ref)
    mail = message_from_bytes(handler.mails[0], policy=rfc)
    [document] = mail.iter_attachments()
    assert document.get_content() == letters.document(app, ref)[1]
    found = verify(app, document.get_content())
    assert (found["good"], found["on_record"]["state"]) == (True, "posted")


def test_what_the_provider_answers_is_kept_and_a_doubt_is_never_sent_again(opened: Any, store: Store) -> None:
    answers = [
        Retry(reason="busy"),
        Unknown(reason="lost"),
        Rejected(reason="no such mailbox", suppress="hard_bounce"),
    ]
    mail = RecordingAdapter(capabilities=MAIL).then(*answers)
    app = opened(", deliver: email", mail=mail)
    ref = the(store)["ref"]
    letters.sign(app, ref, by="Dana Reyes")
    with pytest.raises(LetterStands, match="not sent yet: busy"):
        hand_on(app, ref)
    assert hand_on_due(app) == {}  # in doubt from here on
    assert letters.shown(app, ref)["letter"]["in_doubt"]
    for _ in range(3):
        hand_on_due(app)
        with pytest.raises(LetterStands, match="in doubt"):
            hand_on(app, ref)
    assert len(mail.attempts) == 1 and sum(mail.attempts.values()) == 2
    did_not_leave(app, ref)
    with pytest.raises(LetterStands, match="was refused: no such mailbox"):
        hand_on(app, ref)
    assert hand_on_due(app) == {}
    assert ask(store, "SELECT reason FROM address_suppression") == [("hard_bounce",)]
    assert letters.posted(app, ref, carrier="USPS", tracking="1")["state"] == "posted"


def test_a_worker_that_dies_with_the_letter_leaves_a_doubt_and_no_second_letter(
    opened: Any, store: Store
) -> None:
    mail = RecordingAdapter(capabilities=MAIL).then(CRASH_AFTER)
    app = opened(", deliver: email", mail=mail)
    ref = the(store)["ref"]
    letters.sign(app, ref, by="dana@small.example")
    with pytest.raises(SimulatedCrash):
        hand_on(app, ref)
    assert hand_on_due(app) == {}
    assert letters.shown(app, ref)["letter"]["in_doubt"]
    assert letters.posted(app, ref, carrier="email", tracking=None)["state"] == "posted"
    assert mail.refs() == [ref]


def test_a_letter_under_way_is_not_given_back(opened: Any, store: Store) -> None:
    """Nobody can know yet that it did not leave; whoever sends it may have been killed, which time tells."""
    mail = RecordingAdapter(capabilities=MAIL).then(CRASH_AFTER)
    app = opened(", deliver: email", mail=mail)
    ref = the(store)["ref"]
    letters.sign(app, ref, by="Dana Reyes")
    with pytest.raises(SimulatedCrash):
        hand_on(app, ref)
    with pytest.raises(LetterStands, match="is being sent") as raised:
        did_not_leave(app, ref)
    assert "2026-03-02T15:15:00Z" in (raised.value.hint or "")
    assert hand_on_due(app) == {}
    app.clock.move_to(NOW + UNDER_WAY)
    did_not_leave(app, ref)
    assert hand_on(app, ref) == "signed, and sent by e-mail"
    assert mail.attempts[ref] == 2


def test_an_answer_that_comes_after_the_letter_was_given_back_changes_nothing(
    opened: Any, store: Store
) -> None:
    found: list[App] = []

    def slow(message: Message) -> Outcome:
        app = found.pop()
        app.clock.move_to(NOW + UNDER_WAY)
        did_not_leave(app, message.ref)
        with store.begin() as conn:  # another worker has it in hand from here on
            assert queries.take(conn, message.ref, "email", app.clock.now())
        return Retry(reason="busy")

    mail = RecordingAdapter(capabilities=MAIL).always(slow)
    app = opened(", deliver: email", mail=mail)
    found.append(app)
    ref = letters.sign(app, the(store)["ref"], by="Dana Reyes")["ref"]
    with pytest.raises(LetterStands, match="not sent yet: busy"):
        hand_on(app, ref)
    assert letters.shown(app, ref)["letter"]["in_doubt"]
    assert hand_on_due(app) == {}


def test_letters_that_wait_hold_back_no_other(
    opened: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.letter_delivery._BATCH", 5)
    app = opened(", deliver: email")
    letters.sign(app, the(store)["ref"], by="Dana Reyes")
    kept = "campaign, cycle, step, signatory, document, sha256, created_at"
    with store.begin() as conn:  # of people who are gone: none of them can ever leave
        for i in range(100, 110):
            conn.execute(
                text(f"""INSERT INTO letter (identity_id, ref, state, signed_at, {kept})
                         SELECT {i}, 'older{i}', 'signed', signed_at - 10, {kept} FROM letter WHERE identity_id = 1""")
            )
            conn.execute(
                text(
                    "INSERT INTO person (identity_id, created_at, updated_at, attributes) VALUES (:i, 1, 1, '{}')"
                ),
                {"i": i},
            )
    assert [hand_on_due(app) for _ in range(3)] == [{}, {}, {"letters": 1}]
    assert ask(store, "SELECT state FROM letter WHERE identity_id = 1") == [("posted",)]


def test_who_presses_unsubscribe_in_the_e_mail_of_a_letter_means_e_mail(opened: Any, store: Store) -> None:
    app = opened(", deliver: email")
    app.environment = replace(app.environment, http=PAGES)
    hand_on(app, letters.sign(app, the(store)["ref"], by="Dana Reyes")["ref"])
    [mail] = app.channels["email"].received  # type: ignore[attr-defined]
    base, _, token = mail.opt_out.rpartition("/")
    assert (base, mail.headers["List-Unsubscribe"]) == ("https://go.small.example/u", f"<{mail.opt_out}>")
    for body in (mail.text, mail.html):
        assert mail.opt_out in body and f"https://go.small.example/p/{token}" in body
    with store.begin() as conn:
        holder = choices.holder_of(conn, app.signer, app.ref_key, token)
        assert holder is not None and (holder.identity, holder.channel) == (1, "email")
        choices.opt_out(conn, holder, holder.channel, app.listeners(), NOW)
    assert ask(store, "SELECT channel, reason FROM suppression") == [("email", "opt_out")]


def test_a_no_to_e_mail_keeps_the_letter_from_leaving_by_it(opened: Any, store: Store) -> None:
    app = opened(", deliver: email")
    ref = the(store)["ref"]
    letters.sign(app, ref, by="Dana Reyes")
    no = NewEvent(identity_id=1, name="unsubscribed", at=NOW, source="t", key="k", data={"channel": "email"})
    with store.begin() as conn:
        from engine.suppression import suppress

        suppress(conn, 1, "email", "opt_out", at=NOW, source=no.source)
    with pytest.raises(LetterStands, match="must not leave"):
        hand_on(app, ref)
    assert the(store)["state"] == "refused"
    assert app.channels["email"].received == []  # type: ignore[attr-defined]


def test_an_adapter_that_carries_no_attachments_is_refused_by_name(opened: Any, store: Store) -> None:
    app = opened(", deliver: email", mail=RecordingAdapter())
    letters.sign(app, the(store)["ref"], by="Dana Reyes")
    with pytest.raises(ConfigurationError, match="'recording' carries no attachments"):
        hand_on(app, the(store)["ref"])


# ── the person, later ──


def test_a_letter_follows_its_person_in_a_merge(opened: Any, store: Store) -> None:
    app = opened()
    add_person(store, 2, email="other@example.com", email_key="other@example.com")
    with store.begin() as conn:
        merge(conn, [(2, 1)], NOW)
    assert the(store)["identity_id"] == 2
    assert letters.sign(app, the(store)["ref"], by="Dana Reyes")["state"] == "signed"


def test_an_erasure_takes_what_never_left_and_leaves_the_evidence_of_what_did(
    opened: Any, store: Store
) -> None:
    app = opened()
    ref = the(store)["ref"]
    letters.sign(app, ref, by="Dana Reyes")
    letters.posted(app, ref, carrier="USPS", tracking="1")
    erase(store, 1, app.clock)
    assert the(store)["state"] == "posted"
    assert letters.document(app, ref)[1].startswith(b"%PDF")


def test_an_erasure_before_it_left_takes_the_document(opened: Any, store: Store) -> None:
    app = opened()
    erase(store, 1, app.clock)
    assert the(store)["state"] == "refused"
    with pytest.raises(LetterStands, match="erased"):
        letters.document(app, the(store)["ref"])
    with pytest.raises(LetterStands, match="refused"):
        letters.sign(app, the(store)["ref"], by="Dana Reyes")


def test_accepted_is_the_hand_over_to_the_signatory(opened: Any, store: Store) -> None:
    app = opened()
    adapter = app.channels["letter"]
    with store.read() as conn:
        message = Message.from_json(queries.payload(conn, the(store)["ref"]) or "")
    assert adapter.send(message) == Accepted(provider_id=message.ref)
    assert isinstance(adapter.send(replace(message, ref="unknown")), Rejected)


def test_a_letter_by_e_mail_leaves_by_the_channels_rate(opened: Any, store: Store) -> None:
    mail = RecordingAdapter(capabilities=MAIL)
    app = opened(", deliver: email", mail=mail)
    app.environment = replace(
        app.environment,
        channels={
            **app.environment.channels,
            "email": replace(app.environment.channels["email"], rates=(Rate(1, 3_600),)),
        },
    )
    with store.begin() as conn:
        rates.draw_one(app, conn, "email", "somebody")
    letters.sign(app, the(store)["ref"], by="Dana Reyes")
    with pytest.raises(LetterWaits, match="rate"):
        hand_on(app, the(store)["ref"])
    assert (mail.received, the(store)["carrier"]) == ([], None)
    app.clock.move_to(NOW + 2 * 3_600)
    hand_on_due(app)
    assert (len(mail.received), the(store)["state"]) == (1, "posted")
