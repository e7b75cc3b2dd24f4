"""Tests of campaigns: that they speak of what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine import almost
from engine.checks.campaign import started_names, step_names
from engine.checks.scope import Scope, unique
from engine.compile_predicate import outside_list
from engine.compile_tests import case_now, person_fields, person_value
from engine.fields import FieldType
from engine.flow import Reason
from engine.located import Located, Span
from engine.units import UnitError, shown
from engine.verdict import HOLDS, SKIPS

_FITS: Mapping[FieldType, Callable[[object], bool]] = {
    FieldType.TEXT: lambda value: isinstance(value, str),
    FieldType.NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    FieldType.FLAG: lambda value: isinstance(value, bool),
    FieldType.MONEY: lambda value: True,  # judged by its parser
    FieldType.INSTANT: lambda value: True,
}

#: what an expectation may give as the reason
_REASONS = {"skipped": SKIPS, "held": HOLDS, "exit": tuple(Reason)}


def check(scope: Scope, root: Located, campaigns: Mapping[str, Located | None]) -> None:
    """Findings about one file of tests. ``campaigns`` are all there are, None where unreadable."""
    scope.known(root.get("tests"), "campaign", "RK206", campaigns)
    steps = _steps(root.text("tests") or "", campaigns)
    cases = list(root.get("cases") or ())
    unique(scope, (case.get("it") for case in cases), "case")
    for case in cases:
        _case(scope, case, steps)


def _steps(campaign: str, campaigns: Mapping[str, Located | None]) -> dict[str, Span] | None:
    """Steps of the campaign and of those it may start; None when one of them cannot be read."""
    found: dict[str, Span] = {}
    wanted, seen = [campaign], set[str]()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        root = campaigns.get(name)
        names = step_names(root) if root is not None else None
        if root is None or names is None:
            return None
        found |= names
        wanted += started_names(root)
    return found


def _case(scope: Scope, case: Located, steps: Mapping[str, Span] | None) -> None:
    given, now = case.get("given"), case_now(case)
    if given is not None:
        _person(scope, given.get("person"), now)
    for happening in case.get("when") or ():
        _person(scope, happening.get("set"), now)
    for expected in case.get("expect") or ():
        scope.known(expected.get("step"), "step", "RK204", steps)
        scope.known(expected.get("offer"), "offer", "RK203", scope.offers)
        scope.known(expected.get("template"), "template", "RK202", scope.templates)
        for key, reasons in _REASONS.items():
            scope.known(expected.get(key), "reason", "RK207", reasons, "docs/gates.md lists the reasons")


def _person(scope: Scope, person: Located | None, now: int) -> None:
    for name, node in person_fields(person).items() if person is not None else ():
        extras = person.get("attributes") if person is not None else None
        key = name.removeprefix("attributes.")
        at = (
            extras.key(key)
            if extras is not None and key in extras
            else person.key(name)
            if person
            else node.span
        )
        type_ = scope.field(name, at)
        if type_ is not None and node.value is not None:
            _value(scope, name, type_, node, now)


def _value(scope: Scope, name: str, type_: FieldType, node: Located, now: int) -> None:
    try:
        person_value(type_, node.plain(), now, scope.currency)
    except UnitError as error:
        scope.say(node.span, "RK114", error.message, error.mend, instead=error.instead)
        return
    if not _FITS[type_](node.value):
        mend = f"quote it: '{node.value}'" if type_ is FieldType.TEXT else f"write a {type_}"
        message = f"{shown(node.plain())} does not fit {name}: it is a {type_} field"
        instead = node.quoted() if type_ is FieldType.TEXT else None
        if type_ is FieldType.FLAG and not node.is_list and not node.is_map:
            instead = almost.flag(node.value)
        scope.say(node.span, "RK305", message, mend, instead=instead)
        return
    unlisted = outside_list(scope.values.get(name), name, node.value, node)
    if unlisted is not None:
        scope.findings.append(unlisted)
