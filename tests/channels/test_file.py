"""The file adapter keeps the contract, and its files appear whole or not at all."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from channels import registry
from channels.base import Accepted, Adapter, CannotTell, Message, Rejected, Retry
from channels.testing import ChannelContract, Received, email, received_email, task

NOW = 1_772_463_600


def adapter(root: Path, **options: object) -> Adapter:
    return registry.build("file", {"folder": "outbox", **options}, registry.Host(root=root, now=lambda: NOW))


def files(root: Path) -> list[Path]:
    return sorted((path for path in root.rglob("*") if path.is_file()), key=lambda path: path.name)


class TestFileContract(ChannelContract):
    adapter_name = "file"

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.root = tmp_path

    def make(self) -> Adapter:
        return adapter(self.root)

    def received(self) -> list[Received]:
        return [received_email(path.read_bytes()) for path in files(self.root)]


class TestFileContractOnDisk(TestFileContract):
    """The same with ``fsync: true``."""

    def make(self) -> Adapter:
        return adapter(self.root, fsync=True)


def sms() -> Message:
    return Message(
        ref="s1", channel="sms", to="+13125550123", text="Acme: hello\nReply STOP", opt_out="Reply STOP",
        media=("https://acme.example/cat.png",),
    )  # fmt: skip


def test_a_person_finds_a_message_by_channel_campaign_and_step(tmp_path: Path) -> None:
    outcome = adapter(tmp_path).send(email("r1"))
    assert outcome == Accepted(provider_id="email/closed_lost/gap_closed/r1.eml")
    assert (tmp_path / "outbox/email/closed_lost/gap_closed/r1.eml").is_file()


def test_a_text_message_is_readable_as_it_is(tmp_path: Path) -> None:
    adapter(tmp_path).send(sms())
    [path] = files(tmp_path)
    assert path.suffix == ".txt"
    assert path.read_text() == (
        "To: +13125550123\nMedia: https://acme.example/cat.png\n\nAcme: hello\nReply STOP\n"
    )


def test_other_channels_keep_everything_as_json(tmp_path: Path) -> None:
    adapter(tmp_path).send(task("t1"))
    [path] = files(tmp_path)
    assert Message.from_json(path.read_text()) == task("t1")


def test_a_file_that_is_there_is_never_written_again(tmp_path: Path) -> None:
    out = adapter(tmp_path)
    out.send(email("r1"))
    [path] = files(tmp_path)
    path.write_bytes(b"touched by a person")
    assert isinstance(out.send(email("r1")), Accepted)
    assert path.read_bytes() == b"touched by a person"


def test_two_workers_with_one_ref_leave_one_file(tmp_path: Path) -> None:
    workers = [adapter(tmp_path) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda worker: worker.send(email("r1")), workers))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert [path.name for path in files(tmp_path)] == ["r1.eml"]


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes: the write fails half way, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_up_leaves_no_half_file(tmp_path: Path) -> None:
    out = adapter(tmp_path)
    big = replace(email("r1"), html="x" * 100_000)
    with full_disk(4_096):
        outcome = out.send(big)
    assert isinstance(outcome, Retry)
    assert "cannot write" in outcome.reason
    assert files(tmp_path) == []
    assert isinstance(out.send(big), Accepted)


def test_a_folder_that_cannot_be_one_is_a_retry_with_a_plain_reason(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file where the folder should be")
    out = adapter(tmp_path)
    outcome = out.send(email())
    assert isinstance(outcome, Retry)
    assert "cannot write to" in outcome.reason
    assert isinstance(out.lookup("ref-1"), CannotTell)


def test_a_folder_taken_away_while_running_is_made_again(tmp_path: Path) -> None:
    out = adapter(tmp_path)
    out.send(email("r1"))
    [path] = files(tmp_path)
    path.unlink()
    path.parent.rmdir()
    assert isinstance(out.send(email("r2")), Accepted)


def test_a_ref_too_long_for_a_file_is_refused_for_good(tmp_path: Path) -> None:
    outcome = adapter(tmp_path).send(email("x" * 300))
    assert isinstance(outcome, Rejected)
    assert outcome.suppress is None


def test_a_campaign_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    adapter(tmp_path).send(email("r1", meta={"campaign": "../..", "step": ".."}))
    assert [path.relative_to(tmp_path).parts[0] for path in files(tmp_path)] == ["outbox"]
