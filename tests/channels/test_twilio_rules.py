"""The judge of Twilio requests refuses what the real API refuses: one broken rule, its code."""

from __future__ import annotations

import pytest

from tests.channels.doubles.twilio_rules import Form, faults


def form(**changes: list[str] | None) -> Form:
    """A proper request; what is changed to None is left out."""
    every = {
        "To": ["+13125550142"],
        "From": ["+13125550100"],
        "Body": ["Hello"],
        "MediaUrl": ["https://acme.example/a.png", "https://acme.example/b.png"],
        "StatusCallback": ["https://go.acme.example/hooks?a=b"],
        "ValidityPeriod": ["3600"],
        "SmartEncoded": ["false"],
        **changes,
    }
    return {name: values for name, values in every.items() if values is not None}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"MediaUrl": None},
        {"Body": None},
        {"Body": ["x" * 1_600]},
        {"From": None, "MessagingServiceSid": ["MG" + "a" * 32]},
        {"From": ["12345"]},
        {"From": ["Acme"]},
    ],
)
def test_a_proper_request_has_none(changes: dict[str, list[str] | None]) -> None:
    assert faults(form(**changes)) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21604),
        ({"To": ["3125550142"]}, 21211),
        ({"To": ["+1 312 555 0142"]}, 21211),
        ({"To": ["12345"]}, 21265),
        ({"To": ["+13125550100"]}, 21266),
        ({"To": ["+13125550142", "+13125550143"]}, 20001),
        ({"From": None}, 21603),
        ({"From": ["+"]}, 21212),
        ({"From": ["A name too long"]}, 21212),
        ({"MessagingServiceSid": ["AC" + "a" * 32]}, 20001),
        ({"Body": None, "MediaUrl": None}, 21619),
        ({"Body": [""], "MediaUrl": None}, 21619),
        ({"Body": ["x" * 1_601]}, 21617),
        ({"MediaUrl": ["https://acme.example/a.png"] * 11}, 21623),
        ({"MediaUrl": ["/a.png"]}, 21620),
        ({"MediaUrl": ["https://a_b.example/a.png"]}, 21620),
        ({"StatusCallback": ["go.acme.example"]}, 21609),
        ({"StatusCallback": ["https://go.acme.example/a b"]}, 21609),
        ({"ValidityPeriod": ["0"]}, 21622),
        ({"ValidityPeriod": ["36001"]}, 21622),
        ({"ValidityPeriod": ["soon"]}, 20001),
        ({"SmartEncoded": ["False"]}, 20001),
        ({"ShortenUrls": ["true"]}, 21703),
        ({"Text": ["Hello"]}, 20001),
    ],
)
def test_one_broken_rule_is_one_fault(changes: dict[str, list[str] | None], code: int) -> None:
    assert code in {found for found, _ in faults(form(**changes))}
