"""Programs that open and click: marked, and never taken for people."""

from __future__ import annotations

import pytest

from channels.events import EventKind as K
from engine.intake_again import judge_watched
from engine.machines import WATCH, Act, by_machines, is_scanner
from state.store import Store
from tests.engine.building import NOW, ask
from tests.intake.building import LATER, addresses, came, event, events, ref_of, rows, touch, written_to

SENT = NOW + 60


def acts(*clicks: tuple[int, str]) -> list[Act]:
    return [Act(f"{at}{url}", at, url) for at, url in clicks]


@pytest.mark.parametrize(
    ("clicks", "machine"),
    [
        ([(SENT + 2, "a")], {f"{SENT + 2}a"}),
        ([(SENT - 5, "")], {f"{SENT - 5}"}),
        ([(SENT + 3, "a")], set()),
        ([(SENT + 9, "a"), (SENT + 11, "b"), (SENT + 10, ""), (SENT + 99, "a")], {f"{SENT + 9}a", f"{SENT + 11}b",
                                                                              f"{SENT + 10}"}),
        ([(SENT + 9, "a"), (SENT + 10, "a")], set()),
        ([(SENT + 9, "a"), (SENT + 12, "b")], set()),
    ],
)  # fmt: skip
def test_what_is_too_fast_for_a_person(clicks: list[tuple[int, str]], machine: set[str]) -> None:
    assert by_machines(acts(*clicks), SENT) == machine


def test_without_a_moment_nothing_is_too_fast() -> None:
    assert by_machines([Act("1", None, "a"), Act("2", None, "b")], None) == set()


@pytest.mark.parametrize(
    ("agent", "scanner"),
    [("Barracuda Sentinel (EE)", True), ("python-requests/2.31", True), ("", False),
     ("Mozilla/5.0 HeadlessChrome/120", True),
     ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", False),
     ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15", False)],
)  # fmt: skip
def test_who_names_itself(agent: str, scanner: bool) -> None:
    assert is_scanner(agent) is scanner


def test_a_persons_click_counts_when_it_has_been_watched(store: Store) -> None:
    app = written_to(store)
    ref = ref_of(store)
    came(
        app,
        event(K.DELIVERED, ref, at=SENT),
        event(K.CLICKED, ref, at=SENT + 300, url="https://www.small.example/"),
    )
    assert (touch(store), events(store)) == ("delivered", ["delivered"])
    assert judge_watched(app, LATER + WATCH - 1) == {}
    assert judge_watched(app, LATER + WATCH) == {"applied": 1}
    assert events(store) == ["clicked", "delivered"]
    assert ask(store, "SELECT at FROM event WHERE name = 'clicked'") == [(SENT + 300,)]
    assert judge_watched(app, LATER + WATCH) == {}


def test_a_scanner_is_found_out_whatever_comes_first(store: Store) -> None:
    app = written_to(store)
    ref = ref_of(store)
    for n, url in enumerate(("a", "b")):
        came(app, event(K.CLICKED, ref, key=url, at=SENT + 100 + n, url=f"https://www.small.example/{url}"))
    came(app, event(K.OPENED, ref, at=SENT + 1))
    came(app, event(K.DELIVERED, ref, at=SENT))
    judge_watched(app, LATER + WATCH)
    assert events(store) == ["delivered"]
    assert [row[1:] for row in rows(store)[:3]] == [("applied", "a machine's doing")] * 3
    assert ask(store, "SELECT count(*) FROM received WHERE machine") == [(3,)]


def test_a_scanner_that_names_itself_unsubscribes_nobody(store: Store) -> None:
    app = written_to(store)
    came(
        app,
        event(K.UNSUBSCRIBED, ref_of(store), agent="Barracuda", to="user-1@example.com", suppress="opt_out"),
    )
    assert (events(store), addresses(store)) == ([], set())
