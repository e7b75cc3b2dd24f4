"""P4: a turn of the wheel with a million enrolments asleep, against an indexed point query through the same
layer; and against the same turn with ten thousand."""

from __future__ import annotations

from sqlalchemy import text

from benchmarks.harness import NOW, arguments, interleaved, open_bench_app, populate, scratch, tell, timed
from engine.app import App
from engine.jobs import run_turn
from engine.model import DAY

TURNS = 200


def turns(app: App) -> float:
    """Turns per second; nothing is due."""

    def run() -> int:
        for n in range(TURNS):
            assert not run_turn(app, NOW + n)
        return TURNS

    return timed(run)


def point_queries(app: App) -> float:
    """Look-ups of one person by key per second, each in a transaction of its own."""
    query = text("SELECT identity_id, email FROM person WHERE identity_id = :id")

    def run() -> int:
        for n in range(TURNS):
            with app.store.read() as conn:
                conn.execute(query, {"id": n + 1}).all()
        return TURNS

    return timed(run)


def asleep(url: str, people: int) -> App:
    """An app whose enrolments are all due next week."""
    app = open_bench_app(url)
    populate(app.store, people, only="churned")
    with app.store.begin() as conn:
        app.audience.enrol(conn, list(app.project.campaigns.values()), NOW)
        conn.execute(text("UPDATE enrolment SET due_at = :at, resume_at = :at"), {"at": NOW + 7 * DAY})
    if app.store.dialect == "postgresql":  # what its own daemon does after so large a change, sooner or later
        with app.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text("VACUUM ANALYZE"))
    run_turn(app, NOW)
    return app


def main() -> None:
    args = arguments(__doc__ or "", people=1_000_000, rounds=5)
    for dialect in args.dialects:
        with scratch(dialect) as few_url, scratch(dialect) as many_url:
            few, many = asleep(few_url, 10_000), asleep(many_url, args.people)
            found = interleaved(
                args.rounds,
                {
                    "turn": lambda a=many: turns(a),
                    "point query": lambda a=many: point_queries(a),
                    "turn with 10,000": lambda a=few: turns(a),
                },
            )
            title = f"P4 idle turns, {args.people:,} asleep, {dialect}"
            tell(title, found["turn"], found["point query"], goal="at least 0.20")
            tell(title, found["turn"], found["turn with 10,000"], goal="at least 0.83")
            few.close()
            many.close()


if __name__ == "__main__":
    main()
