"""The steps of one timeline: their names, their order in time, their windows, their channels."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from itertools import zip_longest

from engine.checks import letters
from engine.checks.adapters import fitting
from engine.checks.order import out_of_order
from engine.checks.scope import Scope, written
from engine.compile_campaign import step_channel, step_variants
from engine.compile_project import DEFAULT_QUIET, open_hours
from engine.located import Located, Span
from engine.model import CHANNELS
from engine.units import UnitError, parse_deadline, parse_duration, parse_hours

#: days that a message leaves its reader to answer, (least, most): business days, calendar days
_BUSINESS_DAYS, _DAYS = (10, 21), (14, 90)


def check(scope: Scope, campaign: Located, track: Located | None) -> None:
    """Findings about one cadence of a campaign."""
    if track is None:
        return
    steps = list(track)
    _in_order(scope, steps)
    _branches(scope, steps)
    for step in steps:
        _names(scope, campaign, step)
        _window(scope, step)
        _respond_by(scope, step.get("respond_by"))
        letters.check(scope, step)
        for key in ("if", "unless"):
            scope.predicate(step.get(key))


def channels(scope: Scope, steps: list[Located]) -> None:
    """One finding for each channel that a campaign uses and nothing carries."""
    project = scope.project
    adapters = project.get("channels") if project else None
    if project is None or (adapters is None and written(project, "channels")):
        return
    carried = {channel for channel in CHANNELS if adapters and written(adapters, channel)}
    for step in steps:
        channel = step_channel(step)
        if channel and channel not in carried:
            carried.add(channel)
            mend = f"add '{channel}: {{adapter: ...}}' under channels in rekindle.yaml; " + fitting(channel)
            scope.say(step.key(channel), "RK801", f"nothing carries the channel '{channel}'", mend)


def _in_order(scope: Scope, steps: list[Located]) -> None:
    times = [step["at"] for step in steps if "at" in step]
    seconds = [parse_duration(at.value) for at in times]
    wrong = out_of_order(seconds)
    kept = sorted(set(range(len(times))) - set(wrong))
    for place in wrong:
        at, following = times[place], bisect(kept, place)
        above = kept[following - 1] if following else None
        if above is not None and seconds[above] > seconds[place]:
            message, other = f"'{at.value}' goes back in time", times[above]
        else:
            message, other = f"after '{at.value}' the steps below go back in time", times[kept[following]]
        other_end = other.span.related(f"this step is at {other.value}")
        scope.say(at.span, "RK401", message, "times count from entry", other_end)


def _names(scope: Scope, campaign: Located, step: Located) -> None:
    cohorts = campaign.get("cohorts")
    unsure = cohorts is None and written(campaign, "cohorts")
    names = None if unsure else cohorts.keys if cohorts else ()
    for cohort in step["for"].texts() if "for" in step else ():
        scope.known(cohort, "cohort", "RK205", names, "declare it under cohorts", makes=True)
    declare = "declare it in incentives.yaml"
    scope.known(step.get("offer"), "offer", "RK203", scope.offers, declare, makes=True)
    for _, ref in step_variants(step):
        file = f"write it as templates/{ref.value}.md"
        scope.known(ref, "template", "RK202", scope.templates, file, makes=True)
    start = step.get("start")
    if start is not None and start.value == campaign.text("campaign"):
        scope.say(start.span, "RK206", "a campaign cannot start itself", "use 'then: {repeat: ...}'")
    else:
        scope.known(
            start, "campaign", "RK206", scope.campaigns, "a campaign is a file of its own beside this one"
        )


def _branches(scope: Scope, steps: list[Located]) -> None:
    names = [step.text("step") for step in steps]
    every = {name: step["step"].span for step, name in zip(steps, names, strict=True) if name is not None}
    certain = None not in names and len(every) == len(names)  # of two of a name one was to have another
    later = set(every)
    for step, name in zip(steps, names, strict=True):
        later.discard(name or "")
        branches = list(step.get("choose") or ())
        for branch, below in zip_longest(branches, branches[1:]):
            scope.predicate(branch.get("if"))
            if "else" in branch and below is not None:
                message = "the ways on below this 'else' are never taken"
                never = below.span.related("never taken")
                scope.say(branch.key("else"), "RK404", message, "put 'else' last", never)
            if certain:
                _target(scope, branch.get("go") or branch.get("else"), every, later)


def _target(scope: Scope, target: Located | None, every: Mapping[str, Span], later: set[str]) -> None:
    place = every.get(str(target.value)) if target is not None else None
    if target is not None and place is not None and target.value not in later:
        mend = "a cadence only goes forward; use 'then: {repeat: ...}' to start over"
        message = f"'{target.value}' does not come after this step"
        scope.say(target.span, "RK402", message, mend, place.related("it stands here"))
    else:
        scope.known(target, "step", "RK204", later, "name a later step of this cadence")


def _respond_by(scope: Scope, node: Located | None) -> None:
    """A deadline that its reader can keep, and will remember."""
    if node is None:
        return
    deadline = parse_deadline(node.value)
    unit = "business days" if deadline.business else "days"
    least, most = _BUSINESS_DAYS if deadline.business else _DAYS
    if least <= deadline.days <= most:
        return
    short = f"{deadline.days} {unit} are too few to read, think and answer"
    long = f"after {deadline.days} {unit} nobody remembers the question"
    usual = "14 business days" if deadline.business else "30d"
    mend = f"write {least} to {most} {unit}, for example '{usual}'"
    scope.say(node.span, "RK504", short if deadline.days < least else long, mend)


def _window(scope: Scope, step: Located) -> None:
    """A window inside the quiet hours of its channel never opens."""
    window, channel = step.get("window"), step_channel(step)
    hours = window.get("hours") if window else None
    if hours is None or channel is None:
        return
    opens, closes = parse_hours(hours.value)
    quiet, declared = _quiet_hours(scope, channel)
    try:
        first, last = open_hours(parse_hours(quiet, wraps=True))
    except (UnitError, ValueError):
        return  # said where the quiet hours stand
    if max(opens, first) >= min(closes, last):
        message = f"the window {hours.value} never opens: {channel} is quiet {quiet}"
        mend = "choose hours outside the quiet ones" + ("" if declared else ", which are rekindle's own")
        place = declared.related("the quiet hours") if declared else None
        scope.say(hours.span, "RK403", message, mend, place)


def _quiet_hours(scope: Scope, channel: str) -> tuple[object, Span | None]:
    """Quiet hours of a channel as written and their place; no place: rekindle's own; neither: unreadable."""
    policy = scope.project.get("policy") if scope.project else None
    quiet = policy.get("quiet_hours") if policy else None
    if quiet is None and policy is not None and written(policy, "quiet_hours"):
        return None, None
    if quiet is not None and quiet.is_map:
        quiet = quiet.get(channel) or quiet.get("default")
    return (quiet.value, quiet.span) if quiet is not None else (DEFAULT_QUIET, None)
