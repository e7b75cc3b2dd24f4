"""Whether a program opened or clicked, and no person. Pure heuristics, each a guess that errs towards the machine: a
click that is not believed costs a branch, one that is believed wrongly sends somebody a message for nothing.

1. The provider says so (``ProviderEvent.machine``: Apple's privacy proxy, for one).
2. The program names itself as a scanner, a previewer or a script (``AGENTS``). Gmail's and Yahoo's picture proxies are
   not among them: they fetch when the reader opens.
3. It came before the message was delivered, or within ``SOONEST`` seconds after: nobody reads so fast.
4. Two different links of one message were clicked within ``BURST`` seconds: nobody clicks so fast. All that was opened
   or clicked in that time is the scanner's then.

3 and 4 need what else came in about the message, so openings and clicks wait for ``WATCH`` seconds before they count.
An unsubscribe does not wait and is judged by 1 and 2 alone: a no is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

#: seconds an opening or a click waits for its like
WATCH = 60
#: seconds after delivery within which no person acts
SOONEST = 2
#: seconds within which no person clicks two links
BURST = 2

#: scanners of mail, previewers of links, scripts: by what they call themselves
AGENTS = (
    "barracuda", "proofpoint", "mimecast", "messagelabs", "symantec", "fireeye", "trendmicro", "trend micro", "sophos",
    "ironport", "cloudmark", "forcepoint", "fortinet", "zscaler", "safelinks", "urldefense", "bitdefender",
    "bingpreview", "googlebot", "bingbot", "slackbot", "facebookexternalhit", "twitterbot", "linkedinbot", "whatsapp",
    "telegrambot", "discordbot", "skypeuripreview", "headlesschrome", "phantomjs", "python-requests", "python-urllib",
    "aiohttp", "curl/", "wget/", "go-http-client", "libwww-perl", "node-fetch", "axios/", "java/", "scrapy",
)  # fmt: skip
_AGENTS = re.compile("|".join(map(re.escape, AGENTS)), re.IGNORECASE)


class Act(NamedTuple):
    """An opening or a click of one message. ``url`` empty: an opening. ``at``: UTC epoch seconds, None: not told."""

    id: str
    at: int | None
    url: str = ""


@lru_cache(maxsize=4_096)
def is_scanner(agent: str) -> bool:
    """Does the program name itself as one that no person sits before?"""
    return bool(_AGENTS.search(agent))


def by_machines(acts: Sequence[Act], delivered: int | None) -> set[str]:
    """Ids of what a program did, of all that came in about one message, delivered at that moment."""
    too_soon = {
        act.id
        for act in acts
        if delivered is not None and act.at is not None and act.at <= delivered + SOONEST
    }
    bursts = list(_bursts(acts))
    return too_soon | {
        act.id for act in acts if act.at is not None and any(a <= act.at <= b for a, b in bursts)
    }


def _bursts(acts: Sequence[Act]) -> Iterator[tuple[int, int]]:
    """Spans of time in which different links were clicked faster than a person can."""
    clicks = sorted((act.at, act.url) for act in acts if act.at is not None and act.url)
    for n, (at, url) in enumerate(clicks):
        near = [then for then, other in clicks[n + 1 :] if then <= at + BURST and other != url]
        if near:
            yield at, max(near)
