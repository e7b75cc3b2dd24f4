"""``rekindle letters`` and ``rekindle tasks sign``: a letter from a virtual run to word of its arrival."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.channels.keys import key_file
from tests.cli.world import World

_SIGNATORIES = """\
  signatories:
    dana: {name: Dana Reyes, title: Chief Executive Officer, phone: "+1 312 555 0101", email: dana@acme.example}
people:
"""
_LETTER = (
    "  letter: {adapter: letter, sign_key: {env: LETTER_KEY}, sign_passphrase: {env: LETTER_PASSPHRASE}}\n"
)
_PAPER = """\
---
subject: What has changed in {{ person.product or brand.name }}
---
Dear {{ person.first_name or "customer" }},

you used {{ person.product or brand.name }} before. Shall I show you what is **new**?
"""


@pytest.fixture
def lettered(world: World) -> World:
    """The first message of one campaign is a letter; six people are due one."""
    key_file(world.root / "dana.p12", "secret")
    world.env.update(LETTER_KEY="dana.p12", LETTER_PASSPHRASE="secret")
    world.change("rekindle.yaml", "people:\n", _SIGNATORIES)
    world.change("rekindle.yaml", "  sources:\n", "  attributes: {postal_address: text}\n  sources:\n")
    world.change(
        "rekindle.yaml",
        "country: US}",
        "country: US, attributes.postal_address: '12 Example Road, Springfield, IL 62701'}",
    )
    world.change("rekindle.yaml", "  sms: {adapter: file", f"{_LETTER}  sms: {{adapter: file")
    world.change("come_back.yaml", "email: come_back/hello", "letter: come_back/paper\n    signed_by: dana")
    world.write("templates/come_back/paper.md", _PAPER)
    result = world.run("run", "--virtual", "--from", "2026-03-02T15:00:00Z", "--until", "2d")
    assert result.returncode == 0, result.stderr
    return world


def listed(world: World, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.json("letters", "list", *words)["letters"]
    return found


def test_a_letter_is_read_signed_posted_and_delivered(lettered: World, tmp_path: Path) -> None:
    letters = listed(lettered)
    assert len(letters) == 6
    ref = letters[0]["ref"]
    shown = lettered.run("letters", "show", ref[:8]).stdout
    assert "waits for its signature" in shown
    assert "Dana Reyes <dana@acme.example>" in shown
    signed = tmp_path / "signed.pdf"
    refused = lettered.run("tasks", "sign", ref[:8], "--by", "Sam Okafor")
    assert refused.returncode == 1
    assert "waits for the signature of Dana Reyes" in refused.stderr
    result = lettered.run("tasks", "sign", ref[:8], "--by", "dana@acme.example")
    assert result.returncode == 0, result.stderr
    assert "is signed by Dana Reyes: print it, post it, and say so" in result.stdout
    lettered.run("letters", "export", ref, "--to", str(signed))
    assert signed.stat().st_mode & 0o777 == 0o600
    proof = lettered.run("letters", "verify", str(signed))
    assert (proof.returncode, "unchanged since it was signed by the key of 'Dana Reyes'" in proof.stdout) == (
        0,
        True,
    )
    assert f"to the byte the letter {ref}, signed" in proof.stdout
    signed.write_bytes(signed.read_bytes().replace(b"%PDF-1.7", b"%PDF-1.6", 1))
    changed = lettered.run("letters", "verify", str(signed))
    assert (changed.returncode, "CHANGED" in changed.stdout) == (1, True)
    assert "no letter on record is this one" in changed.stdout
    posted = lettered.json("letters", "posted", ref, "--carrier", "USPS", "--tracking", "9400 1000")["letter"]
    assert (posted["state"], posted["tracking"]) == ("posted", "9400 1000")
    arrived = lettered.run("letters", "delivered", ref, "--proof", "https://proof.example/9400")
    assert arrived.returncode == 0, arrived.stderr
    story = lettered.run("letters", "show", ref).stdout
    assert "USPS, 9400 1000" in story
    assert "https://proof.example/9400" in story
    assert "secret" not in result.stderr + result.stdout
