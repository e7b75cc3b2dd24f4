"""``rekindle letters``: where each is, and the steps of its way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.text import Text

from engine.cli.output.look import BAD, DIM, GOOD, WAITS, moment, plain, table

_SHORT = 8
_COLOURS = {"unsigned": WAITS, "signed": WAITS, "posted": GOOD, "delivered": GOOD, "refused": BAD}


def render_list(found: Mapping[str, Any]) -> Group:
    """Letters, the oldest first."""
    if not found["letters"]:
        return Group(Text("no letters"))
    body = table("ref", "since", "to", "state", "signed by", "campaign, step")
    for letter in found["letters"]:
        body.add_row(
            letter["ref"][:_SHORT],
            moment(letter["created_at"]),
            plain(_name(letter)),
            Text(where(letter), _COLOURS[letter["state"]]),
            plain(letter["signatory"]),
            f"{letter['campaign']}, {letter['step']}",
        )
    more = ", and more: --limit shows them" if found["more"] else ""
    return Group(body, Text(), Text(f"{len(found['letters']):,} shown{more}. rekindle letters show REF", DIM))


def render_one(letter: Mapping[str, Any]) -> Group:
    """One letter and what comes next."""
    lines = [
        f"letter   {letter['ref']}",
        f"to       {_name(letter)}",
        f"for      {letter['campaign']}, {letter['step']}",
        f"signs    {letter['signatory']} <{letter['owner'] or ''}>",
        f"state    {where(letter)}",
        f"sha256   {letter['sha256']}",
    ]
    for what in ("created", "signed", "posted", "delivered"):
        if letter[f"{what}_at"]:
            lines.append(f"{what:<9}{moment(letter[f'{what}_at'])}{_beside(letter, what)}")
    return Group(*map(plain, lines), Text(), plain(_next(letter)))


def where(letter: Mapping[str, Any]) -> str:
    """Its state in words."""
    state = str(letter["state"])
    if state == "unsigned":
        return "waits for its signature" if letter["task"] == "open" else "withdrawn"
    if state == "signed":
        carrier = letter["carrier"]
        said = {
            None: "signed",
            "file": "signed, in the folder",
            "email": "in doubt: it may have left by e-mail",
        }
        return said.get(carrier, "signed, and not sent: " + str(letter["tracking"] or carrier))
    return {"posted": "on its way", "delivered": "delivered", "refused": "withdrawn"}[state]


def _beside(letter: Mapping[str, Any], what: str) -> str:
    told = {
        "signed": [letter["signed_by"]],
        "posted": [letter["carrier"], letter["tracking"]],
        "delivered": [letter["proof_uri"]],
    }.get(what, [])
    return "".join(f", {part}" for part in told if part)


def _next(letter: Mapping[str, Any]) -> str:
    ref = letter["ref"][:_SHORT]
    match letter["state"]:
        case "unsigned" if letter["task"] == "open":
            return f"rekindle letters export {ref} --to letter.pdf, then rekindle tasks sign {ref} --by NAME"
        case "signed":
            return f"rekindle letters posted {ref} --carrier NAME --tracking NUMBER"
        case "posted":
            return f"rekindle letters delivered {ref} --on DATE --proof URI"
        case _:
            return f"rekindle letters export {ref} --to letter.pdf"


def _name(letter: Mapping[str, Any]) -> str:
    name = " ".join(letter[k] for k in ("first_name", "last_name") if letter[k])
    return (
        ", ".join(part for part in (name, letter["company"]) if part) or f"identity {letter['identity_id']}"
    )
