"""What may reach a person, told a second time and in other words.

The oracle stands on the far side of the channels. It knows each person as the test made them and what was
recorded about them since; it never asks a gate, a predicate or the store. A message that arrives where it must
not becomes a sentence in ``wrongs``.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from channels.base import Message
from tests.invariants.people import Human, Kind

DAY = 86_400

#: what tests/data/projects/gauntlet promises: at most so many arrivals in so many seconds
CAPS: tuple[tuple[str | None, str | None, int, int], ...] = (
    # channel, campaign, limit, seconds
    (None, None, 2, 7 * DAY),
    ("sms", None, 1, 10 * DAY),
    (None, "recall", 3, 14 * DAY),
)
#: minutes of the local day in which the project writes at all
PROJECT_HOURS = {"email": (480, 1200), "linkedin": (480, 1200), "sms": (540, 1200)}

_BADGE = re.compile(r"Badge (\S+?)\.")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it reached the outside world."""

    at: int
    ref: str
    badge: str
    channel: str
    campaign: str
    step: str
    to: str


@dataclass
class Oracle:
    """The people, what was said about them, and what reached them."""

    humans: dict[str, Human] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)
    #: (address, channel or "all") -> since when nothing may go there
    dead: dict[tuple[str, str], int] = field(default_factory=dict)
    #: False: only write down what arrives (for projects whose rules are others)
    judging: bool = True

    def arrived(self, message: Message, now: int) -> None:
        """Judge one message at the moment it reached the other side."""
        badge = _badge(message)
        arrival = Arrival(now, message.ref, badge, message.channel, message.meta["campaign"],
                          message.meta["step"], message.to)  # fmt: skip
        self.arrivals.append(arrival)
        if not self.judging:
            return
        human = self.now_known_as(badge)
        for wrong in (
            self._twice(arrival),
            self._gone(human, badge),
            self._refused(human, arrival),
            _unlawful(human, arrival),
            _at_night(human, arrival),
            self._too_many(human, arrival),
        ):
            if wrong:
                when = datetime.fromtimestamp(now, UTC).isoformat()
                self.wrongs.append(
                    f"{wrong}: {arrival.campaign}.{arrival.step} by {arrival.channel} at {when} to {human}"
                )

    def now_known_as(self, badge: str) -> Human:
        """The person a badge stands for, merges followed."""
        human = self.humans[badge]
        while human.merged_into:
            human = self.humans[human.merged_into]
        return human

    def _twice(self, arrival: Arrival) -> str | None:
        same = Counter(a.ref for a in self.arrivals)[arrival.ref]
        return f"the same touch arrived {same} times (4)" if same > 1 else None

    def _gone(self, human: Human, badge: str) -> str | None:
        if self.humans[badge].merged_into:
            return "written to under an identity that was merged away"
        return "written to after erasure (2)" if human.gone else None

    def _refused(self, human: Human, arrival: Arrival) -> str | None:
        for scope in (arrival.channel, "all"):
            if scope in human.refused:
                return f"suppressed on {scope} (2)"
            since = self.dead.get((arrival.to.lower(), scope))
            if since is not None:
                return f"the address is suppressed on {scope} (2)"
        return None

    def _too_many(self, human: Human, arrival: Arrival) -> str | None:
        mine = [a for a in self.arrivals if self.now_known_as(a.badge) is human]
        for channel, campaign, limit, per in CAPS:
            if channel not in (None, arrival.channel) or campaign not in (None, arrival.campaign):
                continue
            held = [
                a for a in mine
                if arrival.at - per < a.at <= arrival.at
                and channel in (None, a.channel) and campaign in (None, a.campaign)
            ]  # fmt: skip
            if len(held) > limit:
                return f"{len(held)} in {per // DAY}d where {limit} may be (3)"
        return None

    def count_by_person(self) -> dict[str, int]:
        """How many messages each badge got."""
        found: dict[str, int] = defaultdict(int)
        for arrival in self.arrivals:
            found[arrival.badge] += 1
        return found


def _badge(message: Message) -> str:
    found = _BADGE.search(message.text)
    assert found, message.text
    return found[1]


# ── the law, for the few kinds of people there are here ───────────────────────────────────────────────


def _unlawful(human: Human, arrival: Arrival) -> str | None:
    kind, proof, since = human.consent(arrival.channel, arrival.at)
    if kind == "revoked":
        return "consent was revoked (1)"
    if arrival.channel == "sms":
        return None if kind == "express_written" and proof else "a text without written consent and proof (1)"
    if arrival.campaign == "checkin" and arrival.channel == "email" and kind is None:
        return "the campaign asks for at least implied consent (1)"
    if human.kind.country in ("US", None) or kind in ("express", "express_written"):
        return None
    bought = arrival.at < _months_after(max(human.bought_at, human.left_at or 0), 24)
    if human.kind.country == "CA":
        fresh = kind in ("implied", "soft_opt_in") and arrival.at < _months_after(since, 6)
        return None if bought or fresh else "no basis under Canadian law (1)"
    if human.kind.country == "DE" and kind == "soft_opt_in" and bought:
        return None
    return f"no basis in {human.kind.country} (1)"


def _months_after(instant: int | None, months: int) -> int:
    """Midnight UTC of the day so many months later; the days used here exist in every month."""
    if instant is None:
        return 0
    day = datetime.fromtimestamp(instant, UTC)
    month = day.month - 1 + months
    return int(datetime(day.year + month // 12, month % 12 + 1, min(day.day, 28), tzinfo=UTC).timestamp())


def _at_night(human: Human, arrival: Arrival) -> str | None:
    for zone in human.kind.zones:
        wall = datetime.fromtimestamp(arrival.at, ZoneInfo(zone))
        minute = wall.hour * 60 + wall.minute
        spans = [PROJECT_HOURS[arrival.channel]]
        if arrival.channel == "sms":
            spans += [_lawful_span(law, wall.weekday()) for law in human.kind.text_law]
        if not all(opens <= minute < closes for opens, closes in spans):
            return f"quiet hours: {wall:%a %H:%M} in {zone} (6)"
    return None


#: what the law of a place allows for texts on weekdays, Saturday and Sunday; (0, 0) is never
_TEXT_LAW = {
    "federal": ((480, 1260),) * 3,
    "FL": ((480, 1200),) * 3,
    "RI": ((540, 1080), (600, 1020), (0, 0)),
    "unknown state": ((600, 1080), (600, 720), (0, 0)),
    "CA": ((540, 1290), (600, 1080), (600, 1080)),
    "DE": ((540, 1200), (540, 1200), (0, 0)),
}


def _lawful_span(law: str, weekday: int) -> tuple[int, int]:
    return _TEXT_LAW[law][max(0, weekday - 4)]


__all__ = ["CAPS", "Arrival", "Human", "Kind", "Oracle"]
