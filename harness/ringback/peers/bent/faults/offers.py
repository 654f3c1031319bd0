"""Offers and answers out of turn, out of order, or of no effect. RFC 3264 §5 to §8."""

import re
from collections.abc import Iterable
from contextlib import suppress

from msgspec.structs import replace

from ringback.faults import Malformed
from ringback.peers.bent.changes import body, field, refused, reworded, worded
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.packets import silenced
from ringback.peers.bent.way import Passing, Way
from ringback.peers.bent.ways import (
    When,
    adds,
    both,
    mishears,
    pretends,
    replies,
    request,
    response,
    says,
    within_dialog,
)
from ringback.protocol.world import Cast, Wish, Write
from ringback.values import Address, Role
from ringback.wire.message import Message
from ringback.wire.rtp import RtpPacket
from ringback.wire.sdp import Media, Sdp, audio

ANSWER = response(200, of="INVITE", to=Role.UM)
UM_ANSWER = response(200, of="INVITE", to=Role.GATEWAY)
AGAIN = both(request("INVITE"), within_dialog)
UNMADE = ("POP", "MED-HEARD", "MED-KEYS", "SEC-SRTP-002")
PLAIN = ("playonphone.the-plain-call",)
HOLD = ("media.hold-and-resume",)
STRANGE = b"117\r\na=rtpmap:117 X-NONE/8000"
OWN = (
    b"v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 9 RTP/AVP 0\r\n"
)


def _is_strange(p: Passing) -> bool:
    return request("INVITE")(p) and STRANGE in p.message.body


def _says(*words: bytes) -> When:
    return lambda p: all(word in p.message.body for word in words)


def _is_somewhere(p: Passing) -> bool:
    return b"0.0.0.0" not in p.message.body


def _refusing_and_sending() -> Way:
    """Port 0 in the answer, and a packet to where the offer wants it."""
    offered: list[Media] = []
    sent_from: set[int] = set()

    def heard(p: Passing) -> None:
        if request("INVITE")(p) and p.message.body:
            with suppress(Malformed):
                offered[:] = [audio(Sdp.parse(p.message.body))]

    def said(p: Passing) -> Iterable[Wish] | None:
        if not ANSWER(p) or not offered or not p.message.body:
            return None
        own = audio(Sdp.parse(p.message.body))
        if not own.port:
            return None
        answer = Write(p.link, bytes(body(_closed)(p.message)))
        if own.port in sent_from:  # a repeated 200: the port may be gone by now
            return (answer,)
        sent_from.add(own.port)
        there = Address(offered[0].host, offered[0].port)
        packet = bytes(RtpPacket(0, 1, 1, 7, b"\xff" * 160))
        return (answer, Cast(own.port, there, packet))

    return Way(said=said, heard=heard)


def _known(sdp: bytes) -> bytes:
    return sdp.replace(STRANGE, b"0 8 101\r\na=rtpmap:101 telephone-event/8000")


def _five_editions_on(sdp: bytes) -> bytes:
    return re.sub(
        rb"o=(\S+) (\d+) (\d+)",
        lambda m: b"o=%s %s %d" % (m[1], m[2], int(m[3]) + 5),
        sdp,
    )


def _second_offer(message: Message) -> Message:
    """UPDATE with the same description, one number on."""
    number = int(message.first("cseq").split()[0]) + 1
    told = field("CSeq", f"{number} UPDATE")(message)
    told = reworded("Via", lambda via: via + "x")(told)
    return replace(told, start=message.start.replace(b"INVITE", b"UPDATE", 1))


def _at_home(sdp: bytes) -> bytes:
    host = re.search(rb"o=.* (\S+)\r\n", sdp)
    return re.sub(rb"c=.*\r\n", b"c=IN IP4 %s\r\n" % (host[1] if host else b""), sdp)


def _swapped(sdp: bytes) -> bytes:
    return re.sub(rb"(m=audio \d+ \S+) (\d+) (\d+)", rb"\1 \3 \2", sdp)


def _closed(sdp: bytes) -> bytes:
    return re.sub(rb"m=audio \d+", b"m=audio 0", sdp)


FAULTS = (
    Fault(
        name="gateway-takes-what-nobody-knows",
        role=Role.GATEWAY,
        says="The gateway accepts an offer of a format that it cannot know.",
        breaks="SIP-OFFER-001",
        also=("MED-SDP-004", "MED-SDP-005", "RTP-PT-001"),
        scenarios=("sip.an-offer-of-nothing-known",),
        way=mishears(_is_strange, body(_known)),
    ),
    Fault(
        name="um-takes-what-nobody-knows",
        role=Role.UM,
        says="The UM accepts a new offer of a format that it cannot know.",
        breaks="SIP-OFFER-001",
        also=("MED-SDP-004", "MED-SDP-005", "RTP-PT-001", "RTP-SIZE"),
        what="worker",
        scenarios=("sip.a-change-to-nothing-known",),
        way=mishears(_is_strange, body(_known)),
    ),
    Fault(
        name="gateway-falls-over-odd-offers",
        role=Role.GATEWAY,
        says="The gateway answers 500 to an offer that has video too.",
        breaks="SIP-OFFER-002",
        also=(*UNMADE, "SIP-RESP-003", "SIP-TORT-008"),
        scenarios=("sip.an-odd-offer-video",),
        way=replies(
            both(request("INVITE"), _says(b"m=video")),
            refused(100, "Trying"),
            refused(500, "Server Internal Error"),
        ),
    ),
    Fault(
        name="gateway-opens-a-refused-stream",
        role=Role.GATEWAY,
        says="The gateway answers a stream of port 0 with a port.",
        breaks="SIP-OFFER-003",
        also=("MED-SRTP",),
        way=says(ANSWER, worded("m=audio 0 ", "m=audio 5004 ")),
    ),
    Fault(
        name="gateway-refuses-a-stream-and-sends",
        role=Role.GATEWAY,
        says="The gateway answers with port 0 and sends sound all the same.",
        breaks="SIP-OFFER-004",
        also=(
            *UNMADE,
            "SIP-OFFER-016",
            "SEC-SRTP",
            "RTP-PT",
            "SIP-RESP-003",
            "SIP-TORT-001",
            "SIP-OFFER-007",
        ),
        scenarios=PLAIN,
        way=_refusing_and_sending,
    ),
    Fault(
        name="gateway-accepts-without-an-offer",
        role=Role.GATEWAY,
        says="The gateway accepts an INVITE without an offer and makes none.",
        breaks="SIP-OFFER-005",
        also=(*UNMADE, "MED-SDP-002"),
        scenarios=("sip.an-invitation-without-an-offer",),
        way=says(ANSWER, body(lambda o: b"")),
    ),
    Fault(
        name="um-never-answers-in-its-ack",
        role=Role.UM,
        says="The UM lets the gateway offer, and does not answer in the ACK.",
        breaks="SIP-OFFER-006",
        also=(*UNMADE, "RTP-PT"),
        what="worker",
        scenarios=PLAIN,
        way=says(request("INVITE", to=Role.GATEWAY), body(lambda o: b"")),
    ),
    Fault(
        name="phone-leaves-out-versions",
        role=Role.PHONE,
        says="The version of the phone's description grows by six.",
        breaks="SIP-OFFER-007",
        scenarios=HOLD,
        way=says(AGAIN, body(_five_editions_on), nth=0),
    ),
    Fault(
        name="gateway-becomes-another-origin",
        role=Role.GATEWAY,
        says="The gateway's second offer has another session id.",
        breaks="SIP-OFFER-007",
        scenarios=HOLD,
        way=says(AGAIN, body(lambda o: re.sub(rb"o=- \d", b"o=- 77", o)), nth=0),
    ),
    Fault(
        name="phone-takes-its-stream-away",
        role=Role.PHONE,
        says="The phone's second offer has no stream.",
        breaks="SIP-OFFER-008",
        scenarios=HOLD,
        way=says(AGAIN, body(lambda o: o.partition(b"m=")[0]), nth=0),
    ),
    Fault(
        name="phone-offers-twice-at-once",
        role=Role.PHONE,
        says="The phone makes a new offer before its last one is answered.",
        breaks="SIP-OFFER-009",
        also=("SIP-CSEQ", "SIP-VIA", "SIP-RESP"),
        scenarios=HOLD,
        way=adds(AGAIN, _second_offer, nth=0),
    ),
    Fault(
        name="um-describes-in-its-ack",
        role=Role.UM,
        says="The UM's ACK describes a session although no offer is open.",
        breaks="SIP-OFFER-010",
        also=("MED-SRTP-001", "POP-CHECK-004", "SIP-OFFER-007"),
        what="worker",
        scenarios=(*HOLD, *PLAIN, "sip.two-calls-have-two-keys"),
        way=says(
            both(request("ACK", to=Role.GATEWAY), within_dialog),
            field("Content-Type", "application/sdp"),
            body(lambda o: OWN),
        ),
    ),
    Fault(
        name="um-plays-while-held",
        role=Role.UM,
        says="The UM answers recvonly and plays on.",
        breaks="SIP-OFFER-011",
        what="worker",
        way=pretends(
            both(AGAIN, _says(b"a=sendonly")),
            worded("a=sendonly", "a=sendrecv"),
            worded("a=sendrecv", "a=recvonly"),
            answers=UM_ANSWER,
        ),
    ),
    Fault(
        name="um-ignores-a-hold-by-address",
        role=Role.UM,
        says="The UM plays on although its sound is wanted nowhere.",
        breaks="SIP-OFFER-012",
        what="worker",
        way=mishears(both(AGAIN, _says(b"c=IN IP4 0.0.0.0")), body(_at_home)),
    ),
    Fault(
        name="um-stays-silent-after-a-hold",
        role=Role.UM,
        says="The UM does not play on when the hold is over.",
        breaks="SIP-OFFER-013",
        also=("MED-HEARD",),
        what="worker",
        way=pretends(
            both(
                AGAIN, _says(b"a=sendrecv"), lambda p: b"0.0.0.0" not in p.message.body
            ),
            worded("a=sendrecv", "a=sendonly"),
            worded("a=recvonly", "a=sendrecv"),
            answers=UM_ANSWER,
        ),
    ),
    Fault(
        name="gateway-answers-at-its-own-time",
        role=Role.GATEWAY,
        says="The time line of the gateway's answer is its own.",
        breaks="SIP-OFFER-014",
        also=("SIP-OFFER-007",),
        way=says(ANSWER, body(lambda o: re.sub(rb"t=.*\r\n", b"t=1 2\r\n", o))),
    ),
    Fault(
        name="gateway-answers-in-its-own-order",
        role=Role.GATEWAY,
        says="The gateway's answer turns the formats of the offer around.",
        breaks="SIP-OFFER-015",
        also=("SIP-OFFER-007",),
        way=says(ANSWER, body(_swapped)),
    ),
    Fault(
        name="phone-gives-a-number-another-meaning",
        role=Role.PHONE,
        says="In the phone's second offer 101 is no longer telephone-event.",
        breaks="SIP-OFFER-021",
        also=("MED-KEYS",),
        way=says(AGAIN, worded("telephone-event", "speex"), nth=0),
    ),
    Fault(
        name="um-falls-silent-when-it-refuses",
        role=Role.UM,
        says="The UM stops playing when it has refused a new description.",
        breaks="SIP-OFFER-022",
        also=("MED-HEARD",),
        what="worker",
        way=silenced(response(488, of="INVITE", to=Role.GATEWAY), to=Role.GATEWAY),
    ),
    Fault(
        name="gateway-multiplexes-unasked",
        role=Role.GATEWAY,
        says="The gateway answers rtcp-mux, which nobody offered.",
        breaks="SIP-OFFER-023",
        also=("SIP-OFFER-007",),
        way=says(ANSWER, body(lambda o: o + b"a=rtcp-mux\r\n" if o else o)),
    ),
)
