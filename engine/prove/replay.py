"""Nothing is claimed that the real engine has not shown: every counterexample is played as a test before it is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.cases.compare import Pair, compare
from engine.cases.runner import CaseResult, CaseRunner
from engine.cases.story import Kind, Line
from engine.compile import Loaded
from engine.model import BUILT_IN, DAY, HOUR
from engine.places import place_of
from engine.prove.model import IN_PLACE, Answer, Counterexample, Outcome, Replay, Told
from engine.prove.write import case_yaml
from engine.testfile import Expected, Happening, Moment, TestCase, TestFile

#: of a story that goes on so long no more lines are told, or written into a test
MOST_LINES = 24
#: of one in which no time passes
FEW_LINES = 4


class Replays:
    """Plays counterexamples of one project."""

    def __init__(self, loaded: Loaded, runner: CaseRunner) -> None:
        self._loaded, self._project, self._runner = loaded, loaded.require(), runner

    def shown(self, answer: Answer) -> Answer:
        """The answer with its counterexample played. One that does not happen as told leaves the question open."""
        example = answer.counterexample
        if example is None:
            return answer
        replayed = self.replayed(example)
        if example.mend is not None:
            answer = replace(answer, details=(*answer.details, f"to mend it: {example.mend.told}"))
        if replayed is not None:
            return replace(answer, counterexample=replace(example, replay=replayed))
        details = (*answer.details, "the counterexample did not happen when the engine played it")
        outcome = Outcome.NOT_SETTLED if answer.outcome is Outcome.VIOLATED else answer.outcome
        return replace(answer, outcome=outcome, details=details, counterexample=None)

    def replayed(self, example: Counterexample) -> Replay | None:
        """What the engine makes of it; None where that is not what the example says."""
        story = self._told(example)
        if story is None:
            return None
        tellings = [(example, story)]
        shorter = self._shortened(example, story)
        if shorter is not None and (told := self._told(shorter)) is not None and len(told) < len(story):
            tellings.insert(0, (shorter, told))
        passing = self._passing(tellings)
        (example, story), test = passing or (tellings[0], None)
        case = test or replace(example.case, expect=tuple(_as_it_should_be(example, story)))
        result = self._play(example.campaign, case)
        if _story(result) != story or result.passed:
            return None
        return Replay(
            case=case,
            timeline=tuple(_timeline(example, story)),
            zone=self._zone(example),
            yaml=case_yaml(self._project, case) if test or example.complete else "",
        )

    def _passing(self, tellings: Sequence[_Telling]) -> tuple[_Telling, TestCase] | None:
        """The first telling whose mend makes it come out as it should, with the case that passes then."""
        mend = tellings[0][0].mend
        if mend is None:
            return None
        mended = replace(self._loaded, project=mend.mended(self._project))
        with CaseRunner(mended) as runner:
            for example, story in tellings:
                then = _story(_play(runner, example.campaign, replace(example.case, expect=())))
                if then is None or not _is_mended(example, story, then):
                    continue
                expect = tuple(_expected(line) for line in then if line.kind is not Kind.HOLD)
                case = replace(example.case, expect=expect)
                if _play(runner, example.campaign, case).passed:
                    return (example, story), case
        return None

    def _told(self, example: Counterexample) -> list[Line] | None:
        """The story, where it is what the example shows."""
        story = _story(self._play(example.campaign, example.case))
        return story if story is not None and all(shown.holds(story) for shown in example.shows) else None

    def _shortened(self, example: Counterexample, story: Sequence[Line]) -> Counterexample | None:
        """The same with an end soon after what is wrong: what comes later is another story."""
        wrong = [line.at for line in story if _is_wrong(example, line)]
        campaign = self._project.campaigns[example.campaign]
        goals = campaign.goal.events if campaign.goal else tuple(sorted(self._project.policy.won_back))
        if example.over or not wrong or not goals or story[-1].at <= wrong[0] + 2 * HOUR:
            return None
        end = Happening(at=wrong[0] + HOUR, event=goals[0], source=BUILT_IN)
        when = tuple(h for h in example.case.when if h.at <= wrong[0])
        return replace(example, case=replace(example.case, when=(*when, end)))

    def _play(self, campaign: str, case: TestCase) -> CaseResult:
        return _play(self._runner, campaign, case)

    def _zone(self, example: Counterexample) -> str:
        person = self._runner.at_entry(example.campaign, example.case).person
        zones = place_of(person, self._project.default_country, self._project.policy.markets).zones
        return zones[0] if len(zones) == 1 else "UTC"


#: a counterexample and its story
_Telling = tuple[Counterexample, list[Line]]


def _play(runner: CaseRunner, campaign: str, case: TestCase) -> CaseResult:
    file = TestFile(file=f"tests/{campaign}.yaml", campaign=campaign, cases=(case,), source=BUILT_IN)
    return runner.run(file, case)


def _is_mended(example: Counterexample, story: Sequence[Line], then: Sequence[Line]) -> bool:
    """Does what should happen happen, and nothing of what must not?"""
    if len(then) > MOST_LINES or any(_is_wrong(example, line) for line in then):
        return False
    at = min((line.at for line in story if _is_wrong(example, line)), default=0)
    return all(
        _comes(e, [line for line in then if example.over or line.at >= at]) for e in example.case.expect
    )


def _comes(expected: Expected, story: Sequence[Line]) -> bool:
    if expected.exit is not None:
        return any(line.kind is Kind.EXIT for line in story)
    return any(line.kind is Kind.SEND and line.step == expected.step for line in story)


def _story(result: CaseResult) -> list[Line] | None:
    """What happened, as far as it could be played."""
    story = [pair.actual for pair in result.pairs if pair.actual is not None]
    return None if result.error and not story else story


# ── the story as it should be ──


def _as_it_should_be(example: Counterexample, story: Sequence[Line]) -> Iterator[Expected]:
    """The whole story, with what should happen in the place of what does."""
    wanted = [_placed(e, example, story) for e in example.case.expect]
    for pair in compare(wanted, story[: _shown(example, story)]):
        if pair.expected is not None:
            yield pair.expected
        elif pair.actual is not None and _belongs(example, pair):
            yield _expected(pair.actual)


def _shown(example: Counterexample, story: Sequence[Line]) -> int:
    """How many lines of the story are told: of one that goes round, once round and a little."""
    wrong = next((n for n, line in enumerate(story) if _is_wrong(example, line)), len(story))
    if not example.over:
        return MOST_LINES
    return wrong + 1 if story[wrong].at > 0 else FEW_LINES


def _belongs(example: Counterexample, pair: Pair) -> bool:
    """A line nobody spoke of: it is as it should be, unless it is the one that is shown to be wrong."""
    line = pair.actual
    return line is not None and line.kind is not Kind.HOLD and not _is_wrong(example, line)


def _is_wrong(example: Counterexample, line: Line) -> bool:
    return any(shown.fits(line) for shown in example.shows if not shown.absent)


def _placed(expected: Expected, example: Counterexample, story: Sequence[Line]) -> Expected:
    if expected.at != IN_PLACE:
        return expected
    at = next((line.at for line in story if _is_wrong(example, line)), story[-1].at if story else 0)
    return replace(expected, at=_moment(at))


def _moment(at: int) -> Moment:
    width = DAY if at % DAY == 0 else HOUR
    return Moment(at=at - at % width, width=width)


def _expected(line: Line) -> Expected:
    skipped = line.reason if line.kind is Kind.SKIP else None
    exit_ = line.reason if line.kind is Kind.EXIT else None
    return Expected(
        at=_moment(line.at),
        step=line.step,
        channel=line.channel,
        skipped=skipped,
        exit=exit_,
        source=BUILT_IN,
    )


# ── the story as it is ──


def _timeline(example: Counterexample, story: Sequence[Line]) -> Iterator[Told]:
    case = example.case
    told = [Told(case.now, f"enters {example.campaign}")]
    told += [Told(case.now + h.at, _happened(h.event, h.data, h.change)) for h in case.when]
    for note in case.given.notes:
        kind = note.kind.replace("_", " ")
        told += [Told(note.opened_at, f"{kind} opened")] if note.opened_at > case.now else []
        if note.closed_at is not None and note.closed_at > case.now:
            told.append(Told(note.closed_at, f"{kind} closed"))
    shown = _shown(example, story)
    told += [Told(case.now + line.at, _told(line), _is_wrong(example, line)) for line in story[:shown]]
    told += [Told(case.now + e.at.at, f"{e.step} is not sent", True) for e in _not_there(example)]
    yield from sorted(told, key=lambda line: line.at)
    if len(story) > shown:
        yield Told(case.now + story[shown].at, f"... and {len(story) - shown} more lines")


def _not_there(example: Counterexample) -> Iterator[Expected]:
    """What is expected and nothing stands in the place of."""
    lacking = {shown.step for shown in example.shows if shown.absent and shown.step}
    yield from (e for e in example.case.expect if e.step in lacking)


def _happened(event: str | None, data: object, change: object) -> str:
    if change is not None:
        return "their data changes"
    more = ", ".join(f"{k}: {v}" for k, v in data.items()) if isinstance(data, dict) and data else ""
    return f"{event} ({more})" if more else f"{event}"


def _told(line: Line) -> str:
    because = f" ({line.because})" if line.because else ""
    match line.kind:
        case Kind.SEND:
            return f"{line.step} sent by {line.channel}"
        case Kind.SKIP:
            return f"{line.step} skipped: {line.reason}{because}"
        case Kind.HOLD:
            return f"{line.step} waits: {line.reason}{because}"
        case Kind.EXIT:
            return f"{line.campaign} ends: {line.reason}{because}"
