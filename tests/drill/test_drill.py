"""The drill, over real HTTP against the real service, on both databases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from channels.recording import RecordingAdapter
from engine.app import App
from engine.drill import cast, gate, ways
from engine.drill.calls import HEADER, Line, Post, drill_key, event_by_sendgrid, forged, stop_by_twilio
from engine.drill.cast import Extra
from engine.drill.run import NotServed, drill
from engine.drill.ways import Failed, Way
from engine.errors import ConfigurationError
from engine.jobs import JOBS, run_housekeeping
from engine.status import status
from engine.suppression import suppress_addresses
from state.queries import gauges, synthetic
from state.store import Store
from tests.drill import building
from tests.drill.building import CHANNELS, NOWHERE, SMTP, Range, files, held
from tests.engine.building import add_person

#: every table that a drill can leave something in
TABLES = [
    "person", "consent", "suppression", "address_suppression", "note", "event", "enrolment", "touch", "message",
    "decision", "task", "received", "notice", "control",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    building.secrets(monkeypatch.setenv)


def left(found: Range) -> dict[str, int]:
    """Rows by table, where there are any."""
    counts = {t: found.ask(f"SELECT count(*) FROM {t}")[0][0] for t in TABLES}
    return {table: count for table, count in counts.items() if count}


def test_every_way_in_stops_the_next_message_and_nothing_stays_behind(store: Store, tmp_path: Path) -> None:
    with held(store, files(CHANNELS), tmp_path) as found:
        told = found.drill()
        assert [(w["channel"], w["way"], w["passed"], w["because"]) for w in told["ways"]] == [
            ("email", "one-click unsubscribe", True, None),
            ("email", "bounce", True, None),
            ("email", "complaint", True, None),
            ("in_app", "unsubscribe receipt", True, None),
            ("sms", "STOP", True, None),
            ("email", "event told by crm", True, None),
        ]
        assert (told["passed"], told["silent"], told["swept"]) == (True, ["phone"], 0)
        assert all(0 <= w["milliseconds"] < 10_000 and w["withheld_by"] for w in told["ways"])
        assert left(found) == {"control": 1}
        assert found.ask("SELECT key FROM control") == [("drill:live",)]


def test_the_bounce_mailbox_is_a_way_in(store: Store, tmp_path: Path) -> None:
    with held(store, files({"email": SMTP}), tmp_path) as found:
        told = found.drill()
        assert [(w["way"], w["passed"]) for w in told["ways"]] == [
            ("one-click unsubscribe", True), ("bounce", True), ("complaint", True), ("event told by crm", True),
        ]  # fmt: skip
        assert left(found) == {"control": 1}


def test_nothing_is_sent_to_anybody(store: Store, tmp_path: Path) -> None:
    with held(store, files(CHANNELS), tmp_path) as found:
        sent = RecordingAdapter()
        for channel in CHANNELS:
            found.app.channels[channel] = sent
        for job in JOBS:  # a worker at work while the drill goes on
            job.run(found.app, found.app.clock.now())
        assert found.drill()["passed"]
        for job in JOBS:
            job.run(found.app, found.app.clock.now())
        assert (list(sent.received), dict(sent.attempts)) == ([], {})


def test_without_a_key_to_judge_by_the_way_is_shut(store: Store, tmp_path: Path) -> None:
    deaf = {"email": f"{{adapter: sendgrid, api_key: {{env: MAIL_KEY}}, host: '{NOWHERE}'}}"}
    with held(store, files(deaf), tmp_path) as found:
        told = found.drill()
        assert [w["passed"] for w in told["ways"]] == [True, False, False, True]
        assert told["ways"][1]["because"].startswith("option 'webhook_key' is not declared")
        assert not told["passed"]
        assert left(found) == {}


def test_where_nobody_serves_it_says_so_once(store: Store, tmp_path: Path) -> None:
    app = building.app_on(store, files({"email": SMTP}), tmp_path)
    with pytest.raises(NotServed, match=f"{NOWHERE} did not answer") as raised:
        drill(app, NOWHERE)
    assert "rekindle --env live serve" in (raised.value.hint or "")
    with store.read() as conn:
        assert gate.passed(conn, app.environment) is None


def test_a_drill_that_breaks_off_leaves_nobody_behind(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(app: object, line: Line, extra: Extra) -> None:
        raise KeyboardInterrupt

    way = Way(channel="email", name="broken off", through="nothing", go=breaks)
    monkeypatch.setattr("engine.drill.run.ways", lambda app: [way])
    with held(store, files({"email": SMTP}), tmp_path) as found:
        with pytest.raises(KeyboardInterrupt):
            found.drill()
        assert left(found) == {}


def test_messages_that_link_elsewhere_do_not_pass(store: Store, tmp_path: Path) -> None:
    elsewhere = files({"email": SMTP}, unsubscribe="https://www.small.example/stop")
    with held(store, elsewhere, tmp_path) as found:
        assert "messages link to https://www.small.example/stop" in found.drill()["ways"][0]["because"]


def test_a_call_that_is_taken_and_changes_nothing_is_no_pass(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_only(app: object, line: Line, extra: Extra) -> None:
        line.get("/live")

    way = Way(channel="email", name="a look", through="GET /live", go=look_only)
    monkeypatch.setattr("engine.drill.run.ways", lambda app: [way])
    with held(store, files({"email": SMTP}), tmp_path) as found:
        told = found.drill(within=0.1)
        assert (
            told["ways"][0]["because"]
            == "the call was taken, and the next message would still go 0.1 seconds later"
        )
        assert not told["passed"]


def test_a_door_that_takes_forged_calls_does_not_pass(store: Store, tmp_path: Path) -> None:
    with held(store, files(CHANNELS), tmp_path) as found:
        line = Line(found.url, building.PUBLIC)
        open_door = Post(path="/live", body=b"", headers={"X-Signature": "abc"})
        with pytest.raises(Failed, match="the door answers 405"):
            ways._signed(line, open_door)


# ── the stand-in key ──


def hired(found: Range, channel: str = "email") -> Extra:
    with found.app.store.begin() as conn:
        return cast.hire(found.app, conn, channel)


def test_the_drills_own_key_opens_for_nobody_who_is_real(store: Store, tmp_path: Path) -> None:
    with held(store, files(CHANNELS), tmp_path) as found:
        add_person(store, 1)
        extra = hired(found)
        line, key = Line(found.url, building.PUBLIC), drill_key(found.app.ref_key)
        now = found.app.clock.now()
        real = Extra(identity=1, channel="email", ref="0" * 32, email="p1@example.com", phone="+13125550101")
        assert line.post(event_by_sendgrid(key, real, "spamreport", now)) == 403
        both = event_by_sendgrid(key, extra, "spamreport", now)
        assert line.post(forged(both)) == 403
        unasked = Post(
            path=both.path, body=both.body, headers={k: v for k, v in both.headers.items() if k != HEADER}
        )
        assert line.post(unasked) == 403
        assert line.post(event_by_sendgrid(drill_key(b"x" * 32), extra, "spamreport", now)) == 403
        assert line.post(both) == 204
        assert found.ask("SELECT identity_id FROM suppression") == [(extra.identity,)]


# ── synthetic people ──


def test_synthetic_people_are_counted_and_enrolled_nowhere(store: Store, tmp_path: Path) -> None:
    with held(store, files(CHANNELS, sends=False), tmp_path) as found:
        add_person(store, 1, churned_at=1)
        before = status(found.app)
        for channel in CHANNELS:
            hired(found, channel)
        with store.begin() as conn:
            conn.execute(
                text(
                    "UPDATE person SET status_at_last_touch = 'churned', churned_at = 1 WHERE identity_id < 0"
                )
            )
        with store.read() as conn:
            assert (gauges.touches(conn), gauges.suppressions(conn), gauges.received(conn)) == ([], [], [])
        campaigns = list(found.app.project.campaigns.values())
        with store.begin() as conn:
            assert found.app.audience.count_newcomers(conn, campaigns, found.app.clock.now()) == 1
            found.app.audience.enrol(conn, campaigns, found.app.clock.now())
        assert found.ask("SELECT identity_id FROM enrolment WHERE campaign = 'back'") == [(1,)]
        with store.begin() as conn:
            conn.execute(text("DELETE FROM enrolment WHERE identity_id = 1"))
        after = status(found.app)
        assert {k: v for k, v in after.items() if k != "now"} == {
            k: v for k, v in before.items() if k != "now"
        }


def test_what_a_killed_drill_left_is_swept_by_the_next_and_by_housekeeping(
    store: Store, tmp_path: Path
) -> None:
    with held(store, files({"email": SMTP}), tmp_path) as found:
        hired(found)
        hired(found, "sms")
        young = left(found)
        assert found.drill()["swept"] == 0  # another drill may be at work
        with store.begin() as conn:
            conn.execute(text("UPDATE control SET at = at - 901 WHERE key LIKE 'drilling:%'"))
        assert young["person"] == 2
        assert found.drill()["swept"] == 2
        assert left(found) == {"control": 1}
        hired(found)
        with store.begin() as conn:
            conn.execute(text("UPDATE control SET at = at - 901 WHERE key LIKE 'drilling:%'"))
        run_housekeeping(found.app, found.app.clock.now())
        with store.read() as conn:
            assert synthetic.left(conn) == 0


def test_cleaning_up_touches_nobody_who_is_real(store: Store) -> None:
    add_person(store, 1, phone="+13125550101")
    with store.begin() as conn:
        suppress_addresses(conn, ["+13125550101", "+13125550102"], "sms", "opt_out", at=1, source="sms")
        synthetic.drop(conn, [1], ["+13125550101", "+13125550102"])
        assert conn.execute(text("SELECT count(*) FROM person")).scalar() == 1
        assert conn.execute(text("SELECT address FROM address_suppression")).all() == [("+13125550101",)]


def test_a_no_worked_off_after_the_drill_gave_up_is_swept(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[Line, Post]] = []

    def lost(app: App, line: Line, extra: Extra) -> None:
        call = stop_by_twilio(building.PUBLIC, "0" * 32, extra, "+13125550199")
        made.append((Line(line.base, line.public_url), call))
        line.post(Post(path="/live", body=b"", headers={}))

    way = Way(channel="sms", name="STOP", through="POST /webhooks/sms", go=lost)
    monkeypatch.setattr("engine.drill.run.ways", lambda app: [way])
    with held(store, files(CHANNELS), tmp_path) as found:
        assert not found.drill(within=0)["passed"]
        assert found.ask("SELECT count(*) FROM person") == [(0,)]
        [(line, call)] = made
        assert line.post(call) == 200
        assert found.ask("SELECT channel, reason FROM address_suppression ORDER BY channel") == [
            ("phone", "opt_out"),
            ("sms", "opt_out"),
        ]
        with store.begin() as conn:
            conn.execute(text("UPDATE control SET at = at - 901 WHERE key LIKE 'drilling:%'"))
        run_housekeeping(found.app, found.app.clock.now())
        assert found.ask("SELECT count(*) FROM address_suppression") == [(0,)]
        assert found.ask("SELECT count(*) FROM control WHERE key LIKE 'drilling:%'") == [(0,)]


# ── the gate ──


def closed(found: Range) -> dict[str, list[str]]:
    with found.app.store.read() as conn:
        return found.app.closed(conn)


def test_where_messages_go_out_no_campaign_opens_before_the_drill(store: Store, tmp_path: Path) -> None:
    with held(store, files({"email": SMTP}), tmp_path) as found:
        add_person(store, 1, churned_at=1)
        assert closed(found) == {"back": ["email"]}
        for job in JOBS:
            job.run(found.app, found.app.clock.now())
        assert found.ask("SELECT count(*) FROM enrolment") == [(0,)]
        told = status(found.app)
        assert told["drill"] == {
            "passed_at": None,
            "closed": {"back": ["email"]},
            "mend": "rekindle --env live drill",
        }
        assert [c["condition"] for c in told["campaigns"]] == ["not drilled"]
        assert found.drill()["passed"]
        assert closed(found) == {}
        for job in JOBS:
            job.run(found.app, found.app.clock.now())
        assert found.ask("SELECT count(*) FROM enrolment") == [(1,)]


def test_where_nothing_goes_out_nothing_is_asked(store: Store, tmp_path: Path) -> None:
    with held(store, files({"email": SMTP}, sends=False), tmp_path) as found:
        assert closed(found) == {}


@pytest.mark.parametrize(
    ("changed", "shut"),
    [
        ({"email": SMTP.replace("bounces@", "back@")}, ["email"]),
        ({"email": CHANNELS["email"]}, ["email"]),
        ({"email": SMTP, "sms": CHANNELS["sms"]}, []),  # no campaign here writes by it
        ({"sms": CHANNELS["sms"]}, ["email"]),
    ],
)
def test_a_channel_that_changed_shuts_the_campaigns_that_write_by_it(
    changed: dict[str, str], shut: list[str], store: Store, tmp_path: Path
) -> None:
    was = building.app_on(store, files({"email": SMTP}), tmp_path)
    now = building.app_on(store, files(changed), tmp_path)
    with store.begin() as conn:
        gate.record(conn, was.environment, gate.known(was), 1)
        assert now.closed(conn) == ({"back": shut} if shut else {})


def test_another_page_behind_the_links_shuts_every_channel(store: Store, tmp_path: Path) -> None:
    was = building.app_on(store, files({"email": SMTP}), tmp_path)
    elsewhere = files({"email": SMTP}, unsubscribe="https://www.small.example/stop")
    now = building.app_on(store, elsewhere, tmp_path)
    with store.begin() as conn:
        gate.record(conn, was.environment, gate.known(was), 1)
        assert (was.closed(conn), now.closed(conn)) == ({}, {"back": ["email"]})


RETURNED = SMTP.replace("bounces@go.example", "{env: RETURN_PATH}").replace(
    "security: none", "security: none, username: u, password: {env: MAIL_KEY}"
)


@pytest.mark.parametrize(
    ("declared", "variables", "shut"),
    [
        (RETURNED, {"RETURN_PATH": "nobody@elsewhere.example"}, True),
        (RETURNED.replace("RETURN_PATH", "OTHER"), {"OTHER": "bounces@go.example"}, True),
        (RETURNED.replace("MAIL_KEY", "OTHER"), {"OTHER": "SG.secret"}, True),
        (RETURNED, {"MAIL_KEY": "a renewed one"}, False),
        (RETURNED, {"RETURN_PATH": ""}, False),  # not set where somebody only looks
    ],
)
def test_what_stands_in_a_variable_is_known_by_its_name_and_unless_a_credential_by_its_content(
    declared: str, variables: dict[str, str], shut: bool, store: Store, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("RETURN_PATH", "bounces@go.example")
    was = building.app_on(store, files({"email": RETURNED}), tmp_path)
    with store.begin() as conn:
        gate.record(conn, was.environment, gate.known(was), 1)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    now = building.app_on(store, files({"email": declared}), tmp_path)
    with store.read() as conn:
        assert now.closed(conn) == ({"back": ["email"]} if shut else {})


def test_a_variable_that_is_not_set_ends_the_drill_before_it_begins(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RETURN_PATH", raising=False)
    app = building.app_on(store, files({"email": RETURNED}), tmp_path)
    with pytest.raises(ConfigurationError, match="RETURN_PATH is not set"):
        drill(app, NOWHERE)


def test_what_a_drill_knows_shows_nothing_of_a_variable_and_needs_our_key(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETURN_PATH", "bounces@go.example")
    texts = files({**CHANNELS, "email": RETURNED})
    found = gate.known(building.app_on(store, texts, tmp_path))
    assert found["email"].keys() == {"declared", "option return_path"}
    assert found["sms"].keys() == {"declared", "option account_sid"}
    assert not [word for word in ("SG.secret", "go.example") if word in json.dumps(found)]
    monkeypatch.setenv("SIGNING_KEY", "another signing key")
    other = gate.known(building.app_on(store, texts, tmp_path))
    assert other["email"]["option return_path"] != found["email"]["option return_path"]
