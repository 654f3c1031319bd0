"""UM to phone through the gateway: calls, refusals, and how they end."""

import pytest
from msgspec.structs import replace
from testsuites.selftest.phone_line import (
    DESK,
    GATEWAY,
    MESSAGE,
    PHONE,
    UM,
    Line,
)

from ringback.protocol import happenings as sip
from ringback.protocol.offer_answer import offer
from ringback.protocol.redirect import Target
from ringback.values import Security
from ringback.wire.message import Field
from ringback.wire.sdp import Sdp, audio


def test_a_plain_call_in_order() -> None:
    line = Line()
    line.um.playing = MESSAGE[:800]
    line.dials()
    line.settles()
    words = [w for w in line.words() if "100" not in w]
    assert words == [
        "um INVITE",
        "gateway INVITE",
        "phone 180",
        "gateway 180",
        "phone 200",
        "gateway ACK",
        "gateway 200",
        "um ACK",
        "phone BYE",
        "gateway 200",
        "gateway BYE",
        "um 200",
    ]
    assert line.first("gateway INVITE").uri == f"sip:{DESK}@{PHONE}:5090;transport=tcp"


def test_the_phone_answers_when_it_was_told_to() -> None:
    line = Line()
    line.phone.answers(after=3.0)
    line.dials()
    line.until(lambda: "um ACK" in line.words())
    assert 3.0 <= line.network.now < 3.1


@pytest.mark.parametrize("status", [404, 408, 480, 484, 486, 500, 503, 600, 603])
def test_the_phones_refusal_reaches_the_um(status: int) -> None:
    line = Line()
    line.phone.refuses_with(status)
    line.dials()
    line.settles()
    assert line.um.latest(sip.Refused).response.status == status
    assert "phone 180" not in line.words()


@pytest.mark.parametrize("status", [302, 401, 407])
def test_what_speaks_about_the_gateways_hop_stays_there(status: int) -> None:
    line = Line()
    line.phone.refuses_with(status)
    line.dials()
    line.settles()
    assert line.um.latest(sip.Refused).response.status == 480


def test_a_phone_may_ring_and_then_refuse() -> None:
    line = Line()
    line.phone.refuses_with(486, after=2.0)
    line.dials()
    line.settles()
    assert line.um.kinds() == ["Progressed", "Refused", "Idle"]


def test_a_ringing_phone_may_change_its_mind() -> None:
    line = Line()
    line.phone.never_answers()
    line.dials()
    line.passes(10.0)
    assert line.phone.is_ringing
    line.phone.answers(after=0.0)
    line.give(PHONE)
    line.until(lambda: line.phone.is_answered, within=1.0)


def test_a_redirected_call_is_followed_by_the_gateway() -> None:
    line = Line()
    line.phone.redirects_to(f"sip:other@{PHONE}:5090;transport=tcp")
    line.dials()
    line.until(lambda: line.words().count("gateway INVITE") == 2)
    assert "gateway 302" not in line.words()


def test_an_unknown_number_is_404() -> None:
    line = Line()
    line.dials("+4420")
    line.settles()
    assert line.um.latest(sip.Refused).response.status == 404


def test_a_phone_that_is_not_there_is_503() -> None:
    line = Line()
    line.dials("100")
    line.settles()
    assert line.um.latest(sip.Refused).response.status == 503


def test_channels_are_limited() -> None:
    line = Line(channels=1)
    line.phone.stays()
    line.dials()
    line.until(lambda: line.phone.is_answered)
    line.dials()
    line.until(lambda: "Refused" in line.um.kinds())
    assert line.um.latest(sip.Refused).response.status == 503
    assert line.gateway.channels == 1


def test_a_phone_with_one_line_is_busy() -> None:
    line = Line(lines=1)
    line.phone.stays()
    line.dials()
    line.until(lambda: line.phone.is_answered)
    line.dials()
    line.until(lambda: "Refused" in line.um.kinds())
    assert line.um.latest(sip.Refused).response.status == 486


def test_a_cancel_reaches_the_phone() -> None:
    line = Line()
    line.phone.never_answers()
    line.dials()
    line.until(lambda: "Progressed" in line.um.kinds())
    line.um.hangs_up()
    line.give(UM)
    line.settles()
    assert line.phone.calls[0].ended_by == "far end"
    assert line.um.latest(sip.Refused).response.status == 487
    assert "gateway CANCEL" in line.words()


def test_a_cancel_that_crosses_the_answer_ends_both_sides() -> None:
    line = Line()
    line.phone.never_answers()
    line.dials()
    line.until(lambda: "Progressed" in line.um.kinds())
    line.um.hangs_up()
    line.phone.answers(after=0.0)
    line.give(PHONE)
    line.give(UM)
    line.settles()
    assert line.phone.calls[0].state == "over"


def test_the_um_may_hang_up() -> None:
    line = Line()
    line.phone.stays()
    line.dials()
    line.until(lambda: line.phone.is_answered)
    line.passes(1.0)
    line.um.hangs_up()
    line.give(UM)
    line.settles()
    assert line.phone.calls[0].ended_by == "far end"


def test_a_phone_that_stays_outlasts_the_message() -> None:
    line = Line()
    line.phone.stays()
    line.um.playing = MESSAGE
    line.dials()
    line.passes(10.0)
    assert line.phone.is_answered
    line.phone.hangs_up()
    line.give(PHONE)
    line.settles()


def test_a_phone_hangs_up_when_told_to_after_a_while() -> None:
    line = Line()
    line.phone.hangs_up(after=2.0)
    line.dials()
    line.until(lambda: "phone BYE" in line.words())
    assert 2.1 <= line.network.now < 2.2


def test_a_phone_that_has_heard_enough_hangs_up_whatever_is_said() -> None:
    line = Line()
    line.phone.listens_for(1.0)
    line.dials()
    line.until(lambda: "phone BYE" in line.words())
    assert len(line.phone.heard) == 8000


def test_silence_alone_does_not_make_it_hang_up() -> None:
    line = Line()
    line.dials()
    line.passes(5.0)
    assert line.phone.is_answered


def test_a_wrong_profile_is_488_before_any_phone_rings() -> None:
    line = Line(Security.SECURED)
    line.dials(offered=offer(replace(line.um.local, security=Security.UNSECURED)))
    line.settles()
    assert line.um.latest(sip.Refused).response.status == 488
    assert "gateway INVITE" not in line.words()


def test_an_unreadable_offer_is_488() -> None:
    line = Line()
    line.dials(offered=Sdp.parse(b"\x00 nothing"))
    line.settles()
    assert line.um.latest(sip.Refused).response.status == 488


def test_a_peer_that_is_not_trusted_is_refused() -> None:
    line = Line(Security.SIP_SECURED, trusted=("somebody.else.test",))
    line.dials()
    line.settles()
    assert line.um.latest(sip.Refused).response.status == 403


def test_options_are_answered() -> None:
    line = Line()
    line.um.agent.probe(f"sip:{GATEWAY}", Target.of(GATEWAY))
    line.give(UM)
    line.settles()
    assert line.um.latest(sip.Replied).response.status == 200


def test_the_phone_takes_an_invite_without_an_offer() -> None:
    line = Line()
    line.phone.stays()
    line.um.place(DESK, b"")
    line.give(UM)
    line.until(lambda: "Answered" in line.um.kinds())
    offered = audio(Sdp.parse(line.um.latest(sip.Answered).response.body))
    assert offered.formats == ("0", "101")


def test_after_the_call_every_port_is_free_again() -> None:
    line = Line(media_ports=(30000, 30003))
    for _ in range(3):
        line.phone.hangs_up(after=0.1)
        line.um.calls()
        line.give(UM)
        line.settles()
    assert [call.state for call in line.phone.calls] == ["over"] * 3
    assert line.gateway.channels == 0


def test_without_a_free_port_a_call_is_503() -> None:
    line = Line(media_ports=(30000, 30001))
    line.dials()
    line.settles()
    assert line.um.latest(sip.Refused).response.status == 503


def test_the_reason_of_a_hang_up_goes_along() -> None:
    line = Line()
    line.phone.stays()
    line.dials()
    line.until(lambda: "um ACK" in line.words())
    reason = Field.of("Reason", 'Q.850;cause=16;text="Terminated"')
    line.um.agent.hang_up(line.um.call, (reason,))
    line.give(UM)
    line.until(lambda: "gateway BYE" in line.words())
    assert line.first("gateway BYE").first("reason").startswith("Q.850;cause=16")
