"""The two tables of lives: every pair has a row or is refused."""

from __future__ import annotations

from itertools import product

import pytest

from engine.flow import (
    ENROLMENT,
    TOUCH,
    EnrolmentMove,
    EnrolmentState,
    IllegalMove,
    TouchMove,
    TouchState,
    move_enrolment,
    move_touch,
)

#: what an enrolment can never leave, and a touch neither
FINAL_TOUCHES = {TouchState.BOUNCED, TouchState.SKIPPED}


@pytest.mark.parametrize(("state", "move"), [*product(EnrolmentState, EnrolmentMove)])
def test_every_move_of_an_enrolment_is_in_the_table_or_refused(
    state: EnrolmentState, move: EnrolmentMove
) -> None:
    if (state, move) in ENROLMENT:
        assert move_enrolment(state, move) is ENROLMENT[state, move]
    else:
        with pytest.raises(IllegalMove, match=f"that is {state} cannot {move}"):
            move_enrolment(state, move)


@pytest.mark.parametrize(("state", "move"), [*product([None, *TouchState], TouchMove)])
def test_every_move_of_a_touch_is_in_the_table_or_refused(state: TouchState | None, move: TouchMove) -> None:
    if (state, move) in TOUCH:
        assert move_touch(state, move) is TOUCH[state, move]
    else:
        with pytest.raises(IllegalMove, match=f"that is {state or 'new'} cannot {move}"):
            move_touch(state, move)


def test_the_ended_stay_ended() -> None:
    assert not [pair for pair in ENROLMENT if pair[0] is EnrolmentState.ENDED]
    assert {s for s in TouchState if not [p for p in TOUCH if p[0] is s]} == FINAL_TOUCHES


def test_nothing_that_may_have_left_is_queued_again_unless_it_certainly_did_not() -> None:
    back = {
        pair
        for pair, state in TOUCH.items()
        if state is TouchState.QUEUED and pair[0] not in (None, TouchState.HELD)
    }
    assert back == {
        (TouchState.QUEUED, TouchMove.HOLD),
        (TouchState.DISPATCHING, TouchMove.RETRY),
        (TouchState.IN_DOUBT, TouchMove.ABSENT),
        (TouchState.FAILED, TouchMove.REVIVE),  # given up or refused, so never taken; and a person asks for it
    }


def test_every_state_can_be_reached_and_every_life_can_end() -> None:
    assert {*ENROLMENT.values(), EnrolmentState.WAITING} == set(EnrolmentState)
    assert set(TOUCH.values()) == set(TouchState)
    assert {s for s, m in ENROLMENT if m is EnrolmentMove.END} == set(EnrolmentState) - {EnrolmentState.ENDED}
