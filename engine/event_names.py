"""Names of events that rekindle itself records or reads a meaning into; every other name is the project's own."""

from __future__ import annotations

#: events that do something by themselves; no campaign need listen
BUILT_IN = frozenset({"replied", "feedback", "unsubscribed", "channel_declined", "complained", "bounced"})

#: events that mean no, whatever channel they came by: nothing more of this campaign, on any other channel either
REFUSALS = frozenset({"refused", "unsubscribed", "complained"})

#: what a message's way to its reader leaves behind
OF_MESSAGES = frozenset({"delivered", "opened", "clicked", "auto_replied"})

#: what a word that providers act on themselves leaves behind: START, and HELP; a page leaves the first too
OF_KEYWORDS = frozenset({"opted_in", "asked_for_help"})

#: what a choice on the preference page leaves behind
OF_PAGES = frozenset({"channel_declined", "preferences_changed"})

#: what the end of a task leaves behind
OF_TASKS = frozenset(
    {"task_closed", "task_moved", "call_connected", "meeting_booked", "won_back", "refused", "replied"}
)

#: what a letter's way to its reader leaves behind
OF_LETTERS = frozenset({"letter_signed", "letter_posted", "letter_delivered"})

OURS = BUILT_IN | REFUSALS | OF_MESSAGES | OF_PAGES | OF_KEYWORDS | OF_TASKS | OF_LETTERS
