"""Twilio's error codes that rekindle acts on: what each says of the message. The one table, for answers and events.

From Twilio's error dictionary (twilio.com/docs/api/errors). Twilio adds codes and splits old ones, and asks not to lean
on them; so a code that is not here is believed in nothing but that this message failed.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple


class Fate(Enum):
    """What follows from a code."""

    OPTED_OUT = auto()  # the person has said no to this sender
    BAD_NUMBER = auto()  # nobody can be texted at this number
    THIS_MESSAGE = auto()  # this message cannot go; says nothing of the number
    LATER = auto()  # the same may work in a while
    OURS = (
        auto()
    )  # the account, the sender or an option: a person has to mend it, and no message will go before


class Code(NamedTuple):
    """One code, in our words."""

    fate: Fate
    words: str


#: the phone is off or without service: for now, or for good
UNREACHABLE = "30003"

CODES: dict[int, Code] = {
    # the person
    21610: Code(Fate.OPTED_OUT, "the person has opted out with this sender"),
    # the number
    21211: Code(Fate.BAD_NUMBER, "the number is not one"),
    21265: Code(Fate.BAD_NUMBER, "the number is a short code"),
    21614: Code(Fate.BAD_NUMBER, "the number takes no texts"),
    21635: Code(Fate.BAD_NUMBER, "the number is a landline"),
    30005: Code(Fate.BAD_NUMBER, "the number is unknown or no longer in use"),
    30006: Code(Fate.BAD_NUMBER, "the number is a landline, or its carrier cannot be reached"),
    # the message, or this number at this moment
    21612: Code(Fate.THIS_MESSAGE, "there is no way from this sender to this number"),
    21617: Code(Fate.THIS_MESSAGE, "the text is too long"),
    21619: Code(Fate.THIS_MESSAGE, "there is neither text nor media"),
    21620: Code(Fate.THIS_MESSAGE, "a media URL is not one"),
    21623: Code(Fate.THIS_MESSAGE, "there are too many media"),
    30003: Code(Fate.THIS_MESSAGE, "the phone could not be reached"),
    30004: Code(Fate.THIS_MESSAGE, "the message was blocked"),
    30007: Code(Fate.THIS_MESSAGE, "the message was filtered by Twilio or the carrier"),
    30008: Code(Fate.THIS_MESSAGE, "the carrier gave no reason"),
    30019: Code(Fate.THIS_MESSAGE, "the media are too large for the carrier"),
    30036: Code(Fate.THIS_MESSAGE, "it waited longer than validity_period"),
    # the moment
    20429: Code(Fate.LATER, "too many requests"),
    21611: Code(Fate.LATER, "the sender's queue is full"),
    30001: Code(Fate.LATER, "the queue is full"),
    30017: Code(Fate.LATER, "the carrier is congested"),
    # ours
    20003: Code(Fate.OURS, "check account_sid and auth_token or the API key, and that the account is active"),
    20005: Code(Fate.OURS, "the account is not active"),
    20404: Code(Fate.OURS, "check account_sid, region and edge"),
    21212: Code(Fate.OURS, "check 'from': it is no sender"),
    21408: Code(Fate.OURS, "the account may not text this country: Twilio's geo permissions"),
    21603: Code(Fate.OURS, "name messaging_service or 'from'"),
    21606: Code(Fate.OURS, "check 'from': it cannot send texts, or is not this account's"),
    21608: Code(Fate.OURS, "a trial account texts verified numbers only"),
    21609: Code(Fate.OURS, "check status_callback: Twilio takes it for no URL"),
    21659: Code(Fate.OURS, "check 'from': it is not Twilio's number"),
    21660: Code(Fate.OURS, "check 'from': it is another account's number"),
    21661: Code(Fate.OURS, "check 'from': it cannot send texts"),
    21701: Code(Fate.OURS, "check messaging_service: there is none of this name"),
    21703: Code(Fate.OURS, "the messaging service has no sender that can reach this number"),
    21705: Code(Fate.OURS, "check messaging_service: it is none, or is switched off"),
    30002: Code(Fate.OURS, "the account is suspended"),
    30032: Code(Fate.OURS, "the toll-free number is not verified"),
    30034: Code(Fate.OURS, "the number is not registered for 10DLC"),
}  # fmt: skip

#: what an address is suppressed for
SUPPRESS = {Fate.OPTED_OUT: "opt_out", Fate.BAD_NUMBER: "hard_bounce"}
