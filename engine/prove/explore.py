"""Sends everybody through every campaign: each kind of person, from every moment of entry, on every path."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial

from engine.cases.given import CaseError
from engine.cases.runner import CaseRunner
from engine.endings import segment_of
from engine.flow import Reason
from engine.model import HOUR, Campaign, Project, Step, Track
from engine.people.importer import collector_held
from engine.places import place_of
from engine.predicate import EventHappened, Predicate, holds, leaves
from engine.prove.acts import Act, Doing, acts_of, ending_events, leaver
from engine.prove.base import Budget
from engine.prove.kinds import Kind, aged, kinds_of, kinds_within
from engine.prove.log import Log
from engine.prove.merge import Memory
from engine.prove.moments import WEEK_OF, YEAR, Calendar, Rhythm
from engine.prove.people import Person, Somewhere, cast, places
from engine.prove.walk import Entry, Walk, without_endings
from engine.prove.world import State, World

#: called with (done, of all) parts of the work
Progress = Callable[[int, int], None]


class Explorer:
    """One project; every campaign asked for is explored into one log."""

    def __init__(self, project: Project, runner: CaseRunner, budget: Budget) -> None:
        self.project, self._runner, self._budget = project, runner, budget
        self.calendar = Calendar(project)
        self.log = Log()
        #: campaign -> cohorts that nobody can be in
        self.empty: dict[str, tuple[str, ...]] = {}
        self.people: dict[str, list[Person]] = {}

    @property
    def over(self) -> bool:
        """Is the time for it spent?"""
        return self._budget.over

    def explore(self, campaigns: Sequence[Campaign], progress: Progress = lambda done, of: None) -> Log:
        """Look at all of it, or as much as the budget allows; what was left out is a doubt in the log."""
        work = [part for campaign in campaigns for part in self._parts(campaign)]
        with collector_held():  # states hold no cycles, and there are very many of them
            for done, (campaign, part) in enumerate(work):
                progress(done, len(work))
                if self.over:
                    self.log.doubt(campaign.id, "the time for it was over")
                    continue
                part()
        progress(len(work), len(work))
        return self.log

    def look_closer(self, campaign: Campaign) -> None:
        """Walk again with people who are as young and as old as their kind can be, and where data changes on the way
        to anything that keeps them on the campaign: what nobody came to yet may be there for them."""
        memory = Memory.of(self.project, campaign)
        within = kinds_within(self.project, campaign, WEEK_OF)
        if within.doubt:
            self.log.doubt(campaign.id, within.doubt)
        people = [p for p in self.people.get(campaign.id, ()) if p.place.known]
        for person in people:
            for kind in aged(self.project, campaign, person.kind):
                if (other := self._cast(campaign, kind, person.place)) is not None:
                    _Tour(self, campaign, memory, other).whatever_happens()
        others = [self._cast(campaign, kind, people[0].place) for kind in within.found if people]
        for person in people:
            tour = _Tour(self, campaign, memory, person)
            tour.whatever_happens([p for p in others if p is not None])

    def _parts(self, campaign: Campaign) -> Iterator[tuple[Campaign, Callable[[], None]]]:
        kinds = kinds_of(self.project, campaign, WEEK_OF)
        if kinds.doubt:
            self.log.doubt(campaign.id, kinds.doubt)
        self.empty[campaign.id] = tuple(c.id for c in kinds.empty)
        memory = Memory.of(self.project, campaign)
        for place in places(self.project, campaign, YEAR):
            walked: set[Hashable] = set()
            for kind in sorted(kinds.found, key=lambda k: k.weight):
                person = self._cast(campaign, kind, place)
                if person is not None:
                    self.people.setdefault(campaign.id, []).append(person)
                    tour = _Tour(self, campaign, memory, person)
                    yield from ((campaign, part) for part in tour.parts(walked))

    def _cast(self, campaign: Campaign, kind: Kind, place: Somewhere) -> Person | None:
        try:
            person = cast(self.project, self._runner, kind, place)
        except CaseError as error:
            self.log.doubt(campaign.id, f"a kind of person cannot be made: {error.message}")
            return None
        if segment_of(self.project, person.facts, person.now) != campaign.segment:
            self.log.doubt(campaign.id, "a kind of person cannot be made as a case gives them")
            return None
        return person


class _Tour:
    """One person on one campaign."""

    def __init__(self, explorer: Explorer, campaign: Campaign, memory: Memory, person: Person) -> None:
        self._explorer, self._campaign, self._memory, self._person = explorer, campaign, memory, person
        self._project, self._log, self._calendar = explorer.project, explorer.log, explorer.calendar
        other = leaver(self._project, campaign, person)
        self._people: tuple[Person, ...] = (person,) if other is None else (person, other)
        self._acts = acts_of(self._project, campaign, person.facts)
        if other is not None:
            self._acts.append(Act(doing=Doing.CHANGE, name=f"leaves segment {campaign.segment}", who=1))
        self._calm = without_endings(self._acts, ending_events(self._project, campaign))
        self._place = place_of(
            person.facts.person, self._project.default_country, self._project.policy.markets
        )

    def _rhythm(self, track: Track) -> Rhythm:
        """The steps of a track that this person may get."""
        return Rhythm(
            steps=tuple(s for s in track.steps if s.channel and self._may_get(s)), place=self._place
        )

    def _may_get(self, step: Step) -> bool:
        cohort = self._person.kind.cohort
        if step.cohorts is not None and (cohort is None or cohort.id not in step.cohorts):
            return False
        return self._can(step.only_if, True) and self._can(step.unless, False)

    def _can(self, predicate: Predicate | None, wanted: bool) -> bool:
        """Can it come out so? What looks at events can come out either way."""
        if predicate is None or any(isinstance(leaf, EventHappened) for leaf in leaves(predicate)):
            return True
        return holds(predicate, self._person.facts, self._person.now) is wanted

    # ── the parts ──

    def parts(self, walked: set[Hashable]) -> Iterator[Callable[[], None]]:
        """Pieces of work. ``walked``: what others were sent through before, and need not be again."""
        start = self._world(WEEK_OF).enter(self._campaign)
        main = self._campaign.main if start is not None and start.due is not None else None
        yield from self._of_track(main, (), walked)
        for act in self._acts:
            track = self._begins(act)
            if track is not None:
                yield from self._of_track(track, (act,), walked)

    def whatever_happens(self, others: Sequence[Person] = ()) -> None:
        """Every behaviour, and all that they can turn into, from one moment."""
        self._people = (self._person, *others)
        turns = [Act(doing=Doing.CHANGE, name="data changes", who=n) for n in range(1, len(self._people))]
        rhythm = self._rhythm(self._campaign.main)
        at = self._calendar.plain_week(self._campaign, rhythm)[0]
        self._walk(at, (), [*self._calm, *turns], 0)

    def _of_track(
        self, track: Track | None, first: tuple[Act, ...], walked: set[Hashable]
    ) -> Iterator[Callable[[], None]]:
        """A round of a track that entry, or an act right after it, begins; ``track`` None: a sleep."""
        rhythm = self._rhythm(track) if track is not None else Rhythm(steps=(), place=self._place)
        name, cohort = track.id if track else None, self._person.kind.cohort
        known, new = self._person.place.known, (name, rhythm.shape) not in walked
        if known or new:
            ends = known and (name, cohort) not in walked
            yield partial(self._one_moment, rhythm, first, self._acts if ends else self._calm)
        if new:
            yield partial(self._every_moment, rhythm, first)
        if known and new:
            yield partial(self._every_behaviour, rhythm, first)
        walked |= {(name, cohort), (name, rhythm.shape)}

    def _begins(self, act: Act) -> Track | None:
        """The track of the round that the act begins where it happens right after entry."""
        world = self._world(WEEK_OF)
        started = self._started(world, (act,))
        if started is None or len(started.rounds) < 2:
            return None
        return self._campaign.track(started.enrolment.track)

    def _one_moment(self, rhythm: Rhythm, first: tuple[Act, ...], acts: Sequence[Act]) -> None:
        """Everything that can happen, from one moment; what ends a round at once only where nobody showed it yet."""
        moments = self._calendar.plain_week(self._campaign, rhythm)
        self._walk(moments[0], first, acts, 0)

    def _every_behaviour(self, rhythm: Rhythm, first: tuple[Act, ...]) -> None:
        """All that leaves the round going, from each stretch of a plain week."""
        for n, at in enumerate(self._calendar.plain_week(self._campaign, rhythm)[::2]):
            self._walk(at, first, self._calm, n)

    def _every_moment(self, rhythm: Rhythm, first: tuple[Act, ...]) -> None:
        """Nothing more happens: from both ends of each stretch, and around changes of the clocks."""
        moments = self._calendar.plain_week(self._campaign, rhythm)
        if self._person.place.known:  # the one end is where every behaviour is followed from
            moments = moments[1::2] + self._calendar.around_changes(self._campaign, rhythm)
        for n, at in enumerate(moments):
            self._walk(at, first, (), n)

    def _world(self, at: int) -> World:
        return World(self._project, self._people, at)

    def _started(self, world: World, first: tuple[Act, ...]) -> State | None:
        state = world.enter(self._campaign)
        for act in first:
            state = None if state is None else self._after(world, state, act)
        return state

    def _after(self, world: World, state: State, act: Act) -> State | None:
        """The round that an act begins an hour after entry."""
        done = world.happens(state, act, state.now + HOUR)
        if done is None or done.due != done.now:
            return None
        turn = world.turn(done, done.now)
        return world.begin(turn) if turn.decision.reason is Reason.SUPERSEDED else None

    def _walk(self, at: int, first: tuple[Act, ...], acts: Sequence[Act], n: int) -> None:
        if self._explorer.over:
            self._log.doubt(self._campaign.id, "the time for it was over")
            return
        # what begins the round happens at that moment; entry is an hour before
        at -= HOUR * len(first)
        world = self._world(at)
        start = self._started(world, first)
        if start is None:
            return
        rank = (not self._person.place.known, self._person.kind.weight, n)
        entry = Entry(people=self._people, at=at, rank=rank)
        if not Walk(self._project, world, self._memory, self._log, entry).run(start, acts):
            self._log.doubt(self._campaign.id, "there were too many ways through it")
