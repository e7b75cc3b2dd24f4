"""How often one client may call: an allowance that is used up and comes back with time.

Kept in memory, of a bounded number of clients: it guards this process and accounts for nothing.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Network, ip_address

#: clients remembered; the one that has been away longest is forgotten first
_REMEMBERED = 10_000


class Allowance:
    """``at_once`` calls a client, and ``per_minute`` from then on. For any number of threads."""

    def __init__(self, at_once: int, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._rate, self._clock = at_once, per_minute / 60, clock
        #: client -> (calls it has left, at which moment)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, client: str) -> int:
        """Use one call up. 0 when there was one; else the seconds until there will be."""
        name, now = _household(client), self._clock()
        with self._lock:
            left = self._now(name, now)
            if left >= 1:
                left -= 1
                wait = 0
            else:
                wait = math.ceil((1 - left) / self._rate)
            self._left[name] = (left, now)
            self._left.move_to_end(name)
            while len(self._left) > _REMEMBERED:
                self._left.popitem(last=False)
        return wait

    def wait(self, client: str) -> int:
        """The seconds until a call would be allowed, 0 when one is now; uses nothing up."""
        with self._lock:
            left = self._now(_household(client), self._clock())
        return 0 if left >= 1 else math.ceil((1 - left) / self._rate)

    def _now(self, name: str, now: float) -> float:
        left, at = self._left.get(name, (float(self._most), now))
        return min(self._most, left + (now - at) * self._rate)


def _household(client: str) -> str:
    """One IPv6 client has a whole network of addresses."""
    try:
        address = ip_address(client)
    except ValueError:
        return client
    if isinstance(address, IPv4Address):
        return client
    if address.ipv4_mapped is not None:  # heard on a socket that is for both
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), 64), strict=False).network_address)
