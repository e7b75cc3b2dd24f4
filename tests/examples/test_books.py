"""A whole rehearsal of small extracts: the books are right, and books that are wrong are found out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from engine.app import App, open_app
from engine.clock import SystemClock
from engine.timekeeping import clock_of
from examples import public_data
from examples.published import books, telco
from examples.published.crm import CRM, CRM_BY_DEAL
from examples.published.dataset import Blemishes, DataSet, Row, count
from examples.published.no_show import NO_SHOW
from examples.published.rehearsal import Plan, Rehearsal, rehearse
from examples.published.telco import TELCO
from state.testing import DIALECTS, database
from tests.examples import extracts


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return extracts.write_all(tmp_path_factory.mktemp("published"))


def told(done: Rehearsal, what: str) -> dict[str, int]:
    """The parts of a line that are not zero."""
    line = next(line for line in done.lines if line.what == what)
    return {name: number for name, (number, _) in line.parts.items() if number}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("what", [CRM, CRM_BY_DEAL, TELCO, NO_SHOW], ids=lambda d: d.name)
def test_the_books_of_every_set_add_up_on_both_databases(
    what: DataSet, dialect: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database(dialect) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        done = rehearse(what, Plan(data=data, work=tmp_path, env="rehearsal", days=9))
    assert [line.what for line in done.lines if not line.holds] == []
    assert sum(told(done, "people at the start").values()) == count(what, data).people


def test_the_pipeline_by_company_and_by_deal(data: Path, tmp_path: Path) -> None:
    companies = rehearse(CRM, Plan(data=data, work=tmp_path, days=1))
    assert told(companies, "rows read") == {
        "rejected: 'identity' is empty": 2, "new people": 5, "about people already known": 5,
    }  # fmt: skip
    assert told(companies, "people at the start") == {"closed_lost": 1, "stalled": 3, "no segment": 1}
    deals = rehearse(CRM_BY_DEAL, Plan(data=data, work=tmp_path, days=1))
    assert told(deals, "rows read") == {"rejected: 'identity' is empty": 2, "new people": 10}
    assert told(deals, "people at the start") == {"closed_lost": 3, "stalled": 3, "no segment": 4}
    assert deals.assumed == ("every deal has a buyer of its own",)


def test_who_gave_no_consent_is_written_to_where_the_law_lets_us(data: Path, tmp_path: Path) -> None:
    """An American company gets e-mail, the others do not; nobody is on LinkedIn."""
    done = rehearse(CRM, Plan(data=data, work=tmp_path, days=16))
    assert told(done, "touches planned") == {"sent": 2, "skipped: channel": 3, "skipped: consent": 4}
    assert told(done, "touches sent") == {"email": 2}


def test_with_express_consent_assumed_patients_get_e_mail_and_no_text(data: Path, tmp_path: Path) -> None:
    published = rehearse(NO_SHOW, Plan(data=data, work=tmp_path, days=9))
    assert told(published, "touches planned") == {"skipped: consent": 7}
    assumed = rehearse(NO_SHOW, Plan(data=data, work=tmp_path, days=9, express_email=True))
    assert told(assumed, "touches planned") == {"sent": 5, "skipped: consent": 2}
    assert assumed.assumed == ("express consent for e-mail",)


# ── books that are wrong ──


@pytest.fixture(scope="module")
def rehearsed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    return rehearse(TELCO, Plan(data=data, work=tmp_path_factory.mktemp("work"), days=16))


@pytest.fixture
def app(rehearsed: Rehearsal, tmp_path: Path) -> Iterator[App]:
    """A copy of what the rehearsal left, to spoil."""
    copy = shutil.copytree(rehearsed.project, tmp_path / "copy")
    with open_app(copy, clock=SystemClock()) as app:
        app.clock = clock_of(app.store)
        yield app


def message(app: App) -> Path:
    return next(iter(sorted(Path(app.project.root).glob("var/outbox/*/*/*/*"))))


def run(sql: str) -> Callable[[App], None]:
    def spoil(app: App) -> None:
        with app.store.begin() as conn:
            conn.execute(text(sql))

    return spoil


def lose_a_file(app: App) -> None:
    message(app).unlink()


def write_one_twice(app: App) -> None:
    file = message(app)
    file.with_suffix(".txt").write_bytes(file.read_bytes())


def write_to_nobody(app: App) -> None:
    message(app).with_name("unheard-of.eml").write_bytes(b"")


def lose_a_prepared_row(app: App) -> None:
    path = Path(app.project.root) / "data/people.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def write_a_row_twice(app: App) -> None:
    path = Path(app.project.root) / "data/people.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:-1], lines[-2]]))


ONE = "(SELECT min(identity_id) FROM enrolment)"
WRONG = {
    "a message is lost": (lose_a_file, {"touches sent"}),
    "a message is there twice": (write_one_twice, {"touches sent"}),
    "a message is nobody's": (write_to_nobody, {"touches sent"}),
    "a row was not prepared": (lose_a_prepared_row, {"rows published"}),
    "a row was prepared twice": (write_a_row_twice, {"rows published"}),
    "a person vanished": (
        run(f"DELETE FROM person WHERE identity_id = {ONE}"), {"rows read", "people"},
    ),
    "a person was added": (
        run("INSERT INTO person (identity_id, created_at, updated_at, attributes) VALUES (99, 0, 0, '{}')"),
        {"rows read"},
    ),
    "an import forgot a row": (run("UPDATE import_run SET read = read - 1"), {"rows read"}),
    "a touch vanished": (
        run(f"DELETE FROM touch WHERE state = 'sent' AND identity_id = {ONE}"), {"touches planned", "touches sent"},
    ),
    "a touch was never sent": (
        run(f"UPDATE touch SET state = 'sent' WHERE state = 'skipped' AND identity_id = {ONE}"),
        {"touches planned", "touches sent"},
    ),
    "the ledger lost a page": (run(f"DELETE FROM decision WHERE identity_id = {ONE}"), {"touches planned"}),
    "the ledger gives another reason": (
        run("UPDATE decision SET rule = 'fatigue' WHERE action = 'skip'"), {"touches planned"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_an_imbalance_is_found_where_it_is(wrong: str, app: App, data: Path) -> None:
    spoil, expected = WRONG[wrong]
    before = books.people_now(app)
    spoil(app)
    lines = books.audit(app, count(TELCO, data), Path(app.project.root) / "data/people.csv", before)
    assert expected <= {line.what for line in lines if not line.holds}


def test_untouched_books_hold(app: App, data: Path) -> None:
    prepared = Path(app.project.root) / "data/people.csv"
    lines = books.audit(app, count(TELCO, data), prepared, books.people_now(app))
    assert all(line.holds for line in lines)


# ── the command ──


def call(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(public_data.main, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


def test_the_command_shows_a_table_a_set(data: Path, tmp_path: Path) -> None:
    code, page = call("--data", data, "--work", tmp_path, "--assume-buyer-per-deal", "--days", "1")
    assert code == 0
    assert page.count("touches planned") == 3
    assert "assumed, and not in the set: every deal has a buyer of its own" in page
    assert "DOES NOT" not in page


def test_the_command_fails_when_a_row_is_lost_on_the_way(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(folder: Path, blemishes: Blemishes) -> list[Row]:
        return list(telco.rows(folder, blemishes))[1:]

    lossy = DataSet(**{name: getattr(TELCO, name) for name in TELCO.__slots__} | {"rows": careless})
    monkeypatch.setitem(public_data.SETS, "telco", lossy)
    code, page = call("--data", data, "--work", tmp_path, "--set", "telco", "--days", "1")
    assert code == 1
    assert page.count("DOES NOT ADD UP") == 2


def test_the_command_says_in_one_line_what_is_in_the_way(data: Path, tmp_path: Path) -> None:
    (tmp_path / "telco").mkdir()
    (tmp_path / "telco" / "precious.txt").write_text("mine")
    code, said = call("--data", data, "--work", tmp_path, "--set", "telco")
    assert (code, (tmp_path / "telco" / "precious.txt").read_text()) == (1, "mine")
    assert "is there and is no project" in said
    assert "Traceback" not in said
    code, said = call("--data", tmp_path, "--work", tmp_path / "work", "--set", "crm")
    assert code == 1
    assert "there is no" in said


def test_a_database_with_people_in_it_is_refused(data: Path, tmp_path: Path) -> None:
    with database("sqlite") as url:
        words = ("--data", data, "--work", tmp_path, "--set", "telco", "--days", "1", "--database", url)
        assert call(*words)[0] == 0
        code, said = call(*words)
    assert code == 1
    assert "holds people already" in said
