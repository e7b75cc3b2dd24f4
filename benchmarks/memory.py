"""P5: peak memory of a worker that enrols everybody and works 20,000 due touches, at growing numbers of people.

Each size runs in a process of its own, on a database filled by another, so that the peak is the worker's alone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from benchmarks.harness import NOW, arguments, open_bench_app, populate, scratch
from engine.jobs import run_refresh, run_turn
from engine.model import DAY
from state.store import Store

DUE = 20_000


def peak_mib() -> float:
    """The most memory this process ever had, in MiB.

    From the kernel's high-water mark of the program itself: getrusage hands down what the parent had before.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def work(url: str) -> None:
    """Enrol everybody, put all but the first to sleep, work what is due; print the peak."""
    app = open_bench_app(url)
    started = peak_mib()
    run_refresh(app, NOW)
    with app.store.begin() as conn:
        asleep = text("UPDATE enrolment SET due_at = :at, resume_at = :at WHERE identity_id > :last")
        conn.execute(asleep, {"at": NOW + 30 * DAY, "last": DUE})
    sent = run_turn(app, NOW)["sent"]
    app.close()
    print(f"{started:.1f} {peak_mib():.1f} {sent}")


def main() -> None:
    args = arguments(__doc__ or "", people=1_000_000, rounds=1)
    sizes = sorted({10_000, 100_000, args.people})
    for dialect in args.dialects:
        first: float | None = None
        for size in sizes:
            with scratch(dialect) as url:
                store = Store.open(url)
                populate(store, size, only="churned")
                store.close()
                run = [sys.executable, "-m", "benchmarks.memory", "--work", url]
                told = subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()
            started, peak, sent = float(told[-3]), float(told[-2]), int(told[-1])
            first = peak if first is None else first
            print(
                f"P5 peak memory, {size:>9,} people, {dialect:<11} {peak:6.1f} MiB "
                f"(started at {started:.1f}, {sent:,} sent)  "
                f"over the smallest: {peak - first:+.1f} MiB  goal at most +10, below 100"
            )


if __name__ == "__main__":
    if "--work" in sys.argv:
        work(sys.argv[-1])
    else:
        main()
