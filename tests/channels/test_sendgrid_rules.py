"""The judge of SendGrid requests refuses what the real API refuses: one broken rule, one fault at its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from channels.sendgrid_mail import Settings, payload
from channels.testing import email
from tests.channels.doubles.sendgrid_rules import faults

Mail = dict[str, Any]


def mail() -> Mail:
    return payload(email(), Settings())


def _set(*path: Any, value: Any) -> Callable[[Mail], None]:
    def change(found: Mail) -> None:
        node: Any = found
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value

    return change


def _drop(field: str) -> Callable[[Mail], None]:
    return lambda found: found.pop(field) and None


_TO = {"email": "sam@customer.example"}
_FIRST = ("personalizations", 0)


def test_a_proper_mail_has_none() -> None:
    assert faults(mail()) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_drop("from"), ""),
        (_drop("personalizations"), ""),
        (_drop("subject"), ""),
        (_drop("content"), ""),
        (_set("sender", value="x"), ""),
        (_set("personalizations", value=[]), "personalizations"),
        (_set("personalizations", value=mail()["personalizations"] * 1001), "personalizations"),
        (_set(*_FIRST, "to", value=[]), "personalizations.0.to"),
        (_set(*_FIRST, "to", value=[{"email": f"s{n}@x.example"} for n in range(1001)]), "personalizations.0.to"),
        (_set(*_FIRST, "cc", value=[_TO]), "personalizations.0.cc.0.email"),
        (_set(*_FIRST, "bcc", value=[{"email": "SAM@customer.example"}]), "personalizations.0.bcc.0.email"),
        (_set(*_FIRST, "to", 0, "email", value="sam"), "personalizations.0.to.0.email"),
        (_set(*_FIRST, "to", 0, "email", value="sám@x.example"), "personalizations.0.to.0.email"),
        (_set(*_FIRST, "to", 0, "name", value="Okafor, Sam"), "personalizations.0.to.0.name"),
        (_set(*_FIRST, "custom_args", value={"a": "x" * 10_000}), "personalizations.0.custom_args"),
        (_set(*_FIRST, "custom_args", value={"a": 1}), "personalizations.0.custom_args.a"),
        (_set("from", value="dana@acme.example"), "from"),
        (_set("from", "email", value="dana@bücher.example"), "from.email"),
        (_set("reply_to", "email", value="dana@"), "reply_to.email"),
        (_set("subject", value=""), "subject"),
        (_set("subject", value="a\nb"), "subject"),
        (_set("content", value=mail()["content"][::-1]), "content"),
        (_set("content", 0, "value", value=""), "content.0.value"),
        (_set("headers", "Subject", value="x"), "headers"),
        (_set("headers", "DKIM-Signature", value="x"), "headers"),
        (_set("headers", "X:A", value="x"), "headers"),
        (_set("headers", "X-A", value="ü"), "headers"),
        (_set("headers", "X-A", value="a\r\nb"), "headers"),
        (_set("headers", "list-unsubscribe", value="x"), "headers"),
        (_set("categories", value=[f"c{n}" for n in range(11)]), "categories"),
        (_set("categories", value=["a", "a"]), "categories"),
        (_set("categories", value=["a" * 256]), "categories.0"),
        (_set("ip_pool_name", value="x"), "ip_pool_name"),
        (_set("tracking_settings", "click_tracking", "enable", value="no"), "tracking_settings.click_tracking.enable"),
    ],
)  # fmt: skip
def test_one_broken_rule_is_one_fault(change: Callable[[Mail], None], field: str) -> None:
    found = mail()
    change(found)
    assert field in {where for where, _ in faults(found)}
