"""How far a virtual run has come, on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.clock import utc
from engine.model import DAY
from engine.timekeeping import keep_virtual

if TYPE_CHECKING:
    from engine.cli.context import CliContext
    from engine.simulate import Progress
    from state.store import Store


@contextmanager
def virtual_progress(obj: CliContext, store: Store, start: int, end: int) -> Iterator[Progress]:
    """A bar with the virtual date on a terminal, a line for the whole way elsewhere; nothing with --quiet.

    Each day that has passed is noted in the database, so that a run that is killed goes on where it was.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, color_system=None if obj.color is False else "auto")
    quiet = obj.verbosity < 0 or not console.is_terminal
    if not console.is_terminal:
        obj.say(f"virtual time from {utc(start):%a %d %b %Y %H:%M} to {utc(end):%a %d %b %Y %H:%M} UTC")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=40),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=quiet) as bar:
        task = bar.add_task(_shown(start), total=end - start)
        day = start // DAY

        def moved(now: int, _: int) -> None:
            nonlocal day
            if now // DAY != day:
                day = now // DAY
                keep_virtual(store, now)
            bar.update(task, completed=now - start, description=_shown(now))

        yield moved


def _shown(now: int) -> str:
    return f"{utc(now):%a %d %b %Y}"
