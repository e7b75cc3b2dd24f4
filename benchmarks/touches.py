"""P1, P2: touches decided, rendered, recorded and handed to a transport that costs nothing.

The baseline is the least that any such program must do, written straight on the driver: batches of 500, a
consent row and the last seven days' count checked, a small template rendered, a send row under a unique key
committed as intent, then its outcome committed. It has no policy, no quiet hours, no ledger, no explanation.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from jinja2 import Environment
from sqlalchemy import make_url

from benchmarks.harness import (
    NOW,
    Measured,
    arguments,
    interleaved,
    open_bench_app,
    populate,
    scratch,
    tell,
    timed,
)
from engine.advance import advance
from engine.dispatch import dispatch

TEXT = (
    "Hello {{ name }}, you left us and {{ product }} has changed since. See https://www.bench.example/changes"
)


def ours(url: str, people: int) -> float:
    app = open_bench_app(url)
    populate(app.store, people, only="churned")
    with app.store.begin() as conn:
        app.audience.enrol(conn, list(app.project.campaigns.values()), NOW)

    def run() -> int:
        sent = 0
        for hour in range(3):
            now = NOW + hour * 3_600
            advance(app, now)
            sent += dispatch(app, now)["sent"]
        return sent

    rate = timed(run)
    app.close()
    return rate


def _driver(url: str) -> tuple[Any, str]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        conn = sqlite3.connect(str(parsed.database))
        conn.execute("pragma journal_mode=wal")
        conn.execute("pragma synchronous=full")
        return conn, "?"
    import psycopg

    return psycopg.connect(url.replace("+psycopg", "")), "%s"


def sketch(url: str, people: int) -> float:
    conn, mark = _driver(url)
    cursor = conn.cursor()
    for statement in (
        "create table contact(id bigint primary key, name text, product text)",
        "create table consent(id bigint primary key, ok int)",
        "create table due(id bigint, step int, at bigint, primary key (id, step))",
        "create table sends(id bigint, step int, at bigint, body text, state text, primary key (id, step))",
        "create index due_at on due(at)",
    ):
        cursor.execute(statement)

    def put(sql: str, rows: list[tuple[Any, ...]]) -> None:
        cursor.executemany(sql.replace("?", mark), rows)

    put("insert into contact values(?,?,?)", [(n, "Ann", "Planner") for n in range(people)])
    put("insert into consent values(?,1)", [(n,) for n in range(people)])
    put("insert into due values(?,?,?)", [(n, s, NOW + s * 3600) for n in range(people) for s in range(3)])
    conn.commit()
    template = Environment(autoescape=False).from_string(TEXT)

    def run() -> int:
        cursor.execute(
            "select d.id, d.step, c.name, c.product from due d join contact c on c.id = d.id order by d.at, d.id"
        )
        rows = cursor.fetchall()
        for start in range(0, len(rows), 500):
            _sketch_batch(conn, cursor, mark, template, rows[start : start + 500])
        return len(rows)

    rate = timed(run)
    conn.close()
    return rate


def _sketch_batch(conn: Any, cursor: Any, mark: str, template: Any, batch: Any) -> None:
    ids = [row[0] for row in batch]
    marks = ",".join([mark] * len(ids))
    cursor.execute(f"select id from consent where ok = 1 and id in ({marks})", ids)
    consented = {row[0] for row in cursor.fetchall()}
    cursor.execute(
        f"select id, count(*) from sends where id in ({marks}) and at > {NOW - 604800} group by id", ids
    )
    counts = dict(cursor.fetchall())
    out = [
        (i, step, NOW, template.render(name=name, product=product), "intent")
        for i, step, name, product in batch
        if i in consented and counts.get(i, 0) < 50
    ]
    cursor.executemany(f"insert into sends values({','.join([mark] * 5)})", out)
    cursor.executemany(f"delete from due where id = {mark} and step = {mark}", [(r[0], r[1]) for r in out])
    conn.commit()
    cursor.executemany(
        f"update sends set state = 'sent' where id = {mark} and step = {mark}", [(r[0], r[1]) for r in out]
    )
    conn.commit()


def main() -> None:
    args = arguments(__doc__ or "", people=5_000)
    for dialect in args.dialects:

        def round_of(work: Any, dialect: str = dialect) -> float:
            with scratch(dialect) as url:
                return float(work(url, args.people))

        found: dict[str, Measured] = interleaved(
            args.rounds, {"ours": lambda r=round_of: r(ours), "sketch": lambda r=round_of: r(sketch)}
        )
        tell(f"P1/P2 touches, {dialect}", found["ours"], found["sketch"], goal="at least 0.50")


if __name__ == "__main__":
    main()
