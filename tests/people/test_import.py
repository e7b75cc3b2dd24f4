"""An import takes in what is right, sets aside what is wrong, loses nothing and says exactly what it did."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from engine.clock import VirtualClock
from engine.errors import ImportFailed
from engine.fields import CLOSED_VALUES
from engine.model import ConsentMapping, Secret
from engine.people import importer
from engine.people.importer import import_source
from state.store import Store
from tests.people.building import NOW, PLAIN, people_source, project, query, take_in

DAY = 86_400


def test_a_row_becomes_a_person_in_the_stores_units(store: Store, tmp_path: Path) -> None:
    mapping = {
        "email": "E-mail", "phone": "Phone", "country": "Country", "region": "State", "closed_at": "Closed",
        "quote": "Quote", "usage_30d": "Usage", "timezone": "Zone", "attributes.gap": "Gap",
        "attributes.seats": "Seats", "attributes.mrr": "MRR", "attributes.vip": "VIP",
    }  # fmt: skip
    row = {
        "id": "1", "E-mail": " Ana@Acme.Example ", "Phone": "(312) 555-0100", "Country": "United States",
        "State": "us-il", "Closed": "2026-01-02", "Quote": "$1,234.50", "Usage": "0", "Zone": "America/Chicago",
        "Gap": "single sign-on", "Seats": "12", "MRR": "99", "VIP": "yes",
    }  # fmt: skip
    report = take_in(store, tmp_path, [row], mapping, constants={"source": "crm"})
    assert (report.created, report.rejects) == (1, None)
    columns = "email, email_key, phone, country, region, closed_at, quote, usage_30d, timezone, company_domain, source"
    assert query(store, f"SELECT {columns} FROM person") == [
        ("Ana@Acme.Example", "ana@acme.example", "+13125550100", "US", "IL", 1_767_312_000, 123_450, 0,
         "America/Chicago", "acme.example", "crm")
    ]  # fmt: skip
    with store.read() as conn:
        from state.queries.facts import people

        assert people(conn, [1])[0]["attributes"] == {
            "gap": "single sign-on", "seats": 12, "mrr": 9_900, "vip": True
        }  # fmt: skip


def test_importing_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    rows = [{"id": n, "email": f"p{n}@acme.example", "first": "Ana"} for n in range(5)]
    take_in(store, tmp_path, rows)
    before = query(store, "SELECT * FROM person ORDER BY 1")
    again = take_in(store, tmp_path, rows, now=NOW + 60)
    assert (again.unchanged, again.updated, again.created) == (5, 0, 0)
    assert query(store, "SELECT * FROM person ORDER BY 1") == before


def test_a_changed_row_updates_and_an_empty_cell_erases_nothing(store: Store, tmp_path: Path) -> None:
    take_in(store, tmp_path, [{"id": 1, "email": "a@acme.example", "phone": "+13125550100", "first": "Ana"}])
    report = take_in(store, tmp_path, [{"id": 1, "email": "a@acme.example", "first": "Anna"}], now=NOW + 60)
    assert report.updated == 1
    assert query(store, "SELECT first_name, phone, updated_at FROM person") == [
        ("Anna", "+13125550100", NOW + 60)
    ]


def test_a_later_source_has_the_last_word(store: Store, tmp_path: Path) -> None:
    take_in(store, tmp_path, [{"id": 1, "email": "a@acme.example", "first": "Ana"}])
    report = take_in(store, tmp_path, [{"id": "x", "email": "A@ACME.example", "first": "Anna"}], id="billing")
    assert report.merged == 1
    assert query(store, "SELECT first_name FROM person") == [("Anna",)]
    assert len(query(store, "SELECT * FROM contact")) == 2


def test_a_source_key_that_comes_twice_in_a_file_is_one_contact(store: Store, tmp_path: Path) -> None:
    rows = [{"id": 1, "first": "Ana"}, {"id": 1, "first": "Anna"}, {"id": 1, "first": "Anna"}]
    report = take_in(store, tmp_path, rows)
    assert (report.created, report.updated, report.unchanged) == (1, 1, 1)
    assert query(store, "SELECT first_name FROM person") == [("Anna",)]


def test_bad_rows_are_set_aside_with_every_reason_and_the_rest_goes_in(store: Store, tmp_path: Path) -> None:
    rows = [
        {"id": 1, "email": "a@acme.example"},
        {"id": 2, "email": "nobody", "phone": "12"},
        {"id": "", "email": "b@acme.example"},
        {"id": 4, "email": "c@acme.example", "first": "nul\x00"},
    ]
    report = take_in(store, tmp_path, rows)
    assert (report.created, report.rejected) == (1, 3)
    assert report.rejects
    assert report.rejects.stat().st_mode & 0o777 == 0o600
    found = list(csv.DictReader(report.rejects.open()))
    assert [(r["row"], r["reason"]) for r in found] == [
        ("3", "'email' is not an e-mail address; 'phone' is not a telephone number"),
        ("4", "'id' is empty"),
        ("5", "a cell holds a NUL character"),
    ]
    assert found[0]["email"] == "nobody"


def test_a_rejected_row_still_says_no(store: Store, tmp_path: Path) -> None:
    row = {"id": 1, "email": "a@acme.example", "phone": "junk", "stop": "yes"}
    report = take_in(store, tmp_path, [row], opted_out={"email": "stop"})
    assert report.rejected == 1
    assert query(store, "SELECT address, channel, reason FROM address_suppression") == [
        ("a@acme.example", "email", "opt_out")
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("compressed", [False, True])
def test_files_as_spreadsheets_write_them(delimiter: str, compressed: bool, tmp_path: Path) -> None:
    text = f'\ufeffid{delimiter}email{delimiter}first\r\n1{delimiter}a@acme.example{delimiter}"Ana\r\nMaria"\r\n\r\n'
    name = "people.csv.gz" if compressed else "people.csv"
    data = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if compressed else data)
    store = Store.open("sqlite://")
    source = people_source({"email": "email", "first_name": "first"}, csv=name)
    report = import_source(store, project(tmp_path), source, VirtualClock(NOW), rejects_dir=tmp_path)
    assert (report.read, report.created) == (1, 1)
    assert query(store, "SELECT first_name FROM person") == [("Ana\r\nMaria",)]


def test_a_row_with_too_few_or_too_many_cells_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,email\n1\n2,b@acme.example\n3,c@acme.example,x\n")
    source = people_source({"email": "email"})
    store = Store.open("sqlite://")
    report = import_source(store, project(tmp_path), source, VirtualClock(NOW), rejects_dir=tmp_path)
    assert (report.created, report.rejected) == (1, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read people.csv: No such file or directory"),
        (b"", "people.csv is empty"),
        (b"id,E-Mail\n", "people.csv has no column 'email', which rekindle.yaml:12 maps"),
        (b"id,email,email\n", "people.csv has the column 'email' twice"),
        (b"id,email\n1,\xff\xfe\n", "people.csv: the text is not UTF-8"),
    ],
)
def test_a_source_that_cannot_be_read_is_one_clear_error(
    content: bytes | None, message: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "people.csv").write_bytes(content)
    store = Store.open("sqlite://")
    with pytest.raises(ImportFailed) as caught:
        import_source(
            store,
            project(tmp_path),
            people_source({"email": "email"}),
            VirtualClock(NOW),
            rejects_dir=tmp_path,
        )
    assert caught.value.message == message
    assert caught.value.hint


def test_a_missing_column_names_the_nearest_one_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,e_mail\n1,a@acme.example\n")
    store = Store.open("sqlite://")
    with pytest.raises(ImportFailed, match="did you mean 'e_mail'"):
        import_source(
            store,
            project(tmp_path),
            people_source({"email": "E-mail"}),
            VirtualClock(NOW),
            rejects_dir=tmp_path,
        )
    assert query(store, "SELECT * FROM import_run") == []


def test_a_torn_gzip_keeps_what_came_before_and_the_run_is_left_unfinished(tmp_path: Path) -> None:
    rows = "".join(f"{n},p{n}@acme.example\n" for n in range(20_000))
    whole = gzip.compress(f"id,email\n{rows}".encode())
    (tmp_path / "people.csv.gz").write_bytes(whole[: len(whole) // 2])
    store = Store.open("sqlite://")
    source = people_source({"email": "email"}, csv="people.csv.gz")
    with pytest.raises(ImportFailed, match="after row"):
        import_source(store, project(tmp_path), source, VirtualClock(NOW), rejects_dir=tmp_path)
    [(read, created, finished)] = query(store, "SELECT read, created, finished_at FROM import_run")
    assert read == created > 0
    assert finished is None


def test_the_run_is_on_record_and_its_numbers_add_up(store: Store, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"id": n, "email": f"p{n % 3}@acme.example"} for n in range(9)]
    take_in(store, tmp_path, [*rows, {"id": 99, "email": "bad"}])
    columns = "source, kind, started_at, finished_at, read, rejected, created, merged, updated, unchanged"
    assert query(store, f"SELECT {columns} FROM import_run") == [
        ("crm", "people", NOW, NOW, 10, 1, 3, 6, 0, 0)
    ]


def test_a_query_is_a_source_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/crm.db")
    with engine.begin() as conn:
        conn.execute(
            sql("CREATE TABLE lead (id INTEGER, email TEXT, lost DATE, amount NUMERIC, stop BOOLEAN)")
        )
        conn.execute(
            sql(
                "INSERT INTO lead VALUES (1, 'a@acme.example', '2026-01-02', 12.5, 0), (2, NULL, NULL, NULL, 1)"
            )
        )
    monkeypatch.setenv("CRM_URL", "sqlite:///crm.db")
    source = people_source(
        {"email": "email", "closed_at": "lost", "quote": "amount"}, csv=None, sql=Secret(env="CRM_URL"),
        query="SELECT id, email, lost, amount, stop FROM lead ORDER BY id", opted_out={"all": "stop"},
    )  # fmt: skip
    store = Store.open("sqlite://")
    report = import_source(store, project(tmp_path), source, VirtualClock(NOW), rejects_dir=tmp_path)
    assert report.created == 2
    assert query(store, "SELECT email, quote FROM person ORDER BY 1 DESC") == [
        ("a@acme.example", 1_250),
        (None, None),
    ]
    assert query(store, "SELECT identity_id, channel, reason FROM suppression") == [
        (2, "all", "do_not_contact")
    ]


def test_a_query_that_fails_is_one_clear_error(tmp_path: Path) -> None:
    source = people_source({"email": "email"}, csv=None, sql="sqlite://", query="SELECT * FROM nowhere")
    with pytest.raises(ImportFailed, match="no such table: nowhere"):
        import_source(
            Store.open("sqlite://"), project(tmp_path), source, VirtualClock(NOW), rejects_dir=tmp_path
        )


def test_consents_are_recorded_once_and_only_with_a_date(store: Store, tmp_path: Path) -> None:
    consent = (
        ConsentMapping(channel="email", type="kind", at="when", proof="proof"),
        ConsentMapping(channel="sms", type_value="express_written", at="sms", proof="proof"),
    )
    rows = [
        {
            "id": 1,
            "kind": "Express",
            "when": "2025-05-01",
            "sms": "2025-06-01",
            "proof": "https://proof.example/1",
        },
        {"id": 2, "kind": "express", "when": "", "sms": "", "proof": ""},
        {"id": 3, "kind": "unknown", "when": "2025-05-01", "sms": "", "proof": ""},
        {"id": 4, "kind": "perhaps", "when": "2025-05-01", "sms": "", "proof": ""},
    ]
    assert take_in(store, tmp_path, rows, consent=consent).rejected == 1
    changed = [{**rows[0], "first": "Ana"}, *rows[1:]]
    take_in(store, tmp_path, changed, consent=consent)
    assert query(store, "SELECT identity_id, channel, type, at, proof_uri FROM consent ORDER BY channel") == [
        (1, "email", "express", 1_746_057_600, "https://proof.example/1"),
        (1, "sms", "express_written", 1_748_736_000, "https://proof.example/1"),
    ]


def test_a_revoked_consent_suppresses_even_undated(store: Store, tmp_path: Path) -> None:
    consent = (ConsentMapping(channel="email", type="kind", at="when"),)
    take_in(
        store,
        tmp_path,
        [{"id": 1, "email": "a@acme.example", "kind": "Withdrawn", "when": ""}],
        consent=consent,
    )
    assert query(store, "SELECT channel, type, at FROM consent") == [("email", "revoked", NOW)]
    assert query(store, "SELECT channel, reason FROM suppression") == [("email", "opt_out")]


def test_an_import_adds_suppressions_and_removes_none(store: Store, tmp_path: Path) -> None:
    out = {"email": "stop", "all": "dnc"}
    row = {"id": 1, "email": "J.Doe+x@gmail.com", "phone": "+13125550100"}
    take_in(store, tmp_path, [{**row, "stop": "2026-01-02", "dnc": ""}], opted_out=out)
    take_in(store, tmp_path, [{**row, "stop": "no", "dnc": "x"}], opted_out=out, now=NOW + 60)
    take_in(store, tmp_path, [{**row, "stop": "no", "dnc": "0"}], opted_out=out, now=NOW + 90)
    assert query(store, "SELECT channel, reason, at FROM suppression ORDER BY channel") == [
        ("all", "do_not_contact", NOW + 60),
        ("email", "opt_out", 1_767_312_000),
    ]
    addresses = {(a, c) for a, c in query(store, "SELECT address, channel FROM address_suppression")}
    mailbox = {"j.doe+x@gmail.com", "j.doe@gmail.com", "jdoe@gmail.com"}
    assert addresses == {(a, "email") for a in mailbox} | {(a, "all") for a in mailbox | {"+13125550100"}}


@pytest.mark.parametrize(
    ("first", "then", "kept", "suppressed"),
    [
        ("none", "", "none", set()),
        ("sms", "none", "sms", {"sms"}),
        ("sms", "email", "email sms", {"sms", "email"}),
        ("sms, phone", "", "phone sms", {"sms", "phone"}),
        ("marketing", "sms", "marketing", {"all", "sms"}),
        ("what?", "none", "all", {"all"}),
        ("yes", "", "all", {"all"}),
    ],
)
def test_a_do_not_contact_scope_only_widens(
    first: str, then: str, kept: str, suppressed: set[str], tmp_path: Path
) -> None:
    store = Store.open("sqlite://")
    mapping = {"email": "email", "do_not_contact_scope": "dnc"}
    for value in (first, then):
        take_in(store, tmp_path, [{"id": 1, "email": "a@acme.example", "dnc": value}], mapping)
    assert query(store, "SELECT do_not_contact_scope FROM person") == [(kept,)]
    assert {c for (c,) in query(store, "SELECT channel FROM suppression")} == suppressed


def test_notes_open_move_and_close_with_their_column(store: Store, tmp_path: Path) -> None:
    def escalation(cell: str, now: int) -> list[tuple[Any, ...]]:
        row = {"id": 1, "email": "a@acme.example", "ticket": cell}
        take_in(store, tmp_path, [row], notes={"escalation": "ticket"}, now=now)
        return query(store, "SELECT opened_at, closed_at FROM note ORDER BY opened_at")

    first, second = 1_767_312_000, 1_767_398_400
    assert escalation("2026-01-02", NOW) == [(first, None)]
    assert escalation("2026-01-03", NOW + 1) == [(first, NOW + 1), (second, None)]
    assert escalation("", NOW + 2) == [(first, NOW + 1), (second, NOW + 2)]
    assert escalation("2026-01-03", NOW + 3) == [(first, NOW + 1), (second, None)]
    assert escalation("yes", NOW + 4) == [(first, NOW + 1), (second, None)]


def test_one_rows_empty_note_does_not_close_anothers(store: Store, tmp_path: Path) -> None:
    rows = [
        {"id": 1, "email": "a@acme.example", "ticket": "2026-01-02"},
        {"id": 2, "email": "a@acme.example", "ticket": ""},
    ]
    take_in(store, tmp_path, rows, notes={"escalation": "ticket"})
    take_in(store, tmp_path, [{**rows[1], "first": "Ana"}], notes={"escalation": "ticket"}, now=NOW + 1)
    assert query(store, "SELECT closed_at FROM note") == [(None,)]


def test_progress_and_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer.batches, "__defaults__", (2,))
    (tmp_path / "people.csv").write_text("id,email\n" + "".join(f"{n},p{n}@acme.example\n" for n in range(5)))
    seen: list[tuple[int, int, int]] = []
    import_source(
        Store.open("sqlite://"), project(tmp_path), people_source({"email": "email"}), VirtualClock(NOW),
        progress=lambda *step: seen.append(step), rejects_dir=tmp_path,
    )  # fmt: skip
    assert [rows for rows, _, _ in seen] == [2, 4, 5]
    assert all(0 < position <= size for _, position, size in seen)


def test_the_plain_mapping_is_what_the_other_tests_think() -> None:
    assert set(PLAIN) <= set(people_source(PLAIN).mapping)


def test_cells_outside_a_closed_list_are_counted_and_go_in(store: Store, tmp_path: Path) -> None:
    mapping = {"email": "email", "meeting_status": "outcome", "loss_reason": "why"}
    rows = [
        {"id": 1, "email": "a@acme.example", "outcome": "no-show", "why": "price"},
        {"id": 2, "email": "b@acme.example", "outcome": " no_show ", "why": "too dear"},
        {"id": 3, "email": "c@acme.example", "outcome": "", "why": ""},
        {"id": 4, "email": "d@acme.example", "outcome": "No show", "why": "timing"},
    ]
    listed = CLOSED_VALUES | {"loss_reason": ("price", "timing")}
    report = take_in(store, tmp_path, rows, mapping, of=project(tmp_path, values=listed))
    assert (report.created, report.unlisted) == (4, {"meeting_status": 2, "loss_reason": 1})
    again = take_in(store, tmp_path, rows, mapping, of=project(tmp_path, values=listed))
    assert (again.unchanged, again.unlisted) == (4, report.unlisted)
