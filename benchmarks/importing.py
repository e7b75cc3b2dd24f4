"""P8: people read from a CSV file.

The baseline is the csv module and one bulk insert into ``person`` alone: nothing is checked, normalised or
matched, and a second reading would double everybody. The other one also writes the rows that make a second
reading possible, ``contact`` and ``identifier``.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from benchmarks.harness import NOW, arguments, interleaved, open_bench_app, scratch, tell, timed
from engine.clock import VirtualClock
from engine.model import BUILT_IN, SourceDef
from engine.people.importer import import_source
from state.store import Store
from state.tables import Contact, Identifier, Person

_COLUMNS = "id email phone first last company country status closed value".split()
_FIELDS = ["email", "phone", "first_name", "last_name", "company", "country", "status_at_last_touch"]
_AREAS = "201 202 206 212 213 215 301 303 305 310".split()

SOURCE = SourceDef(
    id="crm", kind="people", csv="people.csv", source=BUILT_IN,
    mapping={**dict(zip(_FIELDS, _COLUMNS[1:8], strict=True)), "closed_at": "closed", "lifetime_value": "value"},
)  # fmt: skip


def write_people(folder: Path, people: int) -> None:
    """A file as a system of record would export it."""
    with (folder / "people.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for n in range(people):
            phone = f"+1 {_AREAS[n % 10]} 555 01{n // 10 % 100:02}"
            company = f"co{n % (people // 5 + 7)}"
            writer.writerow([
                f"C{n}", f"User.{n}@{company}.example", phone, f"First{n % 500}", f"Last{n}", company, "US",
                "closed_lost", f"2026-01-{1 + n % 28:02}", f"{n % 9000}.50",
            ])  # fmt: skip


def ours(folder: Path, dialect: str, people: int, *, again: bool = False) -> float:
    """Rows per second of an import; ``again``: of the same file a second time."""
    with scratch(dialect) as url:
        app = open_bench_app(url)

        def run() -> int:
            project = replace(app.project, root=str(folder))
            report = import_source(
                app.store, project, SOURCE, VirtualClock(NOW), rejects_dir=folder / "rejects"
            )
            assert report.read == people
            assert not report.rejected
            return report.read

        first = timed(run)
        rate = timed(run) if again else first
        app.close()
        return rate


def baseline(folder: Path, dialect: str, *, whole: bool) -> float:
    """Rows per second of csv.DictReader and one bulk insert a table."""
    with scratch(dialect) as url:
        store = Store.open(url)

        def run() -> int:
            with (folder / "people.csv").open(newline="") as file:
                rows = list(csv.DictReader(file))
            with store.begin() as conn:
                conn.execute(insert(_table(Person)), list(_people(rows)))
                if whole:
                    conn.execute(insert(_table(Contact)), list(_contacts(rows)))
                    conn.execute(insert(_table(Identifier)), list(_identifiers(rows)))
            return len(rows)

        rate = timed(run)
        store.close()
        return rate


def _table(model: Any) -> Any:
    return model.__table__


def _people(rows: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    for n, row in enumerate(rows, start=1):
        person = dict(zip(_FIELDS, [row[c] for c in _COLUMNS[1:8]], strict=True))
        ours = {
            "identity_id": n,
            "created_at": NOW,
            "updated_at": NOW,
            "attributes": {},
            "email_key": row["email"],
        }
        yield {**person, **ours, "company_domain": row["company"], "closed_at": NOW, "lifetime_value": 5}


def _contacts(rows: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    for n, row in enumerate(rows, start=1):
        own = {
            "email_key": row["email"],
            "phone": row["phone"],
            "company_domain": row["company"],
            "row_hash": row["id"],
        }
        yield {
            "source": "crm",
            "source_key": row["id"],
            "identity_id": n,
            **own,
            "first_seen_at": NOW,
            "last_seen_at": NOW,
        }


def _identifiers(rows: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    for n, row in enumerate(rows, start=1):
        yield {"kind": "email", "value": row["email"], "identity_id": n}
        yield {"kind": "phone_domain", "value": f"{row['phone']}|{row['company']}|{n}", "identity_id": n}


def main() -> None:
    args = arguments(__doc__ or "", people=100_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_people(folder, args.people)
        for dialect in args.dialects:
            found = interleaved(
                args.rounds,
                {
                    "ours": partial(ours, folder, dialect, args.people),
                    "csv and one bulk insert": partial(baseline, folder, dialect, whole=False),
                    "csv and bulk inserts of the same rows": partial(baseline, folder, dialect, whole=True),
                    "again": partial(ours, folder, dialect, args.people, again=True),
                },
            )
            title = f"P8 import of {args.people:,}, {dialect}"
            tell(title, found["ours"], found["csv and one bulk insert"], goal="at least 0.5")
            tell(
                f"{title}, same rows",
                found["ours"],
                found["csv and bulk inserts of the same rows"],
                goal="(no goal)",
            )
            tell(f"{title}, unchanged", found["again"], found["csv and one bulk insert"], goal="(no goal)")


if __name__ == "__main__":
    main()
