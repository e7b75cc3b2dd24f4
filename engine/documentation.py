"""Where the documentation is read: what pyproject.toml says, as a test holds."""

from __future__ import annotations

HOME = "https://rekindle.example/docs"


def rule_url(code: str) -> str:
    """The page of a rule."""
    return f"{HOME}/rules/{code}"
