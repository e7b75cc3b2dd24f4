"""Campaign versions: what people entered is what they finish, whatever the files say by now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection

from engine.compile import compile_pinned
from engine.errors import RekindleError
from engine.model import Campaign
from state.queries import versions as queries
from state.store import Store

#: (campaign, version)
Key = tuple[str, str]


class Versions:
    """Campaigns by (id, version): the project's current ones at hand, others compiled from the store.

    In memory are the current ones, those somebody was on at the last ``refresh``, and what was asked for since. The
    tables are replaced, never changed: another thread may read on in what it has.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[Key, Campaign] = {}
        self._current: frozenset[Key] = frozenset()
        #: what could not be read since the last refresh: then it is tried again, by a newer state of the store
        self._unreadable: set[Key] = set()

    def record(
        self, conn: Connection, campaigns: Iterable[Campaign], files: Mapping[str, dict[str, str]], now: int
    ) -> None:
        """Write campaigns down with the files they need, before anybody may enter them."""
        for campaign in campaigns:
            queries.put(conn, campaign.id, campaign.version, files[campaign.id], now)

    def keep(self, campaigns: Iterable[Campaign]) -> None:
        """From now on these are the current ones."""
        current = {(c.id, c.version): c for c in campaigns}
        self._known = self._known | current
        self._current = frozenset(current)
        self._unreadable -= self._current

    def knows(self, campaign: str, version: str) -> bool:
        """True for a version that was looked at since the last refresh."""
        return (campaign, version) in self._known or (campaign, version) in self._unreadable

    def at_hand(self) -> Collection[Campaign]:
        """Every version in memory."""
        return self._known.values()

    def of(self, conn: Connection, campaign: str, version: str) -> Campaign | None:
        """That version; None when it is not on record or this program cannot read it, as far as is known now."""
        key = (campaign, version)
        if not self.knows(*key):
            self._take(key, queries.files(conn, campaign, version))
        return self._known.get(key)

    def newest(self, conn: Connection, campaign: str) -> Campaign | None:
        """The version of a campaign that ran last and can be read, or None."""
        found = (self.of(conn, campaign, version) for version in queries.recorded(conn, campaign))
        return next((c for c in found if c is not None), None)

    def load_live(self, conn: Connection) -> list[Campaign]:
        """Every version somebody is on."""
        found = (self.of(conn, campaign, version) for campaign, version in queries.live(conn))
        return [c for c in found if c is not None]

    def refresh(self, store: Store) -> bool:
        """Compile what somebody is on and forget what nobody is, with no transaction open meanwhile. Returns True
        when other versions are at hand than before."""
        before = set(self._known)
        with store.read() as conn:
            live = set(queries.live(conn))
            files = {key: queries.files(conn, *key) for key in live - before}
        self._unreadable.clear()
        for key, bundle in files.items():
            self._take(key, bundle)
        kept = live | self._current
        self._known = {k: c for k, c in self._known.items() if k in kept or k not in before}
        return set(self._known) != before

    def _take(self, key: Key, files: dict[str, str] | None) -> None:
        campaign = None
        if files is not None:
            with suppress(RekindleError):  # a bundle of another release: it is tried again later
                campaign = compile_pinned(files, self._root)
        if campaign is None:
            self._unreadable.add(key)
        else:
            self._known = {**self._known, key: campaign}
