"""A provider in memory, for tests and dry runs: it keeps what arrived and does what a script says, crashes
included. Public and documented (docs/channels.md); tests find it in ``channels.testing``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from channels.base import Accepted, CannotTell, Capabilities, Found, Lookup, Message, NotFound, Outcome

ALL_CHANNELS = frozenset(
    {"email", "sms", "linkedin", "phone", "letter", "in_app", "push", "audience", "review"}
)


class SimulatedCrash(BaseException):
    """The process dies here. Not an Exception, so that no handler mistakes it for a failure to deal with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What happens at one call of ``send``: does the message arrive, and then what is answered?

    ``crash``: instead of an answer the process dies, before or after the message has arrived.
    """

    outcome: Outcome | None = None  # None: Accepted with an id of its own
    arrives: bool | None = None  # None: it arrives where the outcome says accepted
    crash: bool = False


#: the process dies before the provider has the message, and after
CRASH_BEFORE = Act(crash=True, arrives=False)
CRASH_AFTER = Act(crash=True, arrives=True)


class RecordingAdapter:
    """A provider in memory. Without a script it accepts everything.

    ``received`` is every message that reached the other side, in order: one sent twice is in it twice, unless
    ``capabilities.idempotent``. ``attempts`` counts calls by ref.
    """

    name = "recording"

    def __init__(self, *, capabilities: Capabilities | None = None) -> None:
        self.capabilities = capabilities or Capabilities(channels=ALL_CHANNELS, lookup=True)
        self.received: list[Message] = []
        self.attempts: dict[str, int] = {}
        self.closed = 0
        self._script: deque[Act] = deque()
        self._rule: Callable[[Message], Act | Outcome] | None = None

    def then(self, *acts: Act | Outcome) -> RecordingAdapter:
        """Add what the next calls of ``send`` do, one each; after the last it accepts again."""
        self._script.extend(act if isinstance(act, Act) else Act(outcome=act) for act in acts)
        return self

    def always(self, rule: Callable[[Message], Act | Outcome]) -> RecordingAdapter:
        """Decide by message, where the script is empty."""
        self._rule = rule
        return self

    def send(self, message: Message) -> Outcome:
        self.attempts[message.ref] = self.attempts.get(message.ref, 0) + 1
        act = self._next(message)
        outcome = act.outcome or Accepted(provider_id=f"rec-{message.ref}")
        arrives = isinstance(outcome, Accepted) if act.arrives is None else act.arrives
        if arrives and not (self.capabilities.idempotent and self._has(message.ref)):
            self.received.append(message)
        if act.crash:
            raise SimulatedCrash
        return outcome

    def lookup(self, ref: str) -> Lookup:
        if not self.capabilities.lookup:
            return CannotTell()
        return Found(provider_id=f"rec-{ref}") if self._has(ref) else NotFound()

    def close(self) -> None:
        self.closed += 1

    def refs(self) -> list[str]:
        """Refs of what arrived, in order."""
        return [message.ref for message in self.received]

    def _has(self, ref: str) -> bool:
        return any(message.ref == ref for message in self.received)

    def _next(self, message: Message) -> Act:
        if self._script:
            return self._script.popleft()
        if self._rule:
            act = self._rule(message)
            return act if isinstance(act, Act) else Act(outcome=act)
        return Act()
