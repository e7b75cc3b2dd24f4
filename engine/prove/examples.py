"""A course through a campaign as a test case: the person, the moment they enter, and what happens from then on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.cases.script import TASK_CLOSED
from engine.model import BUILT_IN, Step
from engine.prove.acts import Doing, changes
from engine.prove.log import Course
from engine.prove.mending import Mend
from engine.prove.model import IN_PLACE, Counterexample, Shown
from engine.prove.world import Done
from engine.testfile import Expected, Given, GivenNote, Happening, TestCase


def example(
    course: Course, it: str, expect: Expected, *shows: Shown, mend: Mend | None = None
) -> Counterexample:
    """The course as a counterexample; ``expect`` is what should happen in the place of what ``shows``."""
    campaign = course.people[0].kind.campaign
    return Counterexample(campaign=campaign, case=case_of(course, it, (expect,)), shows=shows, mend=mend)


def sent(step: Step) -> Expected:
    """The step leaves, at the moment at which it does something else."""
    return Expected(at=IN_PLACE, step=step.id, channel=step.channel, source=BUILT_IN)


def case_of(course: Course, it: str, expect: Sequence[Expected] = ()) -> TestCase:
    """The course as a case that expects so much and no more."""
    return TestCase(
        it=it,
        now=course.entry,
        given=_given(course),
        when=tuple(_happenings(course)),
        expect=tuple(expect),
        source=BUILT_IN,
    )


def _given(course: Course) -> Given:
    """The person at entry; notes that are opened later are given with their moments."""
    given = course.people[0].given_at(course.entry)
    notes = list(given.notes)
    for done in course.acts:
        if done.act.doing is Doing.OPEN:
            notes.append(GivenNote(kind=done.act.name, opened_at=done.at))
        elif done.act.doing is Doing.CLOSE:
            notes = [_closed(n, done) for n in notes]
    return replace(given, notes=tuple(notes))


def _closed(note: GivenNote, done: Done) -> GivenNote:
    if note.kind != done.act.name or note.closed_at is not None:
        return note
    return replace(note, closed_at=done.at)


def _happenings(course: Course) -> Iterator[Happening]:
    who = 0
    for at, act in course.acts:
        after = at - course.entry
        match act.doing:
            case Doing.EVENT:
                yield Happening(at=after, event=act.name, data=act.data, source=BUILT_IN)
            case Doing.REVIEW:
                data = {"disposition": act.name}
                yield Happening(at=after, event=TASK_CLOSED, data=data, source=BUILT_IN)
            case Doing.CHANGE:
                before, now = (course.people[n].given_at(course.entry).person for n in (who, act.who))
                yield Happening(at=after, change=changes(before, now), source=BUILT_IN)
                who = act.who
            case _:
                pass  # told by the notes that are given
