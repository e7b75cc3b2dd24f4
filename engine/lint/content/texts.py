"""Text messages over their budget (RK617): how many parts a carrier bills, and which characters make it so many."""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import name

from engine import sms
from engine.lint.content.message import Flaw, Message
from engine.pages import letterhead, read, utm_of
from engine.wording import notices

#: so many characters are named
_NAMED = 4


def judge(message: Message) -> Iterator[Flaw]:
    """RK617 of one message, as it leaves for somebody of whom everything is known."""
    text = _text(message) if message.channel == "sms" else None
    if text is None:
        return
    size, budget = sms.size(text), message.project.policy.text_parts
    if size.segments <= budget:
        return
    strange = list(dict.fromkeys(c for c in text if sms.outside(c)))
    said = f"this text takes {size.segments} parts of {size.encoding}, and policy.text_parts is {budget}"
    if strange:
        said += f": {_listed(strange)} {'is' if len(strange) == 1 else 'are'} not GSM-7"
    start, end = _place(message, strange)
    yield Flaw(code="RK617", message=said, mend=_mend(text, budget, strange), start=start, end=end)


def _text(message: Message) -> str | None:
    """The text as it leaves; None where it cannot be worded."""
    use, project = message.use, message.project
    utm = utm_of("sms", use.campaign.id, use.step.id, use.variant)
    try:
        page = read(use.template, utm, message.vocabulary.types, letterhead(project.brand))
    except Exception:  # RK601 and its like say so
        return None
    words = message.first(page.text.render)
    return None if words is None else sms.whole(words, project.brand.name, notices(page.language).stop)


def _mend(text: str, budget: int, strange: list[str]) -> str:
    """What brings the text into its budget."""
    plain = "".join(sms.instead(c) or "" if c in strange else c for c in text)
    size = sms.size(plain)
    over = size.units - sms.room(size.encoding, budget)
    shorten = f"shorten it by {max(over, 1)} {'character' if over <= 1 else 'characters'}"
    if not strange:
        return shorten
    written = [f"{sms.instead(c)!r} for {_shown(c)}" for c in strange if sms.instead(c)]
    left_out = [_shown(c) for c in strange if not sms.instead(c)]
    ways = [f"write {', '.join(written[:_NAMED])}"] if written else []
    ways += [f"leave out {', '.join(left_out[:_NAMED])}"] if left_out else []
    return " and ".join(ways) + (f", and {shorten}" if size.segments > budget else "")


def _place(message: Message, strange: list[str]) -> tuple[int, int]:
    """The first such character that is typed in the body; else its first line."""
    body = message.script.body
    typed = (i for i, c in enumerate(body) if c in strange and message.script.is_literal(i))
    found = next(typed, None)
    if found is not None:
        return found, found + 1
    start = len(body) - len(body.lstrip())
    end = body.find("\n", start)
    return start, end if end > 0 else len(body)


def _listed(characters: list[str]) -> str:
    more = len(characters) - _NAMED
    shown = ", ".join(map(_shown, characters[:_NAMED]))
    return f"{shown} and {more} more" if more > 0 else shown


def _shown(character: str) -> str:
    """The character, or its name where nobody would see it."""
    if character.isprintable() and not character.isspace():
        return character
    return name(character, f"U+{ord(character):04X}").lower()
