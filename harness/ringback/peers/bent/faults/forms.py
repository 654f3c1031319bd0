"""Start lines, fields and Vias that are not as RFC 3261 §7, §18.2.1 and §20 say."""

import re

from ringback.peers.bent.changes import adding, body, field, reworded, start
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import request, response, says
from ringback.protocol.replies import response_to
from ringback.protocol.world import Arrived, Write
from ringback.values import Role

CALLING = request("INVITE", "ACK", "CANCEL", to=Role.GATEWAY)
SPELLED = ("sip.one-request-in-every-spelling",)
REFUSED = ("sip.a-phone-that-is-busy",)


def _unstamped(text: str) -> str:
    return re.sub(";received=[^;,]*", "", text)


def _another_tag(text: str) -> str:
    return re.sub(";tag=.*", ";tag=another", text)


def _answers_acks() -> Way:
    def heard(p: Passing) -> Told | None:
        if p.message.method != "ACK" or p.message.status:
            return None
        said = response_to(p.message, 200, "OK")
        came = Arrived(p.link, bytes(p.message))
        return (came,), (Write(p.link, bytes(said)),)

    return Way(heard=heard)


FAULTS = (
    Fault(
        name="gateway-cseq-too-high",
        role=Role.GATEWAY,
        says="The CSeq of the gateway's BYE is 2^31.",
        breaks="SIP-FORM-006",
        way=says(request("BYE"), field("CSeq", f"{1 << 31} BYE")),
    ),
    Fault(
        name="gateway-max-forwards-twice",
        role=Role.GATEWAY,
        says="The gateway's BYE has two Max-Forwards.",
        breaks="SIP-FORM-007",
        way=says(request("BYE"), adding("Max-Forwards", "70")),
    ),
    Fault(
        name="gateway-body-without-type",
        role=Role.GATEWAY,
        says="The gateway's BYE has a body of a type that it does not tell.",
        breaks="SIP-FORM-008",
        way=says(request("BYE"), body(lambda _: b"bye")),
    ),
    Fault(
        name="gateway-contact-unreadable",
        role=Role.GATEWAY,
        says="The angle bracket of the Contact in the gateway's 180 stays open.",
        breaks="SIP-FORM-009",
        also=("SIP-RESP-003",),
        way=says(response(180), field("Contact", "<sip:gateway.ringback.test")),
    ),
    Fault(
        name="um-request-uri-with-headers",
        role=Role.UM,
        says="The Request-URI of the UM's calls to the gateway carries a Subject.",
        breaks="SIP-FORM-010",
        what="worker",
        way=says(CALLING, start(" SIP/2.0", "?Subject=message SIP/2.0")),
    ),
    Fault(
        name="gateway-status-line-cut-short",
        role=Role.GATEWAY,
        says="The status line of the gateway's 180 ends with its code.",
        breaks="SIP-FORM-011",
        way=says(response(180), start(" Ringing", "")),
    ),
    Fault(
        name="gateway-date-of-its-own-form",
        role=Role.GATEWAY,
        says="The gateway's 180 has a date as ISO 8601 writes it.",
        breaks="SIP-FORM-012",
        way=says(response(180), adding("Date", "2007-10-01T12:00:00Z")),
    ),
    Fault(
        name="gateway-via-without-received",
        role=Role.GATEWAY,
        says="The gateway answers OPTIONS without a received in the Via.",
        breaks="SIP-VIA-004",
        way=says(response(of="OPTIONS"), reworded("Via", _unstamped)),
        also=("SIP-VIA-005",),
        scenarios=SPELLED,
    ),
    Fault(
        name="gateway-leaves-rport-empty",
        role=Role.GATEWAY,
        says="The gateway returns rport as it came.",
        breaks="SIP-VIA-005",
        way=says(
            response(), reworded("Via", lambda v: re.sub("rport=[0-9]+", "rport", v))
        ),
    ),
    Fault(
        name="um-via-of-another-transport",
        role=Role.UM,
        says="The Via of the UM's INVITE to the gateway says UDP.",
        breaks="SIP-VIA-006",
        what="worker",
        way=says(
            request("INVITE"),
            reworded("Via", lambda v: re.sub("/(TCP|TLS)", "/UDP", v)),
        ),
    ),
    Fault(
        name="um-another-tag-in-its-180",
        role=Role.UM,
        says="The UM's 180 to the CAS has another tag than its 183.",
        breaks="SIP-TAG-003",
        what="worker",
        way=says(response(180, to=Role.CAS), reworded("To", _another_tag)),
    ),
    Fault(
        name="gateway-answers-ack",
        role=Role.GATEWAY,
        says="The gateway answers ACK with 200.",
        breaks="SIP-RESP-004",
        also=("SIP-TORT-002",),
        way=_answers_acks,
    ),
    Fault(
        name="um-supports-what-nobody-registered",
        role=Role.UM,
        says="Supported of the UM's INVITE names an extension of its own.",
        breaks="SIP-EXT-001",
        what="worker",
        way=says(request("INVITE"), field("Supported", "100rel, timer, um-playback")),
    ),
    Fault(
        name="um-ack-with-require",
        role=Role.UM,
        says="The UM's ACK of a refusal requires 100rel.",
        breaks="SIP-EXT-002",
        what="worker",
        way=says(request("ACK"), adding("Require", "100rel")),
        scenarios=REFUSED,
    ),
    Fault(
        name="gateway-requires-what-nobody-supports",
        role=Role.GATEWAY,
        says="The gateway's 180 requires preconditions.",
        breaks="SIP-EXT-003",
        way=says(response(180), adding("Require", "precondition")),
    ),
)
