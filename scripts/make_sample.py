#!/usr/bin/env python3
"""Write the sample data of the shipped project: campaigns/data/people.csv and events.csv.

    python scripts/make_sample.py [--people 2000] [--seed 7] [--out campaigns/data]

The same arguments give the same bytes. "Now" of the sample is 2026-03-02T15:00:00Z; events lie in the 45 days
after it, so a demo that starts there meets them one by one. Nobody in it is real: every address is under
example.com, example.org, example.net or .example, every phone number is one that is set aside for fiction.

The warts are those of real exports, and on purpose: the same person twice, shared phones, missing zones,
addresses nobody can write to, opted-out rows, and a few rows that an import has to refuse.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sample_words as words

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
DEMO_DAYS = 45
DATA = Path(__file__).resolve().parent.parent / "campaigns" / "data"
Row = dict[str, str]

# state of the person -> share of the rows
MIX = {"stalled": 27, "no_show": 16, "closed_lost": 24, "churned": 18, "customer": 11, "prospect": 4}

def day(moment: datetime) -> str:
    """A date as the export writes it."""
    return moment.strftime("%Y-%m-%d")


def stamp(moment: datetime) -> str:
    """A moment as the export writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Sample:
    """Makes rows from one random source, so that the same seed gives the same file."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - sample data, not a secret
        self.people: list[Row] = []
        self.events: list[Row] = []

    def ago(self, least: int, most: int) -> datetime:
        """A working hour between so many days before now."""
        days = self.random.randint(least, most)
        return (NOW - timedelta(days=days)).replace(hour=self.random.randint(14, 21), minute=0)

    def chance(self, share: float) -> bool:
        """True in that share of the calls."""
        return self.random.random() < share

    def weighted(self, *choices: tuple[int, tuple[int, int]]) -> tuple[int, int]:
        """One of the (least, most) ranges, by weight."""
        return self.random.choices([c[1] for c in choices], [c[0] for c in choices])[0]

    # people ------------------------------------------------------------------------------------------------

    def person(self, number: int) -> Row:
        """One clean row: who it is, where, who looks after them, and what became of us."""
        row = dict.fromkeys(words.COLUMNS, "")
        row["Customer ID"] = f"C{number:05d}"
        self._identity(row, number)
        self._place(row)
        row["Owner"], row["Owner e-mail"], row["Owner phone"] = self.random.choice(words.OWNERS)
        row["Product"] = self.random.choice(words.PRODUCTS)
        row["Seats"] = str(self.random.choice((3, 5, 8, 12, 20, 40, 75)))
        kind = self.random.choices(list(MIX), list(MIX.values()))[0]
        STORIES[kind](self, row)
        self._consent(row)
        self._notes(row)
        return row

    def _identity(self, row: Row, number: int) -> None:
        row["First name"], row["Last name"] = self.random.choice(words.FIRST), self.random.choice(words.LAST)
        row["Job title"] = self.random.choice(words.TITLES)
        parts = (words.PLACES, words.TRADES, words.FORMS)
        row["Company"] = " ".join(self.random.choice(part) for part in parts)
        row["Web domain"] = row["Company"].replace(" ", "-").lower() + ".example"
        name = row["First name"].encode("ascii", "ignore").decode().lower() or "team"
        host = row["Web domain"]
        if self.chance(0.15):  # a private mailbox, which says nothing about the company
            host, row["Web domain"] = self.random.choice(("example.com", "example.org", "example.net")), ""
        row["E-mail"] = f"{name}.{number}@{host}"
        if self.chance(0.7):
            row["LinkedIn"] = f"https://profiles.example/{name}-{number}"

    def _place(self, row: Row) -> None:
        city = self.random.choice(self.random.choices((words.US, words.CANADA, words.ABROAD), (84, 9, 7))[0])
        row["Country"], row["State"], row["Time zone"] = city.country, city.state, city.zone
        row["Phone"] = f"{city.prefix}{self.random.randint(0, 99):02d}" if city.prefix else ""
        row["Language"] = "en"  # the shipped messages are in English
        for column, share in (("Time zone", 0.45), ("State", 0.2), ("Country", 0.08), ("Language", 0.3)):
            if self.chance(share):
                row[column] = ""

    def _consent(self, row: Row) -> None:
        abroad = row["Country"] not in ("US", "")
        if self.chance(0.6 if abroad else 0.35):
            kinds = ("express", "implied", "soft_opt_in", "express_written")
            row["E-mail consent"] = self.random.choices(kinds, (60, 25, 10, 5))[0]
            row["E-mail consent date"] = day(self.ago(20, 900))
            row["E-mail consent proof"] = f"https://proof.larkfield.example/e/{row['Customer ID']}"
        if self.chance(0.3):
            row["Text consent date"] = day(self.ago(10, 600))
            if self.chance(0.85):  # a date without proof is no consent, and the gate has to see it
                row["Text consent proof"] = f"https://proof.larkfield.example/t/{row['Customer ID']}"

    def _notes(self, row: Row) -> None:
        for column, share in (("Unsubscribed", 0.04), ("Text stop", 0.02), ("Do not contact", 0.01)):
            if self.chance(share):
                row[column] = self.random.choice(("yes", "Yes", "1", "TRUE"))
        if self.chance(0.03):
            row["Ticket open since"] = day(self.ago(1, 20))
        if self.chance(0.06):
            row["Last discount"] = day(self.ago(5, 200))

    def touched(self, row: Row, moment: datetime) -> None:
        """Record the last time anybody of ours was in touch."""
        row["Last touch"] = day(moment)
        row["Last touch by"] = self.random.choice(("email", "phone", "email", "linkedin"))

    # stories -----------------------------------------------------------------------------------------------

    def stalled(self, row: Row) -> None:
        """In touch once, then the meeting fell through and it went quiet."""
        row["Status"] = self.random.choice(("engaged", "booked"))
        moment = self.ago(*self.weighted((55, (46, 119)), (30, (121, 360)), (15, (370, 900))))
        row["Last activity"] = day(moment)
        row["Meeting"] = stamp(moment - timedelta(days=self.random.randint(1, 9)))
        row["Meeting status"] = self.random.choice(("cancelled", "ignored"))
        self.touched(row, moment)

    def no_show(self, row: Row) -> None:
        """Booked a meeting and did not come."""
        row["Status"] = "booked"
        moment = self.ago(*self.weighted((50, (1, 12)), (38, (15, 88)), (12, (95, 400))))
        row["Meeting"], row["Meeting status"] = stamp(moment), "no_show"
        row["Last activity"] = day(moment - timedelta(days=self.random.randint(2, 10)))
        self.touched(row, moment)

    def closed_lost(self, row: Row) -> None:
        """Compared us with others and chose something else."""
        row["Status"] = "closed_lost"
        moment = self.ago(*self.weighted((10, (3, 28)), (45, (32, 85)), (28, (95, 355)), (17, (370, 1100))))
        row["Lost on"] = row["Last activity"] = day(moment)
        reasons = ("price", "missing_feature", "competitor", "timing", "")
        row["Lost because"] = self.random.choices(reasons, (36, 34, 15, 11, 4))[0]
        row["Meeting"], row["Meeting status"] = stamp(moment - timedelta(days=20)), "attended"
        if self.chance(0.9):
            row["Quote"] = str(int(row["Seats"]) * self.random.choice((360, 480, 600)))
        if row["Lost because"] == "missing_feature":
            row["Missing feature"] = self.random.choice(words.FEATURES)
        self.touched(row, moment)

    def churned(self, row: Row) -> None:
        """Was a customer and left."""
        row["Status"] = "churned"
        moment = self.ago(*self.weighted((8, (3, 28)), (37, (32, 85)), (35, (95, 530)), (20, (560, 1400))))
        row["Left on"] = row["Last activity"] = day(moment)
        reasons = ("price", "missing_feature", "went quiet", "sold the company", "")
        row["Left because"] = self.random.choice(reasons)
        if row["Left because"] == "missing_feature":
            row["Missing feature"] = self.random.choice(words.FEATURES)
        self._bought(row, moment - timedelta(days=self.random.randint(5, 40)))
        row["Logins 30d"] = "0" if self.chance(0.95) else str(self.random.randint(1, 6))
        self.touched(row, moment)

    def customer(self, row: Row) -> None:
        """Pays and uses it: none of our business here."""
        row["Status"] = "customer"
        self._bought(row, self.ago(1, 30))
        row["Logins 30d"] = str(self.random.randint(5, 400))
        row["Last activity"] = day(self.ago(0, 6))
        if self.chance(0.2):
            row["Meeting"], row["Meeting status"] = stamp(self.ago(2, 60)), "no_show"
        self.touched(row, self.ago(5, 90))

    def prospect(self, row: Row) -> None:
        """Talking to us now."""
        row["Status"] = "engaged"
        row["Last activity"] = day(self.ago(0, 30))
        row["Meeting"] = stamp(NOW + timedelta(days=self.random.randint(1, 14)))
        row["Meeting status"] = "booked"
        self.touched(row, self.ago(0, 20))

    def _bought(self, row: Row, last: datetime) -> None:
        row["Purchases"] = str(self.random.randint(1, 48))
        row["Last purchase"] = day(last)
        row["Lifetime value"] = str(int(row["Purchases"]) * int(row["Seats"]) * 15)

    # warts -------------------------------------------------------------------------------------------------

    def spoil(self) -> None:
        """Make clean rows as real exports are: each fault on rows of its own, one row in eight in all."""
        chosen = self.random.sample(self.people, len(self.people) // 8)
        for index, row in enumerate(chosen):
            SPOILS[index % len(SPOILS)](self, row)
        for row in self.random.sample(self.people, len(self.people) // 40):
            self.people.append(self._twin(row))
        for number, fault in enumerate(words.BROKEN):
            row = dict(self.random.choice(self.people), **{"Customer ID": f"B{number:05d}"})
            row["E-mail"] = f"broken.{number}@example.org"
            self.people.append(row | fault)
        self.random.shuffle(self.people)

    def spaces_and_case(self, row: Row) -> None:
        """Typed by hand."""
        row["E-mail"] = f"  {row['E-mail'].title()} "
        row["First name"] = f" {row['First name']}  "

    def phone_only(self, row: Row) -> None:
        """Met at a trade fair: no address."""
        row["E-mail"] = ""

    def front_desk(self, row: Row) -> None:
        """Two people of one company who share the phone at the front desk."""
        other = self.random.choice(self.people)
        for column in ("Company", "Web domain", "Phone", "Country", "State", "Time zone"):
            row[column] = other[column]

    def family_phone(self, row: Row) -> None:
        """Two people of one household, with private mailboxes."""
        other = self.random.choice(self.people)
        row["E-mail"] = f"home.{row['Customer ID'].lower()}@example.net"
        row["Last name"], row["Phone"], row["Web domain"] = other["Last name"], other["Phone"], ""

    def dead_address(self, row: Row) -> None:
        """An address nobody can write to."""
        row["E-mail"] = self.random.choice(words.DEAD)

    def local_phone(self, row: Row) -> None:
        """Written as people write it, and not as machines do."""
        digits = row["Phone"]
        if digits.startswith("+1"):
            row["Phone"] = f"({digits[2:5]}) {digits[5:8]}-{digits[8:]}"

    def shouting(self, row: Row) -> None:
        """Caps lock."""
        row["First name"], row["Company"] = row["First name"].upper(), row["Company"].upper()

    def _twin(self, row: Row) -> Row:
        """The same person again: by the address in capitals, or by the phone and company alone."""
        twin = dict(row, **{"Customer ID": row["Customer ID"].replace("C", "D", 1)})
        if self.chance(0.5) or not (row["Web domain"] and row["Phone"]):
            twin["E-mail"] = f" {row['E-mail'].strip().upper()}"
        else:
            twin["E-mail"] = ""
        twin["LinkedIn"] = ""
        return twin

    # events ------------------------------------------------------------------------------------------------

    def happen(self) -> None:
        """What people do in the days of the demo."""
        reachable = [r for r in self.people if "@" in r["E-mail"] and r["Customer ID"].startswith("C")]
        for row in self.random.sample(reachable, len(reachable) // 12):
            text = self.random.choices(list(words.REPLIES), list(words.REPLIES.values()))[0]
            self._event("replied", row, Text=text)
        for row in reachable:
            name, share = OUTCOMES[row["Status"]]
            if self.chance(share):
                self._event(name, row)
            if row["Meeting status"] in ("cancelled", "ignored") and self.chance(0.03):
                self._event("pricing_viewed", row)
        # a row without a person is for everyone who waits for it
        for days, feature in ((9, "single sign-on"), (24, "accounting sync")):
            self._event("feature_shipped", None, at=NOW + timedelta(days=days, hours=2), Feature=feature)
        self._event("replied", {"E-mail": "nobody.we.know@example.org"}, Text="Who are you?")
        self.events.sort(key=lambda e: (e["At"], e["Person"]))
        for number, event in enumerate(self.events, start=1):
            event["Event ID"] = f"E{number:05d}"
        broken = {"Event ID": "E99999", "At": "yesterday"}
        self.events += [dict(self.events[0]), self.events[1] | broken]

    def _event(self, name: str, row: Row | None, *, at: datetime | None = None, **data: str) -> None:
        moment = at or NOW + timedelta(minutes=self.random.randint(60, DEMO_DAYS * 1440 - 60))
        person = row["E-mail"].strip().lower() if row else ""
        event = {"Event": name, "At": stamp(moment), "Person": person} | data
        self.events.append(dict.fromkeys(words.EVENT_COLUMNS, "") | event)


Spoil = Callable[[Sample, Row], None]
STORIES: dict[str, Spoil] = {
    "stalled": Sample.stalled,
    "no_show": Sample.no_show,
    "closed_lost": Sample.closed_lost,
    "churned": Sample.churned,
    "customer": Sample.customer,
    "prospect": Sample.prospect,
}
SPOILS: tuple[Spoil, ...] = (
    Sample.spaces_and_case,
    Sample.phone_only,
    Sample.front_desk,
    Sample.family_phone,
    Sample.dead_address,
    Sample.local_phone,
    Sample.shouting,
)
#: status -> the event that means "back", and how likely it is in the 45 days
OUTCOMES = {
    "engaged": ("meeting_booked", 0.04),
    "booked": ("meeting_booked", 0.06),
    "closed_lost": ("opportunity_reopened", 0.04),
    "churned": ("subscription_restarted", 0.04),
    "customer": ("purchase", 0.2),
}


def write(path: Path, columns: list[str], rows: list[Row]) -> None:
    """One CSV as a spreadsheet saves it: byte-order mark, CRLF line ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Read the arguments and write both files."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--people", type=int, default=2000, help="rows before duplicates and broken ones")
    parser.add_argument("--seed", type=int, default=7, help="another number, other people")
    parser.add_argument("--out", type=Path, default=DATA, help="folder for the two files")
    arguments = parser.parse_args()
    sample = Sample(arguments.seed)
    sample.people = [sample.person(number) for number in range(1, arguments.people + 1)]
    sample.spoil()
    sample.happen()
    write(arguments.out / "people.csv", words.COLUMNS, sample.people)
    write(arguments.out / "events.csv", words.EVENT_COLUMNS, sample.events)
    print(f"{len(sample.people)} people and {len(sample.events)} events in {arguments.out}")


if __name__ == "__main__":
    main()
