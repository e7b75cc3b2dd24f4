"""Event sources: each row once, the future later, strangers aside, and a row without a person for all who wait."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from engine.broadcast import Broadcast, broadcast
from engine.clock import VirtualClock
from engine.errors import ImportFailed
from engine.model import BUILT_IN, Campaign, Cohort, SourceDef, Then, Track
from engine.people.event_source import import_events
from engine.people.importer import ImportReport
from state.store import Store
from tests.events.building import LISTENERS, NOW, enrol, person
from tests.people.building import project, query, write_csv

SOURCE = SourceDef(
    id="crm_events", kind="events", csv="events.csv", key="event_id", event_name="event", event_at="when",
    event_person="who", event_data={"text": "body", "channel": "channel", "feature": "feature"}, source=BUILT_IN,
)  # fmt: skip


def campaign(*triggers: Track, park_until: str | None = None, name: str = "lost") -> Campaign:
    cohort = Cohort(id="oldest", when=None, park_until=park_until, source=BUILT_IN)
    main = Track(id="main", steps=(), source=BUILT_IN)
    return Campaign(
        id=name, version="v1", owner="o@acme.example", objective="", group="winback", priority=50,
        segment="closed_lost", where=None, re_enter_after=None, consent={}, caps=(), cohorts=(cohort,), main=main,
        triggers=triggers, then=Then(), exits=(), goal=None, holdout=0, templates={}, offers={}, source=BUILT_IN,
    )  # fmt: skip


def trigger(*matching: tuple[str, str]) -> Track:
    return Track(id="gap", steps=(), event="feature_shipped", matching=matching, source=BUILT_IN)


def take(
    store: Store, folder: Path, rows: list[dict[str, Any]], *, now: int = NOW, **changes: Any
) -> ImportReport:
    blank = dict.fromkeys(["event_id", "event", "when", "who", "body", "channel", "feature"], "")
    write_csv(folder / "events.csv", [{**blank, **row} for row in rows])
    report = import_events(
        store,
        project(folder),
        SOURCE,
        VirtualClock(now),
        LISTENERS,
        rejects_dir=folder / "rejects",
        **changes,
    )
    assert report.read == len(rows) == report.rejected + report.created + report.unchanged + report.future
    return report


def test_people_are_named_by_mailbox_or_by_their_sources_key(store: Store, tmp_path: Path) -> None:
    person(store, 1)
    person(store, 2)
    rows = [
        {"event_id": "a", "event": "clicked", "when": "2026-03-01", "who": "P1@Acme.example"},
        {"event_id": "b", "event": "purchase", "when": "2026-03-01T10:00:00Z", "who": "C2"},
    ]
    assert take(store, tmp_path, rows).created == 2
    assert query(store, "SELECT identity_id, name, source, key FROM event ORDER BY 1") == [
        (1, "clicked", "crm_events", "a"), (2, "purchase", "crm_events", "b"),
    ]  # fmt: skip
    assert take(store, tmp_path, rows, now=NOW + 60).unchanged == 2


def test_the_future_waits_for_its_day(store: Store, tmp_path: Path) -> None:
    person(store, 1)
    rows = [{"event_id": "a", "event": "renewal", "when": "2026-03-03", "who": "C1"}]
    assert take(store, tmp_path, rows).future == 1
    assert query(store, "SELECT * FROM event") == []
    assert take(store, tmp_path, rows, now=NOW + 86_400).created == 1


def test_bad_rows_are_set_aside_and_a_stranger_may_become_known(store: Store, tmp_path: Path) -> None:
    rows = [
        {"event_id": "a", "event": "clicked", "when": "soon", "who": "C1"},
        {"event_id": "", "event": "clicked", "when": "2026-03-01", "who": "C1"},
        {"event_id": "c", "event": "clicked", "when": "2026-03-01", "who": "p1@acme.example"},
    ]
    report = take(store, tmp_path, rows)
    assert report.rejects
    assert [(r["row"], r["reason"][:30]) for r in csv.DictReader(report.rejects.open())] == [
        ("2", "'when' is not a date such as 2"),
        ("3", "'event_id' is empty"),
        ("4", "nobody on record has this e-ma"),
    ]
    person(store, 1)
    assert take(store, tmp_path, rows).created == 1


def test_a_key_of_two_people_names_nobody(store: Store, tmp_path: Path) -> None:
    from state.tables import Contact
    from tests.events.building import put

    person(store, 1)
    person(store, 2)
    put(
        store,
        Contact,
        source="billing",
        source_key="C1",
        identity_id=2,
        row_hash="",
        first_seen_at=1,
        last_seen_at=1,
    )
    assert (
        take(store, tmp_path, [{"event_id": "a", "event": "x", "when": "2026-03-01", "who": "C1"}]).rejected
        == 1
    )


def test_a_reply_in_a_file_is_obeyed_like_any_other(store: Store, tmp_path: Path) -> None:
    person(store, 1)
    row = {
        "event_id": "a",
        "event": "replied",
        "when": "2026-03-01",
        "who": "C1",
        "body": "Stop",
        "channel": "sms",
    }
    take(store, tmp_path, [row])
    assert query(store, "SELECT channel, reason FROM suppression ORDER BY channel") == [
        ("phone", "opt_out"),
        ("sms", "opt_out"),
    ]


def test_a_missing_column_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("event_id,event,when,person,body,channel,feature\n")
    with pytest.raises(ImportFailed, match="no column 'who'"):
        import_events(
            Store.open("sqlite://"), project(tmp_path), SOURCE, VirtualClock(NOW), {}, rejects_dir=tmp_path
        )


def parked(store: Store, identity: int, **attributes: Any) -> None:
    person(store, identity, attributes=attributes)
    enrol(store, identity, state="parked", cohort="oldest", due_at=None)


def woken(store: Store) -> list[int]:
    return [
        i for (i,) in query(store, "SELECT identity_id FROM enrolment WHERE due_at IS NOT NULL ORDER BY 1")
    ]


def test_a_row_without_a_person_is_for_everyone_who_waits_for_it_once(store: Store, tmp_path: Path) -> None:
    parked(store, 1)
    parked(store, 2)
    person(store, 3)
    rows = [{"event_id": "r1", "event": "feature_shipped", "when": "2026-03-01", "feature": "sso"}]
    waiting = [campaign(park_until="feature_shipped")]
    assert take(store, tmp_path, rows, campaigns=waiting).created == 1
    assert woken(store) == [1, 2]
    parked(store, 4)
    assert take(store, tmp_path, rows, campaigns=waiting, now=NOW + 60).unchanged == 1
    assert woken(store) == [1, 2], "who came later has missed it"


SHIPPED = Broadcast(name="feature_shipped", at=NOW, source="cli", key="1", data={"feature": "sso"})


def test_a_match_wakes_only_whose_field_is_equal(store: Store) -> None:
    parked(store, 1, gap="sso")
    parked(store, 2, gap="api")
    parked(store, 3)
    told = broadcast(
        store,
        SHIPPED,
        [campaign(trigger(("feature", "attributes.gap")), park_until="feature_shipped")],
        VirtualClock(NOW),
    )
    assert told == 1
    assert woken(store) == [1]
    assert query(store, "SELECT identity_id, key FROM event ORDER BY 1") == [(0, "1"), (1, "1:1")]


def test_a_data_key_that_is_missing_matches_nobody(store: Store) -> None:
    parked(store, 1)
    nothing = Broadcast(name="feature_shipped", at=NOW, source="cli", key="1")
    assert (
        broadcast(store, nothing, [campaign(trigger(("feature", "attributes.gap")))], VirtualClock(NOW)) == 0
    )


def test_campaigns_that_do_not_wait_for_it_and_people_who_are_through_are_left_alone(store: Store) -> None:
    parked(store, 1)
    person(store, 2)
    enrol(store, 2, state="ended", due_at=None)
    assert broadcast(store, SHIPPED, [campaign(park_until="something_else")], VirtualClock(NOW)) == 0
    assert woken(store) == []


def test_a_broadcast_that_broke_off_is_taken_up_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import engine.broadcast as module

    monkeypatch.setattr(module, "_CHUNK", 2)
    for identity in range(1, 6):
        parked(store, identity)
    waiting = [campaign(park_until="feature_shipped")]
    real, calls = module._tell, iter(range(9))

    def breaks_off(*args: Any) -> int:
        if next(calls) == 1:
            raise ConnectionError
        return real(*args)

    monkeypatch.setattr(module, "_tell", breaks_off)
    with pytest.raises(ConnectionError):
        broadcast(store, SHIPPED, waiting, VirtualClock(NOW))
    assert woken(store) == [1, 2]
    assert broadcast(store, SHIPPED, waiting, VirtualClock(NOW)) == 3
    assert woken(store) == [1, 2, 3, 4, 5]
    assert broadcast(store, SHIPPED, waiting, VirtualClock(NOW)) == 0
