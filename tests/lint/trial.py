"""Messages on trial: each a template and a step of one project, judged all at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from engine.compile import Loaded, load_files
from engine.diagnostics import Finding
from engine.rules import RULES

DATA = Path(__file__).parent.parent / "data" / "content"

#: the rules about what messages say
CODES = {code for code in RULES if "RK613" <= code <= "RK627"} | {"RK806"}

PROJECT = """
project: trial
brand:
  name: Acme Robotics
  legal_name: Acme Robotics, Inc.
  postal_address: 100 Example Street, Springfield, IL 62701, USA
  website: https://www.acme.example
  from: Dana Reyes <dana@acme.example>
  reply_to: hello@acme.example
  phone: "+1 312 555 0100"
  unsubscribe_url: https://go.acme.example/u
  links:
    calendar: https://go.acme.example/time
    restart: https://go.acme.example/restart
    whats_new: https://go.acme.example/new
people:
  default_country: US
  currency: USD
  attributes: {missing_feature: text, seats: number}
policy:
  reading_grade: 8
channels:
  email: &folder {adapter: file, folder: var/outbox}
  sms: *folder
  letter: *folder
  in_app: *folder
  push: *folder
  linkedin: {adapter: task}
  phone: {adapter: task}
"""
SEGMENTS = "segments:\n  - segment: past\n    where: {status_at_last_touch: churned}\n"
INCENTIVES = """
incentives:
  - offer: price_held
    kind: price_protection
    title: Your earlier price
    terms: You pay what we quoted you, for the same plan.
    valid_for: 30d
  - offer: sorry
    kind: remedy
    title: Two months on us
    terms: You get two months of your plan from us.
    of_contract: 16%
    valid_for: 60d
  - offer: ten_off
    kind: percent_off
    percent: 10%
    title: 10% off
    terms: You pay less for three months, and the list price after that.
    valid_for: 30d
"""
#: what has named an offer already, where a message comes later
BEFORE = (
    "---\nsubject: Your price\npreheader: As it was.\n---\n{{ offer.terms }} [Open it]({{ links.restart }})\n"
)
_FRONT = ("subject", "preheader", "title", "media", "language", "why")


def corpus(name: str) -> Any:
    """A file of the corpus."""
    return yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))


def template(message: Mapping[str, Any]) -> str:
    """The template file of a message of the corpus."""
    front = {key: message[key] for key in _FRONT if key in message}
    head = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=10_000) if front else ""
    return (f"---\n{head}---\n" if head else "") + message["body"]


def load(messages: Iterable[Mapping[str, Any]], files: Mapping[str, str] | None = None) -> Loaded:
    """A project that sends these messages, each in a campaign of its own. ``files``: put in the place of its own."""
    found = {
        "templates/t/before.md": BEFORE,
        "rekindle.yaml": PROJECT,
        "segments.yaml": SEGMENTS,
        "incentives.yaml": INCENTIVES,
    }
    for number, message in enumerate(messages):
        found[f"templates/t/m{number}.md"] = template(message)
        found[f"c{number}.yaml"] = _campaign(number, message)
    return load_files({**found, **(files or {})}, Path("trial"), lint=True)


def _campaign(number: int, message: Mapping[str, Any]) -> str:
    channel = message.get("channel", "email")
    said = "".join(f"    {key}: {message[key]}\n" for key in ("offer", "respond_by") if key in message)
    first, at = "", message.get("later", "0d")
    if "later" in message:  # the offer was named before
        first = f"  - step: before\n    at: 0d\n    {channel}: t/before\n{said}"
    last = f"  - step: s\n    at: {at}\n    {channel}: t/m{number}\n{said}"
    head = f"campaign: c{number}\nowner: a@acme.example\nobjective: Try.\naudience: {{segment: past}}\n"
    return f"{head}cadence:\n{first}{last}then: end\n"


def by_template(loaded: Loaded) -> dict[int, list[Finding]]:
    """Findings about what messages say, by the number of the message."""
    found: dict[int, list[Finding]] = defaultdict(list)
    for finding in loaded.findings:
        if finding.code in CODES and finding.file.startswith("templates/t/m"):
            found[int(finding.file.removeprefix("templates/t/m").removesuffix(".md"))].append(finding)
    return found


def words_at(loaded: Loaded, finding: Finding) -> str:
    """What stands where a finding points."""
    line = loaded.files[finding.file].split("\n")[finding.line - 1]
    return line[finding.column - 1 : finding.end_column - 1]


def said(message: Mapping[str, Any], files: Mapping[str, str] | None = None) -> list[Finding]:
    """What is found about one message."""
    loaded = load([message], files)
    assert loaded.project is not None, loaded.findings
    return [finding for finding in loaded.findings if finding.code in CODES]
