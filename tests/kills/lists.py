"""A drill of retargeting lists. What must hold is another thing here: a change may be told twice, and after all of them
exactly those people are on the platform's list who should be. New people come and others say no, are back or take their
consent back all the while, also while a daemon works that is about to be killed.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import text

from channels.list_hashes import GOOGLE, hashes_of
from engine.app import App
from engine.events import NewEvent, record
from state.ids import next_ids
from tests.kills.drill import Drill, fill
from tests.kills.worker import Worker, until

#: of everybody, so many do not want to be on a list
_SHARE_WHO_LEAVE = 0.3


@dataclass
class ListDrill(Drill):
    """``gone``: who said no, is back, or took a consent back; how, by identity."""

    people: int = 0
    gone: dict[int, str] = field(default_factory=dict)
    chance: Random = field(default_factory=lambda: Random(1))

    def prepare(self) -> None:
        """A third of the people, and some of them leave: what is told next has both kinds of news."""
        self._come(max(2, self.touches // 3))
        self.finish()
        self._leave(1)

    def complete(self) -> None:
        self._come(self.touches - self.people)

    def random_kills(self, kills: int, seed: int) -> None:
        """Kill worker after worker: while people are put on the list, while it is told of them, or anywhere."""
        self.chance = Random(seed)
        with self.app() as app:
            while self.kills < kills:
                come = (self.touches - self.people) // (kills - self.kills)
                self.ledger.wait_until_quiet()
                joined, calls = self._joined(), self.ledger.size()
                self._come(come)
                worker = Worker(self.post)
                self._wait(worker, joined + self.chance.randint(1, max(1, come)), calls)
                self._leave(self.chance.randint(0, max(1, int(2 * come * _SHARE_WHO_LEAVE))), app)
                time.sleep(self.chance.uniform(0, 0.008))
                worker.kill()
                self.kills += 1
                self.kills_at_work += self._joined() > joined or self.ledger.size() > calls

    def _wait(self, worker: Worker, joined: int, calls: int) -> None:
        """Until so many have joined, or another call has come, or for some time."""
        what = self.chance.random()
        if what < 0.1:
            time.sleep(self.chance.uniform(0.01, 0.5))
        elif what < 0.5:
            until(lambda: self._joined() >= joined, 5, worker, pause=0.004)
        else:
            until(lambda: self.ledger.size() > calls, 5, worker, pause=0.001)

    def _joined(self) -> int:
        return sum(self._members().values())

    def _members(self) -> dict[str, int]:
        with self.store.read() as conn:
            rows = conn.execute(text("SELECT state, count(*) FROM audience_member GROUP BY state"))
            return dict(tuple(row) for row in rows)

    def _come(self, how_many: int) -> None:
        if how_many:
            fill(self.store, self.people + 1, self.people + how_many)
            self.people += how_many

    def _leave(self, how_many: int, app: App | None = None) -> None:
        """Some people do not want to be on a list any more, or should not, whether they are on it yet or not."""
        if app is None:
            with self.app() as opened:
                return self._leave(how_many, opened)
        here = [n for n in range(1, self.people + 1) if n not in self.gone]
        for identity in self.chance.sample(here, min(how_many, len(here) - 1)):
            how = self.chance.choice(("unsubscribed", "complained", "purchase", "revoked"))
            self._tell(app, identity, how)
            self.gone[identity] = how
        return None

    def _tell(self, app: App, identity: int, how: str) -> None:
        now = app.clock.now()
        if how != "revoked":
            data = {"channel": "email"} if how == "unsubscribed" else {}
            news = NewEvent(
                identity_id=identity, name=how, at=now, source="drill", key=str(identity), data=data
            )
            record(app.store, [news], app.clock, app.listeners())
            return
        sql = """INSERT INTO consent (identity_id, id, channel, type, at, recorded_at, source, key)
                 VALUES (:person, :id, 'audience', 'revoked', :now, :now, 'drill', :key)"""
        row = {"person": identity, "id": next_ids(1)[0], "now": now, "key": f"revoked-{identity}"}
        with app.store.begin() as conn:
            conn.execute(text(sql), row)

    def is_done(self) -> bool:
        """Was everybody decided about and put on the list, and was the platform told of all?"""
        if self.count("queued", "dispatching", "held", "in_doubt"):
            return False
        members = self._members()
        settled = not (members.get("joining") or members.get("leaving"))
        return settled and members.get("listed", 0) == self.people - len(self.gone)

    def settle(self) -> None:
        """There is nothing to settle: our own table tells who was put on the list."""
        self.tally["doubts"] = self.count("in_doubt")

    def judge(self) -> None:
        """Assert that the platform's list holds exactly those who should be on it, and that all adds up."""
        changes = [json.loads(line) for line in self.ledger.lines()]
        on_list, removed = _after(sorted(changes, key=lambda change: change["sequence"]))
        wanted = _hashes(set(range(1, self.people + 1)) - set(self.gone))
        added = [name for change in changes for name in change["add"]]
        with self.store.read() as conn:
            rows = conn.execute(text("SELECT identity_id, state FROM touch"))
            states = dict(tuple(row) for row in rows)
        self.tally |= {
            "kills": self.kills,
            "kills at work": self.kills_at_work,
            "touches": len(states),
            "calls": len(changes),
            "taken off": len(removed) // 2,
            "duplicates": len(on_list - wanted) // 2,
            "repeats": (len(added) - len(set(added))) // 2,
            "lost": len(wanted - on_list) // 2,
            "states": {state: list(states.values()).count(state) for state in set(states.values())},
            "members": self._members(),
        }
        assert not on_list - wanted, "somebody is on the list who should not be"
        assert not wanted - on_list, "somebody is missing on the list"
        assert self.people == self.touches
        assert all(states[n] == "sent" for n in range(1, self.people + 1) if n not in self.gone)
        assert removed, "nobody was ever taken off"


def _after(changes: list[dict[str, Any]]) -> tuple[set[str], set[str]]:
    """(the list after these changes, everybody whom they have taken off it)."""
    on_list: set[str] = set()
    removed: set[str] = set()
    for change in changes:
        on_list |= set(change["add"])
        removed |= on_list & set(change["remove"])
        on_list -= set(change["remove"])
    return on_list, removed


def _hashes(people: set[int]) -> set[str]:
    """What the platform knows these people by."""
    return {
        name
        for n in people
        for name in hashes_of([f"user-{n}@example.com", f"+1312555{n % 10_000:04}"], GOOGLE)
    }
