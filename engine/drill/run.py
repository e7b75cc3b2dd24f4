"""The drill itself: every way in is gone once, by somebody who does not exist, and the next message must not go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from engine.clearance import Clearance, clear
from engine.clock import iso
from engine.drill import cast, gate
from engine.drill.calls import Line, Unanswered
from engine.drill.cast import Extra
from engine.drill.ways import Failed, Way, silent, ways
from engine.errors import ConfigurationError, RekindleError
from engine.facts import EnrolmentFact, Facts
from engine.flow import TouchMove
from engine.gather import Scope, gather
from engine.model import DAY, Campaign, Environment
from engine.suppression import ALL
from engine.verdict import Says

if TYPE_CHECKING:
    from engine.app import App

#: seconds after a call within which its no must be in force
WITHIN = 10.0
_LOOK_EVERY = 0.02
#: rules by which a next message is withheld because of a no
_WITHHOLD = frozenset({"suppression", "suppressed", "opted_out"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one way came to. ``milliseconds``: from the genuine call to the no in force; None where it never was.
    ``withheld_by``: the rule that withholds the next message. ``because``: what went wrong."""

    way: Way
    passed: bool
    milliseconds: int | None = None
    withheld_by: str | None = None
    because: str | None = None


class NotServed(RekindleError):
    """There is no running system to drill."""


def drill(app: App, url: str | None = None, *, within: float = WITHIN) -> dict[str, Any]:
    """Go every way in and say how it went; where all of them work it is on record that the drill has passed here.

    ``url``: where the running system is, else where it listens. Nothing is sent to anybody, and nothing of it is left,
    not even of one that was killed, once the next has run. Raises ConfigurationError where no pages are declared or a
    variable is not set, and NotServed where nobody answers.
    """
    line, known = _line(app.environment, url), gate.known(app)
    _is_there(line, app.environment)
    log, began = structlog.get_logger("rekindle.drill"), app.clock.now()
    with app.store.begin() as conn:
        swept = cast.sweep(conn, began - cast.FORGOTTEN)
    try:
        results = [_gone(app, line, way, within) for way in ways(app)]
    finally:
        line.close()
    passed = bool(results) and all(result.passed for result in results)
    if passed:
        with app.store.begin() as conn:
            gate.record(conn, app.environment, known, app.clock.now())
    log.info("drilled", environment=app.environment.name, passed=passed, ways=len(results))
    return {
        "format_version": 1,
        "environment": app.environment.name,
        "sends": app.environment.sends,
        "url": line.base,
        "at": iso(began),
        "passed": passed,
        "swept": swept,
        "ways": [_as_data(result) for result in results],
        "silent": silent(app),
    }


def _as_data(result: Result) -> dict[str, Any]:
    way = result.way
    told = {"milliseconds": result.milliseconds, "withheld_by": result.withheld_by, "because": result.because}
    return {"channel": way.channel, "way": way.name, "through": way.through, "passed": result.passed, **told}


def _is_there(line: Line, environment: Environment) -> None:
    """Raises NotServed: one line for all ways."""
    try:
        status = line.get("/live")
    except Unanswered as error:
        raise NotServed(str(error), hint=_serve(environment)) from None
    if status != 200:
        told = f"{line.base} is no web service of rekindle: its /live answers {status}"
        raise NotServed(told, hint=_serve(environment))


def _serve(environment: Environment) -> str:
    return f"Start it first: rekindle --env {environment.name} serve, or daemon --http; or say where it is: --url"


def _line(environment: Environment, url: str | None) -> Line:
    http = environment.http
    if http is None:
        raise ConfigurationError(
            f"environment '{environment.name}' does not say where its pages are ({environment.source})",
            hint="Write there: http: {public_url: https://go.your-domain.example}; then rekindle serve",
        )
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(http.host, http.host)  # noqa: S104
    listens = f"http://[{host}]:{http.port}" if ":" in host else f"http://{host}:{http.port}"
    return Line(url or listens, http.public_url)


def _gone(app: App, line: Line, way: Way, within: float) -> Result:
    """One way gone by a person of its own."""
    with app.store.begin() as conn:
        extra = cast.hire(app, conn, way.channel)
    posts, settled = line.posts, False
    try:
        if _judged(app, extra)[1].verdicts[-1].says is Says.EXIT:
            return Result(way=way, passed=False, because="a message was withheld before anybody had said no")
        began = time.monotonic()
        way.go(app, line, extra)
        result = _awaited(app, extra, way, began, within)
        settled = result.passed
        return result
    except (Failed, Unanswered) as error:
        return Result(way=way, passed=False, because=str(error))
    finally:
        with app.store.begin() as conn:
            # a call that showed nothing in time may yet be worked off
            cast.dismiss(conn, {extra.identity}, late=line.posts > posts and not settled)


def _awaited(app: App, extra: Extra, way: Way, began: float, within: float) -> Result:
    for rule in _looks(app, extra, within):
        if rule:
            milliseconds = round((time.monotonic() - began) * 1000)
            return Result(way=way, passed=True, milliseconds=milliseconds, withheld_by=rule)
    because = f"the call was taken, and the next message would still go {within:g} seconds later"
    return Result(way=way, passed=False, because=because)


def _looks(app: App, extra: Extra, within: float) -> Iterator[str | None]:
    until = time.monotonic() + within
    while True:
        yield _withheld(app, extra)
        if time.monotonic() >= until:
            return
        time.sleep(_LOOK_EVERY)


def _withheld(app: App, extra: Extra) -> str | None:
    """The rule by which a next message to this person would not go, where a no on record is the reason."""
    facts, found = _judged(app, extra)
    if not any(suppressed.channel in (ALL, extra.channel) for suppressed in facts.suppressions):
        return None
    rule = found.verdicts[-1].rule
    return rule if found.move is TouchMove.CANCEL and rule in _WITHHOLD else None


def _judged(app: App, extra: Extra) -> tuple[Facts, Clearance]:
    """What is known of the person, and what the gates say of a next message by the same channel: it is judged as one
    that is about to leave, and is never made."""
    now = app.clock.now()
    project, (campaign, step) = cast.project_for(app), cast.campaign_for(extra.channel)
    with app.store.read() as conn:
        facts = gather(conn, Scope.of(project, [campaign]), [extra.identity], now)[extra.identity]
    return facts, clear(project, campaign, step, _enrolment(extra, campaign, now), facts, now, now + DAY)


def _enrolment(extra: Extra, campaign: Campaign, now: int) -> EnrolmentFact:
    """A round whose next message is due."""
    return EnrolmentFact(
        identity_id=extra.identity, campaign=campaign.id, cycle=2, version=campaign.version,
        exclusivity_group=campaign.group, segment=campaign.segment, cohort=None, track="main", state="waiting",
        step="next", entered_at=now, shift=0, resume_at=now, trigger_event_id=None, offers={}, review=None, reason=None,
    )  # fmt: skip
