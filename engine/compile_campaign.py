"""A campaign file -> ``model.Campaign``, pinned to a hash of its content. Takes checked data only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.compile_predicate import compile_predicate
from engine.compile_project import compile_caps, consent_levels, one_or_more, seconds
from engine.fields import FieldType
from engine.located import Located
from engine.model import (
    CHANNELS,
    Branch,
    Campaign,
    Cohort,
    Exit,
    Goal,
    Offer,
    Step,
    StepKind,
    Template,
    Then,
    Track,
    Window,
)
from engine.predicate import Predicate
from engine.units import parse_band, parse_days, parse_deadline, parse_duration, parse_hours, parse_percent

MAIN = "main"
EVERYONE = "everyone"
PARK = "park until "


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a campaign is compiled against."""

    fields: Mapping[str, FieldType]
    currency: str
    step_expiry: int  # seconds
    templates: Mapping[str, Template]  # by ref
    offers: Mapping[str, Offer]
    offer_data: Mapping[str, Any]  # plain data by id, for the hash


def compile_campaign(root: Located, around: Surroundings) -> Campaign:
    """The campaign, with the templates and offers it uses."""
    return _Compiler(root, around).campaign()


def step_kind(node: Located) -> StepKind:
    """What a step does, told by its keys."""
    return next(
        (kind for kind in StepKind if kind is not StepKind.SEND and kind.value in node), StepKind.SEND
    )


def step_channel(node: Located) -> str | None:
    """The channel a step sends on."""
    return next((channel for channel in CHANNELS if channel in node), None)


def step_variants(node: Located) -> tuple[tuple[str, Located], ...]:
    """(variant, template ref) of a sending step; one nameless variant when it is not split."""
    message = node.get(step_channel(node) or "")
    if message is None:
        return ()
    return tuple(message.items()) if message.is_map else (("", message),)


class _Compiler:
    def __init__(self, root: Located, around: Surroundings) -> None:
        self._root = root
        self._around = around
        self._id = str(root["campaign"].value)

    def campaign(self) -> Campaign:
        root, audience = self._root, self._root["audience"]
        tracks = (self._main(), *(self._trigger(node) for node in root.get("triggers") or ()))
        steps = [step for track in tracks for step in track.steps]
        refs = sorted({ref for step in steps for _, ref in step.variants})
        offers = sorted({step.offer for step in steps if step.offer})
        priority, experiment = root.get("priority"), root.get("experiment")
        return Campaign(
            id=self._id,
            version=self._version(refs, offers),
            owner=str(root["owner"].value),
            objective=str(root["objective"].value),
            group=root.text("group") or "winback",
            priority=int(str(priority.value)) if priority else 50,
            segment=str(audience["segment"].value),
            where=self._predicate(audience, "where"),
            re_enter_after=seconds(audience, "re_enter_after") if "re_enter_after" in audience else None,
            consent=consent_levels(root.get("consent")),
            caps=compile_caps(root.get("fatigue"), self._id),
            cohorts=self._cohorts(),
            main=tracks[0],
            triggers=tracks[1:],
            then=self._then(),
            exits=tuple(self._exit(node) for node in root.get("exit") or ()),
            goal=self._goal(),
            holdout=parse_percent(experiment["holdout"].value) if experiment else 0,
            templates={ref: self._around.templates[ref] for ref in refs},
            offers={offer: self._around.offers[offer] for offer in offers},
            source=root.key("campaign").source,
        )

    def _version(self, refs: list[str], offers: list[str]) -> str:
        """16 hex digits over what the campaign says, not how it is laid out.

        Mappings are hashed in key order, except cohorts and variants, whose order has a meaning.
        """
        data = self._root.plain()
        data["cohorts"] = list(data.get("cohorts", {}).items())
        content = {
            "campaign": data,
            "templates": {ref: _template_text(self._around.templates[ref]) for ref in refs},
            "offers": {offer: self._around.offer_data[offer] for offer in offers},
            # what the project says and the campaign is compiled with: the same words mean something else by it
            "currency": self._around.currency,
            "step_expiry": self._around.step_expiry,
            "fields": {f"{name}": kind.value for name, kind in self._around.fields.items() if "." in name},
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _predicate(self, node: Located, key: str) -> Predicate | None:
        found = node.get(key)
        return compile_predicate(found, self._around.fields, self._around.currency) if found else None

    def _cohorts(self) -> tuple[Cohort, ...]:
        declared = self._root.get("cohorts")
        return (
            tuple(self._cohort(name, node, declared) for name, node in declared.items()) if declared else ()
        )

    def _cohort(self, name: str, node: Located, parent: Located) -> Cohort:
        source = parent.key(name).source
        if isinstance(node.value, str):
            event = node.value.removeprefix(PARK) if node.value.startswith(PARK) else None
            return Cohort(id=name, when=None, park_until=event, source=source)
        when = compile_predicate(node, self._around.fields, self._around.currency)
        return Cohort(id=name, when=when, park_until=None, source=source)

    def _main(self) -> Track:
        return Track(
            id=MAIN, steps=self._steps(self._root["cadence"]), source=self._root.key("cadence").source
        )

    def _trigger(self, node: Located) -> Track:
        match = node.get("match")
        return Track(
            id=str(node["trigger"].value),
            steps=self._steps(node["cadence"]),
            event=str(node["event"].value),
            matching=tuple((key, str(value.value)) for key, value in match.items()) if match else (),
            source=node.source,
        )

    def _steps(self, cadence: Located) -> tuple[Step, ...]:
        return tuple(self._step(node) for node in cadence)

    def _step(self, node: Located) -> Step:
        wait, review = node.get("wait_for"), node.get("review")
        pause = wait or review
        return Step(
            id=str(node["step"].value),
            kind=step_kind(node),
            at=parse_duration(node["at"].value),
            source=node.source,
            cohorts=frozenset(one_or_more(node["for"])) if "for" in node else None,
            only_if=self._predicate(node, "if"),
            unless=self._predicate(node, "unless"),
            channel=step_channel(node),
            variants=tuple((variant, str(ref.value)) for variant, ref in step_variants(node)),
            offer=node.text("offer"),
            respond_by=parse_deadline(node["respond_by"].value) if "respond_by" in node else None,
            signed_by=node.text("signed_by"),
            window=_window(node.get("window")),
            expires=seconds(node, "expires", self._around.step_expiry),
            event=wait.text("event") if wait else None,
            up_to=seconds(pause, "up_to") if pause else 0,
            branches=tuple(self._branch(part) for part in node.get("choose") or ()),
            task=review.text("task") if review else None,
            start=node.text("start"),
        )

    def _branch(self, node: Located) -> Branch:
        go = node.text("go") or node.text("else") or ""
        return Branch(when=self._predicate(node, "if"), go=go, source=node.source)

    def _then(self) -> Then:
        node = self._root.get("then")
        if node is None or not node.is_map:
            return Then(source=self._root.key("then").source)
        repeat = seconds(node, "repeat") if "repeat" in node else None
        return Then(park=seconds(node, "park"), repeat=repeat, source=node.source)

    def _exit(self, node: Located) -> Exit:
        return Exit(
            reason=str(node["as"].value),
            event=node.text("event"),
            where=self._predicate(node, "where"),
            task=node.text("task"),
            source=node.source,
        )

    def _goal(self) -> Goal | None:
        node = self._root.get("goal")
        if node is None:
            return None
        expect = parse_band(node["expect"].value) if "expect" in node else None
        return Goal(
            events=one_or_more(node["event"]),
            within=seconds(node, "within"),
            expect=expect,
            source=self._root.key("goal").source,
        )


def _window(node: Located | None) -> Window | None:
    if node is None:
        return None
    hours, days = node.get("hours"), node.get("days")
    opens, closes = parse_hours(hours.value) if hours else (0, 1_440)
    weekdays = parse_days(one_or_more(days)) if days else frozenset(range(7))
    return Window(opens=opens, closes=closes, days=weekdays, source=node.source)


def _template_text(template: Template) -> dict[str, Any]:
    return {
        "subject": template.subject,
        "preheader": template.preheader,
        "extra": dict(template.extra),
        "body": template.body,
    }
