"""The command over a small project, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli import main
from tests.cases.support import CHURNED, FILES

CASES = f"""\
tests: come_back
cases:
  - it: stops when they reply
    given:
      person: &ada {{{CHURNED}, first_name: Ada}}
    when: [{{at: 1d, event: replied, text: call me}}]
    expect:
      - {{at: 0d, step: hello, channel: email, variant: a, says: Hi Ada}}
      - {{at: 1d, exit: handed_over}}

  - it: differs in every way a story can
    given: {{person: *ada}}
    expect:
      - {{at: 0d, step: hello, channel: email, variant: a, subject: Your price, says: [Hi Ada, Hi Bo]}}
      - {{at: 4d, step: note, skipped: condition}}
      - {{at: 12d, step: text, channel: sms}}
      - {{at: 30d, step: it_is_here, channel: email}}
      - {{at: 38d, exit: won_back}}

  - it: expects too little
    given: {{person: *ada, touches: [{{channel: email, at: 6d ago}}, {{channel: email, at: 5d ago}}]}}
    when: [{{at: 2d, event: purchase}}]
    expect:
      - {{at: 2d, exit: won_back}}

  - it: is about somebody who cannot be
    given: {{person: {{phone: none}}}}
    expect: []

  - it: is about somebody who is not wanted
    given: {{person: {{status_at_last_touch: customer}}}}
    expect:
      - {{at: 0d, step: hello, channel: email}}
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in a folder that holds the project in ``acme``."""
    for name, text in {**FILES, "tests/come_back.yaml": CASES}.items():
        path = tmp_path / "acme" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)

    def invoke(*words: str, options: tuple[str, ...] = ("--project", "acme")) -> Result:
        return CliRunner().invoke(main, [*options, "test", *words])

    return invoke
