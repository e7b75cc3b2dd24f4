"""``/metrics``: how the service and the work behind it are doing, for Prometheus.

What a look at an index tells is asked at every scrape. What takes a walk through a whole table is asked in its own
time, in a thread of its own, and told with the moment it was true: a scrape costs the same however much there is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from state.errors import StateError
from state.queries import control, due, gauges

if TYPE_CHECKING:
    from engine.app import App

disable_created_metrics()  # type: ignore[no-untyped-call]

#: where the state of channels that fail is kept (engine.breaker)
_BREAKERS = "breaker:"
#: seconds between two walks through the tables, and at least so many times as long as the last one took
_WALK_EVERY, _TIMES_AS_LONG = 300, 50


class Totals(NamedTuple):
    """What whole tables tell, at one moment."""

    at: int
    touches: Any
    suppressions: Any
    received: Any


class Meters:
    """Counts what is served, and reads what is in the store."""

    def __init__(self, app: App) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "rekindle_http_requests", "Calls, by route and status.", ("route", "method", "status"),
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "rekindle_http_request_seconds", "How long calls took.", ("route",), registry=self.registry
        )
        self._refused = Counter(
            "rekindle_http_refused", "Calls refused for their number.", ("route",), registry=self.registry
        )
        self.registry.register(_Store(app))

    def served(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one call."""
        known = method if method in ("GET", "HEAD", "POST") else "other"
        self._calls.labels(route, known, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def refused(self, route: str) -> None:
        """Count one call that was one too many."""
        self._refused.labels(route).inc()

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)


class _Store(Collector):
    """What the store tells."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._log = structlog.get_logger("rekindle.http")
        self._totals: Totals | None = None
        self._walking = threading.Lock()
        self._next_walk = 0.0

    def describe(self) -> list[Metric]:
        """Nothing is asked of the store before the first scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("rekindle_store_up", "1 while the store answers.")
        try:
            found = [*self._quick(), *self._slow()]
            up.add_metric([], 1)
        except StateError:
            found = []
            up.add_metric([], 0)
        yield up
        yield from found

    def _quick(self) -> Iterator[Metric]:
        app, now = self._app, self._app.clock.now()
        with app.store.read() as conn:
            waiting = gauges.open_touches(conn)
            next_due = due.next_moment(conn, app.running(conn))
            paused = control.like(conn, "pause:")
            breakers = control.like(conn, _BREAKERS)
            signs = {name: at for name, (_, at) in control.like(conn, "worker:").items()}
            hold = control.get(conn, "hold")
        yield _gauge("rekindle_touches_open", f"Queued, dispatching and in doubt, {gauges.MOST} of each at most.",
                     ("state", "channel"), [((s, c), n) for s, c, n, _ in waiting])  # fmt: skip
        queued = [oldest for state, _, _, oldest in waiting if state == "queued"]
        moments = [m for m in (*queued, next_due) if m is not None]
        late = max(0, now - min(moments)) if moments else 0
        yield _gauge(
            "rekindle_oldest_due_seconds", "How long the most overdue work has waited.", (), [((), late)]
        )
        yield _gauge("rekindle_campaigns_paused", "Campaigns that are paused.", (), [((), len(paused))])
        yield _gauge(
            "rekindle_backlog_hold",
            "1 while work waits for an operator.",
            (),
            [((), hold is not None)],
        )
        yield _gauge("rekindle_breaker_open", "1 while a channel that keeps failing is left alone.", ("channel",),
                     [((c,), value["state"] != "closed") for c, (value, _) in breakers.items() if value])  # fmt: skip
        yield _gauge("rekindle_workers", "Workers that have shown a sign of life.", (), [((), len(signs))])
        silent = now - max(signs.values()) if signs else -1
        yield _gauge("rekindle_worker_silent_seconds", "Since the latest sign of life of any worker; -1: none.", (),
                     [((), silent)])  # fmt: skip

    def _slow(self) -> Iterator[Metric]:
        totals = self._current_totals()
        if totals is None:
            return
        yield _gauge("rekindle_touches", "Touches by what became of them.", ("channel", "state"),
                     [((c, s), n) for c, s, n in totals.touches])  # fmt: skip
        yield _gauge("rekindle_suppressions", "People who are not to be written to.", ("channel", "reason"),
                     [((c, r), n) for c, r, n in totals.suppressions])  # fmt: skip
        yield _gauge("rekindle_received", "What came in from outside.", ("source", "kind", "state"),
                     [((so, k, st), n) for so, k, st, n in totals.received])  # fmt: skip
        age = self._app.clock.now() - totals.at
        yield _gauge(
            "rekindle_totals_age_seconds", "How old touches, suppressions and received are.", (), [((), age)]
        )

    def _current_totals(self) -> Totals | None:
        """The last walk's; the first scrape waits for one, later ones never do."""
        if self._totals is None:
            self._walk()
        elif time.monotonic() >= self._next_walk and not self._walking.locked():
            threading.Thread(target=self._walk_quietly, name="rekindle-metrics", daemon=True).start()
        return self._totals

    def _walk_quietly(self) -> None:
        try:
            self._walk()
        except Exception as error:
            self._next_walk = time.monotonic() + _WALK_EVERY
            self._log.warning("metrics_not_read", error=type(error).__name__)

    def _walk(self) -> None:
        with self._walking:
            if time.monotonic() < self._next_walk:
                return  # another scrape was quicker
            began = time.monotonic()
            with self._app.store.read() as conn:
                self._totals = Totals(
                    self._app.clock.now(),
                    gauges.touches(conn),
                    gauges.suppressions(conn),
                    gauges.received(conn),
                )
            took = time.monotonic() - began
            self._next_walk = time.monotonic() + max(_WALK_EVERY, took * _TIMES_AS_LONG)


def _gauge(
    name: str, about: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[Any, ...], float]]
) -> Metric:
    family = GaugeMetricFamily(name, about, labels=labels)
    for values, number in rows:
        family.add_metric([str(v) for v in values], float(number))
    return family
