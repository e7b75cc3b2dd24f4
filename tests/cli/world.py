"""A small real project, and the real command at work on it in processes of its own."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_PROJECT = """\
project: acme
brand:
  name: Acme
  legal_name: Acme, Inc.
  postal_address: 100 Example Street, Springfield, IL 62701, USA
  website: https://www.acme.example
  from: Dana Reyes <dana@acme.example>
  reply_to: hello@acme.example
  phone: "+1 312 555 0100"
  unsubscribe_url: https://go.acme.example/u
people:
  default_country: US
  currency: USD
  sources:
    - source: crm
      csv: data/people.csv
      key: id
      every: 1h
      map:
        email: E-mail
        phone: Phone
        first_name: First name
        timezone: Zone
        status_at_last_touch: Status
        churned_at: Left on
        closed_at: Lost on
        product: Product
      set: {source: crm, country: US}
      consent:
        - {channel: sms, type: express_written, at: Text consent, proof: Proof}
policy:
  consent: {email: lawful_basis, sms: express_written}
  fatigue: 2 per 7d
  quiet_hours: 22:00-06:00
  step_expiry: 3d
  won_back: [purchase]
  markets: [US]
channels:
  email: {adapter: file, folder: var/outbox}
  sms: {adapter: file, folder: var/outbox}
environments:
  shared:
    sends: false
    database: {env: DATABASE_URL}
  live:
    sends: true
    database: {env: DATABASE_URL}
    signing_key: {env: SIGNING_KEY}
"""

_SEGMENTS = """\
segments:
  - segment: churned
    description: Was a customer.
    where:
      - status_at_last_touch: churned
  - segment: closed_lost
    description: Chose something else.
    where:
      - status_at_last_touch: closed_lost
"""

_CAMPAIGN = """\
campaign: {name}
owner: revops@acme.example
objective: Bring them back.
goal: {{event: purchase, within: 60d, expect: 3%..5%}}
audience: {{segment: {segment}, re_enter_after: 180d}}
cadence:
  - step: hello
    at: 0d
    email: {name}/hello
  - step: text
    at: 4d
    sms: {name}/text
  - step: last
    at: 8d
    email: {name}/last
then: end
exit:
  - {{event: replied, as: handed_over, task: call_back}}
"""

_HELLO = """\
---
subject: What has changed in {{ person.product or brand.name }}
preheader: A short note.
---
Hi {{ person.first_name or "there" }},

You used {{ person.product or brand.name }} before. [See what is new](https://www.acme.example/new)

{{ owner.name }}, {{ brand.name }}
"""

_TEXT = "{{ brand.name }}: you used {{ person.product or brand.name }} before. https://www.acme.example/new\n"

COLUMNS = (
    "id", "E-mail", "Phone", "First name", "Zone", "Status", "Left on", "Lost on", "Product", "Text consent", "Proof",
)  # fmt: skip

#: quotes what the test project says of the campaigns' names and segments
CAMPAIGNS = {"come_back": "churned", "look_again": "closed_lost"}


@dataclass(frozen=True, slots=True)
class World:
    """A project's folder, and the environment its commands run in."""

    root: Path
    env: dict[str, str]

    @property
    def outbox(self) -> Path:
        """Where the file channel writes."""
        return self.root / "var" / "outbox"

    def messages(self, channel: str = "*") -> list[Path]:
        """Every message that left, whole."""
        return sorted(
            p for p in self.outbox.glob(f"{channel}/*/*/*") if p.suffix in (".eml", ".txt", ".json")
        )

    def run(self, *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """The command, to its end."""
        return subprocess.run(
            [*command(), "--project", str(self.root), *words],
            capture_output=True, text=True, env=self.env, timeout=timeout, check=False,
        )  # fmt: skip

    def json(self, *words: str) -> Any:
        """What the command says as data; it must succeed."""
        result = self.run(*words, "--format", "json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    def write(self, path: str, text: str) -> None:
        """A file of the project, written as an editor would."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def change(self, path: str, old: str, new: str) -> None:
        """The file with ``old`` replaced."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text
        self.write(path, text.replace(old, new))

    @contextmanager
    def daemon(self, *options: str) -> Iterator[Daemon]:
        """A daemon at work; killed at the end if the test has not stopped it."""
        log = self.root.parent / f"daemon-{time.monotonic_ns()}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                [*command(), "--project", str(self.root), *options, "daemon"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.env,
            )  # fmt: skip
        try:
            yield Daemon(process, log)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running daemon and its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self, event: str) -> list[dict[str, Any]]:
        """The log's lines of one event; every line must be JSON."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if line["event"] == event]

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def command() -> list[str]:
    """The command as a process of its own."""
    return [sys.executable, "-c", "from engine.cli import main; main(prog_name='rekindle')"]


def eventually(what: Callable[[], Any], seconds: float = 90) -> Any:
    """Ask until the answer is true, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = what()
        if answer:
            return answer
        time.sleep(0.2)
    raise AssertionError("it never came")


def make_world(root: Path, *, people: int = 6, **env: str) -> World:
    """A project of two campaigns with ``people`` in each, for whom it is the middle of the day."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("REKINDLE") and k != "NO_COLOR"}
    world = World(root, {**kept, **env})
    world.write("rekindle.yaml", _PROJECT)
    world.write("segments.yaml", _SEGMENTS)
    for name, segment in CAMPAIGNS.items():
        world.write(f"{name}.yaml", _CAMPAIGN.format(name=name, segment=segment))
        world.write(f"templates/{name}/hello.md", _HELLO)
        world.write(f"templates/{name}/last.md", _HELLO)
        world.write(f"templates/{name}/text.md", _TEXT)
    write_people(world, people)
    return world


def write_people(world: World, count: int) -> None:
    """``count`` people for each campaign; every second one has consented to texts."""
    long_ago = "2024-01-15"
    (world.root / "data").mkdir(exist_ok=True)
    with (world.root / "data" / "people.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        for n, status in enumerate(s for s in CAMPAIGNS.values() for _ in range(count)):
            texts = (long_ago, "https://proof.acme.example/1") if n % 2 else ("", "")
            left, lost = (long_ago, "") if status == "churned" else ("", long_ago)
            phone = f"+1{312 + n // 100 % 100}55501{n % 100:02}"
            out.writerow(
                [f"C{n:05}", f"person{n}@people{n}.example", phone, f"Name{n}", midday(), status, left, lost, "Planner",
                 *texts]
            )  # fmt: skip


def midday() -> str:
    """A zone in which it is about noon now, so that no quiet hours are near."""
    ahead = 12 - datetime.now(UTC).hour
    return "Etc/GMT" if ahead == 0 else f"Etc/GMT{-ahead:+}"


def people_of(world: World) -> list[dict[str, str]]:
    """The rows of the sample."""
    with (world.root / "data" / "people.csv").open() as file:
        return list(csv.DictReader(file))
