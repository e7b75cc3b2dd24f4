"""Projects, sources and rows for tests of imports, without YAML."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from engine.clock import VirtualClock
from engine.model import Brand, Cap, Policy, Project, Source, SourceDef
from engine.people.importer import ImportReport, import_source
from state.store import Store

NOW = 1_772_463_600  # 2026-03-02T15:00:00Z


def project(root: Path, **changes: Any) -> Project:
    brand = Brand(
        name="Acme",
        legal_name="Acme Robotics, Inc.",
        postal_address="100 Example Street, Springfield, IL 62701, USA",
        website="https://www.acme.example",
        from_name="Dana Reyes",
        from_email="dana@acme.example",
        reply_to="hello@acme.example",
        phone=None,
        unsubscribe_url="https://go.acme.example/u",
        links={},
    )
    policy = Policy(
        consent={}, caps=(Cap(limit=2, per=604_800),), hours={}, step_expiry=259_200, discount_cooldown=0,
        won_back=frozenset({"purchase"}), markets=("US",),
    )  # fmt: skip
    base: dict[str, Any] = {
        "name": "acme",
        "root": str(root),
        "brand": brand,
        "default_country": "US",
        "currency": "USD",
        "attributes": {
            "gap": "text",
            "seats": "number",
            "mrr": "money",
            "renewal_at": "instant",
            "vip": "flag",
        },
        "sources": (),
        "policy": policy,
        "environments": {},
        "segments": (),
        "offers": {},
        "campaigns": {},
    }
    return Project(**{**base, **changes})


def people_source(mapping: Mapping[str, str], **changes: Any) -> SourceDef:
    base: dict[str, Any] = {
        "id": "crm",
        "kind": "people",
        "csv": "people.csv",
        "key": "id",
        "mapping": mapping,
        "source": Source("rekindle.yaml", 12),
    }
    return SourceDef(**{**base, **changes})


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


PLAIN = {"email": "email", "phone": "phone", "first_name": "first", "company_domain": "domain"}


def take_in(
    store: Store,
    folder: Path,
    rows: Sequence[Mapping[str, Any]],
    mapping: Mapping[str, str] | None = None,
    *,
    now: int = NOW,
    of: Project | None = None,
    **changes: Any,
) -> ImportReport:
    """Import rows (dictionaries) as the source ``crm``, or as ``changes`` say; ``of`` a project, else a plain one."""
    folder.mkdir(exist_ok=True)
    blank = dict.fromkeys(["id", *(mapping or PLAIN).values()], "")
    write_csv(folder / "people.csv", [{**blank, **row} for row in rows])
    source = people_source(mapping or PLAIN, **changes)
    report = import_source(
        store, of or project(folder), source, VirtualClock(now), rejects_dir=folder / "rejects"
    )
    whole = report.rejected + report.created + report.merged + report.updated + report.unchanged
    assert report.read == whole == len(rows)
    return report


def query(store: Store, sql: str, **params: Any) -> list[tuple[Any, ...]]:
    with store.read() as conn:
        return [tuple(row) for row in conn.execute(text(sql), params)]
