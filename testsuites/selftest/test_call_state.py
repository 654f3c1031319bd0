"""What the user is shown of a call, whatever SIP does meanwhile (facts §1.6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.protocol.call_state import (
    ORDER,
    Broke,
    CallProgress,
    Dialled,
    Event,
    HungUp,
    NobodyAnswered,
    Responded,
    cause_of,
    step,
    umws_cause,
)
from ringback.values import CallState, Cause

EVENTS = st.one_of(
    st.builds(Dialled),
    st.builds(HungUp),
    st.builds(NobodyAnswered),
    st.builds(Broke),
    st.builds(Responded, st.integers(100, 699), st.text(max_size=3), st.booleans()),
)


def after(*events: Event) -> CallProgress:
    progress = CallProgress()
    for event in events:
        progress = step(progress, event)
    return progress


def test_a_plain_call_goes_through_all_five_states() -> None:
    events: list[Event] = [Dialled(), Responded(180), Responded(200, "OK"), HungUp()]
    seen = [after(*events[:n]).state for n in range(5)]
    assert seen == list(ORDER)


def test_ringing_may_be_skipped() -> None:
    assert after(Dialled(), Responded(200)).state is CallState.CONNECTED


@pytest.mark.parametrize("status", [100, 181, 182, 183, 199])
def test_other_provisional_answers_are_still_dialling(status: int) -> None:
    assert after(Dialled(), Responded(status)).state is CallState.CONNECTING


def test_a_183_that_alerts_is_ringing() -> None:
    told = Responded(183, "Session Progress", alerting=True)
    assert after(Dialled(), told).state is CallState.ALERTED


def test_a_late_183_does_not_take_ringing_back() -> None:
    told = after(Dialled(), Responded(180), Responded(183))
    assert told.state is CallState.ALERTED


@pytest.mark.parametrize(
    ("status", "cause", "of_2007"),
    [
        (486, Cause.USER_BUSY, Cause.USER_BUSY),
        (600, Cause.USER_BUSY, Cause.USER_BUSY),
        (408, Cause.NO_ANSWER, Cause.NO_ANSWER),
        (480, Cause.NO_ANSWER, Cause.NO_ANSWER),
        (404, Cause.UNAVAILABLE, Cause.OTHER),
        (410, Cause.UNAVAILABLE, Cause.OTHER),
        (484, Cause.UNAVAILABLE, Cause.OTHER),
        (503, Cause.UNAVAILABLE, Cause.OTHER),
        (302, Cause.OTHER, Cause.OTHER),
        (403, Cause.OTHER, Cause.OTHER),
        (487, Cause.OTHER, Cause.OTHER),
        (500, Cause.OTHER, Cause.OTHER),
        (603, Cause.OTHER, Cause.OTHER),
    ],
)
def test_a_refusal_has_the_cause_of_the_table(
    status: int, cause: Cause, of_2007: Cause
) -> None:
    told = after(Dialled(), Responded(status, "no"))
    assert told == CallProgress(CallState.DISCONNECTED, cause, status, "no")
    assert umws_cause(cause_of(status)) is of_2007


def test_our_own_patience_is_no_answer_even_when_487_follows() -> None:
    told = after(Dialled(), Responded(180), NobodyAnswered(), Responded(487, "x"))
    assert told == CallProgress(CallState.DISCONNECTED, Cause.NO_ANSWER)


def test_a_user_who_cancels_is_not_told_of_a_failure() -> None:
    told = after(Dialled(), Responded(180), HungUp(), Responded(487))
    assert told == CallProgress(CallState.DISCONNECTED, Cause.NONE)


def test_a_broken_transport_before_the_answer_is_other() -> None:
    assert after(Dialled(), Broke()).cause is Cause.OTHER


def test_a_call_that_was_answered_ends_without_a_cause() -> None:
    told = after(Dialled(), Responded(200, "OK"), Broke())
    assert told == CallProgress(CallState.DISCONNECTED, Cause.NONE, 200, "OK")


@given(st.lists(EVENTS, max_size=12))
def test_states_only_go_forward_and_the_end_is_final(events: list[Event]) -> None:
    progress = CallProgress()
    for event in events:
        before, progress = progress, step(progress, event)
        assert ORDER.index(progress.state) >= ORDER.index(before.state)
        if before.over:
            assert progress == before
        assert progress.over or progress.cause is Cause.NONE
