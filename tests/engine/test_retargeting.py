"""People on retargeting lists, through the real wheel: on when their step is due, off when they say no or are back."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from channels.base import Accepted, Message, Outcome, Unknown
from channels.list_hashes import GOOGLE, hashes_of
from channels.lists import ListBookBusy, ListCarrier, ListChange
from engine.app import App
from engine.clock import VirtualClock
from engine.events import NewEvent, record
from engine.jobs import run_once
from engine.people.erase import erase
from engine.people.merge import merge
from engine.retargeting import SLICE, StoreListBook, exported, listed, run_lists
from engine.suppression import suppress
from state.ids import next_ids
from state.queries import retargeting
from state.store import Store
from state.testing import database
from tests.engine.building import DAY, NOW, PROJECT, add_person, ask, files, open_files

FOLLOW = "audience: {segment: churned}\ncadence:\n  - {step: follow, at: 0d, audience: note}\nthen: end\n"
LISTED = PROJECT.replace(
    "{adapter: console EMAIL}", "{adapter: console}\n  audience: {adapter: audience, folder: lists}"
)


@pytest.fixture
def opened(store: Store, tmp_path: Path) -> Callable[[int], App]:
    def make(people: int) -> App:
        for identity in range(1, people + 1):
            add_person(store, identity, churned_at=NOW - 40 * DAY)
            consent(store, identity, "express")
        texts = files({"follow": FOLLOW}) | {"rekindle.yaml": LISTED}
        return open_files(store, texts, tmp_path)

    return make


def consent(store: Store, identity: int, kind: str, at: int = NOW - DAY) -> None:
    sql = """INSERT INTO consent (identity_id, id, channel, type, at, recorded_at, source, key)
             VALUES (:person, :id, 'audience', :kind, :at, :at, 'crm', :key)"""
    number = next_ids(1)[0]
    with store.begin() as conn:
        conn.exec_driver_sql(
            sql.replace(":person", str(identity)).replace(":id", str(number)).replace(":kind", f"'{kind}'")
            .replace(":at", str(at)).replace(":key", f"'{number}'")
        )  # fmt: skip


def states(store: Store) -> dict[int, tuple[str, str | None]]:
    rows = ask(store, "SELECT identity_id, state, reason FROM audience_member ORDER BY 1")
    return {identity: (state, reason) for identity, state, reason in rows}


def files_of(root: Path) -> list[tuple[str, list[str]]]:
    """(add or remove, first cells) of each file, in the order in which they are to be read."""
    found = []
    for path in sorted((root / "lists" / "follow").glob("*.csv")):
        rows = list(csv.reader(path.read_text().splitlines()))[1:]
        found.append((path.stem.rpartition("-")[2], sorted(row[0] for row in rows)))
    return found


def digest(identity: int) -> str:
    return hashes_of([f"user-{identity}@example.com"], GOOGLE)[0].partition(":")[2]


def test_who_is_due_is_on_the_list_once_and_its_platform_is_told(
    store: Store, opened: Callable[[int], App], tmp_path: Path
) -> None:
    app = opened(3)
    run_once(app, NOW)
    assert ask(store, "SELECT state, count(*) FROM touch GROUP BY state") == [("sent", 3)]
    assert states(store) == dict.fromkeys((1, 2, 3), ("listed", None))
    assert files_of(tmp_path) == [("add", sorted(map(digest, (1, 2, 3))))]
    run_once(app, NOW + 60)
    assert len(files_of(tmp_path)) == 1
    assert listed(app) == [{"audience": "follow", "listed": 3, "joining": 0, "leaving": 0, "has_left": 0}]
    assert exported(app, "follow").count("\r\n") == 4


def test_nobody_without_the_consent_it_needs_is_on_a_list(store: Store, opened: Callable[[int], App]) -> None:
    app = opened(2)
    consent(store, 1, "implied", NOW - 60)
    run_once(app, NOW)
    assert states(store) == {2: ("listed", None)}


Leave = Callable[[App, Store], None]


def unsubscribe(app: App, store: Store) -> None:
    happened = NewEvent(
        identity_id=1, name="unsubscribed", at=NOW + 5, source="page", key="u1", data={"channel": "email"}
    )
    record(store, [happened], app.clock, app.listeners())


def complain(app: App, store: Store) -> None:
    happened = NewEvent(identity_id=1, name="complained", at=NOW + 5, source="esp", key="c1")
    record(store, [happened], app.clock, app.listeners())


def buy(app: App, store: Store) -> None:
    happened = NewEvent(identity_id=1, name="purchase", at=NOW + 5, source="shop", key="p1")
    record(store, [happened], app.clock, app.listeners())


def revoke(app: App, store: Store) -> None:
    consent(store, 1, "revoked", NOW + 5)


def be_erased(app: App, store: Store) -> None:
    erase(store, 1, app.clock)


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (unsubscribe, "opt_out"),
        (complain, "complaint"),
        (buy, "won_back"),
        (revoke, "revoked"),
        (be_erased, "erased"),
    ],
)
def test_who_says_no_or_is_back_leaves(
    store: Store, opened: Callable[[int], App], tmp_path: Path, leave: Leave, reason: str
) -> None:
    app = opened(2)
    run_once(app, NOW)
    leave(app, store)
    run_lists(app, NOW + 60)
    assert states(store) == {1: ("left", reason), 2: ("listed", None)}
    assert files_of(tmp_path)[1:] == [("remove", [digest(1)])]
    [(kept,)] = ask(store, "SELECT CAST(hashes AS TEXT) FROM audience_member WHERE identity_id = 1")
    assert kept == "[]"
    run_lists(app, NOW + 120)
    assert len(files_of(tmp_path)) == 2


def test_a_no_is_marked_in_the_transaction_that_hears_it(store: Store, opened: Callable[[int], App]) -> None:
    app = opened(1)
    run_once(app, NOW)
    unsubscribe(app, store)
    assert states(store) == {1: ("leaving", "opt_out")}


def test_a_bounce_is_no_reason_to_leave(store: Store, opened: Callable[[int], App]) -> None:
    app = opened(1)
    run_once(app, NOW)
    with store.begin() as conn:
        suppress(conn, 1, "email", "hard_bounce", at=NOW, source="esp")
    run_lists(app, NOW + 60)
    assert states(store) == {1: ("listed", None)}


class Carrier:
    """A platform that answers by a script, and remembers."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.changes: list[ListChange] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def deliver(self, change: ListChange) -> Outcome:
        self.changes.append(change)
        self.meanwhile()
        self.meanwhile = lambda: None
        return self.outcomes.pop(0) if self.outcomes else Accepted()


def with_carrier(app: App, carrier: Carrier) -> None:
    """From here on the platform is this one; people are put on lists as before."""
    assert isinstance(carrier, ListCarrier)
    app.channels["audience"].deliver = carrier.deliver  # type: ignore[attr-defined]


def test_what_is_not_taken_is_said_again_until_it_is(store: Store, opened: Callable[[int], App]) -> None:
    app, carrier = opened(1), Carrier(Unknown(reason="lost"), Unknown(reason="lost"))
    with_carrier(app, carrier)
    run_once(app, NOW)
    assert states(store) == {1: ("joining", None)}
    run_lists(app, NOW + 60)
    run_lists(app, NOW + 120)
    assert states(store) == {1: ("listed", None)}
    assert [len(change.add) for change in carrier.changes] == [1, 1, 1]
    sequences = [change.sequence for change in carrier.changes]
    assert sequences == sorted(set(sequences))


def test_who_says_no_while_the_platform_is_told_of_them_is_taken_off_after(
    store: Store, opened: Callable[[int], App]
) -> None:
    app, carrier = opened(1), Carrier()
    carrier.meanwhile = lambda: unsubscribe(app, store)
    with_carrier(app, carrier)
    run_once(app, NOW)
    run_lists(app, NOW + 60)
    assert states(store) == {1: ("left", "opt_out")}
    assert [(len(c.add), len(c.remove)) for c in carrier.changes] == [(1, 0), (0, 1)]


def test_whose_two_places_become_one_while_the_platform_is_told_is_told_of_whole(
    store: Store, opened: Callable[[int], App]
) -> None:
    app, carrier = opened(2), Carrier()
    with_carrier(app, carrier)
    run_once(app, NOW)
    unsubscribe(app, store)

    def become_one() -> None:
        with store.begin() as conn:
            conn.exec_driver_sql(f"UPDATE audience_member SET added_at = {NOW - 1} WHERE identity_id = 2")
            merge(conn, [(1, 2)], NOW + 60)

    carrier.meanwhile = become_one
    for minute in range(1, 3):
        run_lists(app, NOW + minute * 60)
    assert states(store) == {1: ("left", "opt_out")}
    removed = {each for change in carrier.changes for person in change.remove for each in person}
    assert {f"email:{digest(n)}" for n in (1, 2)} <= removed


def test_a_later_change_has_the_higher_sequence_whatever_the_workers_clock_says(
    store: Store, opened: Callable[[int], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, carrier = opened(1), Carrier()
    with_carrier(app, carrier)
    run_once(app, NOW)
    unsubscribe(app, store)
    monkeypatch.setattr("engine.retargeting.next_ids", lambda count: [1])  # of a machine that lags behind
    run_lists(app, NOW + 60)
    added, removed = carrier.changes
    assert removed.remove
    assert removed.sequence > added.sequence


def test_who_is_back_before_the_list_has_them_leaves_it(store: Store, opened: Callable[[int], App]) -> None:
    app = opened(1)
    channel = app.channels["audience"]
    put_on = channel.send

    def slowly(message: Message) -> Outcome:
        clock = app.clock
        assert isinstance(clock, VirtualClock)
        clock.move_to(NOW + 5)
        buy(app, store)
        clock.move_to(NOW + 10)
        return put_on(message)

    channel.send = slowly  # type: ignore[method-assign]
    run_once(app, NOW)
    run_lists(app, NOW + 60)
    assert states(store) == {1: ("left", "won_back")}


def test_an_adapter_that_raises_keeps_nobody_from_being_told_later(
    store: Store, opened: Callable[[int], App]
) -> None:
    app, carrier = opened(1), Carrier()

    def fail() -> None:
        raise RuntimeError

    carrier.meanwhile = fail
    with_carrier(app, carrier)
    run_once(app, NOW)
    assert states(store) == {1: ("joining", None)}


# ── the book ──


def book(store: Store, app: App) -> StoreListBook:
    return StoreListBook(store, app.clock)


def test_a_touch_puts_its_person_on_a_list_once(store: Store, opened: Callable[[int], App]) -> None:
    app = opened(1)
    run_once(app, NOW)
    [(ref,)] = ask(store, "SELECT ref FROM touch")
    assert book(store, app).exists(ref)
    assert not book(store, app).exists("another")
    unsubscribe(app, store)
    book(store, app).join(ref=ref, audience="follow", hashes=["email:x"])
    assert states(store) == {1: ("leaving", "opt_out")}


def test_who_may_not_be_on_a_list_is_refused_with_the_reason(
    store: Store, opened: Callable[[int], App]
) -> None:
    app = opened(2)
    run_once(app, NOW)
    refs = [ref for (ref,) in ask(store, "SELECT ref FROM touch ORDER BY identity_id")]
    with store.begin() as conn:
        conn.exec_driver_sql("DELETE FROM audience_member")
    unsubscribe(app, store)
    erase(store, 2, app.clock)
    for ref, words in (
        (refs[0], "has said no"),
        (refs[1], "was erased"),
        ("nothing", "no touch has the ref"),
    ):
        with pytest.raises(LookupError, match=words):
            book(store, app).join(ref=ref, audience="follow", hashes=["email:x"])
    assert states(store) == {}


def test_a_database_that_somebody_holds_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("state.store._PRAGMAS", ("busy_timeout=20",))
    with database("sqlite") as url:
        mine, theirs = Store.open(url), Store.open(url)
        with theirs.begin(), pytest.raises(ListBookBusy):
            StoreListBook(mine, VirtualClock(NOW)).join(ref="ref", audience="follow", hashes=["email:x"])
        mine.close()
        theirs.close()


# ── merging ──


def place(
    store: Store, identity: int, state: str, *hashes: str, audience: str = "follow", at: int = NOW
) -> None:
    with store.begin() as conn:
        ref = f"{identity}-{audience}"
        retargeting.put(
            conn,
            {"identity_id": identity, "audience": audience, "ref": ref, "hashes": list(hashes), "now": at},
        )
        conn.exec_driver_sql(f"UPDATE audience_member SET state = '{state}' WHERE ref = '{ref}'")


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        ("listed", "listed", "listed"),
        ("listed", "left", "listed"),
        ("joining", "listed", "joining"),
        ("leaving", "joining", "leaving"),
        ("listed", "leaving", "leaving"),
    ],
)
def test_two_places_on_one_list_become_one_with_all_addresses(
    store: Store, one: str, other: str, joined: str
) -> None:
    add_person(store, 1)
    add_person(store, 2)
    place(store, 1, one, "email:a", "phone:p")
    place(store, 2, other, "email:b", "phone:p", at=NOW + 1)
    place(store, 2, "listed", "email:b", audience="other")
    with store.begin() as conn:
        merge(conn, [(1, 2)], NOW + 2)
    rows = ask(store, "SELECT identity_id, audience, state FROM audience_member ORDER BY audience")
    assert rows == [(1, "follow", joined), (1, "other", "listed")]
    with store.read() as conn:
        found = retargeting.of(conn, 1, "follow")
    assert found is not None
    assert sorted(found["hashes"]) == ["email:a", "email:b", "phone:p"]


def test_who_is_joined_with_somebody_who_said_no_leaves(store: Store) -> None:
    add_person(store, 1)
    add_person(store, 2)
    place(store, 1, "listed", "email:a")
    with store.begin() as conn:
        suppress(conn, 2, "sms", "opt_out", at=NOW, source="page")
        merge(conn, [(1, 2)], NOW + 2)
    assert states(store) == {1: ("leaving", "opt_out")}


def test_lists_are_looked_through_a_slice_at_a_time(
    store: Store, opened: Callable[[int], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SLICE >= 10_000
    monkeypatch.setattr("engine.retargeting.SLICE", 2)
    app = opened(5)
    run_once(app, NOW)
    for identity in range(1, 6):
        consent(store, identity, "revoked", NOW + 5)
    left = []
    for turn in range(1, 6):
        run_lists(app, NOW + 60 * turn)
        left.append(sum(state == "left" for state, _ in states(store).values()))
    assert left[-1] == 5
    assert all(later - earlier <= 2 for earlier, later in zip([0, *left], left, strict=False))


def test_two_workers_never_tell_of_one_list_together(store: Store) -> None:
    with retargeting.alone(store, "follow") as first, retargeting.alone(store, "other") as other:
        assert first and other
        if store.dialect == "postgresql":
            with retargeting.alone(store, "follow") as second:
                assert not second
    with retargeting.alone(store, "follow") as again:
        assert again
