"""What a server's words say of an address that takes nothing for now."""

from __future__ import annotations

import pytest

from channels.smtp_replies import is_asleep


@pytest.mark.parametrize(
    ("said", "asleep"),
    [
        ("552 5.2.2 mailbox full", True),
        ("4.2.2 the account is over quota", True),
        ("5.4.7 delivery time expired", True),
        ("550 5.0.0 mailbox is full", True),
        ("552 mailbox full", True),
        ("550 5.2.1 receiving mail at a rate that prevents delivery", False),
        ("550 5.7.1 rejected by policy", False),
        ("554 5.7.26 unauthenticated", False),
        ("552 5.3.4 message too big for the mailbox, over quota", False),
        ("host 192.0.2.2 refused", False),
        ("", False),
    ],
)
def test_only_a_mailbox_is_asleep(said: str, asleep: bool) -> None:
    assert is_asleep(said) is asleep
