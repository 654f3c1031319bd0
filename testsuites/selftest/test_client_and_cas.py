"""A mail client and a CAS back to back, and a UM that follows a script."""

from base64 import b64decode, b64encode
from collections.abc import Callable

import pytest
from testsuites.selftest.little_world import ScriptedUm
from testsuites.selftest.office import (
    BOTH,
    CAS,
    DESK,
    ENTRY,
    Dialect,
    Office,
    asking,
    client_of,
    hanging_up,
    office,
    settings,
)

from ringback.peers.cas import Cas
from ringback.values import Address, CallState, Cause
from ringback.wire import ews
from ringback.wire.message import Field
from ringback.wire.multipart import parse as parse_multipart
from ringback.wire.order import CONTENT_TYPE, Order, Outcome
from ringback.wire.sdp import Sdp, audio

SHOWN = (CallState.IDLE, CallState.CONNECTING, CallState.ALERTED, CallState.CONNECTED)


@BOTH
def test_a_plain_call_is_followed_to_its_end(dialect: Dialect) -> None:
    play = office(dialect)
    call = play.connects()
    play.um.hangs_up()
    play.world.give(play.um, play.um.wishes())
    play.world.until(call.is_over)
    assert call.history == (*SHOWN, CallState.DISCONNECTED)
    assert (call.cause, call.error) == (Cause.NONE, "")
    assert play.um.got("ACK")
    play.world.rests(700)
    assert not play.cas.leftovers()
    assert not play.client.leftovers()
    assert set(play.world.kept["cas cas.ringback.test"]) == {"life"}
    assert len([c for c in play.world.connects if c.target == CAS]) == 1


@BOTH
def test_the_order_rides_in_the_invite_beside_an_inactive_offer(
    dialect: Dialect,
) -> None:
    play = office(dialect)
    play.rings()
    invite = play.um.got("INVITE")[0]
    body = parse_multipart(invite.first("content-type"), invite.body)
    offered, ordered = body.part("application/sdp"), body.part(CONTENT_TYPE)
    assert offered is not None
    assert ordered is not None
    assert audio(Sdp.parse(offered.body)).direction == "inactive"
    assert offered.disposition[0] == "session"
    assert ordered.disposition == ("render", {"handling": "required"})
    assert Order.parse(ordered.body) == Order("alice", "message", ENTRY, DESK)


def test_the_order_waits_for_the_first_word_of_the_um() -> None:
    play = office()
    call = play.orders()
    play.world.until(play.um.has("INVITE"))
    play.um_says(100, "Trying")
    play.world.rests(5.0)
    assert not call.is_ordered()
    play.um_says(183, "Session Progress")
    play.world.until(call.is_ordered)
    assert call.state is CallState.CONNECTING


@BOTH
def test_a_busy_phone(dialect: Dialect) -> None:
    play = office(dialect)
    call = play.rings()
    play.um_refuses(486, Outcome(Cause.USER_BUSY, 486, "Busy Here"))
    play.world.until(call.is_over)
    assert (call.state, call.cause) == (CallState.DISCONNECTED, Cause.USER_BUSY)
    sip = (486, "Busy Here") if dialect == "ews" else (0, "")
    assert (call.sip_code, call.sip_text) == sip
    assert not call.is_refused()


@BOTH
def test_an_unknown_number_is_unavailable_in_one_dialect_only(dialect: Dialect) -> None:
    play = office(dialect)
    call = play.rings()
    play.um_refuses(480, Outcome(Cause.UNAVAILABLE, 404, "Not Found"))
    play.world.until(call.is_over)
    assert call.cause is (Cause.UNAVAILABLE if dialect == "ews" else Cause.OTHER)


@BOTH
@pytest.mark.parametrize(
    ("trouble", "new", "old"),
    [
        ("policy", "ErrorPhoneNumberNotDialable", "DialingRulesException"),
        ("bad-number", "ErrorInvalidPhoneNumber", "DialingRulesException"),
        ("bad-address", "ErrorInvalidSIPUri", "DialingRulesException"),
        ("unknown-message", "ErrorItemNotFound", "InvalidObjectIdException"),
        ("no-gateway", "ErrorUnifiedMessagingRequestFailed", ""),
        ("call-limit", "ErrorUnifiedMessagingRequestFailed", ""),
        ("never-heard-of", "ErrorUnifiedMessagingRequestFailed", ""),
    ],
)
def test_the_ums_own_trouble_refuses_the_order(
    dialect: Dialect, trouble: str, new: str, old: str
) -> None:
    play = office(dialect)
    call = play.orders()
    play.world.until(play.um.has("INVITE"))
    play.um_refuses(403, Outcome(Cause.OTHER, trouble=trouble))
    play.world.until(call.is_over)
    assert call.is_refused()
    assert call.error == (new if dialect == "ews" else old or new)
    assert call.history == (CallState.IDLE,)


def test_a_refusal_without_a_body_of_ours_is_the_far_ends() -> None:
    play = office()
    call = play.orders()
    play.world.until(play.um.has("INVITE"))
    play.um_says(486, "Busy Here")
    play.world.until(call.is_over)
    assert (call.cause, call.sip_code) == (Cause.USER_BUSY, 486)
    assert call.history[-1] is CallState.DISCONNECTED


@pytest.mark.parametrize(
    ("reason", "cause", "code"),
    [
        ('SIP;cause=404;text="Not Found"', Cause.UNAVAILABLE, 404),
        ("Q.850;cause=17", Cause.NO_ANSWER, 480),
        ("SIP;cause=many", Cause.NO_ANSWER, 480),
    ],
)
def test_a_reason_tells_of_the_far_end_where_no_body_does(
    reason: str, cause: Cause, code: int
) -> None:
    play = office()
    call = play.rings()
    play.um_says(480, "Temporarily Unavailable", Field.of("Reason", reason))
    play.world.until(call.is_over)
    assert (call.cause, call.sip_code) == (cause, code)


@BOTH
def test_the_user_hangs_up_while_it_rings(dialect: Dialect) -> None:
    play = office(dialect)
    call = play.rings()
    play.client.hangs_up(call)
    play.gives()
    play.world.until(call.is_over)
    assert play.um.got("CANCEL")
    assert (call.state, call.cause) == (CallState.DISCONNECTED, Cause.NONE)


@BOTH
def test_the_user_hangs_up_while_it_plays(dialect: Dialect) -> None:
    play = office(dialect)
    call = play.connects()
    play.client.hangs_up(call)
    play.gives()
    play.world.until(call.is_over)
    assert play.um.got("BYE")
    assert play.client.hangs_up(call) is None


def test_hanging_up_before_the_order_is_answered_still_hangs_up() -> None:
    play = office()
    call = play.orders()
    play.world.until(play.um.has("INVITE"))
    assert play.client.hangs_up(call) is None
    play.um_says(183, "Session Progress")
    play.world.until(call.is_over)
    assert play.um.got("CANCEL")


@BOTH
def test_a_silent_um_is_no_um(dialect: Dialect) -> None:
    play = office(dialect)
    call = play.orders()
    play.world.until(call.is_over)
    assert play.world.now == pytest.approx(30.0)
    assert call.error == "ErrorUnifiedMessagingServerNotFound"
    again = play.orders()
    play.world.until(lambda: len(play.um.got("INVITE")) == 2)
    assert not again.is_refused()


def test_an_order_whose_client_has_gone_is_taken_back() -> None:
    play = office()
    play.orders()
    play.world.until(play.um.has("INVITE"))
    play.um_says(100, "Trying")
    play.world.rests()
    play.world.unseat(play.client)
    play.um_says(180, "Ringing")
    play.world.until(play.um.has("CANCEL"))
    play.world.rests(700)
    assert not play.cas.leftovers()


@BOTH
def test_a_um_that_cannot_be_reached_is_no_um(dialect: Dialect) -> None:
    play = office(dialect)
    play.world.deaf.add(5060)
    call = play.orders()
    play.world.until(call.is_over)
    assert call.error == "ErrorUnifiedMessagingServerNotFound"
    assert play.world.now < 30.0


def test_a_redirect_leads_to_the_worker() -> None:
    play = office()
    worker = ScriptedUm(5065)
    play.world.seat(worker)
    call = play.orders()
    play.world.until(play.um.has("INVITE"))
    there = "<sip:um.ringback.test:5065;transport=Tcp;maddr=127.0.0.3>"
    play.um_says(302, "Moved Temporarily", Field.of("Contact", there))
    play.world.until(worker.has("INVITE"))
    worker.says(183, "Session Progress")
    play.world.give(worker, worker.wishes())
    play.world.until(call.is_ordered)
    assert play.world.connects[-1].target == Address("127.0.0.3", 5065)
    assert call.state is CallState.CONNECTING


@BOTH
def test_one_call_at_a_time(dialect: Dialect) -> None:
    play = office(dialect)
    first = play.rings()
    second = play.orders()
    play.world.until(second.is_over)
    assert second.error == "ErrorUnifiedMessagingRequestFailed"
    play.client.hangs_up(first)
    play.gives()
    play.world.until(first.is_over)
    play.orders()
    play.world.until(lambda: len(play.um.got("INVITE")) == 2)


@BOTH
def test_a_call_of_another_user_is_no_call(dialect: Dialect) -> None:
    play = office(dialect)
    call = play.rings()
    mallory = client_of("bob", dialect)
    play.world.seat(mallory)
    answers = []
    for stolen in (call.id, "bm9uc2Vuc2U=", "", "not base64"):
        for asked in (asking(dialect, stolen), hanging_up(dialect, stolen)):
            question = mallory.asks(asked)
            play.world.give(mallory, mallory.wishes())
            play.world.until(question.is_answered)
            answers.append(question)
    assert len({a.answer.body for a in answers[::2] if a.answer}) == 1
    assert len({a.answer.body for a in answers[1::2] if a.answer}) == 1
    wanted = "ErrorInvalidPhoneCallId" if dialect == "ews" else "InvalidCallIdException"
    assert {a.error for a in answers} == {wanted}
    assert not play.um.got("CANCEL")


def test_an_id_that_names_another_server_is_no_id() -> None:
    play = office()
    call = play.rings()
    guid = b64decode(call.id).decode().partition("@")[0]
    for told in (f"{guid}@evil.test", guid, f"{guid}@um.ringback.test "):
        asked = ews.GetPhoneCallInformation(b64encode(told.encode()).decode())
        response = play.asks(asked)
        assert isinstance(response, ews.GetPhoneCallInformationResponse)
        assert response.code == "ErrorInvalidPhoneCallId"
    assert not call.is_over()


@BOTH
def test_an_ended_call_is_remembered_for_ten_minutes(dialect: Dialect) -> None:
    play = office(dialect)
    call = play.rings()
    play.um_refuses(486, Outcome(Cause.USER_BUSY, 486, "Busy Here"))
    play.world.until(call.is_over)
    asked = asking(dialect, call.id)
    play.world.rests(500)
    early = play.asks(asked)
    play.world.rests(200)
    late = play.asks(asked)
    assert getattr(early, "state", None) is CallState.DISCONNECTED
    assert getattr(late, "state", None) is None


def reborn(play: Office) -> None:
    """The CAS goes and comes back with what the store kept."""
    play.world.unseat(play.cas)
    play.cas = Cas(settings())
    play.world.seat(play.cas)
    play.world.rests()


@BOTH
def test_a_call_outlives_its_cas(dialect: Dialect) -> None:
    play = office(dialect)
    call = play.connects()
    reborn(play)
    play.world.rests(3.0)
    assert play.um.got("OPTIONS")
    assert call.is_connected()
    play.client.hangs_up(call)
    play.gives()
    play.world.until(call.is_over)
    assert play.um.got("BYE")
    assert call.state is CallState.DISCONNECTED


def test_a_second_life_reuses_no_name_of_the_first() -> None:
    play = office()
    first = play.rings()
    play.client.hangs_up(first)
    play.gives()
    play.world.until(first.is_over)
    reborn(play)
    second = play.orders()
    play.world.until(lambda: len(play.um.got("INVITE")) == 2)
    play.um_says(183, "Session Progress")
    play.world.until(second.is_ordered)
    call_ids = {m.first("call-id") for m in play.um.got("INVITE")}
    assert len(call_ids) == 2
    assert first.id != second.id


def test_a_record_that_cannot_be_read_is_dropped() -> None:
    play = office()
    play.world.kept["cas cas.ringback.test"]["spoilt"] = b"{"
    reborn(play)
    assert set(play.world.kept["cas cas.ringback.test"]) == {"life"}


@BOTH
def test_a_call_that_ended_meanwhile_is_disconnected(dialect: Dialect) -> None:
    play = office(dialect)
    call = play.connects()
    play.um.answers_options = 481
    reborn(play)
    play.world.until(call.is_over)
    assert (call.state, call.error) == (CallState.DISCONNECTED, "")


def test_a_call_that_was_still_ringing_outlives_its_cas_too() -> None:
    play = office()
    call = play.rings()
    reborn(play)
    play.world.rests(3.0)
    assert play.um.got("OPTIONS")
    assert call.state is CallState.CONNECTING
    play.um.answers_options = 481
    play.world.until(call.is_over)
    assert (call.state, call.error) == (CallState.DISCONNECTED, "")


def test_a_lost_web_connection_is_made_anew() -> None:
    play = office()
    call = play.rings()
    reborn(play)
    play.um.answers_options = 200
    play.world.rests(5.0)
    assert not call.is_over()
    assert call.missed == 0


@pytest.mark.parametrize("gone", [True, False])
def test_a_client_gives_up_in_the_end(gone: bool) -> None:
    play = office()
    call = play.rings()
    if gone:
        play.world.unseat(play.cas)
    else:
        play.world.passwords["alice"] = "changed"
    met: Callable[[], bool] = call.is_over
    play.world.until(met)
    assert call.error
    assert call.state is CallState.CONNECTING
