"""Adapters are found by name, ours and other people's, and their options are checked by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Self

import pytest

from channels import options, registry
from channels.base import Adapter
from channels.recording import RecordingAdapter
from scripts import make_channel_docs

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["host"],
    "properties": {
        "host": {"type": "string", "minLength": 1},
        "port": {"type": "integer", "default": 25},
        "fast": {"type": "boolean"},
    },
}


class Pigeon(RecordingAdapter):
    """An adapter of somebody else's."""

    name = "pigeon"
    OPTIONS: Mapping[str, Any] = SCHEMA

    @classmethod
    def build(cls, options: Mapping[str, Any], host: registry.Host) -> Self:
        return cls()


@pytest.fixture
def _pigeon(monkeypatch: pytest.MonkeyPatch) -> None:
    point = metadata.EntryPoint("pigeon", f"{__name__}:Pigeon", registry.GROUP)

    def entry_points(*, group: str, name: str = "pigeon") -> metadata.EntryPoints:
        assert group == registry.GROUP
        return metadata.EntryPoints([point]).select(name=name)

    monkeypatch.setattr(registry, "entry_points", entry_points)


@pytest.mark.parametrize("name", sorted(registry.ADAPTERS))
def test_every_name_leads_to_an_adapter_of_that_name(name: str) -> None:
    assert registry.adapter_class(name).name == name  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(registry.ADAPTERS))
def test_every_adapter_and_option_is_in_the_docs(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs/channels.md").read_text(encoding="utf-8")
    row, *_ = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
    assert all(f"`{option}`" in row for option in registry.adapter_class(name).OPTIONS["properties"])


def test_the_page_says_what_each_adapter_can_do() -> None:
    text = make_channel_docs.PAGE.read_text(encoding="utf-8")
    assert text == make_channel_docs.page(text), "run 'make docs'"
    assert make_channel_docs.table() in text


def test_an_unknown_name_is_told_what_is_near() -> None:
    with pytest.raises(registry.UnknownAdapter, match="no adapter is called 'smpt'; did you mean 'smtp'"):
        registry.build("smpt", {})


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(registry.UnknownAdapter, match="there are: audience, console, file, "):
        registry.build("carrier-pigeon", {})


@pytest.mark.usefixtures("_pigeon")
def test_an_adapter_of_another_package_is_one_of_them() -> None:
    assert "pigeon" in registry.names()
    assert isinstance(registry.build("pigeon", {"host": "roof"}), Adapter)


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(options.OptionError) as refused:
        options.resolved(SCHEMA, {"hots": "x", "port": "many", "fast": 3})
    assert str(refused.value) == (
        "option 'hots': unknown option; did you mean 'host'?; option 'host': missing; "
        "option 'port': must be a whole number; option 'fast': must be true or false"
    )


def test_defaults_are_filled_in_and_text_is_read() -> None:
    assert options.resolved(SCHEMA, {"host": "h", "fast": "TRUE"}) == {"host": "h", "fast": True, "port": 25}
    assert options.resolved(SCHEMA, {"host": "h", "port": " 26 "})["port"] == 26


def test_a_fault_never_repeats_the_value() -> None:
    faults = list(options.problems({"properties": {"password": {"type": "string"}}}, {"password": 12345}))
    assert faults == [options.Problem("password", "must be text")]
