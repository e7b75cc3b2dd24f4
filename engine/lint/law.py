"""Law: what a message has to leave its reader."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagnostics import Finding
from engine.lint.base import Subject
from engine.lint.written import step_named
from engine.model import Deadline

#: days a reader is given, (least, most): business days, calendar days
_BUSINESS, _CALENDAR = (10, 21), (14, 90)


def lint(subject: Subject) -> Iterator[Finding]:
    """RK504."""
    for campaign in subject.project.campaigns.values():
        for step in campaign.steps:
            wrong = _outside(step.respond_by) if step.respond_by else None
            if wrong:
                span = step_named(subject.campaign(campaign.id), step.id)["respond_by"].span
                yield span.finding("RK504", *wrong)


def _outside(deadline: Deadline) -> tuple[str, str] | None:
    """(message, mend) of a deadline outside its band."""
    unit = "business days" if deadline.business else "days"
    least, most = _BUSINESS if deadline.business else _CALENDAR
    if least <= deadline.days <= most:
        return None
    short = deadline.days < least
    message = (
        f"{deadline.days} {unit} are too few to read, think and answer"
        if short
        else f"after {deadline.days} {unit} nobody remembers the question"
    )
    usual = "14 business days" if deadline.business else "30d"
    return message, f"write {least} to {most} {unit}, for example '{usual}'"
