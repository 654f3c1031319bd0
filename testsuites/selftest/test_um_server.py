"""What a UM server takes, passes on and refuses, between a CAS and a gateway."""

import pytest
from testsuites.selftest.pair import SDP, SDP_TYPE, Phone
from testsuites.selftest.um_world import MENU, MESSAGE, World

from ringback.peers.um_settings import UmIpGateway
from ringback.protocol.happenings import (
    Answered,
    HungUp,
    Invited,
    Progressed,
    Redirected,
    Refused,
    Replied,
)
from ringback.protocol.redirect import Target
from ringback.protocol.timing import Timing
from ringback.values import Address, Cause, Security
from ringback.wire.extensions import reasons
from ringback.wire.headers import from_, tokens
from ringback.wire.message import Field
from ringback.wire.order import OUTCOME_TYPE
from ringback.wire.sdp import Sdp

# -- the plain call


@pytest.mark.parametrize("security", Security)
def test_a_message_is_played_whole_and_then_the_menu(security: Security) -> None:
    world = World(security)
    key = world.order()
    assert world.cas.kinds() == ["Redirected", "Progressed"]
    world.gateway.agent.ring(world.gateway.latest(Invited).call)
    world.pipe.run()
    assert world.cas.latest(Progressed).response.status == 180
    world.gateway.answers()
    assert world.cas.latest(Answered).call == key

    world.until(lambda: len(world.gateway.heard) > len(MESSAGE) + 2000)
    assert world.gateway.heard.startswith(MESSAGE + MENU)
    world.cas.agent.hang_up(key)
    world.pipe.run()
    assert world.gateway.latest(HungUp).why == "BYE"
    assert world.is_over()


def test_the_service_redirects_in_the_products_form() -> None:
    world = World()
    world.order()
    moved = world.cas.latest(Redirected)
    assert moved.response.status == 302
    contact = "<sip:um1:5065;transport=Tcp;maddr=um1>"
    assert moved.response.first("contact") == contact
    assert moved.target == Target(Address("um1", 5065), False, "um1")


def test_a_numeric_user_is_kept_and_marked_as_phone() -> None:
    world = World()
    world.cas.agent.call("sip:101@um", target=world.um)
    world.pipe.run()
    contact = world.cas.latest(Redirected).response.first("contact")
    assert contact == "<sip:101@um1:5065;user=phone;transport=Tcp;maddr=um1>"


def test_after_recycling_new_calls_go_to_the_other_worker() -> None:
    world = World()
    first = world.connected()
    world.service.recycle()
    world.workers[0].drain()
    world.order()
    assert world.cas.latest(Redirected).target.name == "um2"
    assert not world.workers[0].drained
    world.cas.agent.hang_up(first)
    world.pipe.run()
    assert world.workers[0].drained


def test_a_draining_worker_takes_no_new_calls() -> None:
    world = World()
    world.workers[0].drain()
    world.order()
    assert world.outcome()[0] == 500
    assert world.outcome()[1].trouble == "internal"


def test_the_gateway_is_asked_for_the_digits_with_the_usual_codecs() -> None:
    world = World()
    world.order()
    invite = world.gateway.latest(Invited).request
    assert invite.uri == "sip:+12065550123@gateway1;user=phone"
    assert str(from_(invite).uri) == "sip:51234@um1"
    media = Sdp.parse(invite.body).media[0]
    assert (media.protocol, media.formats) == ("RTP/AVP", ("0", "8", "101"))
    assert media.fmtp("101") == "0-16"
    assert media.ptime == 20
    assert not media.crypto


def test_the_call_has_one_hop_less_on_its_second_leg() -> None:
    world = World()
    world.order()
    assert world.gateway.latest(Invited).request.all("max-forwards") == ("69",)


def test_on_a_secured_plan_the_offer_has_keys() -> None:
    world = World(Security.SECURED)
    world.order()
    media = Sdp.parse(world.gateway.latest(Invited).request.body).media[0]
    assert media.protocol == "RTP/SAVP"
    assert [c.suite for c in media.crypto] == ["AES_CM_128_HMAC_SHA1_80"]


def test_the_cas_gets_an_inactive_stream() -> None:
    world = World()
    world.connected()
    said = Sdp.parse(world.cas.latest(Answered).response.body)
    assert [m.direction for m in said.media] == ["inactive"]


# -- refusals


@pytest.mark.parametrize(
    ("far", "own", "cause"),
    [
        (486, 486, Cause.USER_BUSY),
        (600, 486, Cause.USER_BUSY),
        (480, 480, Cause.NO_ANSWER),
        (408, 480, Cause.NO_ANSWER),
        (404, 480, Cause.UNAVAILABLE),
        (503, 480, Cause.UNAVAILABLE),
        (401, 500, Cause.OTHER),
        (302, 500, Cause.OTHER),
    ],
)
def test_the_far_ends_refusal_is_told_and_never_relayed(
    far: int, own: int, cause: Cause
) -> None:
    world = World()
    world.order()
    call = world.gateway.latest(Invited).call
    world.gateway.agent.refuse(call, far, 'No "way"', (Field.of("X-Far", "secret"),))
    world.pipe.run()
    status, outcome = world.outcome()
    assert status == own
    assert (outcome.cause, outcome.code, outcome.trouble) == (cause, far, "")
    refusal = world.cas.latest(Refused).response
    assert reasons(refusal)[0].cause == far
    assert not refusal.first("x-far")
    assert refusal.first("content-type") == OUTCOME_TYPE
    assert world.is_over()


@pytest.mark.parametrize(
    ("order", "status", "trouble"),
    [
        ({"user": "nobody"}, 403, "unknown-user"),
        ({"user": "off"}, 403, "unknown-user"),
        ({"item": "m9"}, 403, "unknown-message"),
        ({"kind": "greeting", "item": "Odd"}, 403, "unknown-message"),
        ({"user": "insider"}, 403, "policy"),
        ({"dial": "12065\r\nX: y"}, 403, "bad-number"),
        ({"dial": "alice@evil.example"}, 403, "bad-number"),
    ],
)
def test_ums_own_trouble_is_told_apart_by_the_body(
    order: dict[str, str], status: int, trouble: str
) -> None:
    world = World()
    world.order(**order)
    assert (world.outcome()[0], world.outcome()[1].trouble) == (status, trouble)
    assert "Progressed" not in world.cas.kinds()
    assert not world.gateway.happened
    assert world.is_over()


def test_no_gateway_that_takes_calls_out_is_trouble() -> None:
    away = Target(Address("gateway1", 5060), False, "gateway1")
    known = (UmIpGateway(away, enabled=False), UmIpGateway(away, outcalls=False))
    world = World(known=known)
    world.order()
    assert world.outcome()[1].trouble == "no-gateway"
    assert not world.gateway.happened


def test_the_call_limit_is_trouble() -> None:
    world = World(max_calls=1)
    world.connected()
    world.order()
    assert (world.outcome()[0], world.outcome()[1].trouble) == (500, "call-limit")


def test_the_next_gateway_is_tried_when_one_is_unreachable() -> None:
    world = World(gateways=2)
    world.gateway.seat.ports = ()
    world.order()
    assert world.gateways[1].kinds() == ["Invited"]
    world.gateways[1].answers()
    assert world.cas.kinds()[-1] == "Answered"


def test_the_next_gateway_is_tried_after_a_503_and_only_then() -> None:
    world = World(gateways=2)
    world.order()
    call = world.gateway.latest(Invited).call
    world.gateway.agent.refuse(call, 503, "Service Unavailable")
    world.pipe.run()
    call = world.gateways[1].latest(Invited).call
    world.gateways[1].agent.refuse(call, 486, "Busy Here")
    world.pipe.run()
    assert world.outcome()[0] == 486


def test_a_gateway_that_wants_to_be_left_alone_is_until_then() -> None:
    world = World(gateways=2)
    world.order()
    call, rest = world.gateway.latest(Invited).call, (Field.of("Retry-After", "9"),)
    world.gateway.agent.refuse(call, 503, "Service Unavailable", rest)
    world.pipe.run()
    world.gateways[1].agent.refuse(world.gateways[1].latest(Invited).call, 486, "Busy")
    world.pipe.run()
    asked = len(world.gateway.kinds())
    world.order()
    assert len(world.gateway.kinds()) == asked
    world.pipe.advance(10.0)
    world.order()
    assert world.gateway.kinds()[-1] == "Invited"


def test_no_gateway_reachable_is_trouble_too() -> None:
    world = World()
    world.gateway.seat.ports = ()
    world.order()
    assert world.outcome()[1].trouble == "no-gateway"
    assert world.is_over()


def test_a_phone_that_nobody_picks_up_is_cancelled() -> None:
    world = World(no_answer=30.0, timing=Timing(scale=0.1))
    world.order()
    world.pipe.advance(2.9)
    assert "Refused" not in world.cas.kinds()
    world.pipe.advance(0.2)
    status, outcome = world.outcome()
    assert (status, outcome.cause, outcome.trouble) == (480, Cause.NO_ANSWER, "")
    assert world.gateway.kinds() == ["Invited", "Cancelled", "Idle"]
    assert world.is_over()


def test_on_a_secured_plan_an_answer_without_srtp_is_hung_up() -> None:
    world = World(Security.SECURED)
    world.order()
    invited = world.gateway.latest(Invited)
    plain = Sdp.parse(invited.request.body)
    body = bytes(plain).replace(b"RTP/SAVP", b"RTP/AVP")
    body = b"\r\n".join(x for x in body.split(b"\r\n") if not x.startswith(b"a=crypto"))
    world.gateway.agent.answer(invited.call, body, SDP_TYPE)
    world.pipe.run()
    assert world.gateway.latest(HungUp).why == "BYE"
    assert "Answered" not in world.cas.kinds()
    assert world.outcome()[0] == 500
    assert world.is_over()


# -- INVITEs that are none of ours


def test_an_invite_with_plain_sdp_gets_415_with_accept() -> None:
    world = World()
    world.cas.agent.call("sip:um", target=world.um, body=SDP, content_type=SDP_TYPE)
    world.pipe.run()
    refusal = world.cas.latest(Refused).response
    assert refusal.status == 415
    assert "multipart/mixed" in tokens(refusal, "accept")


@pytest.mark.parametrize(
    ("order", "direction", "status"),
    [
        (b"<a/>", "inactive", 400),
        (b"not xml", "inactive", 400),
        (b"<a/>", "sendrecv", 488),
    ],
)
def test_an_order_that_cannot_be_taken(
    order: bytes, direction: str, status: int
) -> None:
    world = World()
    world.invites(order, direction)
    assert world.cas.latest(Refused).response.status == status


@pytest.mark.parametrize("who", ["um", "um1"])
def test_options_are_answered(who: str) -> None:
    world = World()
    target = world.um if who == "um" else Target(Address(who, 5065), False, who)
    world.cas.agent.probe(f"sip:{who}", target)
    world.pipe.run()
    response = world.cas.latest(Replied).response
    assert response.status == 200
    assert "INVITE" in tokens(response, "allow")
    assert "multipart/mixed" in tokens(response, "accept")
    assert tokens(response, "supported")


def test_a_stranger_with_a_good_certificate_gets_403() -> None:
    world = World(Security.SIP_SECURED)
    stranger = Phone(world.pipe, "stranger", secured=True)
    stranger.agent.call("sip:um", target=world.um)
    world.pipe.run()
    assert stranger.latest(Refused).response.status == 403
