"""Small made-up extracts with the columns and the blemishes of the published sets. Nobody in them is real."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path

Rows = Sequence[Sequence[str]]

_PIPELINE = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"
_TELCO = """customerID,gender,SeniorCitizen,Partner,Dependents,tenure,PhoneService,MultipleLines,InternetService,
OnlineSecurity,OnlineBackup,DeviceProtection,TechSupport,StreamingTV,StreamingMovies,Contract,PaperlessBilling,
PaymentMethod,MonthlyCharges,TotalCharges,Churn""".replace("\n", "")
_VISITS = """PatientId,AppointmentID,Gender,ScheduledDay,AppointmentDay,Age,Neighbourhood,Scholarship,Hipertension,
Diabetes,Alcoholism,Handcap,SMS_received,No-show""".replace("\n", "")

#: opportunity, product, account, stage, engaged, closed, value; ten deals of four companies, and two of nobody's
DEALS: Rows = [
    ["D01", "GTX Basic", "Amber", "Won", "2017-01-05", "2017-03-01", "500"],
    ["D02", "GTXPro", "Amber", "Lost", "2017-05-05", "2017-10-01", "0"],
    ["D03", "GTX Basic", "Birch", "Lost", "2017-01-05", "2017-02-01", "0"],
    ["D04", "GTXPro", "Birch", "Won", "2017-05-05", "2017-11-11", "4800"],
    ["D05", "GTX Basic", "Birch", "Won", "2017-06-05", "2017-12-01", "510"],
    ["D06", "GTX Basic", "Cedar", "Engaging", "2017-10-01", "", ""],
    ["D07", "GTX Basic", "Cedar", "Prospecting", "", "", ""],
    ["D08", "GTXPro", "Dogwood", "Engaging", "2017-10-20", "", ""],
    ["D09", "GTX Basic", "Cedar", "Lost", "2017-03-01", "2017-04-01", "0"],
    ["D10", "GTX Basic", "", "Engaging", "2017-10-02", "", ""],
    ["D11", "GTX Basic", "", "Prospecting", "", "", ""],
    ["D12", "GTX Basic", "Elm", "Engaging", "2017-10-03", "", ""],
]
ACCOUNTS: Rows = [
    ["Amber", "technolgy", "United States"],
    ["Birch", "retail", "United States"],
    ["Cedar", "retail", "United States"],
    ["Dogwood", "medical", "Philipines"],
    ["Elm", "medical", "Korea"],
]
#: customer, tenure, internet, monthly, total, churn
CUSTOMERS: Rows = [
    ["0001-AAAAA", "10", "DSL", "30.05", "300.5", "Yes"],
    ["0002-BBBBB", "2", "Fiber optic", "80", "160.15", "Yes"],
    ["0003-CCCCC", "0", "No", "20", " ", "No"],
    ["0004-DDDDD", "70", "DSL", "60", "4200", "No"],
    ["0005-EEEEE", "1", "No", "19.9", "19.9", "Yes"],
]
#: patient, appointment, booked, day, no-show
VISITS: Rows = [
    ["111", "1", "2016-05-01T10:00:00Z", "2016-05-10T00:00:00Z", "Yes"],
    ["111", "2", "2016-05-20T10:00:00Z", "2016-06-01T00:00:00Z", "No"],
    ["222", "3", "2016-05-01T10:00:00Z", "2016-06-02T00:00:00Z", "Yes"],
    ["222", "4", "2016-05-01T09:00:00Z", "2016-05-03T00:00:00Z", "No"],
    ["333", "5", "2016-06-08T18:00:00Z", "2016-06-08T00:00:00Z", "Yes"],
    ["44E-5", "6", "2016-06-09T07:00:00Z", "2016-06-07T00:00:00Z", "No"],
    ["555", "7", "2016-04-01T07:00:00Z", "2016-05-05T00:00:00Z", "Yes"],
]


def write_all(folder: Path) -> Path:
    """All three sets below ``folder``; CRLF and gzip where the published ones have them."""
    crm(folder)
    telco(folder)
    no_show(folder)
    return folder


def crm(folder: Path, deals: Rows = DEALS) -> None:
    rows = [[d[0], "Ann Example", *d[1:]] for d in deals]
    _csv(folder / "crm/sales_pipeline.csv", _PIPELINE, rows)
    accounts = [[name, sector, "1999", "1.5", "10", place, ""] for name, sector, place in ACCOUNTS]
    _csv(
        folder / "crm/accounts.csv",
        "account,sector,year_established,revenue,employees,office_location,subsidiary_of",
        accounts,
    )
    products = [["GTX Basic", "GTX", "550"], ["GTX Pro", "GTX", "4821"]]
    _csv(folder / "crm/products.csv", "product,series,sales_price", products)
    _csv(
        folder / "crm/sales_teams.csv",
        "sales_agent,manager,regional_office",
        [["Ann Example", "Bo Example", "West"]],
    )


def telco(folder: Path, customers: Rows = CUSTOMERS) -> None:
    rows = [
        [c[0], "Female", "0", "No", "No", c[1], "Yes", "No", c[2], *["No"] * 6, "Month-to-month", "Yes", "Mailed check",
         c[3], c[4], c[5]]
        for c in customers
    ]  # fmt: skip
    _csv(folder / "telco/Telco-Customer-Churn.csv", _TELCO, rows)


def no_show(folder: Path, visits: Rows = VISITS) -> None:
    rows = [[v[0], v[1], "F", v[2], v[3], "30", "CARATOÍRA", *["?"] * 6, v[4]] for v in visits]
    path = folder / "no_show/appointments.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(_text(_VISITS, rows).encode()))


def _csv(path: Path, header: str, rows: Rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_text(header, rows).encode())


def _text(header: str, rows: Rows) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue()
