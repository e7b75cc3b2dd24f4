"""The task adapter keeps the contract: one task for one ref, whatever the book answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from channels import registry
from channels.base import Accepted, Adapter, CannotTell, Rejected, Retry
from channels.options import OptionError
from channels.task import TaskBookBusy
from channels.testing import ChannelContract, Received, task


class Book:
    """A task book in memory."""

    def __init__(self) -> None:
        self.tasks: dict[str, dict[str, Any]] = {}
        self.fault: Exception | None = None

    def open(self, *, ref: str, meta: Mapping[str, str], **facts: Any) -> None:
        if self.fault:
            raise self.fault
        self.tasks.setdefault(ref, {**facts, "meta": meta})

    def exists(self, ref: str) -> bool:
        if self.fault:
            raise self.fault
        return ref in self.tasks


def adapter(book: Book) -> Adapter:
    return registry.build("task", {}, registry.Host(tasks=book))


class TestTaskContract(ChannelContract):
    adapter_name = "task"
    example = staticmethod(task)

    @pytest.fixture(autouse=True)
    def _book(self) -> None:
        self.book = Book()

    def make(self) -> Adapter:
        return adapter(self.book)

    def received(self) -> list[Received]:
        tasks = self.book.tasks.items()
        return [Received(ref=ref, to=found["meta"]["to"], text=found["body"]) for ref, found in tasks]


def test_the_book_gets_all_a_person_needs() -> None:
    book = Book()
    adapter(book).send(task("t1", meta={**task().meta, "campaign": "stalled"}))
    assert book.tasks["t1"] == {
        "kind": "linkedin",
        "owner": "dana@acme.example",
        "title": "Write",
        "body": "Hello Sam.\n",
        "due_at": 1_772_463_600,
        "meta": {
            **task().meta,
            "campaign": "stalled",
            "to": "https://www.linkedin.com/in/sam-example",
            "to_name": "Sam Okafor",
        },
    }


@pytest.mark.parametrize("missing", ["kind", "owner", "title", "due_at"])
def test_a_task_without_its_facts_is_refused_by_name(missing: str) -> None:
    meta = {name: value for name, value in task().meta.items() if name != missing}
    outcome = adapter(Book()).send(task(meta=meta))
    assert isinstance(outcome, Rejected)
    assert missing in outcome.reason


def test_a_due_moment_that_is_none_is_refused() -> None:
    assert isinstance(adapter(Book()).send(task(meta={**task().meta, "due_at": "soon"})), Rejected)


def test_a_busy_book_is_tried_again_and_cannot_tell() -> None:
    book = Book()
    book.fault = TaskBookBusy("the store is locked")
    assert adapter(book).send(task()) == Retry(reason="the store is locked")
    assert adapter(book).lookup("t1") == CannotTell(reason="the store is locked")
    book.fault = None
    assert isinstance(adapter(book).send(task()), Accepted)


def test_a_book_that_cannot_place_the_ref_refuses() -> None:
    book = Book()
    book.fault = LookupError("no such touch")
    assert isinstance(adapter(book).send(task()), Rejected)


def test_a_program_without_a_book_is_told_so() -> None:
    with pytest.raises(OptionError, match="adapter 'task': it needs a task book"):
        registry.build("task", {})


def test_a_capacity_is_an_option_that_the_engine_holds() -> None:
    host = registry.Host(tasks=Book())
    sent = registry.build("task", {"capacity": "20"}, host).send(task())
    assert isinstance(sent, Accepted), "the adapter itself opens what it is given"
    for wrong in (0, -1, "many", 10_001):
        with pytest.raises(OptionError, match="option 'capacity'"):
            registry.build("task", {"capacity": wrong}, host)
