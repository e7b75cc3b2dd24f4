"""The published sets themselves, where they are at hand. They may not be shipped, so a clone is without them."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import pytest

from examples.published.crm import CRM, CRM_BY_DEAL
from examples.published.dataset import DataSet
from examples.published.no_show import NO_SHOW
from examples.published.rehearsal import Plan, Rehearsal, rehearse
from examples.published.telco import TELCO

ROOT = Path(__file__).parents[2]
PUBLISHED = Path(os.environ.get("REKINDLE_PUBLIC_DATA") or ROOT / "../shared/data")

pytestmark = pytest.mark.skipif(
    not (PUBLISHED / TELCO.file).is_file(),
    reason=f"the published sets are not shipped and not at {PUBLISHED}: set REKINDLE_PUBLIC_DATA",
)

#: patients whose number ends so are rehearsed here; `make public-data` takes everybody
SLICE = "7"


def rehearsed(data: DataSet, folder: Path, work: Path, **plan: int | bool) -> Rehearsal:
    done = rehearse(data, Plan(data=folder, work=work, **plan))  # type: ignore[arg-type]
    assert [line.what for line in done.lines if not line.holds] == []
    return done


def told(done: Rehearsal, what: str) -> dict[str, int]:
    line = next(line for line in done.lines if line.what == what)
    return {name: number for name, (number, _) in line.parts.items() if number}


def test_every_churned_subscriber_is_written_to(tmp_path: Path) -> None:
    done = rehearsed(TELCO, PUBLISHED, tmp_path, days=16)
    assert told(done, "people at the start") == {"churned": 1_869, "no segment": 5_174}
    assert told(done, "people")["written to"] == 1_869
    assert done.blemishes["TotalCharges blank: no lifetime value is recorded"] == 11


def test_every_deal_of_a_company_is_taken_in_and_those_of_nobody_refused(tmp_path: Path) -> None:
    done = rehearsed(CRM, PUBLISHED, tmp_path, days=1)
    assert told(done, "rows read") == {
        "rejected: 'identity' is empty": 1_425, "new people": 85, "about people already known": 7_290,
    }  # fmt: skip
    assert done.blemishes["product 'GTXPro', which the list of products calls 'GTX Pro'"] == 1_480


def test_the_pipeline_feeds_stalled_and_closed_lost_where_deals_are_people(tmp_path: Path) -> None:
    done = rehearsed(CRM_BY_DEAL, PUBLISHED, tmp_path, days=16)
    assert told(done, "people at the start") == {"closed_lost": 2_345, "stalled": 489, "no segment": 4_541}


@pytest.mark.parametrize("express_email", [False, True], ids=["as published", "express consent assumed"])
def test_a_tenth_of_the_patients(express_email: bool, tmp_path: Path) -> None:
    folder = tmp_path / "slice"
    _slice(PUBLISHED / NO_SHOW.file, folder / NO_SHOW.file)
    done = rehearsed(NO_SHOW, folder, tmp_path / "work", days=9, express_email=express_email)
    assert bool(told(done, "touches sent")) is express_email


def _slice(whole: Path, to: Path) -> None:
    to.parent.mkdir(parents=True)
    with (
        gzip.open(whole, "rt", encoding="utf-8", newline="") as published,
        gzip.open(to, "wt", encoding="utf-8", newline="") as part,
    ):
        reader = csv.reader(published)
        csv.writer(part).writerows([next(reader), *(row for row in reader if row[0].endswith(SLICE))])
