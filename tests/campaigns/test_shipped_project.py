"""The project in campaigns/ is sound, and its sample is what its script writes and reaches nobody."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from channels.base import Message
from engine import sms
from engine.compile import load_project
from engine.fields import PERSON_FIELDS
from engine.model import Campaign, Project, Track
from engine.render import Renderer, RenderRequest
from engine.tokens import Signer

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "campaigns"
SAMPLE = ("people.csv", "events.csv")

_RESERVED_HOST = re.compile(r"(example\.(com|org|net)|[a-z0-9.-]+\.example)\Z", re.IGNORECASE)
_RESERVED_PHONE = re.compile(r"\+?1?[2-9]\d\d55501\d\d\Z")


def _rows(name: str) -> list[dict[str, str]]:
    with (PROJECT / "data" / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _project() -> Project:
    project = load_project(PROJECT).project
    assert project is not None
    return project


def test_it_has_no_findings() -> None:
    assert load_project(PROJECT).findings == []


def test_every_core_segment_has_a_campaign_and_six_tests_or_more() -> None:
    loaded = load_project(PROJECT)

    assert loaded.project is not None
    assert loaded.project.segment_ids() == ("churned", "closed_lost", "no_show", "stalled")
    assert {c.segment for c in loaded.project.campaigns.values()} == set(loaded.project.segment_ids())
    assert all(len(file.cases) >= 6 for file in loaded.tests)
    assert {file.campaign for file in loaded.tests} == set(loaded.project.campaigns)


def _tracks(project: Project) -> Iterator[tuple[Campaign, Track]]:
    for campaign in project.campaigns.values():
        for track in (campaign.main, *campaign.triggers):
            yield campaign, track


def test_every_template_and_every_offer_is_used() -> None:
    project = _project()
    folder = PROJECT / "templates"
    written = {p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.md")}
    steps = [step for _, track in _tracks(project) for step in track.steps]

    assert {ref for step in steps for _, ref in step.variants} == written
    assert {step.offer for step in steps if step.offer} == set(project.offers)


#: somebody of whom all is known, in long words, and somebody of whom only the addresses are
FULL: dict[str, Any] = {
    "first_name": "Anastasia-Łucja", "last_name": "Brønsted", "company": "Prairie Plumbing Brothers",
    "meeting_at": 1_790_780_400, "last_activity_at": 1_790_780_400, "closed_at": 1_790_780_400,
    "churned_at": 1_790_780_400, "quote": 123_456_789, "product": "Larkfield Dispatch",
    "loss_reason": "price", "churn_reason": "missing_feature",
    "attributes": {"missing_feature": "single sign-on", "seats": 75},
}  # fmt: skip
BARE: dict[str, Any] = {"attributes": {}}


def _messages(person: dict[str, Any]) -> Iterator[Message]:
    """Every message of every campaign, as this person would get it."""
    project = _project()
    renderer = Renderer(project, Signer("a key for tests, thirty-two bytes"))
    address = {"email": "a@example.com", "phone": "+13125550142", "linkedin": "https://profiles.example/a"}
    for campaign, track in _tracks(project):
        for step in track.steps:
            for variant, ref in step.variants:
                request = RenderRequest(
                    ref="t", campaign=campaign, step=step, template_ref=ref, variant=variant,
                    person={**dict.fromkeys(PERSON_FIELDS), **address, **person},
                    now=1_790_880_400, due_at=1_790_880_400,
                    offer=project.offers.get(step.offer or ""), offer_expires_at=1_792_880_400,
                    trigger={"feature": "single sign-on"} if track.event else {},
                )  # fmt: skip
                yield renderer.render(request)


@pytest.mark.parametrize("person", [FULL, BARE], ids=["everything known", "nothing known"])
def test_every_message_can_be_written(person: dict[str, Any]) -> None:
    messages = list(_messages(person))

    assert {m.channel for m in messages} == {"email", "sms", "linkedin", "phone"}
    assert all("None" not in m.text and "{" not in m.text for m in messages)


def test_text_messages_fit_in_one_part_and_linkedin_notes_are_short() -> None:
    for message in _messages(FULL):
        if message.channel == "sms":
            assert sms.size(message.text).segments == 1
        if message.channel == "linkedin":
            assert len(message.text) < 300


def test_an_email_asks_for_one_thing_except_where_it_gives_two_times() -> None:
    for message in _messages(FULL):
        if message.channel == "email":
            links = message.text.count("utm_source=")
            assert links == 2 if message.meta["step"] == "two_times" else links <= 1


def test_the_sample_is_what_its_script_writes(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "make_sample.py"
    subprocess.run([sys.executable, script, "--out", tmp_path], check=True, capture_output=True)

    for name in SAMPLE:
        assert (tmp_path / name).read_bytes() == (PROJECT / "data" / name).read_bytes(), f"run {script} again"


def test_nobody_in_the_sample_can_be_reached() -> None:
    for row in _rows("people.csv"):
        if "@" in row["E-mail"].strip(" @"):
            assert _RESERVED_HOST.search(row["E-mail"].strip().partition("@")[2]), row["Customer ID"]
        if row["Phone"]:
            assert _RESERVED_PHONE.match(re.sub(r"[^\d+]", "", row["Phone"])), row["Customer ID"]


@pytest.mark.parametrize(
    ("column", "least"),
    [("Text consent proof", 200), ("Ticket open since", 20), ("Last discount", 50), ("Unsubscribed", 30)],
)
def test_the_sample_has_what_real_exports_have(column: str, least: int) -> None:
    assert sum(1 for row in _rows("people.csv") if row[column]) >= least


def test_a_shipped_feature_is_for_everyone_who_waits() -> None:
    shipped = [row for row in _rows("events.csv") if row["Event"] == "feature_shipped"]

    assert shipped
    assert all(row["Feature"] and not row["Person"] for row in shipped)
