"""``rekindle received``: what came in, as a table, and one of them whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import orjson
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.cli.output.look import BAD, DIM, GOOD, WAITS, moment, plain, table

_COLOURS = {"applied": GOOD, "open": WAITS, "ignored": DIM}


def render_list(found: Mapping[str, Any]) -> Group:
    """What came in, the newest first."""
    if not found["received"]:
        return Group(Text("nothing came in"))
    body = table("number", "came in", "from", "what", "about", "became", numbers=("number", "came in"))
    for row in found["received"]:
        kind = f"{plain(row['kind'])}{' (machine)' if row['machine'] else ''}"
        when = moment(row["received_at"], year=False).removesuffix(" UTC")
        became = Text.assemble(_state(row), (f": {plain(row['reason'])}" if row["reason"] else "", DIM))
        body.add_row(str(row["id"]), when, plain(row["source"]), kind, _about(row), became)
    more = ", and more: --limit shows them" if found["more"] else ""
    told = f"{len(found['received']):,} shown{more}. rekindle received show NUMBER has it as it came"
    return Group(body, Text(), Text(told, DIM))


def render_one(row: Mapping[str, Any]) -> Group:
    """One of them with its raw form."""
    return Group(_facts(row), Text(), *_raw(row["raw"]))


def _facts(row: Mapping[str, Any]) -> Table:
    body = Table.grid(padding=(0, 2))
    happened = moment(row["at"]) if row["at"] else "not told"
    told = {
        "what": f"{plain(row['kind'])}{', a machine did it' if row['machine'] else ''}",
        "from": f"{plain(row['source'])}, which calls it {plain(row['key'])}",
        "happened": f"{happened}, came in {moment(row['received_at'])}",
        "about": _about(row),
        "touch": f"{plain(row['ref'])}, {row['touch_state'] or 'not on record'}"
        if row["ref"]
        else "none named",
        "provider's name": plain(row["provider_id"]),
    }
    for name, value in told.items():
        body.add_row(Text(name, DIM), value)
    state = _state(row)
    body.add_row(
        Text("became", DIM), Text.assemble(state, f": {plain(row['reason'])}" if row["reason"] else "")
    )
    return body


def _raw(raw: str) -> Iterator[RenderableType]:
    if not raw:
        yield Text("what it said is not kept: the person was erased", BAD)
        return
    with suppress(orjson.JSONDecodeError):
        raw = orjson.dumps(orjson.loads(raw), option=orjson.OPT_INDENT_2).decode()
    yield from (Text(plain(line)) for line in raw.splitlines())


def _about(row: Mapping[str, Any]) -> str:
    who = f"person {row['identity_id']}" if row["identity_id"] else ""
    what = f"{row['campaign']}, {row['step']}" if row["campaign"] else ""
    return "; ".join(part for part in (who, what) if part) or "-"


def _state(row: Mapping[str, Any]) -> Text:
    return Text(row["state"], _COLOURS.get(row["state"], ""))
