"""A small project of three campaigns, and cases of it to run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from engine.cases.runner import CaseResult, CaseRunner
from engine.cli.output.cases import told
from engine.compile import Loaded, load_files

_PROJECT = """\
project: acme
brand:
  name: Acme Robotics
  legal_name: Acme Robotics, Inc.
  postal_address: 100 Example Street, Springfield, IL 62701, USA
  website: https://www.acme.example
  from: Dana Reyes <dana@acme.example>
  reply_to: hello@acme.example
  unsubscribe_url: https://go.acme.example/u
people:
  default_country: US
  currency: USD
  attributes: {gap: text, seats: number}
policy:
  fatigue: 2 per 7d
  quiet_hours: 21:00-08:00
  step_expiry: 3d
  won_back: [purchase]
channels:
  email: {adapter: file, folder: var/outbox}
  sms: {adapter: file, folder: var/outbox}
  linkedin: {adapter: task}
"""

_SEGMENTS = """\
segments:
  - segment: churned
    where:
      - status_at_last_touch: churned
      - churned_at: {older_than: 30d}
      - churned_at: {newer_than: 200d}
  - segment: customer
    where: {status_at_last_touch: customer}
"""

_INCENTIVES = """\
incentives:
  - {offer: keep_price, kind: price_protection, title: Your price, terms: As it was., valid_for: 30d}
"""

_COME_BACK = """\
campaign: come_back
owner: revops@acme.example
objective: Bring them back.
goal: {event: purchase, within: 60d}
audience:
  segment: churned
  re_enter_after: 10d
  where: {product: {is: present}}
cohorts:
  fresh: {churned_at: {newer_than: 90d}}
  older: park until feature_shipped
cadence:
  - step: hello
    at: 0d
    email: {a: come_back/hello, b: come_back/hello_b}
    offer: keep_price
  - step: note
    at: 3d
    linkedin: come_back/note
    unless: {attributes.seats: {less_than: 5}}
  - step: text
    at: 8d
    sms: come_back/text
triggers:
  - trigger: shipped
    event: feature_shipped
    match: {feature: attributes.gap}
    cadence:
      - {step: it_is_here, at: 0d, email: come_back/it_is_here}
then: {park: 30d}
exit:
  - {event: replied, as: handed_over, task: call_back}
experiment: {holdout: 20%}
"""

_LOOK_FIRST = """\
campaign: look_first
owner: revops@acme.example
objective: A person looks before anything goes.
goal: {event: purchase, within: 60d}
audience: {segment: customer}
cadence:
  - {step: look, at: 1d, review: {task: Read it first, up_to: 5d}}
  - {step: letter, at: 2d, email: come_back/note}
  - {step: over, at: 4d, start: welcome}
then: end
"""

_WELCOME = """\
campaign: welcome
owner: revops@acme.example
objective: Check in with them, for ever.
goal: {event: purchase, within: 60d}
group: onboarding
audience: {segment: customer}
cadence:
  - {step: check_in, at: 0d, email: come_back/note}
then: {repeat: 90d}
"""

_TEMPLATES = {
    "hello": "---\nsubject: Your price still stands\n---\nHi {{ person.first_name }}, you left us on "
    "{{ person.churned_at | date }}. {{ offer.title }} holds until {{ offer.expires_on | date }}.\n",
    "hello_b": "---\nsubject: Shall we?\n---\nYou had {{ person.product }}. {{ offer.title }}, "
    "until {{ offer.expires_on | date }}.\n",
    "note": "---\nsubject: A word\ntitle: Write\n---\nStill thinking of {{ person.product or 'us' }}?\n",
    "text": "About {{ person.product }}: shall we talk?\n",
    "it_is_here": "---\nsubject: It is here\n---\nYou missed {{ trigger.feature }}; you left on "
    "{{ person.churned_at | date }}.\n",
}

FILES: Mapping[str, str] = {
    "rekindle.yaml": _PROJECT,
    "segments.yaml": _SEGMENTS,
    "incentives.yaml": _INCENTIVES,
    "come_back.yaml": _COME_BACK,
    "look_first.yaml": _LOOK_FIRST,
    "welcome.yaml": _WELCOME,
    **{f"templates/come_back/{name}.md": text for name, text in _TEMPLATES.items()},
}

#: somebody whom come_back is for, as flow YAML
CHURNED = "status_at_last_touch: churned, churned_at: 60d ago, product: Planner, country: US"


def load(tests: str, campaign: str = "come_back", **files: str) -> Loaded:
    """The project with these cases; ``files`` puts a campaign in the place of another."""
    texts = {**FILES, **{f"{name}.yaml": text for name, text in files.items()}}
    return load_files({**texts, f"tests/{campaign}.yaml": f"tests: {campaign}\ncases:\n{tests}"}, Path())


def play(tests: str, campaign: str = "come_back", **files: str) -> list[CaseResult]:
    """What became of each case."""
    loaded = load(tests, campaign, **files)
    assert [f for f in loaded.findings if f.severity == "error"] == []
    runner = _runner(tuple(sorted(files.items())))
    return [runner.run(file, case) for file in loaded.tests for case in file.cases]


@cache
def _runner(files: tuple[tuple[str, str], ...]) -> CaseRunner:
    """One a project, kept: cases leave nothing behind."""
    return CaseRunner(load("  - {it: x, expect: []}", **dict(files)))


def play_one(case: str, campaign: str = "come_back", **files: str) -> CaseResult:
    """What became of a case that is written without its name: ``given: ...``, ``expect: ...``."""
    lines = "".join(f"    {line}\n" for line in case.strip().splitlines())
    [result] = play(f"  - it: is so\n{lines}", campaign, **files)
    return result


def problems(result: CaseResult) -> list[str]:
    """Everything that differs, in order."""
    return [problem for pair in result.pairs for problem in pair.problems]


def happened(result: CaseResult) -> list[str]:
    """The story in words."""
    return [told(pair.actual) for pair in result.pairs if pair.actual]
