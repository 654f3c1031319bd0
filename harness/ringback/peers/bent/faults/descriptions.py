"""Session descriptions that are broken, or do not fit what they answer.

RFC 8866 §5, RFC 3264 §6, RFC 3261 §13.2.1, RFC 4568 §5.1.2.
"""

import re

from ringback.peers.bent.changes import body, worded
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.ways import both, request, response, says, within_dialog
from ringback.values import Role

ANSWER = response(200, of="INVITE", to=Role.UM)
PHONE_ANSWER = response(200, of="INVITE")
OFFER = request("INVITE", to=Role.GATEWAY)
UNMADE = ("POP", "MED-HEARD", "MED-KEYS")  # without an agreement there is no call
VIDEO = b"m=video 0 RTP/AVP 31\r\n"


def _with_another_codec(sdp: bytes) -> bytes:
    sdp = re.sub(rb"(m=audio \d+ \S+) .*\r\n", rb"\1 18\r\n", sdp)
    return re.sub(rb"a=(rtpmap|fmtp):.*\r\n", b"", sdp)


def _with_a_short_key(sdp: bytes) -> bytes:
    return re.sub(rb"(inline:\S{8})\S*", rb"\1", sdp)


def _with_another_tag(sdp: bytes) -> bytes:
    return re.sub(rb"a=crypto:\d+ ", b"a=crypto:7 ", sdp)


def _in_the_clear(sdp: bytes) -> bytes:
    sdp = re.sub(rb"a=crypto:.*\r\n", b"", sdp)
    return sdp.replace(b"RTP/SAVP", b"RTP/AVP")


FAULTS = (
    Fault(
        name="gateway-describes-version-1",
        role=Role.GATEWAY,
        says="The gateway's session description has version 1.",
        breaks="MED-SDP-001",
        also=("SIP-OFFER-007",),
        way=says(ANSWER, worded("v=0\r\n", "v=1\r\n")),
    ),
    Fault(
        name="phone-describes-without-an-origin",
        role=Role.PHONE,
        says="The phone's session description has no o line.",
        breaks="MED-SDP-001",
        way=says(PHONE_ANSWER, body(lambda o: re.sub(rb"o=.*\r\n", b"", o))),
    ),
    Fault(
        name="gateway-answers-without-a-description",
        role=Role.GATEWAY,
        says="The gateway accepts the UM's offer without an answer to it.",
        breaks="MED-SDP-002",
        also=(*UNMADE, "SIP-OFFER", "SEC-SRTP-002"),  # what comes early has no key
        way=says(ANSWER, body(lambda o: b"")),
    ),
    Fault(
        name="phone-answers-without-a-description",
        role=Role.PHONE,
        says="The phone accepts an offer without an answer to it.",
        breaks="MED-SDP-002",
        also=(*UNMADE, "SIP-OFFER"),
        way=says(PHONE_ANSWER, body(lambda o: b"")),
    ),
    Fault(
        name="gateway-answers-with-a-stream-more",
        role=Role.GATEWAY,
        says="The gateway answers one stream with two.",
        breaks="MED-SDP-003",
        also=(*UNMADE, "SIP-OFFER"),
        way=says(ANSWER, body(lambda o: o + VIDEO if o else o)),
    ),
    Fault(
        name="gateway-answers-with-another-codec",
        role=Role.GATEWAY,
        says="The gateway answers with G.729, which nobody offered.",
        breaks="MED-SDP-004",
        also=(*UNMADE, "SIP-OFFER", "RTP-PT-001"),
        way=says(ANSWER, body(_with_another_codec)),
    ),
    Fault(
        name="gateway-answers-with-another-number",
        role=Role.GATEWAY,
        says="The gateway answers with another number for telephone-event.",
        breaks="MED-SDP-005",
        also=("SIP-OFFER-007",),
        way=says(ANSWER, body(lambda o: re.sub(rb"\b101\b", b"96", o))),
    ),
    Fault(
        name="um-answers-a-hold-with-sendrecv",
        role=Role.UM,
        says="The UM wants to send and to receive while it is on hold.",
        breaks="MED-SDP-006",
        also=("SIP-OFFER",),
        what="worker",
        way=says(
            both(response(200, of="INVITE"), lambda p: b"recvonly" in p.message.body),
            worded("a=recvonly", "a=sendrecv"),
        ),
    ),
    Fault(
        name="gateway-answers-a-hold-with-sendrecv",
        role=Role.GATEWAY,
        says="The gateway wants to send and to receive while it is on hold.",
        breaks="MED-SDP-006",
        also=("SIP-OFFER",),
        way=says(
            both(
                response(200, of="INVITE", to=Role.PHONE),
                lambda p: b"recvonly" in p.message.body,
            ),
            worded("a=recvonly", "a=sendrecv"),
        ),
    ),
    Fault(
        name="um-offers-another-codec-alone",
        role=Role.UM,
        says="The UM offers nothing but G.729.",
        breaks="MED-SDP-007",
        also=(*UNMADE, "MED-SDP-008", "SIP-OFFER", "SIP-BYE-001"),
        what="worker",
        way=says(OFFER, body(_with_another_codec)),
    ),
    Fault(
        name="um-offers-no-telephone-events",
        role=Role.UM,
        says="The UM offers no telephone-event.",
        breaks="MED-SDP-008",
        also=("MED-KEYS", "RTP-PT-001"),
        what="worker",
        way=says(OFFER, worded("telephone-event", "no-such-event")),
    ),
    Fault(
        name="gateway-answers-srtp-in-the-clear",
        role=Role.GATEWAY,
        says="On a secured plan the gateway answers RTP/AVP to RTP/SAVP.",
        breaks="MED-SRTP-001",
        also=(*UNMADE, "SIP-OFFER", "SEC-SRTP"),
        modes=("secured",),
        way=says(ANSWER, body(_in_the_clear)),
    ),
    Fault(
        name="um-offers-in-the-clear",
        role=Role.UM,
        says="On a secured plan the UM offers RTP/AVP.",
        breaks="MED-SRTP-001",
        also=(*UNMADE, "SIP-OFFER", "SEC-SRTP", "SIP-BYE-001"),
        what="worker",
        modes=("secured",),
        way=says(OFFER, body(_in_the_clear)),
    ),
    Fault(
        name="um-offers-a-short-key",
        role=Role.UM,
        says="The key that the UM offers has fewer octets than its suite wants.",
        breaks="MED-SRTP-002",
        also=(*UNMADE, "SIP-OFFER", "SEC-SRTP"),
        what="worker",
        modes=("secured",),
        way=says(OFFER, body(_with_a_short_key)),
    ),
    Fault(
        name="gateway-answers-with-another-tag",
        role=Role.GATEWAY,
        says="The gateway answers with the tag of no crypto line of the offer.",
        breaks="MED-SRTP-003",
        also=(*UNMADE, "SIP-OFFER", "SEC-SRTP"),
        modes=("secured",),
        way=says(ANSWER, body(_with_another_tag)),
    ),
    Fault(
        name="phone-renews-no-description",
        role=Role.PHONE,
        says="The phone's second offer has no version.",
        breaks="MED-SDP-001",
        also=("MED-SDP", "SIP-OFFER", "RTP-EARLY"),
        scenarios=("media.hold-and-resume",),
        way=says(
            both(request("INVITE"), within_dialog),
            body(lambda o: o.replace(b"v=0\r\n", b"", 1)),
        ),
    ),
)
