"""Campaign versions: what people entered is what they finish, whatever the files say by now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import Connection

from engine.compile import compile_pinned
from engine.errors import RekindleError
from engine.model import Campaign
from state.queries import versions as queries


class Versions:
    """Campaigns by (id, version): the project's current ones at hand, older ones compiled from the store."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[tuple[str, str], Campaign | None] = {}

    def publish(
        self, conn: Connection, campaigns: Iterable[Campaign], files: Mapping[str, dict[str, str]], now: int
    ) -> None:
        """Record current campaigns with the files they need, each version once."""
        for campaign in campaigns:
            self._known[campaign.id, campaign.version] = campaign
            queries.put(conn, campaign.id, campaign.version, files[campaign.id], now)

    def knows(self, campaign: str, version: str) -> bool:
        """True for a version that was looked at before."""
        return (campaign, version) in self._known

    def of(self, conn: Connection, campaign: str, version: str) -> Campaign | None:
        """That version, or None when this program cannot read it any more."""
        key = (campaign, version)
        if key not in self._known:
            self._known[key] = self._compiled(conn, campaign, version)
        return self._known[key]

    def _compiled(self, conn: Connection, campaign: str, version: str) -> Campaign | None:
        files = queries.files(conn, campaign, version)
        if files is None:
            return None
        try:
            return compile_pinned(files, self._root)
        except RekindleError:
            return None

    def load_live(self, conn: Connection) -> list[Campaign]:
        """Every version somebody is still on."""
        found = (self.of(conn, campaign, version) for campaign, version in queries.live(conn))
        return [c for c in found if c is not None]
