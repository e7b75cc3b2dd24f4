"""What somebody says in a mail: its body, and its subject as far as it is theirs ("UNSUBSCRIBE", and nothing below).

Pure. The subject of an answer is what we wrote ourselves, so it is not read; one that only looks like an answer is
read where it is so short that none of ours could be it.
"""

from __future__ import annotations

import re

from engine.inbound import Meaning, classify
from engine.replies.words import plain

#: what mail programs set before the subject of an answer or of what is passed on, in our languages; ``Re[2]:`` too
_ANSWER = re.compile(
    r"(?:\s*(?:re|aw|antw|sv|vs|rv|res|rif|ynt|odp|fwd?|wg|tr|i|enc|pd|doorst)(?:\s*\[\d+\])?\s*[:：])+\s*",
    re.IGNORECASE,
)
#: words of a subject that is taken for theirs although it looks like an answer
_SHORT = 3


def what_it_says(subject: str, body: str, sent: str | None = None) -> str:
    """The text to be judged and kept. ``sent``: the subject of what they answer, where that is known.

    Of subject and body together, the body and the subject, the first that refuses; else one that is unclear.
    """
    if not _is_theirs(subject, sent):
        return body
    whole = f"{subject}\n\n{body}"
    for text in (whole, body, subject):
        if classify(text).refuses:
            return text
    return next((text for text in (whole, body) if classify(text).meaning is Meaning.AMBIGUOUS), whole)


def _is_theirs(subject: str, sent: str | None) -> bool:
    prefix = _ANSWER.match(subject)
    bare = plain(subject[prefix.end() :] if prefix else subject)
    if not bare or (sent and bare == plain(sent)):
        return False
    return prefix is None or len(bare) <= _SHORT
