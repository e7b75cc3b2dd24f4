"""Files that change, break and go away under a worker, and a store that is away at the wrong moment."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from channels.base import Accepted, Message
from channels.recording import RecordingAdapter
from engine.app import App, environment_of, open_app
from engine.clock import VirtualClock
from engine.compile import load_project
from engine.errors import ProjectError
from engine.jobs import run_refresh, run_turn
from engine.status import status
from engine.versions import Versions
from state.errors import StoreUnavailable
from state.queries import versions as queries
from state.queries.common import as_json
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask, files

FIVE = "audience: {segment: churned}\ncadence:\n  - {step: hello, at: 5d, email: note}\nthen: end\n"
SIX = FIVE.replace("5d", "6d")
OTHER = FIVE.replace("churned", "lost")


def write(root: Path, campaigns: dict[str, str], **more: str) -> None:
    """Make the folder hold a project with these campaigns; ``more`` options of building.files."""
    for file, words in files(campaigns, **more).items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words)


def hire(root: Path, store: Store, now: int = NOW) -> App:
    """A new worker on the project's files as they are."""
    loaded = load_project(root, tolerant=True)
    project = loaded.require()
    app = App(loaded, project, environment_of(project, "local"), store, VirtualClock(now))
    app.start_work()
    app.channels["email"] = RecordingAdapter()
    return app


def move_on(app: App, now: int) -> int:
    """The worker's wheel at ``now``; how many messages have gone so far."""
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(now)
    run_refresh(app, now)
    run_turn(app, now)
    adapter = app.channels["email"]
    assert isinstance(adapter, RecordingAdapter)
    return len(adapter.received)


def version_of(store: Store, identity: int) -> str:
    return str(ask(store, "SELECT version FROM enrolment WHERE identity_id = :i", i=identity)[0][0])


# ── a reload that fails half-way ──────────────────────────────────────────────────────────────────────


def test_a_new_version_is_current_only_when_it_is_on_record(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"hello": FIVE})
    app = hire(tmp_path, store)
    before = app.project.campaigns["hello"].version
    write(tmp_path, {"hello": SIX})

    @contextmanager
    def away() -> Any:
        raise StoreUnavailable("the database is away")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(store, "begin", away)
        with pytest.raises(StoreUnavailable):
            app.reload()
    assert app.project.campaigns["hello"].version == before
    assert app.reload(), "the change is still to be taken"
    after = app.project.campaigns["hello"].version
    assert after != before
    assert ask(store, "SELECT count(*) FROM campaign_version WHERE version = :v", v=after) == [(1,)]
    add_person(store, 1, churned_at=NOW - 40 * DAY)
    run_refresh(app, NOW)
    assert move_on(app, NOW + 6 * DAY) == 1


def test_a_version_that_could_not_be_read_is_tried_again(store: Store, tmp_path: Path) -> None:
    write(tmp_path, {"hello": FIVE})
    version = hire(tmp_path, store).project.campaigns["hello"].version
    with store.read() as conn:
        files_then = as_json(conn.execute(text("SELECT files FROM campaign_version")).scalar())
    reader = Versions(tmp_path)
    with store.begin() as conn:
        assert reader.of(conn, "hello", "later") is None
        assert reader.of(conn, "hello", version) is not None
        queries.put(conn, "hello", "later", files_then, NOW)
    reader.refresh(store)
    with store.read() as conn:
        assert reader.of(conn, "hello", "later") is not None


# ── broken files ──────────────────────────────────────────────────────────────────────────────────────


def broken(root: Path, file: str = "hello.yaml", old: str = "at: 5d", new: str = "at: five") -> None:
    path = root / file
    words = path.read_text()
    assert old in words
    path.write_text(words.replace(old, new))


@pytest.mark.parametrize("ruin", [("at: 5d", "at: five"), ("cadence:", "cadence: [")], ids=["mistake", "no YAML"])
def test_a_campaign_whose_file_is_broken_goes_on_after_a_restart(
    store: Store, tmp_path: Path, ruin: tuple[str, str]
) -> None:
    write(tmp_path, {"hello": FIVE, "other": OTHER})
    app = hire(tmp_path, store)
    add_person(store, 1, churned_at=NOW - 40 * DAY)
    run_refresh(app, NOW)
    broken(tmp_path, "hello.yaml", *ruin)
    again = _restarted(app, tmp_path, NOW + DAY)
    add_person(again.store, 2, churned_at=NOW - 40 * DAY)
    run_refresh(again, NOW + DAY)
    found = {c["campaign"]: c["condition"] for c in status(again)["campaigns"]}
    assert found == {"hello": "broken", "other": "running"}
    assert "hello.yaml" in status(again)["broken"]["hello"]
    assert move_on(again, NOW + 5 * DAY) == 1, "who was on it finishes it"
    assert move_on(again, NOW + 6 * DAY) == 2, "and whoever belongs in it enters what ran before"
    again.close()


def _restarted(app: App, root: Path, now: int) -> App:
    """Another process in the place of this one."""
    url = app.store.engine.url.render_as_string(hide_password=False)
    app.close()
    return hire(root, Store.open(url), now)


def test_what_ran_last_goes_on_also_where_it_was_not_the_newest(store: Store, tmp_path: Path) -> None:
    write(tmp_path, {"hello": FIVE})
    app = hire(tmp_path, store)
    five = app.project.campaigns["hello"].version
    for n, body in enumerate((SIX, FIVE), 1):
        app.clock.move_to(NOW + n * DAY)  # type: ignore[attr-defined]
        write(tmp_path, {"hello": body})
        assert app.reload()
    broken(tmp_path)
    again = _restarted(app, tmp_path, NOW + 3 * DAY)
    assert again.project.campaigns["hello"].version == five
    again.close()


def test_a_broken_file_that_is_mended_runs_as_it_says_now(store: Store, tmp_path: Path) -> None:
    write(tmp_path, {"hello": FIVE})
    app = hire(tmp_path, store)
    broken(tmp_path)
    again = _restarted(app, tmp_path, NOW + DAY)
    write(tmp_path, {"hello": SIX})
    assert again.reload()
    assert again.project.campaigns["hello"].main.steps[0].at == 6 * DAY
    assert status(again)["broken"] == {}
    again.close()


def test_a_campaign_that_was_broken_from_its_first_day_is_left_out(store: Store, tmp_path: Path) -> None:
    write(tmp_path, {"hello": FIVE, "other": OTHER})
    broken(tmp_path)
    app = hire(tmp_path, store)
    assert list(app.project.campaigns) == ["other"]


@pytest.mark.parametrize("file", ["rekindle.yaml", "segments.yaml"])
def test_a_broken_shared_file_is_named_when_nothing_can_start(tmp_path: Path, file: str) -> None:
    write(tmp_path, {"hello": FIVE})
    broken(tmp_path)  # first in the alphabet, and not what stands in the way
    (tmp_path / file).write_text((tmp_path / file).read_text() + "no_such_key: 1\n")
    with pytest.raises(ProjectError, match=rf"^{file}:\d+: .*nothing runs until it is mended") as raised:
        open_app(tmp_path, clock=VirtualClock(NOW), tolerant=True)
    assert "rekindle validate" in raised.value.hint


def test_a_broken_shared_file_leaves_all_that_runs_running(store: Store, tmp_path: Path) -> None:
    write(tmp_path, {"hello": FIVE})
    app = hire(tmp_path, store)
    add_person(store, 1, churned_at=NOW - 40 * DAY)
    good = (tmp_path / "rekindle.yaml").read_text()
    (tmp_path / "rekindle.yaml").write_text(good + "no_such_key: 1\n")
    assert not app.reload()
    run_refresh(app, NOW)
    assert move_on(app, NOW + 5 * DAY) == 1
    (tmp_path / "rekindle.yaml").write_text(good.replace("name: Small\n", "name: Smaller\n"))
    assert app.reload()
    assert app.project.brand.name == "Smaller"


# ── versions in memory ────────────────────────────────────────────────────────────────────────────────


def test_only_versions_somebody_is_on_stay_in_memory(store: Store, tmp_path: Path) -> None:
    write(tmp_path, {"hello": FIVE})
    app = hire(tmp_path, store)
    seen = []
    for n in range(1, 4):
        add_person(store, n, churned_at=NOW - 40 * DAY)
        run_refresh(app, NOW + n)
        seen.append(version_of(store, n))
        write(tmp_path, {"hello": FIVE.replace("5d", f"{5 + n}d")})
        assert app.reload()
    with store.begin() as conn:
        conn.execute(text("UPDATE enrolment SET state = 'ended', due_at = NULL WHERE identity_id < 3"))
    app.reload()
    assert {c.version for c in app.versions.at_hand()} == {seen[2], app.project.campaigns["hello"].version}
    with store.read() as conn:
        assert [c.version for c in app.versions.load_live(conn)] == [seen[2]]
        assert app.versions.of(conn, "hello", seen[0]) is not None, "still there for who asks"


# ── channels ──────────────────────────────────────────────────────────────────────────────────────────


class Closing(RecordingAdapter):
    """Remembers that it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def declared(root: Path, channels: str) -> None:
    """Put other channels into the project's file."""
    path = root / "rekindle.yaml"
    path.write_text(path.read_text().split("channels:\n")[0] + "channels:\n" + channels)


def test_a_reload_builds_again_what_is_declared_differently_and_nothing_else(store: Store, tmp_path: Path) -> None:
    write(tmp_path, {"hello": FIVE})
    declared(tmp_path, "  email: {adapter: console}\n  sms: {adapter: console}\n  phone: {adapter: task}\n")
    app = hire(tmp_path, store)
    email, sms, phone = Closing(), Closing(), Closing()
    app.channels.update(email=email, sms=sms, phone=phone)
    declared(tmp_path, "  # a word\n  sms: {adapter: console, rate: 1/s}\n  linkedin: {adapter: task}\n"
                       "  email: {adapter: file, folder: var/outbox}\n")  # fmt: skip
    assert app.reload()
    assert sms is app.channels["sms"] and not sms.closed, "its rate is the engine's affair"
    assert email.closed and app.channels["email"].name == "file"
    assert phone.closed and "phone" not in app.channels
    assert app.channels["linkedin"].name == "task"


def test_an_adapter_that_cannot_be_built_leaves_the_old_one_at_work(store: Store, tmp_path: Path) -> None:
    write(tmp_path, {"hello": FIVE})
    app = hire(tmp_path, store)
    old = Closing()
    app.channels["email"] = old
    declared(tmp_path, "  email: {adapter: smtp, host: {env: REKINDLE_TEST_NO_SUCH_HOST}}\n")
    assert app.reload()
    assert app.channels["email"] is old and not old.closed
    declared(tmp_path, "  email: {adapter: file, folder: var/outbox}\n")
    assert app.reload()
    assert old.closed and app.channels["email"].name == "file"


def test_a_closing_adapter_that_raises_does_not_stop_the_reload(store: Store, tmp_path: Path) -> None:
    class Stubborn(RecordingAdapter):
        def send(self, message: Message) -> Accepted:
            return Accepted(provider_id="1")

        def close(self) -> None:
            raise OSError("no")

    write(tmp_path, {"hello": FIVE})
    app = hire(tmp_path, store)
    app.channels["email"] = Stubborn()
    declared(tmp_path, "  email: {adapter: file, folder: var/outbox}\n")
    assert app.reload()
    assert app.channels["email"].name == "file"
