"""Channels of environments that send: whether anything arrives, and how fast it goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from channels.base import Capabilities
from channels.registry import adapter_class
from engine.diagnostics import Finding
from engine.lint.base import Subject
from engine.located import Span
from engine.model import ChannelDef
from engine.validate import PROJECT

#: adapters that write down who is due, and tell others of it at a pace of their own
_UNHURRIED = frozenset({"audience"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Declared:
    """A channel as declared once, and the environments that send by it: its own, or all that inherit it."""

    definition: ChannelDef
    key: Span
    inherited: bool
    environments: list[str] = field(default_factory=list)


def lint(subject: Subject) -> Iterator[Finding]:
    """RK805, RK904 and RK908."""
    yield from _ways_back(subject)
    for declared in _that_send(subject):
        definition = declared.definition
        able = _capabilities(definition)
        names = " and ".join(f"'{name}'" for name in declared.environments)
        senders = f"{names} send{'s' if len(declared.environments) == 1 else ''}"
        if not able.delivers:
            message = f"{senders}, and nobody is reached: '{definition.adapter}' only keeps what it is given"
            mend = f"declare '{definition.channel}' there with an adapter that delivers"
            yield _finding(subject, "RK805", declared, message, mend)
        elif not able.human and not definition.rates and definition.adapter not in _UNHURRIED:
            message = f"{senders} whatever is due at once, and a provider may refuse"
            mend = "add the pace that the provider allows, for example 'rate: 10/s'"
            yield _finding(subject, "RK904", declared, message, mend)


def _that_send(subject: Subject) -> list[_Declared]:
    """The declared channels by which an environment sends, in the order written."""
    root = subject.roots[PROJECT]
    found: dict[Span, _Declared] = {}
    for environment in subject.project.environments.values():
        if not environment.sends:
            continue
        own = root["environments"][environment.name].get("channels")
        for channel, definition in environment.channels.items():
            inherited = own is None or channel not in own
            key = root["channels"].key(channel) if own is None or channel not in own else own.key(channel)
            declared = _Declared(definition=definition, key=key, inherited=inherited)
            found.setdefault(key, declared).environments.append(environment.name)
    return [found[key] for key in sorted(found, key=lambda span: (span.line, span.column))]


def _ways_back(subject: Subject) -> Iterator[Finding]:
    """A no has to arrive: without the web service the drill cannot pass, and no campaign opens."""
    page = subject.project.brand.unsubscribe_url
    for environment in subject.project.environments.values():
        http, root = environment.http, subject.roots[PROJECT]
        if not environment.sends:
            continue
        at = root["environments"].key(environment.name)
        if http is None:
            message = f"'{environment.name}' sends, and declares no web service that hears a no"
            mend = (
                "add 'http: {public_url: https://...}': no campaign opens before 'rekindle drill' has passed"
            )
            yield at.finding("RK908", message, mend, context=f"environment '{environment.name}'")
        elif page.rstrip("/") != f"{http.public_url}/u":
            message = (
                f"the links of '{environment.name}' lead to {page}, and its page is at {http.public_url}/u"
            )
            mend = f"let brand.unsubscribe_url be {http.public_url}/u"
            yield at.finding("RK908", message, mend, context=f"environment '{environment.name}'")


def _capabilities(definition: ChannelDef) -> Capabilities:
    """What the adapter says of itself; another package's that says nothing is taken to deliver."""
    said = getattr(adapter_class(definition.adapter), "capabilities", None)
    return said if isinstance(said, Capabilities) else Capabilities(channels=frozenset({definition.channel}))


def _finding(subject: Subject, code: str, declared: _Declared, message: str, mend: str) -> Finding:
    """Aimed at the channel; where it is inherited, the environments that do so are the other end."""
    environments = subject.roots[PROJECT].get("environments")
    related = tuple(
        environments.key(name).related(f"'{name}' inherits it")
        for name in declared.environments
        if environments is not None and declared.inherited
    )
    context = f"channel '{declared.definition.channel}'"
    return declared.key.finding(code, message, mend, context=context, related=related)
