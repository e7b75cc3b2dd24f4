"""The messages of a project, each once for every step that sends it otherwise, as its lints want to see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from engine.checks.specimens import ADDRESS, WORDS, addresses, carried, everything
from engine.lint.base import Subject
from engine.lint.content.script import Script, read
from engine.lint.content.words import Words
from engine.model import DAY, Campaign, Deadline, Offer, Project, Step, Template, Track
from engine.schedule import deadline_ends
from engine.template_file import ParsedTemplate
from engine.testfile import DEFAULT_NOW
from engine.vocabulary import Vocabulary

T = TypeVar("T")

#: an audience is told nothing
_WORDLESS = frozenset({"audience"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Something unwise in a message: ``text[start:end]`` of a part, which is ``body`` or a key of the front
    matter; a part that is not there is the whole file's fault."""

    code: str
    message: str
    mend: str = ""
    part: str = "body"
    start: int = 0
    end: int = 0
    #: the other end of it, in the body: where it stands and what it is
    other: tuple[int, int, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A step that sends a template."""

    campaign: Campaign
    track: Track
    step: Step
    variant: str
    channel: str
    parsed: ParsedTemplate
    template: Template
    offer: Offer | None

    @property
    def context(self) -> str:
        """Whose message it is, in a reader's words."""
        return f"step '{self.step.id}' of campaign '{self.campaign.id}'"

    @property
    def in_trigger(self) -> bool:
        """Does an event start the track?"""
        return self.track is not self.campaign.main

    @property
    def kind(self) -> tuple[object, ...]:
        """Uses of a kind make the same message."""
        offer = self.offer.id if self.offer else None
        return self.parsed.file, self.channel, offer, self.step.respond_by, self.in_trigger, self.ends_within

    @property
    def ends_within(self) -> int | None:
        """Seconds from this message to the end of its offer or its deadline, whichever is first, for whoever has
        had all of the track's messages; None where nothing ends."""
        ends = []
        if self.step.respond_by:
            ends.append(_length(self.step.respond_by))
        if self.offer:
            named = [s.at for s in self.track.steps if s.offer == self.offer.id and s.at <= self.step.at]
            ends.append(self.offer.valid_for - (self.step.at - min(named, default=self.step.at)))
        return min(ends, default=None)


def _length(deadline: Deadline) -> int:
    return deadline_ends(DEFAULT_NOW, deadline, "UTC", "US") - DEFAULT_NOW


def uses(subject: Subject) -> Iterator[Use]:
    """Every use of every template, one of each kind."""
    seen = set()
    for campaign in subject.project.campaigns.values():
        for track in (campaign.main, *campaign.triggers):
            for use in _of_track(subject, campaign, track):
                if use.kind not in seen:
                    seen.add(use.kind)
                    yield use


def _of_track(subject: Subject, campaign: Campaign, track: Track) -> Iterator[Use]:
    for step in track.steps:
        if step.channel is None or step.channel in _WORDLESS:
            continue
        for variant, ref in step.variants:
            template = campaign.templates[ref]
            yield Use(
                campaign=campaign,
                track=track,
                step=step,
                variant=variant,
                channel=step.channel,
                parsed=subject.templates[template.file],
                template=template,
                offer=campaign.offers[step.offer] if step.offer else None,
            )


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message to be judged. ``script``: its body, read. ``channels``: all that send its template."""

    use: Use
    channels: frozenset[str]
    project: Project
    vocabulary: Vocabulary
    script: Script

    @property
    def channel(self) -> str:
        """What carries it."""
        return self.use.channel

    @property
    def language(self) -> str:
        """The language of its words, such as ``fr``."""
        return (self.use.template.extra.get("language") or "en")[:2].lower()

    @property
    def lines(self) -> Mapping[str, str]:
        """The lines beside the body that its reader sees."""
        template = self.use.template
        if self.channel != "email":
            return {}
        found = {
            "subject": template.subject,
            "preheader": template.preheader,
            "why": template.extra.get("why"),
        }
        return {part: text for part, text in found.items() if text}

    @cached_property
    def worded(self) -> Words | None:
        """The body for somebody of whom everything is known; None where it cannot be worded."""
        return self.first(self.script.worded)

    def first(self, wording: Callable[[dict[str, Any]], T]) -> T | None:
        """What comes of the first of those of whom everything is known for whom it can be worded; None: of nobody."""
        for names in self._specimens():
            try:
                return wording(names)
            except Exception:  # noqa: S112 - a template can raise anything, and RK611 says so
                continue
        return None

    def _specimens(self) -> Iterator[dict[str, Any]]:
        """The values of somebody of whom everything is known: words, then addresses where a link needs one."""
        template = self.use.template
        known = everything(self.project.attributes, WORDS)
        for text, person in (
            (WORDS, known),
            (ADDRESS, everything(self.project.attributes)),
            (ADDRESS, addresses(everything(self.project.attributes))),
        ):
            for event in carried(template, in_trigger=self.use.in_trigger, text=text):
                yield self._names(person, event)

    def _names(self, person: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
        offer, answer = self.use.offer, self.use.step.respond_by
        ends = DEFAULT_NOW + offer.valid_for if offer else None
        respond_by = DEFAULT_NOW + _length(answer) if answer else None
        return {
            **self.vocabulary.names(person, offer, ends, event, respond_by),
            "voice": self.vocabulary.voice(person, DEFAULT_NOW, self.language),
            "unsubscribe": "https://www.example.com/u",
        }


def messages(subject: Subject) -> Iterator[Message]:
    """Every message of a project, in the order of its campaigns."""
    project = subject.project
    vocabulary = Vocabulary(project.brand, project.attributes, project.currency, project.default_country)
    found = list(uses(subject))
    channels: dict[str, set[str]] = defaultdict(set)
    for use in found:
        channels[use.parsed.file].add(use.channel)
    for use in found:
        script = read(use.template.body, use.channel)
        if script is not None:
            yield Message(
                use=use,
                channels=frozenset(channels[use.parsed.file]),
                project=project,
                vocabulary=vocabulary,
                script=script,
            )


def days(seconds: int) -> float:
    """Seconds as days."""
    return seconds / DAY
