"""Declared rates: that a warm-up has something to grow to, and that channels of one group mean the same."""

from __future__ import annotations

from engine.checks.scope import Scope
from engine.compile_project import sending_rates
from engine.located import Located
from engine.units import parse_duration


def check(scope: Scope, channels: Located | None) -> None:
    """Findings about the rates of one environment's channels."""
    groups: dict[str, tuple[str, Located]] = {}
    for channel, declared in channels.items() if channels else ():
        _warm_up(scope, declared)
        name = declared.text("rate_group")
        if name is None:
            continue
        if "rate" not in declared:
            message = "a rate group shares a rate, and none is declared"
            scope.say(declared.key("rate_group"), "RK111", message, "add what the account allows: rate: 50/s")
        first, as_declared = groups.setdefault(name, (channel, declared))
        if _pace(declared) != _pace(as_declared):
            message = f"'{channel}' and '{first}' share the rate of '{name}', and declare different ones"
            where = declared.key("rate" if "rate" in declared else "rate_group")
            other = as_declared.key("rate_group").related(f"'{first}' is in the group")
            scope.say(where, "RK113", message, "give both the same rate and warm_up", other)


def _warm_up(scope: Scope, declared: Located) -> None:
    warm_up = declared.get("warm_up")
    if warm_up is None:
        return
    if "rate" not in declared:
        message = "a warm-up grows up to the rate, and none is declared"
        scope.say(declared.key("warm_up"), "RK111", message, "add what the provider allows: rate: 50/s")
        return
    every = warm_up.get("double_every")
    if every is not None and not parse_duration(every.value):
        scope.say(every.span, "RK113", "a warm-up that doubles at once is none", "give it days: double_every: 3d")
    start, rates = warm_up.get("from"), sending_rates(declared["rate"])
    if start is None:
        return
    [begin] = sending_rates(start)
    if any(begin.limit * rate.per >= rate.limit * begin.per for rate in rates):
        message = f"the warm-up begins with {start.value}, which is all that the rate allows"
        scope.say(start.span, "RK113", message, "begin with less, for example from: 200/day")


def _pace(declared: Located) -> tuple[object, object]:
    """What a channel says of its rate, to compare."""
    rate, warm_up = declared.get("rate"), declared.get("warm_up")
    return sending_rates(rate), warm_up.plain() if warm_up else None
