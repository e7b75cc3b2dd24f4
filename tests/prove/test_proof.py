"""The whole proof of a small project: what is told, and what must not be told as kept."""

from __future__ import annotations

from engine.compile import Loaded
from engine.prove.model import QUESTIONS, Outcome
from engine.prove.proof import Proof, prove
from tests.prove.lost import lost


def proof_of(loaded: Loaded, seconds: float = 60) -> Proof:
    return prove(loaded, [loaded.require().campaigns["winback"]], seconds)


def test_where_everybody_is_held_out_nobody_gets_a_step() -> None:
    proof = proof_of(lost(before="experiment: {holdout: 100%}\n"))
    assert [(a.outcome, a.message) for a in proof.of("reach")] == [
        (Outcome.VIOLATED, "'one' is never sent: everybody is kept back for comparison"),
        (Outcome.VIOLATED, "'two' is never sent: everybody is kept back for comparison"),
    ]


def test_what_nobody_looked_at_is_not_called_kept() -> None:
    proof = proof_of(lost(), seconds=0)
    outcomes = {name: proof.outcome(name) for name in QUESTIONS}
    assert outcomes.pop("exposure") is Outcome.KEPT  # read off the declarations, whatever the time
    assert set(outcomes.values()) == {Outcome.NOT_SETTLED}


def test_a_step_that_earlier_rounds_leave_no_room_for_is_lost_in_those_rounds() -> None:
    proof = proof_of(lost(before="fatigue: 2 per 60d\n", then="{repeat: 20d}"))
    found = [a for a in proof.of("deferrals") if a.outcome is Outcome.VIOLATED]
    assert [(a.step, a.message.partition(":")[0]) for a in found] == [
        ("one", "'one' is lost to a cap in rounds 2, 3, 5 and 6 of the 6 that were followed"),
        ("two", "'two' is lost to a cap in rounds 2, 3, 5 and 6 of the 6 that were followed"),
    ]
    assert all(a.counterexample and a.counterexample.replay for a in found)


def test_rounds_that_leave_room_lose_nothing() -> None:
    proof = proof_of(lost(before="fatigue: 2 per 60d\n", then="{repeat: 90d}"))
    assert proof.outcome("deferrals") is Outcome.NOTED
