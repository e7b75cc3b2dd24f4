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
from tests.kills.receivers import PROVIDERS, SECRETS, Ledger, Provider, receiver
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
    "push": "---\nsubject: A word\n---\nWelcome back.\n",
    "audience": "---\nsubject: A word\n---\nNobody reads this.\n",
}
#: channels that ask for a consent, and for which
_CONSENTS = {"sms": "express_written", "push": "express", "audience": "express"}


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
    def provider(self) -> Provider:
        return PROVIDERS[self.adapter]

    def prepare(self) -> None:
        """Make the crowd."""
        fill(self.store, 1, self.touches)

    def complete(self) -> None:
        """Everybody is there."""

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
            self.ledger.wait_until_quiet()  # what the last one has sent is not the next one's work
            before, over = self.ledger.size(), self.is_out()
            worker = Worker(self.post)
            if over or random.random() < 0.1:
                time.sleep(random.uniform(0.01, 0.5))
            else:
                share = 1.6 * (self.touches - len(set(self.ledger.lines()))) / (kills - self.kills)
                self._reach(before + random.randint(1, max(1, int(share))), worker)
                time.sleep(random.uniform(0, 0.008))
            worker.kill()
            self.kills += 1
            self.kills_at_work += self.ledger.size() > before

    def _reach(self, goal: int, worker: Worker) -> None:
        """Wait until so many have arrived, or there is nothing left to send."""
        for _ in range(40):
            if until(lambda: self.ledger.size() >= goal, 0.5, worker, pause=0.001) or self.is_out():
                return

    def is_done(self) -> bool:
        """Was everything decided, and handed over? Where doubts are sent once more, none is left."""
        pending = ["queued", "dispatching", "held", *(["in_doubt"] if self.provider.knows_again else [])]
        return self.count("sent", "in_doubt") > 0 and not self.count(*pending)

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
        taken = set(self.arrived())
        with self.app() as app:
            with app.store.read() as conn:
                refs = [row["ref"] for row in status.in_doubt(conn)]
            self.tally["doubts"], self.tally["doubts that had arrived"] = len(refs), len(taken & set(refs))
            heard = [ref for ref in refs if ref in taken] if self.provider.tells else []
            events = [
                ProviderEvent(kind=EventKind.DELIVERED, id=f"e-{ref}", raw="{}", ref=ref) for ref in heard
            ]
            take(app, self.adapter, self.provider.channel, events, app.clock.now())
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

    def arrived(self) -> list[str]:
        """The refs of what arrived, each as often as it did."""
        lines = self.ledger.lines()
        if not self.provider.by_device:
            return lines
        with self.store.read() as conn:
            rows = conn.execute(text("SELECT identity_id, ref FROM touch"))
            refs = {device(identity): ref for identity, ref in rows}
        return [refs[line] for line in lines]

    def judge(self) -> None:
        """Assert that nothing reached anybody twice, that nothing is lost, and that all adds up."""
        arrived = Counter(self.arrived())
        again = arrived.total() - len(arrived)
        twice = 0 if self.provider.knows_again else again
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
            "duplicates": twice,
            "repeats": again,
            "lost": len(states) - len(arrived),
            "states": dict(by_state),
        }
        assert not twice, f"{twice} arrived once more"
        assert len(states) == planned == self.touches
        assert set(arrived) == reached, "what arrived and what counts as sent are not the same"
        assert len(arrived) == self.touches, "lost"


@contextmanager
def drill(
    adapter: str, dialect: str, folder: Path, touches: int, kind: type[Drill] = Drill
) -> Iterator[Drill]:
    """Everything one drill has, until it is over."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(folder / "taken.txt")
    with database(dialect) as url, receiver(adapter, ledger.path) as at:
        environment = {"DRILL_SECRET": SECRETS[adapter](at), "DRILL_DATABASE": url}
        post = Post(root=folder / "project", began=time.time(), environment=environment)
        _write(post.root, adapter, at)
        store = Store.open(url)
        trial = kind(adapter, url, folder, ledger, post, store, touches)
        trial.prepare()
        yield trial
        store.close()


def _write(root: Path, adapter: str, at: str) -> None:
    provider = PROVIDERS[adapter]
    (root / "templates").mkdir(parents=True)
    channels = settings_of(provider.channel, adapter, provider.options(at))
    head = PROJECT.split("channels:\n")[0].replace("attributes: {", "attributes: {push_token: text, ")
    project = f"{head}channels:\n{channels}"
    project += "environments:\n  drill: {sends: false, database: {env: DRILL_DATABASE}}\n"
    (root / "rekindle.yaml").write_text(project)
    (root / "segments.yaml").write_text(SEGMENTS)
    (root / "hello.yaml").write_text(_CAMPAIGN.format(channel=provider.channel))
    (root / "templates" / "note.md").write_text(_NOTES[provider.channel])


def device(identity: int) -> str:
    """Where push messages for somebody go."""
    return f"device-{identity}"


def fill(store: Store, first: int, last: int) -> None:
    """People in Chicago who left long ago and have agreed to everything."""
    persons = [
        {"identity_id": n, "created_at": NOON, "updated_at": NOON, "email": f"user-{n}@example.com",
         "email_key": f"user-{n}@example.com", "phone": f"+1312555{n % 10_000:04}", "first_name": "Ann", "region": "IL",
         "country": "US", "timezone": "America/Chicago", "churned_at": NOON - 40 * 86_400,
         "attributes": f'{{"push_token": "{device(n)}"}}'}
        for n in range(first, last + 1)
    ]  # fmt: skip
    consents = [
        {"identity_id": row["identity_id"], "id": number, "channel": channel, "type": kind, "at": NOON - 90,
         "recorded_at": NOON - 90, "source": "drill", "key": str(number), "proof_uri": "https://proof.example/1"}
        for channel, kind in _CONSENTS.items()
        for row, number in zip(persons, next_ids(len(persons)), strict=True)
    ]  # fmt: skip
    with store.begin() as conn:
        for table, rows in (("person", persons), ("consent", consents)):
            names = ", ".join(rows[0])
            values = ", ".join(f":{name}" for name in rows[0])
            conn.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), rows)
