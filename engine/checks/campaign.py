"""A campaign against the rest of the project: its names, its audience, its promises."""

from __future__ import annotations

from engine.checks import cadence
from engine.checks.scope import Scope, declared, unique
from engine.compile_campaign import EVERYONE, MAIN, PARK
from engine.compile_project import DEFAULT_CONSENT
from engine.located import Located, Span
from engine.model import ConsentLevel

_LEVELS = list(ConsentLevel)


def check(scope: Scope, root: Located, stem: str) -> None:
    """Findings about one campaign; ``root`` has the shape of the language, or lacks what has not."""
    _identity(scope, root, stem)
    _audience(scope, root)
    _cohorts(scope, root)
    _consent(scope, root)
    tracks = [root.get("cadence"), *(trigger.get("cadence") for trigger in root.get("triggers") or ())]
    steps = [step for track in tracks if track for step in track]
    unique(scope, (step.get("step") for step in steps), "step")
    cadence.channels(scope, steps)
    for track in tracks:
        cadence.check(scope, root, track)
    _triggers(scope, root)
    for exit_ in root.get("exit") or ():
        scope.predicate(exit_.get("where"))


def _identity(scope: Scope, root: Located, stem: str) -> None:
    name = root.get("campaign")
    if name is not None and name.value != stem:
        mend = f"write 'campaign: {stem}', or rename the file to {name.value}.yaml"
        scope.say(name.span, "RK208", f"the campaign '{name.value}' stands in {stem}.yaml", mend)


def _audience(scope: Scope, root: Located) -> None:
    audience = root.get("audience")
    if audience is None:
        return
    declare = "declare it in segments.yaml"
    scope.known(audience.get("segment"), "segment", "RK201", scope.segments, declare, makes=True)
    scope.predicate(audience.get("where"))


def _cohorts(scope: Scope, root: Located) -> None:
    cohorts = root.get("cohorts")
    if cohorts is None:
        return
    taker = ""
    for name, node in cohorts.items():
        if taker:
            message, mend = f"nobody is left for the cohort '{name}'", f"move it above '{taker}'"
            place = cohorts.key(taker).related("takes everyone who is left")
            scope.say(cohorts.key(name), "RK306", message, mend, place)
        elif isinstance(node.value, str):
            _park_until(scope, node)
            taker = name if node.value == EVERYONE or node.value.startswith(PARK) else ""
        else:
            scope.predicate(node)


def _park_until(scope: Scope, node: Located) -> None:
    """What wakes a cohort is an event; a day would wait for an event of that name for ever."""
    event = str(node.value).removeprefix(PARK)
    if str(node.value).startswith(PARK) and event[:1].isdigit():
        message = f"'{event}' is no event, and a cohort is parked until one comes"
        mend = "name the event; people of a certain age are found by a predicate, '{closed_at: {newer_than: 90d}}'"
        scope.say(node.span, "RK113", message, mend)


def _consent(scope: Scope, root: Located) -> None:
    """A campaign may ask for more consent than the project does, never for less."""
    wanted = root.get("consent")
    policy = scope.project.get("policy") if scope.project else None
    declared_levels = policy.get("consent") if policy else None
    for channel, node in wanted.items() if wanted else ():
        declared_level = declared_levels.get(channel) if declared_levels else None
        policy_asks = declared_level if declared_level and declared_level.value in _LEVELS else None
        floor = str(policy_asks.value if policy_asks else DEFAULT_CONSENT[channel])
        if _LEVELS.index(ConsentLevel(str(node.value))) < _LEVELS.index(ConsentLevel(floor)):
            who = "the policy" if policy_asks else "rekindle"
            message = f"'{node.value}' loosens the consent that {channel} needs: {who} asks for '{floor}'"
            mend = f"write '{floor}' or more, or remove the line"
            place = policy_asks.span.related("the policy") if policy_asks else None
            scope.say(node.span, "RK501", message, mend, place)


def _triggers(scope: Scope, root: Located) -> None:
    triggers = list(root.get("triggers") or ())
    unique(scope, (trigger.get("trigger") for trigger in triggers), "trigger")
    for trigger in triggers:
        name = trigger.get("trigger")
        if name is not None and name.value == MAIN:
            scope.say(
                name.span,
                "RK209",
                f"'{MAIN}' is the name of the campaign's own cadence",
                "rename the trigger",
            )
        match = trigger.get("match")
        for key, field in match.items() if match else ():
            if match and key in scope.fields and field.value not in scope.fields:
                message = f"'{key}' is a field of the person, and stands where the event's own word belongs"
                scope.say(match.key(key), "RK301", message, f"turn it round: '{field.value}: {key}'")
            else:
                scope.field(str(field.value), field.span)


def started_names(root: Located) -> list[str]:
    """Names of the campaigns that the steps hand over to."""
    tracks = [root.get("cadence"), *(trigger.get("cadence") for trigger in root.get("triggers") or ())]
    found = [step.text("start") for track in tracks if track for step in track]
    return [name for name in found if name]


def _repeated(root: Located) -> bool:
    """Do two steps have one name, so that one of them was to have another?"""
    tracks = [root.get("cadence"), *(trigger.get("cadence") for trigger in root.get("triggers") or ())]
    names = [step.text("step") for track in tracks if track for step in track]
    return len(set(names)) < len(names)


def step_names(root: Located) -> dict[str, Span] | None:
    """Ids of all steps of a campaign and where they stand; None when one cannot be read, or stands for another."""
    tracks = [declared(root, "cadence", "step")]
    tracks += [declared(trigger, "cadence", "step") for trigger in root.get("triggers") or ()]
    if None in tracks or _repeated(root):
        return None
    return {name: step["step"].span for track in tracks if track for name, step in track.items()}
