"""Sound and keys through the gateway, early ones, on hold, in every security."""

import pytest
from testsuites.selftest.phone_line import (
    GATEWAY,
    HOSTS,
    MESSAGE,
    PHONE,
    UM,
    Line,
)

from ringback.faults import Misuse
from ringback.protocol.offer_answer import offer
from ringback.values import Security
from ringback.wire.sdp import Sdp, audio

EVERY = list(Security)


@pytest.mark.parametrize("security", EVERY)
def test_a_message_reaches_the_ear_octet_by_octet(security: Security) -> None:
    line = Line(security)
    line.um.playing = MESSAGE
    line.dials()
    line.settles()
    assert MESSAGE in line.phone.heard
    assert line.um.kinds()[-2:] == ["HungUp", "Idle"]
    assert line.phone.calls[0].ended_by == "phone"
    assert line.gateway.dropped == 0


@pytest.mark.parametrize("security", EVERY)
def test_only_the_um_side_of_a_secured_plan_has_srtp(security: Security) -> None:
    line = Line(security)
    line.dials()
    line.until(lambda: "um ACK" in line.words())
    sides = [
        audio(Sdp.parse(line.first(word).body)).protocol
        for word in ("um INVITE", "gateway INVITE", "phone 200", "gateway 200")
    ]
    secured = "RTP/SAVP" if security.srtp else "RTP/AVP"
    assert sides == [secured, "RTP/AVP", "RTP/AVP", secured]


@pytest.mark.parametrize("security", EVERY)
def test_keys_reach_the_um_once_each(security: Security) -> None:
    line = Line(security)
    line.phone.presses("123#*0", after=0.5)
    line.phone.stays()
    line.dials()
    line.passes(3.0)
    assert line.um.keys == "123#*0"
    line.phone.presses("77")
    line.give(PHONE)
    line.passes(1.0)
    assert line.um.keys == "123#*077"


def test_keys_keep_the_ums_number_for_events() -> None:
    line = Line()
    line.phone.presses("5", after=0.1)
    body = bytes(line.um.offered).replace(b"101", b"96")
    line.dials(offered=Sdp.parse(body))
    line.passes(1.0)
    assert line.um.keys == "5"


def test_only_keys_of_a_keypad_can_be_pressed() -> None:
    with pytest.raises(Misuse):
        Line().phone.presses("12x")


@pytest.mark.parametrize("security", EVERY)
def test_speech_reaches_the_um(security: Security) -> None:
    line = Line(security)
    line.phone.speaks(MESSAGE[:4000], after=0.2)
    line.phone.stays()
    line.dials()
    line.passes(2.0)
    assert MESSAGE[:4000] in line.um.ear.octets


def test_early_sound_reaches_the_um_before_the_answer() -> None:
    line = Line()
    line.phone.rings_with(183, "Session Progress", early=MESSAGE[:1600])
    line.phone.answers(after=1.0)
    line.dials()
    line.passes(0.9)
    assert not line.phone.is_answered
    assert MESSAGE[:1600] in line.um.ear.octets
    line.until(lambda: "um ACK" in line.words())
    early, final = (line.first(f"gateway {n}").body for n in (183, 200))
    assert early == final


def test_the_phones_choice_of_codec_goes_back_to_the_um() -> None:
    line = Line()
    line.um.playing = MESSAGE[:1600]
    line.dials(offered=offer(line.um.local, formats=(8, 0, 101)))
    line.settles()
    answered = audio(Sdp.parse(line.first("gateway 200").body))
    assert answered.formats == ("8", "101")
    assert len(line.phone.heard) > 1600


@pytest.mark.parametrize("security", EVERY)
def test_the_um_may_hold_and_resume(security: Security) -> None:
    line = Line(security)
    line.phone.stays()
    line.dials()
    line.passes(0.5)
    line.um.turns("inactive")
    line.give(UM)
    line.passes(0.2)
    quiet = len(line.casts)
    line.passes(1.0)
    assert len(line.casts) == quiet
    line.um.turns("sendrecv")
    line.give(UM)
    line.passes(0.1)
    line.phone.presses("9")
    line.give(PHONE)
    line.passes(0.5)
    assert line.um.keys == "9"


def test_the_phone_may_hold_and_resume() -> None:
    line = Line()
    line.phone.stays()
    line.dials()
    line.passes(0.5)
    line.phone.holds(direction="inactive")
    line.give(PHONE)
    line.passes(0.2)
    quiet = len(line.casts)
    line.passes(1.0)
    assert len(line.casts) == quiet
    line.phone.resumes()
    line.give(PHONE)
    line.passes(0.5)
    assert len(line.casts) > quiet
    line.phone.hangs_up()
    line.give(PHONE)
    line.settles()


def test_packets_of_the_relay_come_from_the_gateways_own_ports() -> None:
    line = Line()
    line.phone.stays()
    line.dials()
    line.passes(1.0)
    told = audio(Sdp.parse(line.first("gateway INVITE").body))
    targets = {c.target for who, c in line.casts if who == PHONE}
    assert (told.host, told.port) in {(t.host, t.port) for t in targets}
    assert {t.host for t in targets} == {HOSTS[GATEWAY]}
