"""Unsubscribe tokens: only ours, for ever, through a change of keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tokens import Signer, unsubscribe_url


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_token_is_read_back(ref: str) -> None:
    signer = Signer("key")
    assert signer.read(signer.sign(ref)) == ref


@given(st.text())
def test_anything_else_is_nobody(token: str) -> None:
    assert Signer("key").read(token) is None


def test_a_token_of_another_key_or_ref_is_nobody() -> None:
    token = Signer("key").sign("r1")
    assert Signer("other").read(token) is None
    assert Signer("key").read(token.replace("r1", "r2")) is None
    assert Signer("key").read(token[:-1]) is None


def test_old_tokens_stay_good_when_the_key_changes() -> None:
    token = Signer("old").sign("r1")
    assert Signer(["old", "new"]).read(token) == "r1"
    assert Signer("new").read(Signer(["old", "new"]).sign("r1")) == "r1"


@pytest.mark.parametrize("keys", ["", [], ["good", ""]])
def test_a_signer_needs_a_key(keys: str | list[str]) -> None:
    with pytest.raises(ValueError, match="key"):
        Signer(keys)


def test_the_key_is_not_in_the_repr() -> None:
    assert "secret" not in repr(Signer("secret"))


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://go.example/u", "https://go.example/u/T"),
        ("https://go.example/u/", "https://go.example/u/T"),
        ("https://go.example/?t=", "https://go.example/?t=T"),
    ],
)
def test_the_token_goes_behind_the_brands_address(base: str, url: str) -> None:
    assert unsubscribe_url(base, "T") == url
