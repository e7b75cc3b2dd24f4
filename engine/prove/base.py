"""What a question's module is given, and the shape of its answers' door."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from engine.model import Campaign, Project
from engine.prove.model import Answer


class Budget:
    """Real time that may be spent. What is not done when it is over is told as not settled."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        """Is it spent?"""
        return time.monotonic() >= self._until


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A project, the campaigns that are asked about (all are looked at together), and what may be spent."""

    project: Project
    campaigns: tuple[Campaign, ...]
    budget: Budget = field(default_factory=lambda: Budget(60))


#: ``answers`` of a question's module: everything that is not simply kept, in order of place
Prover = Callable[[Asked], Iterator[Answer]]
