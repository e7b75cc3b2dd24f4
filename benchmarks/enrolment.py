"""P3: bulk enrolment of a million people against the raw ``INSERT ... SELECT`` with the same indexes."""

from __future__ import annotations

from sqlalchemy import text

from benchmarks.harness import NOW, arguments, interleaved, open_bench_app, populate, scratch, tell, timed
from engine.app import App

RAW = """
INSERT INTO enrolment (identity_id, campaign, cycle, version, exclusivity_group, segment, track, state, step,
  entered_at, shift, resume_at, due_at)
SELECT identity_id, segment, 1, 'v', 'winback', segment, 'main', 'waiting', 's0', :now, 0, :now, :now
FROM (SELECT identity_id, CASE
    WHEN status_at_last_touch = 'churned' AND churned_at <= :now - 2592000 AND usage_30d = 0 THEN 'churned'
    WHEN status_at_last_touch = 'closed_lost' AND closed_at <= :now - 2592000 AND loss_reason IS NOT NULL
      THEN 'closed_lost'
    WHEN meeting_status = 'no_show' AND meeting_at <= :now - 7200 THEN 'no_show'
    WHEN meeting_status IN ('cancelled', 'ignored') AND last_activity_at <= :now - 3888000 THEN 'stalled'
  END AS segment FROM person) AS routed
WHERE segment IS NOT NULL
"""


def _empty(app: App) -> None:
    with app.store.begin() as conn:
        conn.execute(text("DELETE FROM enrolment" if app.store.dialect == "sqlite" else "TRUNCATE enrolment"))


def ours(app: App) -> float:
    _empty(app)

    def run() -> int:
        with app.store.begin() as conn:
            return app.audience.enrol(conn, list(app.project.campaigns.values()), NOW)

    return timed(run)


def raw(app: App) -> float:
    _empty(app)

    def run() -> int:
        with app.store.begin() as conn:
            return conn.execute(text(RAW), {"now": NOW}).rowcount

    return timed(run)


def main() -> None:
    args = arguments(__doc__ or "", people=1_000_000)
    for dialect in args.dialects:
        with scratch(dialect) as url:
            app = open_bench_app(url)
            populate(app.store, args.people)
            found = interleaved(args.rounds, {"ours": lambda a=app: ours(a), "raw": lambda a=app: raw(a)})
            tell(
                f"P3 enrolments of {args.people:,}, {dialect}",
                found["ours"],
                found["raw"],
                goal="at least 0.67",
            )
            app.close()


if __name__ == "__main__":
    main()
