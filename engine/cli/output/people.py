"""``rekindle people``: one person, and phones that several share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from engine.cli.output.look import BAD, DIM, STRONG, day, plain, rows, table, words

Data = Mapping[str, Any]


def render_person(found: Data) -> Group:
    """Fields, then what they agreed to and refused, then where they come from."""
    parts: list[RenderableType] = [Text(f"person {found['identity']}", STRONG)]
    if found["erased_at"]:
        parts.append(Text(f"erased {found['erased_at']}", BAD))
    grid = rows()
    for name, value in [*found["fields"].items(), *found["attributes"].items()]:
        grid.add_row(name, plain(value))
    parts += [Padding(grid, (0, 0, 0, 2)), *_facts(found)]
    return Group(*parts)


def _facts(found: Data) -> list[RenderableType]:
    grid = rows()
    for c in found["consents"]:
        proof = ", with proof" if c["proof"] else ""
        grid.add_row(
            "consent", f"{words(c['type'])} for {c['channel']}, {day(c['at'])}{proof} ({plain(c['source'])})"
        )
    for s in found["suppressions"]:
        grid.add_row("suppressed", Text(f"{s['channel']}: {words(s['reason'])}, since {day(s['at'])}", BAD))
    for n in found["notes"]:
        until = f", closed {day(n['closed_at'])}" if n["closed_at"] else ", open"
        grid.add_row("note", f"{words(n['kind'])}, {day(n['opened_at'])}{until}")
    for r in found["rows"]:
        grid.add_row("from", f"{plain(r['source'])} {plain(r['key'])}, since {day(r['first_seen_at'])}")
    return [Padding(grid, (0, 0, 0, 2))] if grid.row_count else []


def render_notes(found: Data) -> RenderableType:
    """A row a note, oldest first."""
    if not found["notes"]:
        return Text(f"nothing is noted about person {found['identity']}")
    body = table("note", "opened", "closed", "from", "")
    for n in found["notes"]:
        closed = day(n["closed_at"]) if n["closed_at"] else "open"
        said = Text("holds all messages", BAD) if n["holds"] else Text(n["text"] or "", DIM)
        body.add_row(n["kind"], day(n["opened_at"]), closed, plain(n["source"]), said)
    return body


def render_suspects(found: Data) -> RenderableType:
    """A row a person, by phone."""
    if not found["phones"]:
        return Text("no phone is shared by several mailboxes")
    body = table("phone", "identity", "e-mail", "company", "")
    for shared in found["phones"]:
        for index, person in enumerate(shared["people"]):
            body.add_row(
                plain(shared["phone"]) if index == 0 else "",
                str(person["identity"]),
                plain(person["email"]),
                plain(person["company_domain"]),
                Text("joined, by phone and company", DIM) if shared["same_person"] else "",
            )
    return body
