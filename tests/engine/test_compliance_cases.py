"""Cases of the compliance reference (its section 14, numbered as there) that the gates decide, on the real engine.

The project here asks for nothing beyond the law: what is refused or put off is so by the law's rule alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import insert

from channels.registry import Host, build
from channels.task import TaskAdapter
from engine.clock import iso, parse_instant
from engine.suppression import suppress
from engine.taskbook import StoreTaskBook
from state.ids import next_id
from state.tables import Consent, Enrolment, Person, Touch
from state.testing import database
from tests.invariants import acts
from tests.invariants.books import rows
from tests.invariants.people import KINDS, Human
from tests.invariants.world import World, turn_the_wheel

_PERSON, _CONSENT, _TOUCH, _ENROLMENT = (cast(Any, t).__table__ for t in (Person, Consent, Touch, Enrolment))
_CONSENT_WAS = "consent: {email: lawful_basis, sms: express_written, linkedin: lawful_basis}"
_CONSENT_IS = "consent: {email: lawful_basis, sms: lawful_basis, linkedin: lawful_basis, phone: lawful_basis}"
_LINKEDIN = "  linkedin: {adapter: file, folder: var/outbox}"
_LAWFUL_ONLY = {
    _CONSENT_WAS: _CONSENT_IS,
    "fatigue: [2 per 7d, {sms: 1 per 10d}]": "fatigue: 99 per 1d",
    "quiet_hours: {default: 20:00-08:00, sms: 20:00-09:00}": "quiet_hours: 23:00-00:00",
    _LINKEDIN: f"{_LINKEDIN}\n  phone: {{adapter: file, folder: var/outbox}}",
}
_SEGMENTS = "segments:\n  - segment: anyone\n    where: {status_at_last_touch: past}\n"
_TEMPLATE = {"email": "all/mail", "sms": "all/text", "linkedin": "all/note", "phone": "all/note"}


def campaign(channel: str) -> str:
    return f"""
        audience: {{segment: anyone}}
        cadence:
          - {{step: it, at: 0d, {channel}: {_TEMPLATE[channel]}, expires: 9d}}
        then: end
    """


class Case:
    """One world with one campaign of one step."""

    def __init__(self, folder: Path, url: str, channel: str, now: str) -> None:
        self.world = World(folder, url, {"c": campaign(channel)})
        base = self.world.root / "rekindle.yaml"
        text = base.read_text()
        for old, new in _LAWFUL_ONLY.items():
            assert old in text
            text = text.replace(old, new)
        base.write_text(text)
        (self.world.root / "segments.yaml").write_text(_SEGMENTS)
        self.world.outside["phone"] = self.world.outside["sms"]
        self.world.oracle.judging = False
        self.world.clock.move_to(parse_instant(now))

    def person(self, identity: int = 1, **columns: Any) -> Human:
        row = {
            "identity_id": identity,
            "created_at": self.world.now,
            "updated_at": self.world.now,
            "email": f"p{identity}@example.com",
            "email_key": f"p{identity}@example.com",
            "linkedin": "https://www.linkedin.com/in/p-example",
            "country": "US",
            "status_at_last_touch": "past",
            "attributes": {"badge": f"p{identity}"},
            **{name: parse_instant(v) if name.endswith("_at") else v for name, v in columns.items()},
        }
        with self.world.front.begin() as conn:
            conn.execute(insert(_PERSON), [row])
        human = Human(f"p{identity}", KINDS[0], identity, columns.get("phone"), 0)
        self.world.oracle.humans[human.badge] = human
        return human

    def consent(self, channel: str, kind: str, *, at: str = "2025-01-01", proof: bool = True) -> None:
        row = {
            "identity_id": 1,
            "id": next_id(),
            "channel": channel,
            "type": kind,
            "at": parse_instant(at),
            "recorded_at": parse_instant(at),
            "source": "case",
            "key": f"{next_id()}",
            "proof_uri": "https://proof.example/1" if proof else None,
        }
        with self.world.front.begin() as conn:
            conn.execute(insert(_CONSENT), [row])

    def texted(self, *moments: str) -> None:
        """Texts that were sent at these moments."""
        for n, moment in enumerate(moments):
            at = parse_instant(moment)
            key = {"identity_id": 1, "campaign": "earlier", "cycle": n + 1}
            ended = {
                "version": "0",
                "exclusivity_group": "g",
                "segment": "s",
                "state": "ended",
                "reason": "completed",
            }
            touch = {
                "step": "it",
                "ref": f"earlier-{n}",
                "state": "sent",
                "channel": "sms",
                "planned_at": at,
                "expires_at": at,
                "not_before": at,
                "decided_at": at,
                "counted_at": at,
                "finished_at": at,
            }
            with self.world.front.begin() as conn:
                conn.execute(insert(_ENROLMENT), [{**key, **ended, "entered_at": at, "ended_at": at}])
                conn.execute(insert(_TOUCH), [{**key, **touch}])

    def verdict(self, identity: int = 1) -> str:
        """sent; or why not; or until when it is put off."""
        self.world.work(turn_the_wheel)
        with self.world.front.read() as conn:
            sql = "SELECT state, reason, not_before FROM touch WHERE identity_id = :id AND campaign = 'c'"
            found = rows(conn, sql, id=identity)
            if not found:
                sql = "SELECT reason FROM enrolment WHERE identity_id = :id AND campaign = 'c'"
                return f"ended: {rows(conn, sql, id=identity)[0][0]}"
        state, reason, until = found[0]
        return {"sent": "sent", "held": f"until {iso(until)}"}.get(state, str(reason))


@dataclass(frozen=True)
class Law:
    """One row of the table."""

    channel: str
    now: str
    then: str
    person: dict[str, Any] = field(default_factory=dict)
    consents: tuple[tuple[str, str, str, bool], ...] = ()
    texted: tuple[str, ...] = ()


SATURDAY = "2026-11-21T17:00:00Z"  # noon in New York
NEW_YORK: dict[str, Any] = {"phone": "+12125550100", "region": "NY", "timezone": "America/New_York"}
ONTARIO = {"country": "CA", "region": "ON", "timezone": "America/Toronto"}
WRITTEN = (("sms", "express_written", "2025-01-01", True),)
BLOCKED = "consent"

LAWS = {
    "T01 a buyer of 2019 may be e-mailed in the US": Law(
        "email", SATURDAY, "sent", {"last_purchase_at": "2019-05-01"}
    ),
    "T06 a purchase is no consent to texts": Law(
        "sms", SATURDAY, BLOCKED, {**NEW_YORK, "last_purchase_at": "2026-10-20"}
    ),
    "T06 express, but not written": Law(
        "sms", SATURDAY, BLOCKED, NEW_YORK, (("sms", "express", "2026-01-01", True),)
    ),
    "T07 written consent without proof": Law(
        "sms", SATURDAY, BLOCKED, NEW_YORK, (("sms", "express_written", "2026-01-01", False),)
    ),
    "T07 and with it": Law("sms", SATURDAY, "sent", NEW_YORK, WRITTEN),
    "T17 a call within 18 months of the purchase": Law(
        "phone", SATURDAY, "sent", {**NEW_YORK, "last_purchase_at": "2025-05-22"}
    ),
    "T18 a call on the day they are over": Law(
        "phone", SATURDAY, BLOCKED, {**NEW_YORK, "last_purchase_at": "2025-05-21"}
    ),
    "T21 a call within three months of the enquiry": Law(
        "phone", SATURDAY, "sent", {**NEW_YORK, "last_activity_at": "2026-08-22"}
    ),
    "T21 a call on the day they are over": Law(
        "phone", SATURDAY, BLOCKED, {**NEW_YORK, "last_activity_at": "2026-08-21"}
    ),
    "T22 a Miami number after eight": Law(
        "sms", "2026-11-24T01:05:00Z", "until 2026-11-24T13:00:00Z", {"phone": "+13055550100"}, WRITTEN
    ),
    "T23 the fourth text to Florida in a day": Law(
        "sms",
        "2026-11-24T13:30:00Z",
        "until 2026-11-24T14:00:00Z",
        {"phone": "+13055550100"},
        WRITTEN,
        ("2026-11-23T14:00:00Z", "2026-11-23T17:00:00Z", "2026-11-24T00:00:00Z"),
    ),
    "T24 the fourth to Oregon, no purchase": Law(
        "sms",
        "2026-11-24T18:30:00Z",
        "until 2026-11-24T20:00:00Z",
        {"phone": "+15035550100"},
        WRITTEN,
        ("2026-11-23T20:00:00Z", "2026-11-23T21:00:00Z", "2026-11-24T01:00:00Z"),
    ),
    "T24 the fourth to Oregon, a purchase six months ago": Law(
        "sms",
        "2026-11-24T18:30:00Z",
        "sent",
        {"phone": "+15035550100", "last_purchase_at": "2026-05-24"},
        WRITTEN,
        ("2026-11-23T20:00:00Z", "2026-11-23T21:00:00Z", "2026-11-24T01:00:00Z"),
    ),
    "T25 a New York number in Louisville": Law(
        "phone",
        "2026-11-23T14:30:00Z",
        "until 2026-11-23T15:00:00Z",
        {
            "phone": "+12125550100",
            "region": "KY",
            "timezone": "America/New_York",
            "last_purchase_at": "2026-05-24",
        },
    ),
    "T26 a call to Connecticut without written consent": Law(
        "phone", SATURDAY, BLOCKED, {"phone": "+12035550100", "last_purchase_at": "2026-10-20"}
    ),
    "T27 Rhode Island on a Sunday": Law(
        "sms", "2026-11-22T17:00:00Z", "until 2026-11-23T14:00:00Z", {"phone": "+14015550100"}, WRITTEN
    ),
    "T27 Alabama on a Sunday": Law(
        "sms", "2026-11-22T17:00:00Z", "until 2026-11-23T14:00:00Z", {"phone": "+12055550100"}, WRITTEN
    ),
    "T45 Canada, within two years of the purchase": Law(
        "email", SATURDAY, "sent", {**ONTARIO, "last_purchase_at": "2024-11-22"}
    ),
    "T45 Canada, on the day they are over": Law(
        "email", SATURDAY, BLOCKED, {**ONTARIO, "last_purchase_at": "2024-11-21"}
    ),
    "T46 the clock of a subscription starts at its end": Law(
        "email", SATURDAY, "sent", {**ONTARIO, "last_purchase_at": "2024-10-01", "churned_at": "2025-06-30"}
    ),
    "T47 an expired contact may not even be asked": Law(
        "email", SATURDAY, BLOCKED, {**ONTARIO, "last_purchase_at": "2022-01-01"}
    ),
    "T48 Australia asks for express consent": Law(
        "email",
        SATURDAY,
        BLOCKED,
        {"country": "AU", "timezone": "Australia/Sydney", "last_purchase_at": "2026-10-22"},
    ),
    "T49 France, without consent to calls": Law(
        "phone",
        "2026-11-23T14:00:00Z",
        BLOCKED,
        {"country": "FR", "timezone": "Europe/Paris", "phone": "+33123456789", "churned_at": "2026-10-01"},
    ),
    "T49 France, with it, over lunch": Law(
        "phone",
        "2026-11-23T12:30:00Z",
        "until 2026-11-23T13:00:00Z",
        {"country": "FR", "timezone": "Europe/Paris", "phone": "+33123456789"},
        (("phone", "express", "2026-01-01", True),),
    ),
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_what_the_law_says(tmp_path: Path, law: Law) -> None:
    with database("sqlite") as url:
        case = Case(tmp_path, url, law.channel, law.now)
        case.person(**law.person)
        for channel, kind, at, proof in law.consents:
            case.consent(channel, kind, at=at, proof=proof)
        case.texted(*law.texted)
        assert case.verdict() == law.then
        case.world.close()


def test_t05_an_opt_out_counts_a_minute_later(tmp_path: Path) -> None:
    with database("sqlite") as url:
        case = Case(tmp_path, url, "email", "2026-11-23T15:00:00Z")
        acts.refuse(case.world, case.person(), "email")
        case.world.clock.move_to(case.world.now + 60)
        assert case.verdict() == "suppression"
        case.world.close()


@pytest.mark.parametrize("words", ["Stop.", " STOP ", "Opt  Out", "opt-out!", "REVOKE"])
def test_t08_a_refusal_by_text_suppresses_in_the_transaction_that_records_it(
    tmp_path: Path, words: str
) -> None:
    with database("sqlite") as url:
        case = Case(tmp_path, url, "sms", SATURDAY)
        human = case.person(**NEW_YORK)
        case.consent("sms", "express_written")
        acts.event(case.world, human, "replied", {"text": words, "channel": "sms"})
        with case.world.front.read() as conn:
            assert rows(conn, "SELECT channel FROM suppression WHERE identity_id = 1")
        assert case.verdict() != "sent"
        case.world.close()


def test_t19_who_asked_not_to_be_called_is_not_called(tmp_path: Path) -> None:
    with database("sqlite") as url:
        case = Case(tmp_path, url, "phone", SATURDAY)
        case.person(**NEW_YORK, last_purchase_at="2025-05-22")
        with case.world.front.begin() as conn:
            suppress(conn, 1, "phone", "do_not_contact", at=case.world.now, source="case")
        assert case.verdict() == "suppression"
        case.world.close()


def test_t53_a_stop_binds_everybody_on_that_number(tmp_path: Path) -> None:
    with database("sqlite") as url:
        case = Case(tmp_path, url, "sms", SATURDAY)
        case.person(**NEW_YORK)
        case.consent("sms", "express_written")
        acts.refuse(case.world, case.person(identity=2, **NEW_YORK), "sms")
        assert case.verdict() == "suppression"
        case.world.close()


def test_t56_a_linkedin_step_is_a_task_for_a_human_and_no_network_call(tmp_path: Path) -> None:
    with database("sqlite") as url:
        case = Case(tmp_path, url, "linkedin", SATURDAY)
        case.person()
        adapter = build("task", {}, Host(tasks=StoreTaskBook(case.world.front, case.world.clock)))
        assert isinstance(adapter, TaskAdapter) and adapter.capabilities.human
        case.world.outside["linkedin"] = adapter  # type: ignore[assignment]
        assert case.verdict() == "sent"
        with case.world.front.read() as conn:
            assert [tuple(r) for r in rows(conn, "SELECT kind, state, campaign FROM task")] == [
                ("linkedin", "open", "c")
            ]
        case.world.close()
