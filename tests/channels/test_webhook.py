"""The webhook adapter against a strict double: the contract, every answer, and what the server tells later."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import registry
from channels.base import Accepted, Adapter, CannotTell, Outcome, Rejected, Retry, Unknown
from channels.events import Call, EventKind, NotGenuine, ProviderEvent, Receiver
from channels.options import OptionError
from channels.standard_webhooks import Signatures
from channels.testing import NOW, HttpDouble, NetworkContract, Received, Reply, in_app, page
from channels.webhook import WebhookAdapter
from tests.channels.doubles import webhook as doubles
from tests.channels.doubles.webhook import OLD_SECRET, PATH, SECRET, receiver, signature


@pytest.fixture
def double() -> Iterator[doubles.Receiver]:
    with receiver() as double:
        yield double
    assert double.faults == []


@pytest.fixture
def adapter(double: doubles.Receiver) -> Iterator[Adapter]:
    made = build(double)
    yield made
    made.close()


def build(double: doubles.Receiver, **options: object) -> Adapter:
    every = {"url": double.url, "secret": SECRET, **options}
    return registry.build("webhook", every, registry.Host(now=lambda: NOW))


def refusal(status: int, **told: object) -> Reply:
    return Reply(status=status, body=json.dumps(told).encode())


class TestWebhookContract(NetworkContract):
    adapter_name = "webhook"
    provider = "webhook: "
    secrets = (SECRET, SECRET.removeprefix("whsec_"), PATH)
    example = staticmethod(in_app)
    permanent = (
        (refusal(422, error="no device of sam@customer.example"), None),
        (refusal(422, error="switched off", suppress="opt_out"), "opt_out"),
        (refusal(404, suppress="opt_out"), "opt_out"),
        (page(413), None),
    )
    deduplicates = False

    @pytest.fixture(autouse=True)
    def _server(self) -> Iterator[None]:
        with receiver(deduplicates=self.deduplicates) as self.double:
            yield
        assert self.double.faults == []

    def server(self) -> HttpDouble:
        return self.double.http

    def connect(self, url: str, timeout: float = 5) -> Adapter:
        return WebhookAdapter(
            url=f"{url}{PATH}",
            secret=SECRET,
            now=lambda: NOW,
            timeout=timeout,
            deduplicates=self.deduplicates,
        )

    def received(self) -> list[Received]:
        names = ("ref", "to", "subject", "text", "html")
        return [Received(**{name: call[name] for name in names}) for call in self.double.calls]


class TestDeduplicatingServer(TestWebhookContract):
    deduplicates = True


def test_a_call_is_all_that_the_message_says_and_no_more(adapter: Adapter, double: doubles.Receiver) -> None:
    assert adapter.send(in_app()) == Accepted(provider_id="hook-ref-1")
    [request] = double.http.requests
    assert json.loads(request.body) == {
        "type": "message.in_app",
        "timestamp": "2026-03-02T15:00:00Z",
        "data": {
            "ref": "ref-1",
            "channel": "in_app",
            "to": "sam@customer.example",
            "to_name": "Sam Okafor",
            "subject": "It is here",
            "text": "Hello Sam.\n",
            "html": "",
            "media": [],
            "marketing": True,
            "opt_out": "",
            "campaign": "closed_lost",
            "step": "gap_closed",
            "variant": "",
        },
    }
    assert (request.headers["webhook-id"], request.headers["webhook-timestamp"]) == ("ref-1", str(NOW))


def test_a_signature_is_the_published_one() -> None:
    signed = Signatures("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
    )
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_one_secret_follows_another_both_sign(double: doubles.Receiver) -> None:
    made = build(double, secret=f"{SECRET} {OLD_SECRET}")
    for known in (SECRET, OLD_SECRET):
        double.secret = known
        assert isinstance(made.send(in_app()), Accepted)
    assert double.http.requests[0].headers["webhook-signature"].count("v1,") == 2


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(status=200), Accepted()),
        (Reply(status=204), Accepted()),
        (Reply(status=202, body=b'{"id": "n-1"}'), Accepted(provider_id="n-1")),
        (Reply(status=200, body=b'{"id": "a\\nb"}'), Accepted()),
        (Reply(status=200, body=b"[1]"), Accepted()),
        (
            refusal(422, error="no device of sam@customer.example"),
            Rejected(reason="webhook: 422 no device of <address>"),
        ),
        (
            refusal(403, error="off", suppress="opt_out"),
            Rejected(reason="webhook: 403 off", suppress="opt_out"),
        ),
        (refusal(422, suppress="hard_bounce"), Rejected(reason="webhook: 422")),
        (refusal(500, suppress="opt_out"), Unknown(reason="webhook: 500: whether it took the message is not known")),
        (
            page(410),
            Retry(
                reason="webhook: 410: the endpoint says that it is gone: check url, or take the channel out",
                after=21_600,
            ),
        ),
        (page(401), Retry(reason="webhook: 401: check secret", after=600)),
        (page(404), Retry(reason="webhook: 404: check url", after=600)),
        (page(405), Retry(reason="webhook: 405: check url", after=600)),
        (page(429), Retry(reason="webhook: 429", after=60)),
        (refusal(503, error="full"), Retry(reason="webhook: 503 full", after=60)),
    ],
)  # fmt: skip
def test_what_an_answer_means(
    adapter: Adapter, double: doubles.Receiver, reply: Reply, outcome: Outcome
) -> None:
    double.http.then(reply)
    assert adapter.send(in_app()) == outcome


def test_a_wrong_secret_is_ours_to_mend(double: doubles.Receiver) -> None:
    outcome = build(double, secret=OLD_SECRET).send(in_app())
    assert outcome == Retry(reason="webhook: 401: check secret", after=600)


def test_it_can_do_what_its_options_say(double: doubles.Receiver) -> None:
    plain = build(double).capabilities
    more = build(double, deduplicates="true", receipts_secret=SECRET).capabilities
    assert (plain.idempotent, plain.webhooks) == (False, False)
    assert (more.idempotent, more.webhooks) == (True, True)
    assert isinstance(build(double).lookup("ref-1"), CannotTell)


# ── receipts ──


def call(body: bytes, *, secret: str = SECRET, at: int = NOW, now: int = NOW, **headers: str) -> Call:
    signed = {
        "webhook-id": "evt-1",
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{signature(secret, 'evt-1', str(at), body)}",
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(
        method="POST",
        url="https://go.acme.example/webhooks/in_app",
        headers=signed | named,
        body=body,
        now=now,
    )


def listener() -> Receiver:
    options = {"url": "https://api.acme.example", "secret": OLD_SECRET, "receipts_secret": SECRET}
    made = registry.build("webhook", options)
    assert isinstance(made, Receiver)
    return made


def told(kind: str, **data: object) -> bytes:
    return json.dumps({"type": kind, "timestamp": "2026-03-02T15:00:00Z", "data": data}).encode()


@pytest.mark.parametrize(
    ("kind", "becomes", "suppress"),
    [
        ("message.delivered", EventKind.DELIVERED, None),
        ("message.failed", EventKind.BOUNCED, None),
        ("message.opened", EventKind.OPENED, None),
        ("message.clicked", EventKind.CLICKED, None),
        ("message.unsubscribed", EventKind.UNSUBSCRIBED, "opt_out"),
        ("message.dismissed", EventKind.UNKNOWN, None),
        ("message.in_app", EventKind.UNKNOWN, None),
    ],
)
def test_what_the_server_tells_later(kind: str, becomes: EventKind, suppress: str | None) -> None:
    body = told(kind, ref="ref-1", id="n-1", url="https://acme.example", reason="for sam@customer.example")
    taken = listener().receive(call(body))
    assert taken.items == (
        ProviderEvent(
            kind=becomes,
            id="evt-1",
            raw=body.decode(),
            ref="ref-1",
            provider_id="n-1",
            at=NOW,
            reason="for <address>",
            suppress=suppress,
            url="https://acme.example",
        ),
    )
    assert taken.reply.status == 204


@pytest.mark.parametrize(
    "wrong",
    [
        call(b"{}", secret=OLD_SECRET),
        call(b"{}", at=NOW - 301),
        call(b"{}", at=NOW + 301),
        call(b"{}", webhook_id="evt-2"),
        call(b"{}", webhook_signature="v1"),
        call(b"{}", webhook_signature="v1,"),
        call(b"{}", webhook_signature="v1,!!!"),
        call(b"{}", webhook_signature="v2,abc"),
        call(b"{}", webhook_signature="\ud800"),
        call(b"{}", webhook_timestamp="soon"),
        call(b"{}", webhook_timestamp="-1"),
        call(b"{}", webhook_timestamp="9" * 40),
        call(b"{}", webhook_timestamp=""),
        call(b"{}", webhook_id="a\r\nb"),
        call(b"\xff\xfe"),
        Call(method="POST", url="x", headers={}, body=b"", now=NOW),
    ],
)
def test_what_is_not_genuine_is_refused_cleanly(wrong: Call) -> None:
    with pytest.raises(NotGenuine):
        listener().receive(wrong)


def test_without_a_secret_for_them_no_receipt_is_taken() -> None:
    made = registry.build("webhook", {"url": "https://api.acme.example", "secret": SECRET})
    assert isinstance(made, Receiver)
    with pytest.raises(NotGenuine):
        made.receive(call(told("message.opened", ref="ref-1")))


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda x: st.lists(x) | st.dictionaries(st.text(), x),
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "type": json_like | st.just("message.opened"),
            "timestamp": json_like,
            "data": json_like
            | st.fixed_dictionaries({"ref": json_like, "id": json_like, "reason": json_like}),
        },
    )
)
def test_whatever_a_genuine_call_says_is_kept(what: object) -> None:
    body = json.dumps(what).encode()
    [event] = listener().receive(call(body)).items
    assert isinstance(event, ProviderEvent)
    assert event.raw == body.decode()


# ── options ──


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "http://api.acme.example"}, "'url': without https"),
        ({"url": "http://127.0.0.1.evil.example"}, "'url': without https"),
        ({"url": "http://10.0.0.1/x"}, "'url': without https"),
        ({"url": "ftp://api.acme.example"}, "'url': must be an address"),
        ({"url": "https://user:pass@api.acme.example"}, "'url': must be an address"),
        ({"url": "https://api.acme.example/#x"}, "'url': must be an address"),
        ({"url": "https://api.acme.example/a b"}, "'url': must be an address"),
        ({"url": "https://api.acme.example/\r\nX: y"}, "'url': must be an address"),
        ({"url": "https://a:99999"}, "'url': must be an address"),
        ({"url": "https://[::1"}, "'url': must be an address"),
        ({"secret": "hunter2hunter2hunter2"}, "'secret': must be whsec_"),
        ({"secret": "whsec_%%%"}, "'secret': must be whsec_"),
        ({"secret": "whsec_" + b64encode(b"short").decode()}, "'secret': must be whsec_"),
        ({"secret": "whsec_" + b64encode(b"x" * 65).decode()}, "'secret': must be whsec_"),
        ({"secret": f"{SECRET} nonsense"}, "'secret': must be whsec_"),
        ({"receipts_secret": "whsec_"}, "'receipts_secret': must be whsec_"),
        ({"timeout": 0}, "'timeout': must be between 1 and 600"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said) as refused:
        registry.build("webhook", {"url": "https://api.acme.example", "secret": SECRET, **options})
    assert "hunter2" not in str(refused.value)
    assert "user:pass" not in str(refused.value)


def test_only_where_it_goes_is_shown_of_its_address() -> None:
    made = registry.build(
        "webhook", {"url": "https://api.acme.example:8443/hooks/s3cr3t?key=k", "secret": SECRET}
    )
    assert repr(made) == "WebhookAdapter('https://api.acme.example:8443')"
