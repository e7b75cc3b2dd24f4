"""A crowd for processes: people by the hundred in overlapping campaigns, and what reached them, judged."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from state.ids import next_ids
from tests.invariants.books import Books
from tests.invariants.driver import Post, received
from tests.invariants.people import DAY, KINDS, Human, phone_of
from tests.invariants.world import _CONSENT, _PERSON, START, World

#: one in the morning of Chicago; then every hour or two at which somewhere something opens
MOMENTS = [START + day * DAY + hour * 3_600 for day in range(9) for hour in (0, 3, 7, 17, 22)]


class Crowd:
    """A project, a store full of people, and the file that stands for the outside world."""

    def __init__(self, folder: Path, url: str, size: int) -> None:
        self.world = World(folder, url)
        self.post = Post(self.world.root, url, folder / "received.jsonl")
        self._fill(size)

    def _fill(self, size: int) -> None:
        people, consents = [], []
        now = self.world.now
        for number in range(1, size + 1):
            kind, lost = KINDS[number % len(KINDS)], number % 3 == 0
            human = Human(f"p{number}", kind, number, phone_of(kind, number), now - 210 * DAY,
                          None if lost else now - (60 + number % 200) * DAY)  # fmt: skip
            people.append(human.columns(now, now - 60 * DAY if lost else None))
            if number % 4:
                consents.append((human, "sms", "express_written"))
            if number % 5:
                consents.append((human, "email", "express" if number % 2 else "implied"))
            self.world.oracle.humans[human.badge] = human
        rows = []
        for (human, channel, said), n in zip(consents, next_ids(len(consents)), strict=True):
            human.consents.append((channel, said, now, True))
            rows.append({"identity_id": human.identity, "id": n, "channel": channel, "type": said, "at": now,
                         "recorded_at": now, "source": "crowd", "key": f"{n}",
                         "proof_uri": "https://proof.example/1"})  # fmt: skip
        with self.world.front.begin() as conn:
            conn.execute(_PERSON.insert(), people)
            conn.execute(_CONSENT.insert(), rows)

    def judge(self) -> Counter[tuple[str, str, str, int]]:
        """Let the oracle see what arrived, look at the books, and tell (badge, campaign, step, moment)."""
        oracle = self.world.oracle
        oracle.arrivals.clear()
        for at, message in received(self.post.log):
            oracle.arrived(message, at)
        self.world.clock.move_to(max(MOMENTS))
        Books(self.world).closed()
        return Counter((a.badge, a.campaign, a.step, a.at) for a in oracle.arrivals)

    def close(self) -> None:
        self.world.close()
