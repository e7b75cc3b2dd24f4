"""All that tests of an adapter need: the contracts as suites to subclass, messages to try it with, a provider in memory
and one behind HTTP.

Needs pytest. Complete examples are tests/channels/test_file.py and, over the network, tests/channels/test_webhook.py.
"""

from __future__ import annotations

from channels.channel_contract import ChannelContract
from channels.http_double import Fault, HttpDouble, Reply, Request, http_double
from channels.network_contract import NOW, NetworkContract, page
from channels.recording import CRASH_AFTER, CRASH_BEFORE, Act, RecordingAdapter, SimulatedCrash
from channels.samples import Received, email, in_app, push, received_email, sms, task

__all__ = [
    "CRASH_AFTER",
    "CRASH_BEFORE",
    "NOW",
    "Act",
    "ChannelContract",
    "Fault",
    "HttpDouble",
    "NetworkContract",
    "Received",
    "RecordingAdapter",
    "Reply",
    "Request",
    "SimulatedCrash",
    "email",
    "http_double",
    "in_app",
    "page",
    "push",
    "received_email",
    "sms",
    "task",
]
