"""What the published rows are taken to say, and what they are not."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from pathlib import Path

import pytest

from examples.published import crm, no_show, telco
from examples.published.dataset import Blemishes, DataSet, NotTheSet, Row, count, prepare
from examples.published.identity import identity
from examples.published.project import SHIPPED, rewritten
from tests.examples import extracts


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return extracts.write_all(tmp_path / "data")


def prepared(what: DataSet, data: Path, to: Path) -> tuple[list[Row], Blemishes]:
    blemishes = prepare(what, data, to / "people.csv")
    with (to / "people.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), blemishes


def latest(rows: list[Row]) -> dict[str, Row]:
    return {row["identity"]: row for row in rows}


def test_an_identity_is_the_one_the_data_is_handed_out_with() -> None:
    digest = hashlib.sha256(b"telco:7590-VHVEG").hexdigest()
    found = identity("telco", "7590-VHVEG")
    assert found.email == f"user-{digest[:12]}@example.com"
    assert found.first_name == f"User {digest[:4]}"
    assert found == identity("telco", "7590-VHVEG") != identity("crm", "7590-VHVEG")
    number = int(digest[:8], 16)
    assert found.phone[2:5] == "201 202 206 212 213 215 301 303 305 310 312 313 404 408 412 415 503 512 602 612 615 617 702 713".split()[number % 24]  # noqa: E501  # fmt: skip
    assert found.phone[5:] == f"55501{number // 24 % 100:02d}"


@pytest.mark.parametrize(
    "what", [crm.CRM, crm.CRM_BY_DEAL, telco.TELCO, no_show.NO_SHOW], ids=lambda d: d.name
)
def test_every_published_row_is_prepared_once(what: DataSet, data: Path, tmp_path: Path) -> None:
    rows, _ = prepared(what, data, tmp_path)
    published = count(what, data)
    assert sorted(int(row["row"]) for row in rows) == list(range(1, published.rows + 1))
    assert sum(bool(row["identity"]) for row in rows) == published.named


def test_a_company_is_what_its_latest_deal_says(data: Path, tmp_path: Path) -> None:
    rows, _ = prepared(crm.CRM, data, tmp_path)
    now = latest(rows)
    assert {name: row["status"] for name, row in now.items() if name} == {
        "Amber": "closed_lost", "Birch": "customer", "Cedar": "open", "Dogwood": "open", "Elm": "open",
    }  # fmt: skip
    assert now["Amber"]["lost_on"] == "2017-10-01"
    assert now["Amber"]["lost_because"] == "not recorded"
    assert (now["Birch"]["deals_won"], now["Birch"]["value_won"], now["Birch"]["won_on"]) == (
        "2", "5310", "2017-12-01",
    )  # fmt: skip
    assert (now["Cedar"]["meeting_status"], now["Cedar"]["last_activity"]) == ("ignored", "2017-10-01")


def test_a_deal_that_was_never_engaged_was_never_ignored(data: Path, tmp_path: Path) -> None:
    rows, _ = prepared(crm.CRM_BY_DEAL, data, tmp_path)
    assert [(r["meeting_status"], r["last_activity"]) for r in rows if r["row"] == "7"] == [("", "")]


def test_what_the_pipeline_misspells_is_joined_and_counted(data: Path, tmp_path: Path) -> None:
    rows, blemishes = prepared(crm.CRM, data, tmp_path)
    assert {row["product"] for row in rows} == {"GTX Basic", "GTX Pro"}
    assert {row["country"] for row in rows} == {"United States", "Philippines", "South Korea", ""}
    assert {row["sales_agent"] for row in rows} == {"Ann Example"}
    assert +blemishes == Counter(
        {
            "product 'GTXPro', which the list of products calls 'GTX Pro'": 3,
            "open deal without an account: nobody to write to": 2,
            "prospecting deal without an engage date: never engaged": 2,
            "open deal without a close date and value": 6,
            "lost deal with a close value of 0: no quote on record": 3,
            "account in 'Philipines', read as Philippines": 1,
            "account in 'Korea', read as South Korea": 1,
            "account of the sector 'technolgy': not used": 1,
        }
    )


@pytest.mark.parametrize(
    ("now", "day"),
    [("2026-03-31T15:00:00Z", "2026-02-28"), ("2024-03-01", "2024-02-29"), ("2026-01-31", "2025-12-31")],
)
def test_who_left_has_left_on_the_last_day_of_the_month_before(now: str, day: str) -> None:
    assert telco.last_day_of_the_month_before(now) == day


def test_a_blank_total_stays_blank(data: Path, tmp_path: Path) -> None:
    rows, blemishes = prepared(telco.TELCO, data, tmp_path)
    assert [row["total_charges"] for row in rows] == ["300.5", "160.15", "", "4200", "19.9"]
    assert blemishes["TotalCharges blank: no lifetime value is recorded"] == 1
    assert [row["status"] for row in rows] == ["churned", "churned", "customer", "customer", "churned"]


def test_a_patient_is_what_the_latest_appointment_says(data: Path, tmp_path: Path) -> None:
    rows, blemishes = prepared(no_show.NO_SHOW, data, tmp_path)
    assert {who: row["outcome"] for who, row in latest(rows).items()} == {
        "111": "attended", "222": "no_show", "333": "no_show", "44E-5": "attended", "555": "no_show",
    }  # fmt: skip
    assert sorted(blemishes.values()) == [1, 1, 1]


def test_columns_on_health_and_welfare_are_not_needed_at_all(tmp_path: Path) -> None:
    """The extract holds a question mark in each of them; none comes through."""
    extracts.no_show(tmp_path)
    rows, _ = prepared(no_show.NO_SHOW, tmp_path, tmp_path)
    assert set(rows[0]) == {
        "row", "identity", "email", "phone", "first_name", "appointment", "outcome", "last_activity",
    }  # fmt: skip
    assert not any("?" in value for row in rows for value in row.values())


def test_only_where_people_come_from_is_changed() -> None:
    shipped = (SHIPPED / "rekindle.yaml").read_text(encoding="utf-8")
    derived = rewritten(shipped, telco.SOURCE, telco.TELCO.attributes)
    head, tail = shipped.split("  sources:")[0], shipped[shipped.index("\npolicy:") :]
    values = head[head.index("  values:") : head.index("  events:")]  # words of the shipped people
    assert derived.replace(telco.TELCO.attributes, "").startswith(head.replace(values, ""))
    assert derived.endswith(tail)
    assert derived.count("- source:") == 1
    assert "- events:" not in derived


def test_a_set_that_is_not_there_or_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotTheSet, match="there is no"):
        prepare(telco.TELCO, tmp_path, tmp_path / "people.csv")
    extracts.telco(tmp_path, [["0001-AAAAA", "1", "DSL", "1", "1", "Perhaps"]])
    with pytest.raises(NotTheSet, match="a word in Churn"):
        prepare(telco.TELCO, tmp_path, tmp_path / "people.csv")
    (tmp_path / telco.TELCO.file).write_text("a,b\n1,2\n")
    with pytest.raises(NotTheSet, match="no column 'customerID'"):
        prepare(telco.TELCO, tmp_path, tmp_path / "people.csv")
