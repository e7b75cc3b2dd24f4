"""The environment: what it lacks is named, what it holds is not told."""

from __future__ import annotations

import pytest

from engine import settings
from engine.errors import ConfigurationError
from engine.model import Secret


def test_a_plain_value_is_itself() -> None:
    assert settings.resolved(587) == 587


def test_a_secret_is_read_when_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "first")
    assert settings.resolved(Secret(env="ACME_KEY")) == "first"
    monkeypatch.setenv("ACME_KEY", "second")
    assert settings.resolved(Secret(env="ACME_KEY")) == "second"


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_or_empty_variable_is_named(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("ACME_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("ACME_KEY", value)
    with pytest.raises(ConfigurationError, match="ACME_KEY is not set") as caught:
        settings.secret(Secret(env="ACME_KEY"))
    assert "export ACME_KEY=" in caught.value.hint
