"""The declared sources: read one now, or those that are due."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import RekindleError, UnknownName
from engine.model import SourceDef
from engine.people.event_source import import_events
from engine.people.importer import ImportReport, Progress, import_source
from state.queries import control

if TYPE_CHECKING:
    from engine.app import App

#: below the project's folder; holds personal data and is never committed
REJECTS = Path("var") / "rejects"


def source_of(app: App, name: str) -> SourceDef:
    """A declared source by its id. Raises UnknownName."""
    found = next((s for s in app.project.sources if s.id == name), None)
    if found is None:
        known = ", ".join(s.id for s in app.project.sources) or "none is declared"
        raise UnknownName(f"there is no source '{name}'", hint=f"There are: {known}")
    return found


def read_source(app: App, source: SourceDef, progress: Progress | None = None) -> ImportReport:
    """Read one source, people or events, now. Raises ImportFailed."""
    rejects = Path(app.project.root) / REJECTS
    if source.kind == "people":
        return import_source(
            app.store, app.project, source, app.clock, progress=progress, rejects_dir=rejects
        )
    with app.store.read() as conn:
        campaigns = [*app.project.campaigns.values(), *app.versions.load_live(conn)]
    return import_events(
        app.store, app.project, source, app.clock, app.listeners(),
        campaigns=campaigns, progress=progress, rejects_dir=rejects,
    )  # fmt: skip


def import_due(app: App, now: int) -> Counter[str]:
    """Read the sources whose time has come. One that fails is logged and tried again in its next turn: bad
    input never stops a worker. Where several workers run, one of them reads."""
    tally: Counter[str] = Counter()
    # people before events, which may be about them
    for source in sorted(app.project.sources, key=lambda s: s.kind != "people"):
        if not _claimed(app, source, now):
            continue
        try:
            report = read_source(app, source)
        except RekindleError as error:
            app.log.error("import_failed", source=source.id, because=error.message)
            tally["import_failed"] += 1
            continue
        changed = report.created + report.merged + report.updated
        tally += Counter(imported=changed, rejected=report.rejected)
        if report.rejected:
            app.log.warning("rows_rejected", source=source.id, rows=report.rejected, file=str(report.rejects))
    return tally


def _claimed(app: App, source: SourceDef, now: int) -> bool:
    """True for the one worker that is to read the source now."""
    key = f"source:{source.id}"
    with app.store.read() as conn:
        last = control.get(conn, key)
    if last is not None and last[1] + source.every > now:
        return False
    with app.store.begin() as conn:
        control.lock(conn, key, {}, now - source.every)
        _, at = control.get(conn, key) or ({}, now - source.every)
        if at + source.every > now:
            return False
        control.put(conn, key, {}, now)
    return True
