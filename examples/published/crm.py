"""A reseller's sales pipeline: one row a deal, several deals a company.

The set records stages and dates, and neither meetings nor reasons. What a segment of ours asks beyond that is
answered with what the stage means and nothing more (docs/public-data.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from examples.published.dataset import KEY, NUMBER, Blemishes, DataSet, NotTheSet, Row, read
from examples.published.identity import NOBODY, identity

_PIPELINE = "crm/sales_pipeline.csv"

#: spellings of the pipeline, and what the list of products calls them
_PRODUCTS = {"GTXPro": "GTX Pro"}
#: spellings of the list of accounts, and the countries they stand for
_COUNTRIES = {"Philipines": "Philippines", "Korea": "South Korea"}
#: misspelt sectors are counted; no field of ours holds a sector
_SECTORS = frozenset({"technolgy"})

_STATUS = {"Won": "customer", "Lost": "closed_lost", "Engaging": "open", "Prospecting": "open"}

SOURCE = """\
    - source: pipeline
      csv: data/people.csv
      key: identity
      every: 90d
      map:
        email: email
        phone: phone
        first_name: first_name
        company: company
        country: country
        status_at_last_touch: status
        last_activity_at: last_activity
        meeting_status: meeting_status
        closed_at: lost_on
        loss_reason: lost_because
        purchases: deals_won
        lifetime_value: value_won
        last_purchase_at: won_on
        product: product
        owner_name: sales_agent
      set: {source: sales_pipeline}
"""


@dataclass(slots=True)
class _Won:
    """What somebody has bought so far."""

    deals: int = 0
    value: Decimal = Decimal(0)
    last: str = ""


@dataclass(frozen=True, slots=True)
class _Joined:
    """The files beside the pipeline, by their keys."""

    countries: dict[str, str]
    products: frozenset[str]
    agents: frozenset[str]


def rows(folder: Path, blemishes: Blemishes, *, buyer_per_deal: bool = False) -> Iterator[Row]:
    """Every deal, oldest first, so that a company's latest one says how things stand.

    Prospecting deals have no date; they cannot claim to be the latest and come first.
    """
    joined = _joined(folder, blemishes)
    deals = read(folder / _PIPELINE, "opportunity_id", "sales_agent", "product", "account", "deal_stage",
                 "engage_date", "close_date", "close_value")  # fmt: skip
    won: defaultdict[str, _Won] = defaultdict(_Won)
    for number, deal in sorted(enumerate(deals, 1), key=lambda pair: (_day(pair[1]), pair[0])):
        key = (deal["opportunity_id"] if buyer_per_deal else deal["account"]) if deal["account"] else ""
        yield _row(number, deal, key, joined, won[key], blemishes)


def _day(deal: Row) -> str:
    """The last thing that is dated about a deal; empty where nothing is."""
    return deal["close_date"] or deal["engage_date"]


def _row(number: int, deal: Row, key: str, joined: _Joined, won: _Won, blemishes: Blemishes) -> Row:
    stage, account = deal["deal_stage"], deal["account"]
    _notice(deal, blemishes)
    if stage == "Won":
        won.deals, won.last = won.deals + 1, deal["close_date"]
        won.value += Decimal(deal["close_value"])
    who = identity("crm", key) if key else NOBODY
    return {
        NUMBER: str(number),
        KEY: key,
        **who._asdict(),
        "company": account,
        "country": joined.countries[account] if account else "",
        "status": _STATUS[stage],
        "last_activity": _day(deal),
        # nobody answered any more: the set knows no meetings, and this is the word our segments have for it
        "meeting_status": "ignored" if stage == "Engaging" else "",
        "lost_on": deal["close_date"] if stage == "Lost" else "",
        "lost_because": "not recorded" if stage == "Lost" else "",
        "deals_won": str(won.deals) if key else "",
        "value_won": str(won.value) if won.deals and key else "",
        "won_on": won.last if key else "",
        "product": _product(deal, joined),
        "sales_agent": _agent(deal, joined),
    }


def _notice(deal: Row, blemishes: Blemishes) -> None:
    stage = deal["deal_stage"]
    if stage not in _STATUS:
        raise NotTheSet(f"{_PIPELINE} has a deal in an unknown stage")
    blemishes["open deal without an account: nobody to write to"] += not deal["account"]
    blemishes["prospecting deal without an engage date: never engaged"] += (
        stage == "Prospecting" and not deal["engage_date"]
    )
    blemishes["open deal without a close date and value"] += not (deal["close_date"] or deal["close_value"])
    blemishes["lost deal with a close value of 0: no quote on record"] += (
        stage == "Lost" and deal["close_value"] == "0"
    )
    blemishes["product 'GTXPro', which the list of products calls 'GTX Pro'"] += deal["product"] in _PRODUCTS


def _product(deal: Row, joined: _Joined) -> str:
    name = _PRODUCTS.get(deal["product"], deal["product"])
    if name not in joined.products:
        raise NotTheSet(f"{_PIPELINE} has a product that is not in crm/products.csv")
    return name


def _agent(deal: Row, joined: _Joined) -> str:
    if deal["sales_agent"] not in joined.agents:
        raise NotTheSet(f"{_PIPELINE} has a sales agent who is not in crm/sales_teams.csv")
    return deal["sales_agent"]


def _joined(folder: Path, blemishes: Blemishes) -> _Joined:
    countries = {}
    for account in read(folder / "crm/accounts.csv", "account", "sector", "office_location"):
        place = account["office_location"]
        countries[account["account"]] = _COUNTRIES.get(place, place)
        blemishes[f"account in '{place}', read as {_COUNTRIES.get(place)}"] += place in _COUNTRIES
        blemishes["account of the sector 'technolgy': not used"] += account["sector"] in _SECTORS
    return _Joined(
        countries=countries,
        products=frozenset(p["product"] for p in read(folder / "crm/products.csv", "product")),
        agents=frozenset(t["sales_agent"] for t in read(folder / "crm/sales_teams.csv", "sales_agent")),
    )


CRM = DataSet(
    name="crm",
    file=_PIPELINE,
    key="account",
    named_by="account",
    now="2018-01-01T15:00:00Z",
    source=SOURCE,
    rows=rows,
)

CRM_BY_DEAL = DataSet(
    name="crm by deal",
    file=_PIPELINE,
    key="opportunity_id",
    named_by="account",
    now=CRM.now,
    source=SOURCE,
    rows=lambda folder, blemishes: rows(folder, blemishes, buyer_per_deal=True),
    assumed=("every deal has a buyer of its own",),
)
