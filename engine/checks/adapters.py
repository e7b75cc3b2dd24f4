"""Declared adapters: that each exists, carries its channel, and is given options it knows. None is built."""

from __future__ import annotations

import re

from channels.options import Problem, problems
from channels.registry import AdapterClass, UnknownAdapter, adapter_class, names
from engine import suggest
from engine.checks import rates
from engine.checks.scope import Scope, written
from engine.compile_project import CHANNEL_KEYS
from engine.located import Located, Span

_PASSWORD_IN_URL = re.compile(r"://[^/@\s]*:[^/@\s]+@")
#: keys that are ours and not the adapter's, and that a misspelt one is taken for
_MEANT = tuple(key for key in CHANNEL_KEYS if key != "adapter")


def check(scope: Scope, channels: Located | None) -> None:
    """Findings about the adapters of one environment."""
    secrets(scope, channels)
    rates.check(scope, channels)
    for channel, declared in channels.items() if channels else ():
        name = declared.get("adapter")
        found = _class(scope, name) if name is not None else None
        if name is None or found is None:
            continue
        capabilities = getattr(found, "capabilities", None)
        if capabilities is not None and channel not in capabilities.channels:
            message = f"the adapter '{name.value}' does not carry {channel}"
            mend = f"it carries: {', '.join(sorted(capabilities.channels))}"
            scope.say(name.span, "RK804", message, mend)
        _options(scope, declared, found)


def fitting(channel: str) -> str:
    """Which adapters carry a channel, in words."""
    found = [name for name in names() if channel in _carried(name)]
    return (
        f"adapters that carry it: {', '.join(found)}" if found else "no adapter that is installed carries it"
    )


def _carried(name: str) -> frozenset[str]:
    """The channels of an adapter; none where it cannot be loaded or does not say."""
    try:
        capabilities = getattr(adapter_class(name), "capabilities", None)
    except Exception:  # somebody else's package; that it is broken is said where it is declared
        return frozenset()
    return frozenset(capabilities.channels) if capabilities is not None else frozenset()


def secrets(scope: Scope, channels: Located | None) -> None:
    """Findings about options that are secrets, and about keys of ours, which would pass as an option."""
    for _, adapter in channels.items() if channels else ():
        for key, option in adapter.items():
            no_password(scope, option)
            meant = suggest.nearest(key, _MEANT)
            if meant and meant != key:
                sure = suggest.sure(key, _MEANT)
                mend = f"did you mean '{meant}'?"
                scope.say(adapter.key(key), "RK110", f"unknown key '{key}'", mend, instead=sure)


def no_password(scope: Scope, node: Located | None) -> None:
    """A finding about an address with a password in it."""
    if node is not None and isinstance(node.value, str) and _PASSWORD_IN_URL.search(node.value):
        mend = "write {env: NAME}, and set that variable"
        scope.say(node.span, "RK120", "a secret stands in the file", mend)


def _class(scope: Scope, name: Located) -> AdapterClass | None:
    try:
        return adapter_class(str(name.value))
    except UnknownAdapter:
        mend, sure = suggest.mend(str(name.value), names()), suggest.sure(str(name.value), names())
        scope.say(name.span, "RK802", f"unknown adapter '{name.value}'", mend, instead=sure)
    except Exception as error:  # somebody else's package can fail in any way when it is imported
        message = f"the adapter '{name.value}' cannot be loaded: {type(error).__name__}"
        scope.say(name.span, "RK802", message, "install or upgrade the package it comes with")
    return None


def _options(scope: Scope, declared: Located, found: AdapterClass) -> None:
    options = {
        key: value
        for key, value in declared.items()
        if key not in CHANNEL_KEYS and not suggest.nearest(key, _MEANT)
    }
    plain = {key: value.plain() for key, value in options.items()}
    later = {key for key, value in options.items() if value.is_map}
    for problem in problems(found.OPTIONS, plain, later):
        if problem.option in options or not written(declared, problem.option):
            known = found.OPTIONS.get("properties", ())
            sure = suggest.sure(problem.option, known) if problem.option not in known else None
            said = _told(declared, problem)
            scope.say(_where(declared, problem), "RK803", said, problem.mend, instead=sure)


def _where(declared: Located, problem: Problem) -> Span:
    """The value that is wrong, the key that is unknown, or the name of the adapter that lacks something."""
    node = declared.get(problem.option)
    if node is None:
        return declared["adapter"].span
    return declared.key(problem.option) if problem.mend else node.span


def _told(declared: Located, problem: Problem) -> str:
    adapter = declared.text("adapter")
    if problem.option not in declared:
        return f"the adapter '{adapter}' needs '{problem.option}'"
    if problem.mend:
        return f"unknown option '{problem.option}' of the adapter '{adapter}'"
    return f"'{problem.option}' {problem.message}"
