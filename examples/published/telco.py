"""A telephone company's customers: one row each, with no date in it at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from examples.published.dataset import KEY, NUMBER, Blemishes, DataSet, NotTheSet, Row, read
from examples.published.identity import identity

_FILE = "telco/Telco-Customer-Churn.csv"

#: the last day of a month, so that whoever left by the end of the month before has been gone for 30 days
NOW = "2026-03-31T15:00:00Z"

_CHURN = {"Yes": True, "No": False}
_PRODUCTS = {"DSL": "DSL internet", "Fiber optic": "fiber internet", "No": "phone service"}

SOURCE = """\
    - source: subscribers
      csv: data/people.csv
      key: identity
      every: 90d
      map:
        email: email
        phone: phone
        first_name: first_name
        status_at_last_touch: status
        churned_at: churned_on
        usage_30d: usage_30d
        purchases: contracts
        lifetime_value: total_charges
        product: product
        attributes.mrr: monthly_charges
      set: {source: telco, country: US}
"""


def last_day_of_the_month_before(now: str) -> str:
    """The day on which everybody is taken to have left who has left."""
    return (date.fromisoformat(now[:10]).replace(day=1) - timedelta(days=1)).isoformat()


def rows(folder: Path, blemishes: Blemishes) -> Iterator[Row]:
    """Every customer, in the order published."""
    left_on = last_day_of_the_month_before(NOW)
    published = read(folder / _FILE, "customerID", "tenure", "InternetService", "MonthlyCharges",
                     "TotalCharges", "Churn")  # fmt: skip
    for number, customer in enumerate(published, 1):
        if customer["Churn"] not in _CHURN or customer["InternetService"] not in _PRODUCTS:
            raise NotTheSet(f"{_FILE} has a word in Churn or InternetService that this program does not know")
        churned, charged = _CHURN[customer["Churn"]], customer["TotalCharges"].strip()
        blemishes["TotalCharges blank: no lifetime value is recorded"] += not charged
        blemishes["churned without a date: the last day of the month before"] += churned
        yield {
            NUMBER: str(number),
            KEY: customer["customerID"],
            **identity("telco", customer["customerID"])._asdict(),
            "status": "churned" if churned else "customer",
            "churned_on": left_on if churned else "",
            "usage_30d": "0" if churned else "",
            "contracts": "1",
            "total_charges": charged,
            "product": _PRODUCTS[customer["InternetService"]],
            "monthly_charges": customer["MonthlyCharges"],
        }


TELCO = DataSet(
    name="telco",
    file=_FILE,
    key="customerID",
    named_by="customerID",
    now=NOW,
    source=SOURCE,
    rows=rows,
    attributes="    mrr: money\n",
)
