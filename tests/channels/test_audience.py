"""The audience adapter: who is put on a list, and its changes as files and as calls."""

from __future__ import annotations

import json
import stat
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from channels import registry
from channels.base import Accepted, Adapter, CannotTell, Message, Outcome, Rejected, Retry, Unknown
from channels.list_hashes import GOOGLE, META, csv_of, hashes_of
from channels.lists import ListBookBusy, ListCarrier, ListChange
from channels.options import OptionError
from channels.testing import (
    NOW,
    ChannelContract,
    Fault,
    HttpDouble,
    Received,
    Reply,
    Request,
    http_double,
    in_app,
    page,
)
from tests.channels.doubles.webhook import SECRET, signature

SAM, KIM = (
    hashes_of(["sam@customer.example", "+13125550142"], GOOGLE),
    hashes_of(["kim@customer.example"], GOOGLE),
)
CHANGE = ListChange(audience="closed_lost", sequence=7, add=[SAM], remove=[KIM])


class Book:
    """A list book in memory."""

    def __init__(self) -> None:
        self.joined: dict[str, tuple[str, Sequence[str]]] = {}
        self.fault: Exception | None = None

    def join(self, *, ref: str, audience: str, hashes: Sequence[str]) -> None:
        if self.fault:
            raise self.fault
        self.joined.setdefault(ref, (audience, hashes))

    def exists(self, ref: str) -> bool:
        if self.fault:
            raise self.fault
        return ref in self.joined


def member(ref: str = "ref-1", **changes: object) -> Message:
    return in_app(ref, **({"channel": "audience"} | changes))


def build(book: Book, root: Path = Path(), **options: object) -> Adapter:
    every = options if "url" in options else {"folder": "lists", **options}
    return registry.build("audience", every, registry.Host(root=root, now=lambda: NOW, lists=book))


def carrier(root: Path = Path(), **options: object) -> ListCarrier:
    made = build(Book(), root, **options)
    assert isinstance(made, ListCarrier)
    return made


class TestAudienceContract(ChannelContract):
    adapter_name = "audience"
    example = staticmethod(member)

    @pytest.fixture(autouse=True)
    def _book(self) -> None:
        self.book = Book()

    def make(self) -> Adapter:
        return build(self.book)

    def received(self) -> list[Received]:
        return [Received(ref=ref) for ref in self.book.joined]


def test_a_person_is_on_the_list_of_the_campaign_by_all_addresses() -> None:
    book = Book()
    meta = {**member().meta, "phone": "+13125550142"}
    assert build(book).send(member(meta=meta)) == Accepted(provider_id="ref-1")
    assert book.joined == {"ref-1": ("closed_lost", SAM)}


def test_one_list_may_be_for_all_and_of_either_platform() -> None:
    book = Book()
    build(book, list="win_back", format="meta").send(member(to="+13125550142"))
    assert book.joined == {"ref-1": ("win_back", hashes_of(["+13125550142"], META))}


@pytest.mark.parametrize("changes", [{"to": "sam"}, {"meta": {}}, {"meta": {"campaign": "../up"}}])
def test_who_or_what_cannot_be_on_a_list_is_rejected(changes: dict[str, object]) -> None:
    book = Book()
    assert isinstance(build(book).send(member(**changes)), Rejected)
    assert book.joined == {}


def test_a_book_that_is_busy_or_says_no() -> None:
    book = Book()
    made = build(book)
    book.fault = ListBookBusy("the database is away")
    assert made.send(member()) == Retry(reason="the database is away")
    assert made.lookup("ref-1") == CannotTell(reason="the database is away")
    book.fault = LookupError("the person was erased")
    assert made.send(member()) == Rejected(reason="the person was erased")


# ── files ──


def test_a_change_is_two_files_whole_and_private(tmp_path: Path) -> None:
    assert carrier(tmp_path).deliver(CHANGE) == Accepted()
    folder = tmp_path / "lists" / "closed_lost"
    found = sorted(folder.iterdir())
    assert [path.name for path in found] == [
        "0000000000000000007-1-add.csv",
        "0000000000000000007-2-remove.csv",
    ]
    assert [path.read_bytes().decode() for path in found] == [csv_of([SAM], GOOGLE), csv_of([KIM], GOOGLE)]
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}


def test_nobody_new_is_no_file(tmp_path: Path) -> None:
    carrier(tmp_path).deliver(ListChange(audience="a", sequence=1, remove=[KIM]))
    assert [path.name for path in (tmp_path / "lists/a").iterdir()] == ["0000000000000000001-2-remove.csv"]


def test_where_nothing_can_be_written_it_is_said_again_later(tmp_path: Path) -> None:
    (tmp_path / "lists").write_text("in the way")
    outcome = carrier(tmp_path).deliver(CHANGE)
    assert isinstance(outcome, Retry)
    assert (outcome.after, str(tmp_path / "lists") in outcome.reason) == (600, True)


# ── calls ──


class Platform:
    """A server that takes changes, strict about their signature."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, object]]] = []
        self.http: HttpDouble

    def answer(self, request: Request) -> Reply:
        name, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        if request.headers["webhook-signature"] != f"v1,{signature(SECRET, name, at, request.body)}":
            return Reply(status=401)
        self.calls.append((name, json.loads(request.body)))
        return Reply()


@pytest.fixture
def platform() -> Iterator[Platform]:
    made = Platform()
    with http_double(made.answer) as made.http:
        yield made


def test_a_change_is_one_signed_call(platform: Platform) -> None:
    assert carrier(url=f"{platform.http.url}/lists", secret=SECRET).deliver(CHANGE) == Accepted()
    digests = [each.partition(":")[2] for each in (*SAM, *KIM)]
    assert platform.calls == [
        (
            "closed_lost-7",
            {
                "type": "audience.changed",
                "timestamp": "2026-03-02T15:00:00Z",
                "data": {
                    "list": "closed_lost",
                    "sequence": 7,
                    "format": "google",
                    "add": [{"email": [digests[0]], "phone": [digests[1]]}],
                    "remove": [{"email": [digests[2]], "phone": []}],
                },
            },
        )
    ]


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (page(429), Retry(reason="audience: 429", after=60)),
        (page(503), Retry(reason="audience: 503", after=60)),
        (page(413), Rejected(reason="audience: 413")),
        (page(500), Unknown(reason="audience: 500: whether it took the message is not known")),
        (Fault.CLOSE_READ, Unknown(reason="audience: the connection broke before an answer (ProtocolError)")),
    ],
)  # fmt: skip
def test_what_is_not_taken_is_told_apart(platform: Platform, act: Reply | Fault, outcome: Outcome) -> None:
    platform.http.then(act)
    assert carrier(url=platform.http.url, secret=SECRET).deliver(CHANGE) == outcome
    assert len(platform.http.requests) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "'folder' and 'url': exactly one"),
        ({"folder": "x", "url": "https://a.example", "secret": SECRET}, "'folder' and 'url': exactly one"),
        ({"url": "https://a.example"}, "'url' and 'secret' go together"),
        ({"folder": "x", "secret": SECRET}, "'url' and 'secret' go together"),
        ({"url": "http://a.example", "secret": SECRET}, "'url': without https"),
        (
            {"url": "https://a.example", "secret": "whsec_" + b64encode(b"x").decode()},
            "'secret': must be whsec_",
        ),
        ({"folder": "x", "format": "bing"}, "'format': must be one of google, meta"),
        ({"folder": "x", "list": "../x"}, "'list': must be of the form win_back"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        registry.build("audience", options, registry.Host(lists=Book()))


def test_without_a_book_there_are_no_lists() -> None:
    with pytest.raises(OptionError, match="it needs a list book"):
        registry.build("audience", {"folder": "x"})
