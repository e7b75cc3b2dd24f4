"""RK805, RK904 and RK908: whether what an environment sends arrives, how fast it goes, and whether a no comes back."""

from __future__ import annotations

from typing import ClassVar

import pytest

from channels.base import Capabilities
from channels.registry import ADAPTERS, adapter_class
from engine.diagnostics import Finding
from tests.language.support import small
from tests.lint.support import campaign, codes, lint, marked, only

FILE = "{adapter: file, folder: var/outbox}"
CONSOLE = "{adapter: console}"
SMTP = "{adapter: smtp, host: {env: SMTP_HOST}, rate: 10/s}"
FAST = "{adapter: smtp, host: {env: SMTP_HOST}}"


def _project(
    *,
    email: str = FILE,
    linkedin: str = "{adapter: task}",
    environments: dict[str, str | None],
    sends: str = "true",
    http: str = "{public_url: https://go.acme.example}",
) -> str:
    """rekindle.yaml with these channels at its top, and environments with their own e-mail or, for None, nothing."""
    head = small()["rekindle.yaml"].partition("channels:\n")[0]
    top = f"channels:\n  email: {email}\n  linkedin: {linkedin}\n"
    told = "environments:\n"
    for name, own in environments.items():
        told += f"  {name}:\n    sends: {sends}\n    database: {{env: DATABASE_URL}}\n"
        told += "    signing_key: {env: REKINDLE_SIGNING_KEY}\n"
        told += f"    channels: {{email: {own}}}\n" if own else ""
        told += f"    http: {http}\n" if http else ""
    return head + top + told


def _lint(project: str) -> list[Finding]:
    return lint(campaign=campaign(), project=project)


def _codes(project: str) -> list[str]:
    return codes(_lint(project))


@pytest.mark.parametrize(
    ("email", "own", "found"),
    [
        pytest.param(FILE, SMTP, [], id="declared where it sends"),
        pytest.param(FILE, FILE, ["RK805"], id="declared there, and kept"),
        pytest.param(FILE, CONSOLE, ["RK805"], id="declared there, and shown"),
        pytest.param(FILE, None, ["RK805"], id="inherited"),
        pytest.param(SMTP, None, [], id="inherited, and delivered"),
        pytest.param(FILE, FAST, ["RK904"], id="as fast as it can"),
        pytest.param(FAST, None, ["RK904"], id="inherited, as fast as it can"),
    ],
)
def test_what_an_environment_sends_arrives_at_a_pace(email: str, own: str | None, found: list[str]) -> None:
    assert _codes(_project(email=email, environments={"production": own})) == found


def test_where_nobody_is_reached_anything_goes() -> None:
    assert _codes(_project(email=FAST, environments={"rehearsal": FILE}, sends="false")) == []


def test_what_people_carry_needs_no_pace_and_reaches_people() -> None:
    assert _codes(_project(email=SMTP, environments={"production": None})) == []


def test_a_list_of_ones_own_needs_no_pace() -> None:
    lists = "{adapter: audience, folder: var/lists}"
    project = _project(email=SMTP, environments={"production": None})
    assert _codes(f"{project}    channels: {{audience: {lists}}}\n") == []


def test_the_channel_is_aimed_at_where_it_is_declared() -> None:
    project = _project(email=SMTP, environments={"production": FILE})
    finding = only(_lint(project), "RK805")
    assert marked(small(project=project), finding) == "email"
    assert finding.line == 1 + project.splitlines().index(f"    channels: {{email: {FILE}}}")
    assert (finding.context, finding.related) == ("channel 'email'", ())
    assert finding.message == "'production' sends, and nobody is reached: 'file' only keeps what it is given"


def test_one_channel_that_several_inherit_is_one_finding_with_all_of_them() -> None:
    project = _project(environments={"production": None, "staging": None, "europe": SMTP})
    finding = only(_lint(project), "RK805")
    assert finding.line == 1 + project.splitlines().index(f"  email: {FILE}")
    assert [marked(small(project=project), other) for other in finding.related] == ["production", "staging"]
    assert finding.message.startswith("'production' and 'staging' send, ")


def test_only_two_adapters_of_ours_deliver_nothing() -> None:
    said = {name: getattr(adapter_class(name), "capabilities", None) for name in ADAPTERS}
    keeps = {name for name, able in said.items() if isinstance(able, Capabilities) and not able.delivers}
    assert keeps == {"console", "file"}
    assert None not in said.values()


class Silent:
    """An adapter of somebody else's package, with no word about what it can do."""

    OPTIONS: ClassVar[dict[str, str]] = {"type": "object"}


def test_an_adapter_that_says_nothing_is_taken_to_deliver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ADAPTERS, "silent", f"{__name__}:Silent")
    assert _codes(_project(email=SMTP, environments={"production": "{adapter: silent}"})) == ["RK904"]


@pytest.mark.parametrize(
    ("http", "sends", "found"),
    [
        pytest.param("", "true", ["RK908"], id="nobody hears a no"),
        pytest.param("", "false", [], id="nobody is written to"),
        pytest.param(
            "{public_url: https://other.acme.example}", "true", ["RK908"], id="links lead elsewhere"
        ),
        pytest.param("{public_url: https://go.acme.example/}", "true", [], id="a slash at the end"),
    ],
)
def test_what_an_environment_sends_can_be_refused(http: str, sends: str, found: list[str]) -> None:
    project = _project(email=SMTP, environments={"production": None}, sends=sends, http=http)
    assert _codes(project) == found
