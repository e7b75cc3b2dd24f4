"""Write the table of docs/channels.md that says what each adapter can do, from its capabilities: ``make docs``. A
test holds that it is current."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from channels.base import Adapter
from channels.registry import ADAPTERS, adapter_class

PAGE = Path(__file__).parents[1] / "docs" / "channels.md"
BEGIN, END = "<!-- capabilities: written by make docs -->\n", "<!-- /capabilities -->\n"

_HEAD = """\
| adapter | channels | reaches people | look-up by our ref | one ref once | tells later | documents | at a time |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
_ORDER = ("email", "sms", "linkedin", "phone", "letter", "in_app", "push", "audience", "review")


def table() -> str:
    """The table in Markdown, a row for each adapter without options."""
    return _HEAD + "".join(map(_row, sorted(ADAPTERS)))


def _row(name: str) -> str:
    able = cast(Adapter, adapter_class(name)).capabilities
    every = len(able.channels) == len(_ORDER)
    channels = "every one" if every else ", ".join(c for c in _ORDER if c in able.channels)
    reaches = "by a person's hand" if able.human else _said(able.delivers)
    flags = (able.lookup, able.idempotent, able.webhooks, able.attachments)
    cells = (f"`{name}`", channels, reaches, *map(_said, flags), str(able.parallel))
    return f"| {' | '.join(cells)} |\n"


def _said(able: bool) -> str:
    return "yes" if able else "no"


def page(text: str) -> str:
    """The page with the table as it is now."""
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", f"{BEGIN}{table()}{END}", text, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
