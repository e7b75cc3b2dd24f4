"""The declared sources: read one now, or those that are due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ImportFailed, RekindleError, UnknownName
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
    """Read the sources whose time has come, a file only when it changed. One that fails is logged and tried
    again at the next look: bad input never stops a worker. Where several workers run, one of them reads."""
    tally: Counter[str] = Counter()
    # people before events, which may be about them
    for source in sorted(app.project.sources, key=lambda s: s.kind != "people"):
        stamp = _stamp(app, source)
        known = _claimed(app, source, now, stamp)
        if known is None:
            continue
        try:
            report = read_source(app, source)
        except RekindleError as error:
            app.log.error("import_failed", source=source.id, because=error.message)
            tally["import_failed"] += 1
            _note(app, source, now - source.every, {"error": str(error)})  # due again at once
            continue
        unlisted = dict(report.unlisted)
        noted = {"next_at": report.next_at, "rejected": report.rejected, "unlisted": unlisted}
        _note(app, source, now, {"stamp": stamp, **noted})
        changed = report.created + report.merged + report.updated
        tally += Counter(imported=changed, rejected=report.rejected)
        if report.rejected and report.rejected != known.get("rejected"):
            app.log.warning("rows_rejected", source=source.id, rows=report.rejected, file=str(report.rejects))
        if unlisted and unlisted != known.get("unlisted"):
            app.log.warning("values_not_listed", source=source.id, cells=unlisted)
    return tally


def _claimed(app: App, source: SourceDef, now: int, stamp: str | None) -> dict[str, Any] | None:
    """What is known of the last reading, for the one worker that is to read the source now; else None.

    A source that is not due, or has nothing new, costs a look and no write.
    """
    key = _key(source)
    with app.store.read() as conn:
        last = control.get(conn, key)
    if last is not None and (last[1] + source.every > now or _nothing_new(last[0], stamp, now)):
        return None
    with app.store.begin() as conn:
        control.lock(conn, key, {}, now - source.every)
        known, at = control.get(conn, key) or ({}, now - source.every)
        if at + source.every > now:
            return None
        control.put(conn, key, known, now)
    return known


def _note(app: App, source: SourceDef, now: int, known: dict[str, Any]) -> None:
    with app.store.begin() as conn:
        control.put(conn, _key(source), known, now)


def _key(source: SourceDef) -> str:
    return f"source:{source.id}"


def _nothing_new(known: dict[str, Any], stamp: str | None, now: int) -> bool:
    """The file is as it was, and no row that was of the future then is due by now."""
    next_at = known.get("next_at")
    return stamp is not None and known.get("stamp") == stamp and (next_at is None or next_at > now)


def _stamp(app: App, source: SourceDef) -> str | None:
    """Equal as long as a reading can tell nothing new: the same file read by the same mapping and, for events,
    the same people. None for what cannot say so: a query."""
    parts = [app.loaded.files.get("rekindle.yaml", "")]
    for each in app.project.sources:
        if each is not source and (source.kind == "people" or each.kind != "people"):
            continue
        path = Path(app.project.root) / each.csv if each.csv else None
        if path is None or not path.is_file():
            return None
        stat = path.stat()
        parts.append(f"{stat.st_size} {stat.st_mtime_ns}")
    return blake2b("\n".join(parts).encode(errors="replace"), digest_size=16).hexdigest()


def read_sources(
    app: App, names: Sequence[str], watch: Callable[[SourceDef], Progress | None]
) -> tuple[list[ImportReport], list[ImportFailed]]:
    """Read the named sources, or all of them, people first; a source that fails does not keep the others
    from being read. ``watch`` gives each source its progress. Raises UnknownName before anything is read."""
    chosen = [source_of(app, name) for name in names] if names else list(app.project.sources)
    reports: list[ImportReport] = []
    failures: list[ImportFailed] = []
    for source in sorted(chosen, key=lambda s: s.kind != "people"):
        try:
            reports.append(read_source(app, source, watch(source)))
        except ImportFailed as error:
            failures.append(error)
    return reports, failures
