"""The push adapter, with the real Apprise, against a server of Apprise's own JSON form and one that is ntfy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from apprise import Apprise

from channels import registry
from channels.base import Accepted, Adapter, CannotTell, Rejected, Unknown
from channels.options import OptionError
from channels.push import SERVICES, PushAdapter
from channels.testing import HttpDouble, NetworkContract, Received, Reply, Request, http_double, page, push

TOKEN = "s3cr3t-app-token"


class Service:
    """``pushed`` is what it accepted, in order: (target, title, words)."""

    def __init__(self) -> None:
        self.pushed: list[tuple[str, str, str]] = []
        self.http: HttpDouble

    def json(self, request: Request) -> Reply:
        """Apprise's own form: the target is in the path."""
        if request.method != "POST" or not request.path.startswith(f"/{TOKEN}/"):
            return Reply(status=404)
        said = json.loads(request.body)
        self.pushed.append((unquote(request.path.removeprefix(f"/{TOKEN}/")), said["title"], said["message"]))
        return Reply()

    def ntfy(self, request: Request) -> Reply:
        """A server of ntfy: the topic is in the body."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(status=401)
        said = json.loads(request.body)
        self.pushed.append((said["topic"], said["title"], said["message"]))
        return Reply(body=b"{}")


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    with http_double(made.json) as made.http:
        yield made


class TestPushContract(NetworkContract):
    adapter_name = "push"
    provider = "push: "
    secrets = (TOKEN,)
    personal = ("device-0142", "Okafor", "Hello Sam")
    example = staticmethod(push)
    tells_why = False
    keeps_connections = False
    permanent = ((page(400), None), (page(410), None))

    @pytest.fixture(autouse=True)
    def _server(self, service: Service) -> None:
        self.double = service

    def server(self) -> HttpDouble:
        return self.double.http

    def connect(self, url: str, timeout: float = 5) -> Adapter:
        place = url.partition("://")[2]
        return PushAdapter(url=f"json://{place}/{TOKEN}/{{to}}?redirect=yes&retry=3&rto=60", timeout=timeout)

    def received(self) -> list[Received]:
        return [Received(to=to, subject=title, text=text) for to, title, text in self.double.pushed]


def test_a_topic_of_ntfy_gets_it() -> None:
    service = Service()
    with http_double(service.ntfy) as http:
        url = f"ntfy://{TOKEN}@{http.url.partition('://')[2]}/{{to}}?auth=token"
        made = registry.build("push", {"url": url})
        assert made.send(push(to="topic_1")) == Accepted()
        assert made.send(push(to="topic_2", text="Second")) == Accepted()
    assert service.pushed == [("topic_1", "It is here", "Hello Sam."), ("topic_2", "It is here", "Second")]
    assert isinstance(made.lookup("ref-1"), CannotTell)


def test_a_no_is_in_doubt_for_nobody_can_tell_it_from_silence(service: Service) -> None:
    service.http.then(page(400))
    made = registry.build("push", {"url": f"json://{service.http.url.partition('://')[2]}/{TOKEN}/{{to}}"})
    assert made.send(push()) == Unknown(
        reason="push: the service did not say yes, and Apprise does not tell why"
    )


@pytest.mark.parametrize(
    "to", ["a/b", "a,b", "a b", "#all", "@group", "../x", "a?b=c", "a%2Fb", "é", "", "x" * 513]
)
def test_a_target_that_could_be_another_or_several_is_refused(service: Service, to: str) -> None:
    made = registry.build("push", {"url": f"json://{service.http.url.partition('://')[2]}/{TOKEN}/{{to}}"})
    if to:
        assert isinstance(made.send(push(to=to)), Rejected)
    assert service.http.requests == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": " ", "subject": ""}, "without words"),
        ({"html": "<p>x</p>"}, "no media and no HTML"),
        ({"media": ("https://acme.example/a.png",)}, "no media and no HTML"),
        ({"text": "x" * 40_000}, "40000 characters, and the service takes"),
        ({"subject": "x" * 300}, "the subject has 300 characters"),
    ],
)
def test_what_cannot_be_carried_whole_is_refused(changes: dict[str, object], words: str) -> None:
    outcome = PushAdapter(url="json://127.0.0.1:9/{to}").send(push(**changes))
    assert isinstance(outcome, Rejected)
    assert words in outcome.reason


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mailto://sam:hunter2@x.example/{to}", "must begin with one of these"),
        ("slack://a/b/c/{to}", "must begin with one of these"),
        ("syslog://{to}", "must begin with one of these"),
        ("https://hooks.example/{to}", "must begin with one of these"),
        ("hunter2", "must begin with one of these"),
        ("ntfys://ntfy.example/topic", "{to} stands in it once"),
        ("ntfys://{to}/{to}", "{to} stands in it once"),
        ("ntfy://ntfy.example/{to}", "ntfys://, or what is said"),
        ("json://10.0.0.1/{to}", "jsons://, or what is said"),
        ("pover://{to}", "Apprise cannot read it"),
    ],
)
def test_urls_that_make_no_sense(url: str, said: str) -> None:
    with pytest.raises(OptionError) as refused:
        registry.build("push", {"url": url})
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["ntfys://{to}", "jsons://push.example/{to}", f"pover://{'u' * 30}@{'t' * 30}/{{to}}"]
)
def test_urls_that_do(url: str) -> None:
    assert repr(registry.build("push", {"url": url})) == f"PushAdapter({url.partition(':')[0]!r})"


def test_every_service_is_one_that_apprise_knows() -> None:
    known = {name for each in Apprise().details()["schemas"] for kind in ("protocols", "secure_protocols")
             for name in each[kind] or ()}  # fmt: skip
    assert known >= SERVICES
