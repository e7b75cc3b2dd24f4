"""Names of events, wherever a file listens for one: a misspelt one is never heard, and nobody is told."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher

from engine import suggest
from engine.checks.scope import Scope
from engine.compile_campaign import PARK
from engine.event_names import OURS
from engine.located import Located, Span

#: two names that share so much are most likely one name and a slip of the finger
_ALIKE = 0.85
#: the beginning of a name that is told from a word of its own
_BEGINNING = 4
#: what a verb ends with in one form or another
_ENDING = re.compile(r"(?<=\w{4})(ied|ies|ying|ing|ed|es|y|e|s|t)$")


def check(scope: Scope, project: Located | None, roots: Collection[Located]) -> None:
    """Findings about every event that any file names. ``project``: rekindle.yaml, as far as it can be read."""
    people = project.get("people") if project else None
    listed = people.get("events") if people else None
    for root in roots:
        _carried(scope, people, root)
    named = list(_of_policy(project)) + [place for root in roots for place in _named(root)]
    if listed is not None and not listed.is_list:
        return  # said where it stands
    if listed is None:
        _alike(scope, named)
        return
    legal = OURS | {str(node.value) for node in listed}
    for name, span in named:
        if name not in legal:
            mend = suggest.mend(name, legal, none="add it to people.events in rekindle.yaml", few=0)
            scope.say(span, "RK210", f"unknown event '{name}'", mend, instead=suggest.sure(name, legal))


def _carried(scope: Scope, people: Located | None, campaign: Located) -> None:
    """What a trigger matches has to be among what events carry, where their sources say so."""
    sources = (people.get("sources") if people else None) or ()
    carried = [key for source in sources if (data := source.get("data")) for key, _ in data.items()]
    for trigger in campaign.get("triggers") or () if carried else ():
        match = trigger.get("match")
        for key, _ in match.items() if match else ():
            if match and key not in carried and key not in scope.fields:  # a field there is told as such
                mend = suggest.mend(key, carried, none="name it under 'data' of the source in rekindle.yaml")
                message, sure = f"no source brings '{key}' with an event", suggest.sure(key, carried)
                scope.say(match.key(key), "RK213", message, mend, instead=sure)


def _alike(scope: Scope, named: list[tuple[str, Span]]) -> None:
    """Without a list, what is almost one of ours, or differs by a letter from what is named more often elsewhere."""
    places: Mapping[str, list[Span]] = defaultdict(list)
    for name, span in named:
        places[name].append(span)
    for name, spans in places.items():
        if name in OURS:
            continue
        ours = next((own for own in sorted(OURS) if _is_slip(name, own) or _is_form(name, own)), None)
        if ours:
            message = f"rekindle's own event is called '{ours}', not '{name}'"
            mend = f"did you mean '{ours}'? else list '{name}' under people.events in rekindle.yaml"
            other_end = places[ours][0].related("the other") if ours in places else None
            scope.say(spans[0], "RK211", message, mend, other_end)
            continue
        others = [other for other in places if other != name and len(places[other]) > 1]
        meant = next((other for other in others if _is_slip(name, other)), None) if len(spans) == 1 else None
        if meant:
            message = f"nothing else speaks of an event '{name}'"
            other_end = places[meant][0].related("the other")
            scope.say(spans[0], "RK211", message, f"did you mean '{meant}'?", other_end)


def _is_slip(name: str, other: str) -> bool:
    alike = SequenceMatcher(None, name.lower(), other.lower()).ratio()
    return alike >= _ALIKE and abs(len(name) - len(other)) <= 1


def _is_form(name: str, own: str) -> bool:
    """Another form of the same word, ``click`` and ``reply`` for ``clicked`` and ``replied``, or its beginning."""
    lowered = name.lower()
    begins = len(lowered) >= _BEGINNING and own.startswith(lowered) and own[len(lowered) :][:1] != "_"
    return begins or _ENDING.sub("", lowered) == _ENDING.sub("", own)


def _of_policy(project: Located | None) -> Iterator[tuple[str, Span]]:
    policy = project.get("policy") if project else None
    for node in (policy.get("won_back") if policy else None) or ():
        yield str(node.value), node.span


def _named(node: Located) -> Iterator[tuple[str, Span]]:
    """Every event a file names: under ``event``, in ``event: {name: ...}``, and after ``park until``."""
    for key, child in node.items():
        if key == "event":
            yield from _listened(child)
        elif isinstance(child.value, str):
            if key != "objective" and child.value.startswith(PARK):
                name = child.value.removeprefix(PARK)
                yield name, replace(child.span, column=max(child.span.column, child.span.end - len(name)))
        else:
            yield from _named(child)
    for child in node:
        yield from _named(child)


def _listened(node: Located) -> Iterator[tuple[str, Span]]:
    if node.is_map:
        node = node.get("name") or node
    for part in node.texts():
        if isinstance(part.value, str):
            yield part.value, part.span
