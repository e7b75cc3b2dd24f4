"""A campaign of two e-mails for the lost of the small project: as plain as one can be, and with what a test adds."""

from __future__ import annotations

from pathlib import Path

from engine.compile import Loaded, load_files, read_files

_SMALL = Path(__file__).parents[1] / "data" / "projects" / "small"
_CAMPAIGN = """\
campaign: winback
owner: revops@acme.example
objective: Reopen evaluations.
goal: {{event: purchase, within: 90d}}
audience:
  segment: lost
  where: {{loss_reason: {{in: [price, missing_feature]}}}}
{before}cadence:
  - step: one
    at: 0d
    email: winback/hello_m
{one}{between}  - step: two
    at: 10d
    expires: {life}
    email: winback/hello_m
{two}{after}then: {then}
exit:
  - {{event: replied, as: handed_over, task: call_back}}
"""

_MESSAGE = """\
---
subject: Your evaluation
preheader: A short note.
---
Hi,

there is news about what was missing.

[Choose a time]({{ links.calendar }})
"""


def lost(
    *,
    before: str = "",
    one: str = "",
    between: str = "",
    life: str = "3d",
    two: str = "",
    after: str = "",
    then: str = "end",
    **files: str,
) -> Loaded:
    """The project with lines before the cadence, in its steps, between and after them; ``files``: others, by stem."""
    texts = {path: text for path, text in read_files(_SMALL).items() if not path.startswith("tests/")}
    texts["winback.yaml"] = _CAMPAIGN.format(
        before=before, one=one, between=between, life=life, two=two, after=after, then=then
    )
    texts["templates/winback/hello_m.md"] = _MESSAGE
    texts |= {f"{stem}.yaml": text for stem, text in files.items()}
    loaded = load_files(texts, _SMALL)
    loaded.require()
    return loaded
