"""RK906 and RK907: consent that sources state, and columns that their files have."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.diagnostics import Finding
from tests.language.support import small
from tests.lint.support import campaign, codes, lint, loaded, marked, only

CHANNELS = """\
channels:
  email: {adapter: file, folder: var/outbox}
  sms: {adapter: file, folder: var/outbox}
  linkedin: {adapter: task}
  push: {adapter: file, folder: var/outbox}
"""
TEMPLATES = {
    "email": "winback/hello_b",
    "sms": "winback/text",
    "linkedin": "winback/note",
    "push": "winback/note",
}


def _project(*stated: str, policy: str = "") -> str:
    """rekindle.yaml whose source states these consents, with this policy for them."""
    head = small()["rekindle.yaml"].partition("      consent:\n")[0]
    # a push message goes to a token, and there is one
    head = head.replace("attributes: {", "attributes: {push_token: text, ")
    head = head.replace("attributes.vip: VIP", "attributes.vip: VIP\n        attributes.push_token: Token")
    consents = "".join(f"        - {{{consent}}}\n" for consent in stated)
    promised = f"policy:\n  consent: {{{policy}}}\n" if policy else ""
    return head + (f"      consent:\n{consents}" if stated else "") + promised + CHANNELS


def _campaign(channel: str, consent: str = "") -> str:
    offer = ", offer: keep_price" if channel == "email" else ""  # its template is the one that names it
    step = f"{{step: hello, at: 0d, {channel}: {TEMPLATES[channel]}{offer}}}"
    return campaign(steps=(step,)) + (f"consent: {{{consent}}}\n" if consent else "")


WRITTEN = "channel: sms, type: express_written, at: Opt-in, proof: Proof"


@pytest.mark.parametrize(
    ("channel", "stated", "policy", "own", "wanted"),
    [
        pytest.param("email", (), "", "", None, id="the law asks for nothing"),
        pytest.param("email", (), "email: implied", "", "implied", id="the policy asks"),
        pytest.param("email", (), "", "email: express", "express", id="the campaign asks"),
        pytest.param("email", ("channel: email, type: implied",), "email: implied", "", None, id="just enough"),
        pytest.param("email", ("channel: email, type: express",), "email: implied", "", None, id="more than enough"),
        pytest.param("email", ("channel: email, type: implied",), "", "email: express", "express", id="too weak"),
        pytest.param("email", ("channel: email, type: {column: C}",), "email: express", "", None, id="a column"),
        pytest.param("email", (WRITTEN,), "email: express", "", "express", id="of another channel"),
        pytest.param("sms", (), "", "", "express written", id="rekindle asks"),
        pytest.param("sms", (WRITTEN,), "", "", None, id="with proof"),
        pytest.param("sms", ("channel: sms, type: {column: C}, at: D",), "", "", "express written", id="no proof"),
        pytest.param("sms", ("channel: sms, type: {column: C}, proof: P",), "", "", None, id="with proof of any"),
        pytest.param("sms", (), "sms: lawful_basis", "", "express", id="the law asks"),
        pytest.param(
            "sms", ("channel: sms, type: express",), "sms: lawful_basis", "", None, id="enough in some countries"
        ),
        pytest.param("push", (), "", "", "express", id="the law of every country"),
        pytest.param("push", ("channel: push, type: implied",), "", "", "express", id="the law wants more"),
        pytest.param("push", ("channel: push, type: express",), "", "", None, id="what the law wants"),
        pytest.param("linkedin", (), "", "", None, id="as e-mail"),
    ],
)  # fmt: skip
def test_what_is_asked_for_can_be_had(
    channel: str, stated: tuple[str, ...], policy: str, own: str, wanted: str | None
) -> None:
    findings = lint(campaign=_campaign(channel, own), project=_project(*stated, policy=policy))
    assert codes(findings) == ["RK906"] * (wanted is not None)
    assert [finding.message.partition(" consent ")[0] for finding in findings] == [wanted] * len(findings)


@pytest.mark.parametrize(
    ("channel", "policy", "own", "file", "mark"),
    [
        ("email", "email: implied", "", "rekindle.yaml", "implied"),
        ("push", "push: implied", "push: express", "winback.yaml", "express"),
        ("email", "email: express", "email: express", "rekindle.yaml", "express"),
        ("sms", "", "", "winback.yaml", "sms"),
        ("push", "push: lawful_basis", "", "rekindle.yaml", "lawful_basis"),
    ],
)
def test_it_is_aimed_at_who_asks(channel: str, policy: str, own: str, file: str, mark: str) -> None:
    files = small(campaign=_campaign(channel, own), project=_project(policy=policy))
    finding = only(loaded(files).findings, "RK906")
    assert (finding.file, marked(files, finding)) == (file, mark)


def test_a_policy_that_asks_in_vain_is_one_finding_whatever_the_campaigns() -> None:
    assert codes(lint(campaign=_campaign("email"), project=_project(policy="email: express"))) == ["RK906"]


def test_a_channel_nobody_sends_on_may_ask_for_anything() -> None:
    assert codes(lint(campaign=campaign(), project=_project(policy="push: express_written"))) == []


def test_written_consent_that_lacks_its_proof_is_said_once() -> None:
    without = "channel: sms, type: express_written, at: Opt-in"
    assert codes(lint(campaign=_campaign("sms"), project=_project(without))) == ["RK502"]


def test_without_a_source_of_people_nobody_can_tell() -> None:
    head = small()["rekindle.yaml"].partition("  sources:\n")[0]
    assert codes(lint(campaign=_campaign("push"), project=head + CHANNELS)) == []


# ── columns ──

COLUMNS = (
    "customer_id,E-mail,Company,Product,Status,Closed,Reason,Quote,Left,Value,Purchases,Gap,VIP,Email consent,"
    "Email consent date,Proof,SMS opt-in,SMS proof,Unsubscribed,Do not contact,Open ticket since"
).split(",")
#: a row of somebody's data, which no finding may show
SOMEBODY = "7,sam@customer.example,Harbour"


def _with_file(folder: Path, content: bytes, name: str = "data/people.csv") -> list[Finding]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    project = small()["rekindle.yaml"].replace("data/people.csv", name)
    return loaded(small(project=project), folder).findings


def _table(columns: list[str], delimiter: str = ",") -> bytes:
    return f"{delimiter.join(columns)}\n{SOMEBODY}\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_table(COLUMNS), id="as declared"),
        pytest.param(_table(COLUMNS[::-1]), id="in any order"),
        pytest.param(_table([f" {column} " for column in COLUMNS]), id="with blanks"),
        pytest.param(_table([f'"{column}"' for column in COLUMNS]), id="quoted"),
        pytest.param(_table(COLUMNS, ";"), id="semicolons"),
        pytest.param(_table(COLUMNS, "\t"), id="tabs"),
        pytest.param(b"\xef\xbb\xbf" + _table(COLUMNS), id="a byte order mark"),
        pytest.param(_table(COLUMNS).replace(b"\n", b"\r\n"), id="windows line ends"),
        pytest.param(",".join(COLUMNS).encode(), id="no rows"),
        pytest.param(b"", id="empty: an import says so"),
        pytest.param(_table(COLUMNS[1:]).decode().encode("utf-16"), id="not UTF-8: an import says so"),
        pytest.param(b"x" * 1_500_000, id="one long line: no table"),
    ],
)
def test_a_file_that_has_its_columns_or_is_no_table(tmp_path: Path, content: bytes) -> None:
    assert codes(_with_file(tmp_path, content)) == []


@pytest.mark.parametrize("column", COLUMNS)
def test_each_named_column_is_looked_for(tmp_path: Path, column: str) -> None:
    finding = only(_with_file(tmp_path, _table([c for c in COLUMNS if c != column])), "RK907")
    assert marked(small(), finding) == column
    assert finding.context == "source 'crm'"
    assert finding.message == f"data/people.csv has no column '{column}'"


def test_a_near_name_is_offered_and_nothing_else_of_the_file_is_shown(tmp_path: Path) -> None:
    renamed = ["E-mails" if column == "E-mail" else column for column in COLUMNS]
    assert only(_with_file(tmp_path, _table(renamed)), "RK907").mend == "did you mean 'E-mails'?"
    told = repr(_with_file(tmp_path, f"{SOMEBODY}\n{SOMEBODY}\n".encode()))
    assert told.count("RK907") == len(COLUMNS)
    assert "sam@" not in told
    assert "Harbour" not in told


def test_a_gzipped_file_is_read(tmp_path: Path) -> None:
    packed = gzip.compress(_table([c for c in COLUMNS if c != "Gap"]))
    assert codes(_with_file(tmp_path, packed, "data/people.csv.gz")) == ["RK907"]
    assert codes(_with_file(tmp_path, packed[:20], "data/people.csv.gz")) == []  # broken: an import says so


def test_what_is_no_file_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "data" / "people.csv").mkdir(parents=True)
    assert codes(loaded(small(), tmp_path).findings) == []
    too_long = small()["rekindle.yaml"].replace("data/people.csv", f"{'x' * 300}.csv")
    assert codes(loaded(small(project=too_long), tmp_path).findings) == []


def test_the_columns_of_events_are_looked_for_too(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("event_id,event,person\n")
    project = small()["rekindle.yaml"].replace(
        "      sql: {env: CRM_URL}\n      query: select * from events\n", "      csv: events.csv\n"
    )
    files = small(project=project)
    findings = loaded(files, tmp_path).findings
    assert codes(findings) == ["RK907", "RK907", "RK907"]
    assert [marked(files, finding) for finding in findings] == ["when", "email", "feature"]
