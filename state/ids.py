"""Unique ids that sort by time: 63 bits, made in this process without asking the database.

    milliseconds since 2024 (41 bits) | process (12 bits, random) | counter (10 bits)

Ids of one process rise strictly, so (at, id) is the order in which facts were recorded. A burst larger than
the counter runs ahead of the clock by a few milliseconds instead of waiting.
"""

from __future__ import annotations

import os
import threading
import time

_EPOCH_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z: 41 bits last until 2093
_COUNTER_BITS = 10
_PROCESS_BITS = 12
_COUNTER_MASK = (1 << _COUNTER_BITS) - 1


class _Sequence:
    """Milliseconds and counter as one number that only rises."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0
        self._process = 0
        self.after_fork()

    def after_fork(self) -> None:
        self._lock = threading.Lock()
        self._process = int.from_bytes(os.urandom(2)) & ((1 << _PROCESS_BITS) - 1)

    def take(self, count: int) -> list[int]:
        now = (time.time_ns() // 1_000_000 - _EPOCH_MS) << _COUNTER_BITS
        with self._lock:
            first = max(now, self._next)
            self._next = first + count
            process = self._process << _COUNTER_BITS
        high = _COUNTER_BITS + _PROCESS_BITS
        return [
            (n >> _COUNTER_BITS) << high | process | (n & _COUNTER_MASK) for n in range(first, first + count)
        ]


_sequence = _Sequence()
os.register_at_fork(after_in_child=_sequence.after_fork)


def next_ids(count: int) -> list[int]:
    """``count`` new ids, rising."""
    return _sequence.take(count)


def next_id() -> int:
    """One new id."""
    return _sequence.take(1)[0]
