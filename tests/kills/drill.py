"""A drill: so many touches, so many kills, and then the books: nothing twice, nothing lost, to the unit."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from channels.events import EventKind, ProviderEvent
from engine import dead_letters
from engine.app import App, open_app
from engine.doubts_desk import settle
from engine.intake import take
from state.ids import next_ids
from state.queries import status
from state.store import Store
from state.testing import database
from tests.engine.building import PROJECT, SEGMENTS
from tests.kills.receivers import PROVIDERS, SECRETS, Ledger, receiver
from tests.kills.worker import NOON, NoonClock, Post, Worker, settings_of, until

_CAMPAIGN = """\
campaign: hello
owner: ops@small.example
objective: A drill.
audience: {{segment: churned}}
cadence:
  - {{step: hello, at: 0d, {channel}: note}}
then: end
"""
_NOTES = {
    "email": "---\nsubject: A word\n---\nHello, you left us a while ago.\n",
    "sms": "Small: you left us a while ago. Reply STOP to opt out.\n",
    "in_app": "Welcome back.\n",
}


@dataclass
class Drill:
    """One adapter, one database, a crowd and its books."""

    adapter: str
    url: str
    folder: Path
    ledger: Ledger
    post: Post
    store: Store
    touches: int
    kills: int = 0
    kills_at_work: int = 0  # of them, those of a daemon that had sent something
    tally: dict[str, Any] = field(default_factory=dict)

    @property
    def channel(self) -> str:
        return PROVIDERS[self.adapter].channel

    def count(self, *states: str) -> int:
        """How many touches are in these states."""
        with self.store.read() as conn:
            rows = conn.execute(text("SELECT state, count(*) FROM touch GROUP BY state"))
            found = dict(tuple(row) for row in rows)
        return sum(found.get(state, 0) for state in states)

    def random_kills(self, kills: int, seed: int) -> None:
        """Kill worker after worker: most some messages after it has begun to send, some anywhere."""
        random = Random(seed)
        while self.kills < kills:
            done, over = self.ledger.size(), self.is_out()
            worker = Worker(self.post)
            if over or random.random() < 0.1:
                time.sleep(random.uniform(0.01, 0.5))
            else:
                share = 1.6 * (self.touches - done) / (kills - self.kills)
                goal = min(self.touches, done + random.randint(1, max(1, int(share))))
                self._reach(goal, worker)
                time.sleep(random.uniform(0, 0.008))
            worker.kill()
            self.kills += 1
            self.kills_at_work += self.ledger.size() > done

    def _reach(self, goal: int, worker: Worker) -> None:
        """Wait until so many have arrived, or there is nothing left to send."""
        for _ in range(40):
            if until(lambda: self.ledger.size() >= goal, 0.5, worker, pause=0.001) or self.is_out():
                return

    def is_done(self) -> bool:
        """Was everything decided, and handed over?"""
        return self.count("sent", "in_doubt") > 0 and not self.count("queued", "dispatching", "held")

    def is_out(self) -> bool:
        """Is nothing left in the outbox, of all that was to come there?"""
        return self.count("sent", "in_doubt", "dispatching") >= self.touches

    def finish(self) -> None:
        """A sound worker does the rest."""
        worker = Worker(self.post)
        assert until(self.is_done, 240, worker), "it does not end"
        worker.dismiss()

    def settle(self) -> None:
        """What the other side really has settles what is in doubt: told by the provider's event where the adapter
        hears of any, else by somebody who looked."""
        taken = set(self.ledger.refs())
        with self.app() as app:
            with app.store.read() as conn:
                refs = [row["ref"] for row in status.in_doubt(conn)]
            self.tally["doubts"], self.tally["doubts that had arrived"] = len(refs), len(taken & set(refs))
            heard = [ref for ref in refs if ref in taken] if self.adapter in ("sendgrid", "twilio") else []
            events = [
                ProviderEvent(kind=EventKind.DELIVERED, id=f"e-{ref}", raw="{}", ref=ref) for ref in heard
            ]
            take(app, self.adapter, self.channel, events, app.clock.now())
            for ref in sorted(set(refs) - set(heard)):
                settle(app, ref, sent=ref in taken, by="drill")
            for ref in sorted(set(refs) - taken):
                dead_letters.retry(app, ref, by="drill")  # it never left: now it may
        if set(refs) - taken:
            self.finish()

    @contextmanager
    def app(self) -> Iterator[App]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.post.environment.items():
                patch.setenv(name, value)
            with open_app(self.post.root, "drill", clock=NoonClock(self.post.began)) as app:
                yield app

    def judge(self) -> None:
        """Assert that nothing arrived twice, that nothing is lost, and that all adds up."""
        arrived = Counter(self.ledger.refs())
        twice = [ref for ref, times in arrived.items() if times > 1]
        with self.store.read() as conn:
            rows = conn.execute(text("SELECT ref, state FROM touch"))
            states = dict(tuple(row) for row in rows)
            planned = status.planned(conn)
        by_state = Counter(states.values())
        reached = {ref for ref, state in states.items() if state in ("sent", "delivered")}
        self.tally |= {
            "kills": self.kills,
            "kills at work": self.kills_at_work,
            "touches": len(states),
            "duplicates": len(twice),
            "lost": len(states) - len(arrived),
            "states": dict(by_state),
        }
        assert not twice, f"{len(twice)} arrived twice"
        assert len(states) == planned == self.touches
        assert set(arrived) == reached, "what arrived and what counts as sent are not the same"
        assert len(arrived) == self.touches, "lost"


@contextmanager
def drill(adapter: str, dialect: str, folder: Path, touches: int) -> Iterator[Drill]:
    """Everything one drill has, until it is over."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(folder / "taken.txt")
    with database(dialect) as url, receiver(adapter, ledger.path) as at:
        environment = {"DRILL_SECRET": SECRETS[adapter], "DRILL_DATABASE": url}
        post = Post(root=folder / "project", began=time.time(), environment=environment)
        _write(post.root, adapter, at)
        store = Store.open(url)
        _fill(store, touches)
        yield Drill(adapter, url, folder, ledger, post, store, touches)
        store.close()


def _write(root: Path, adapter: str, at: str) -> None:
    provider = PROVIDERS[adapter]
    (root / "templates").mkdir(parents=True)
    channels = settings_of(provider.channel, adapter, provider.options(at))
    project = PROJECT.split("channels:\n")[0] + f"channels:\n{channels}"
    project += "environments:\n  drill: {sends: false, database: {env: DRILL_DATABASE}}\n"
    (root / "rekindle.yaml").write_text(project)
    (root / "segments.yaml").write_text(SEGMENTS)
    (root / "hello.yaml").write_text(_CAMPAIGN.format(channel=provider.channel))
    (root / "templates" / "note.md").write_text(_NOTES[provider.channel])


def _fill(store: Store, people: int) -> None:
    """People in Chicago who left long ago and have agreed to everything."""
    persons = [
        {"identity_id": n, "created_at": NOON, "updated_at": NOON, "email": f"user-{n}@example.com",
         "email_key": f"user-{n}@example.com", "phone": f"+1312555{n % 10_000:04}", "first_name": "Ann", "region": "IL",
         "country": "US", "timezone": "America/Chicago", "churned_at": NOON - 40 * 86_400, "attributes": "{}"}
        for n in range(1, people + 1)
    ]  # fmt: skip
    consents = [
        {"identity_id": row["identity_id"], "id": number, "channel": "sms", "type": "express_written", "at": NOON - 90,
         "recorded_at": NOON - 90, "source": "drill", "key": str(number), "proof_uri": "https://proof.example/1"}
        for row, number in zip(persons, next_ids(people), strict=True)
    ]  # fmt: skip
    with store.begin() as conn:
        for table, rows in (("person", persons), ("consent", consents)):
            names = ", ".join(rows[0])
            values = ", ".join(f":{name}" for name in rows[0])
            conn.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), rows)
