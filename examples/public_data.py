"""Three published data sets through the shipped campaigns, 45 virtual days each, accounted for to the row.

\b
    python -m examples.public_data --data DIR

DIR holds crm/, telco/ and no_show/ as published; docs/public-data.md says what is mapped to what. Nobody is
reached: identities are made up under reserved names, and messages land in a folder. The exit code is 1 when a
sum does not add up or differs from its second count.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from rich.console import Console

from engine import logs
from engine.cli.failures import report
from examples.published.crm import CRM, CRM_BY_DEAL
from examples.published.dataset import DataSet
from examples.published.no_show import NO_SHOW
from examples.published.page import render
from examples.published.rehearsal import Plan, rehearse
from examples.published.telco import TELCO

SETS = {data.name: data for data in (CRM, TELCO, NO_SHOW)}
_WIDTH = 110


@click.command(help=__doc__)
@click.option("--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="The folder with crm/, telco/ and no_show/.")  # fmt: skip
@click.option(
    "--set", "names", multiple=True, type=click.Choice(list(SETS)), help="Only this set; may be repeated."
)
@click.option("--work", default=Path("var/public-data"), type=click.Path(path_type=Path), show_default=True,
              help="Where the derived projects, their databases and outboxes go.")  # fmt: skip
@click.option("--days", default=45, show_default=True, type=click.IntRange(min=1), help="Virtual days.")
@click.option("--database", help="PostgreSQL instead of SQLite: an empty database for each set, the word {set} in "
              "the URL standing for the set's name.")  # fmt: skip
@click.option("--assume-express-email", is_flag=True,
              help="Take it that everybody gave express consent to e-mail. The sets record none.")  # fmt: skip
@click.option("--assume-buyer-per-deal", is_flag=True,
              help="Take it that each deal of the CRM has its own buyer. The set names companies only.")  # fmt: skip
def main(
    data: Path, names: tuple[str, ...], work: Path, days: int, database: str | None, assume_express_email: bool,
    assume_buyer_per_deal: bool,
) -> None:  # fmt: skip
    logs.configure(verbosity=-1)
    env = "rehearsal" if database else "local"
    plan = Plan(data=data, work=work, days=days, express_email=assume_express_email, env=env)
    wanted = [SETS[name] for name in names or SETS]
    if assume_buyer_per_deal:
        wanted = [CRM_BY_DEAL if each is CRM else each for each in wanted]
    try:
        wrong = [each.name for each in wanted if not _shown(each, plan, database)]
    except Exception as error:  # the command's own way to say what went wrong in one line
        sys.exit(report(error))
    sys.exit(1 if wrong else 0)


def _shown(data: DataSet, plan: Plan, database: str | None) -> bool:
    """Rehearse one set and print its page; True when its books are right."""
    if database:
        os.environ["DATABASE_URL"] = database.replace("{set}", data.name.replace(" ", "_"))
    done = rehearse(data, plan)
    Console(highlight=False, width=_WIDTH).print(render(done))
    return done.reconciles


if __name__ == "__main__":
    main()
