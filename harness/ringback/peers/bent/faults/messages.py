"""Messages that lack something, or say it wrongly. RFC 3261 §7, §8.1.1, §8.2.6."""

from collections.abc import Iterable

from msgspec.structs import replace

from ringback.peers.bent.changes import field, lacking, reworded
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import (
    Maker,
    adds,
    both,
    ignores,
    lacking_to_tag,
    mishears,
    request,
    response,
    says,
)
from ringback.protocol.world import Arrived, Wish, Write
from ringback.values import Role
from ringback.wire.headers import branch
from ringback.wire.message import Field, Message

SAME = "always@um-1.ringback.test"


def _untagged(text: str) -> str:
    return text.partition(";tag=")[0]


def _another_tag(text: str) -> str:
    return f"{_untagged(text)};tag=another"


def _other_branch(text: str) -> str:
    return text.replace("branch=z9hG4bK", "branch=z9hG4bKother")


def _without_cookie(text: str) -> str:
    return text.replace("branch=z9hG4bK", "branch=")


def _with_cookie(text: str) -> str:
    return text.replace("branch=", "branch=z9hG4bK")


def _late(message: Message) -> Message:
    """A provisional response once all is said."""
    return (
        replace(message, start=b"SIP/2.0 180 Ringing", body=b"")
        .without("content-type")
        .without("content-length")
        .under(Field.of("Content-Length", "0"))
    )


def _joined(leaving: Maker, coming: Maker) -> Maker:
    """One way for what leaves, another for what comes."""
    return lambda: Way(said=leaving().said, heard=coming().heard)


def _one_call_id() -> Way:
    """The UM itself tells its calls apart: its own Call-ID comes back to it."""
    own: list[str] = [""]

    def said(p: Passing) -> Iterable[Wish] | None:
        if p.neighbour is not Role.GATEWAY:
            return None
        own[0] = p.message.first("call-id")
        return (Write(p.link, bytes(field("Call-ID", SAME)(p.message))),)

    def heard(p: Passing) -> Told | None:
        if p.message.first("call-id") != SAME:
            return None
        real = field("Call-ID", own[0])(p.message)
        return (Arrived(p.link, bytes(real)),), ()

    return Way(said=said, heard=heard)


def _one_branch() -> Way:
    """The BYE to the UM takes the branch of the re-INVITE before it; the answer comes
    back with its own."""
    first, own = [""], [""]

    def said(p: Passing) -> Iterable[Wish] | None:
        if p.message.status or p.neighbour is not Role.UM:
            return None
        if p.message.method == "INVITE":
            first[0] = branch(p.message)
        if p.message.method != "BYE" or not first[0]:
            return None
        own[0] = branch(p.message)
        changed = reworded("Via", lambda v: v.replace(own[0], first[0]))(p.message)
        return (Write(p.link, bytes(changed)),)

    def heard(p: Passing) -> Told | None:
        if not own[0] or not p.message.status or p.message.method != "BYE":
            return None
        real = reworded("Via", lambda v: v.replace(first[0], own[0]))(p.message)
        return (Arrived(p.link, bytes(real)),), ()

    return Way(said=said, heard=heard)


FAULTS = (
    Fault(
        name="gateway-says-more-than-messages",
        role=Role.GATEWAY,
        says="Octets that are no SIP follow the gateway's BYE.",
        breaks="SIP-FORM-001",
        also=("SIP-RESP-003",),
        way=adds(request("BYE"), lambda _: b"and so on\r\n\r\n"),
    ),
    Fault(
        name="um-invite-without-call-id",
        role=Role.UM,
        says="The UM's INVITE to the gateway has no Call-ID.",
        breaks="SIP-FORM-002",
        what="worker",
        way=says(request("INVITE"), lacking("call-id")),
        also=(
            "POP",
            "SIP-ACK",
            "SIP-RESP-003",
            "SIP-OFFER-007",
            "SIP-OFFER-016",
            "SIP-CONN-003",
            "SIP-FORK",
            "SIP-PRACK-006",
        ),
    ),
    Fault(
        name="um-invite-without-max-forwards",
        role=Role.UM,
        says="The UM's INVITE to the gateway has no Max-Forwards.",
        breaks="SIP-FORM-003",
        what="worker",
        way=says(request("INVITE"), lacking("max-forwards")),
    ),
    Fault(
        name="gateway-length-untold",
        role=Role.GATEWAY,
        says="The gateway's 180 has no Content-Length.",
        breaks="SIP-FORM-004",
        way=says(response(180, of="INVITE"), lacking("content-length")),
        also=(
            "SIP-FORM-001",
            "SIP-RESP-003",
            "POP-END-003",
            "RTP-END-001",
            "SIP-BYE-001",
        ),
    ),
    Fault(
        name="gateway-cseq-of-another-method",
        role=Role.GATEWAY,
        says="The CSeq of the gateway's BYE names INVITE.",
        breaks="SIP-FORM-005",
        way=says(request("BYE"), reworded("CSeq", lambda v: f"{v.split()[0]} INVITE")),
    ),
    Fault(
        name="um-from-without-tag",
        role=Role.UM,
        says="From of the UM's INVITE to the gateway has no tag.",
        breaks="SIP-TAG-001",
        what="worker",
        way=says(both(request("INVITE"), lacking_to_tag), reworded("From", _untagged)),
        also=(
            "SIP-DIALOG-001",
            "SIP-ACK",
            "SIP-CANCEL-001",
            "POP-END-003",
            "POP-STATE-005",
            "RTP-END-001",
            "SIP-BYE-001",
            "SIP-CANCEL-007",
            "SIP-CONN-003",
            "SIP-HOPS-002",
            "SIP-FORK",
        ),
    ),
    Fault(
        name="gateway-answer-without-tag",
        role=Role.GATEWAY,
        says="To of the gateway's refusals has no tag.",
        breaks="SIP-TAG-002",
        way=says(response(404, 486, 480, 503), reworded("To", _untagged)),
        scenarios=("sip.a-phone-that-is-busy",),
    ),
    Fault(
        name="um-branch-of-rfc-2543",
        role=Role.UM,
        says="The UM's requests to the gateway have no magic cookie in their branch.",
        breaks="SIP-VIA-001",
        what="worker",
        way=_joined(
            says(request(to=Role.GATEWAY), reworded("Via", _without_cookie)),
            mishears(response(to=Role.GATEWAY), reworded("Via", _with_cookie)),
        ),
    ),
    Fault(
        name="gateway-bye-with-the-branch-of-another",
        role=Role.GATEWAY,
        says="The gateway's BYE has the branch of its re-INVITE.",
        breaks="SIP-VIA-002",
        way=_one_branch,
        scenarios=("media.hold-and-resume",),
    ),
    Fault(
        name="gateway-answer-with-another-via",
        role=Role.GATEWAY,
        says="The gateway answers OPTIONS with a branch that nobody sent.",
        breaks="SIP-VIA-003",
        way=says(response(200, of="OPTIONS"), reworded("Via", _other_branch)),
        scenarios=("sip.a-request-that-asks-for-rport",),
        also=("SIP-RESP", "SIP-BYE-002", "SIP-TORT-008"),
    ),
    Fault(
        name="gateway-answer-of-another-call",
        role=Role.GATEWAY,
        says="The gateway's 180 has another tag in From.",
        breaks="SIP-RESP-001",
        way=says(response(180, of="INVITE"), reworded("From", _another_tag)),
        also=("POP-STATE", "SIP-DIALOG-001"),
    ),
    Fault(
        name="gateway-rings-after-its-refusal",
        role=Role.GATEWAY,
        says="A 180 follows the gateway's refusal.",
        breaks="SIP-RESP-002",
        way=adds(response(486, 404, of="INVITE"), _late),
        scenarios=("sip.a-phone-that-is-busy", "sip.a-phone-that-is-not-there"),
    ),
    Fault(
        name="gateway-silent-on-options",
        role=Role.GATEWAY,
        says="The gateway does not answer OPTIONS.",
        breaks="SIP-RESP-003",
        way=ignores(request("OPTIONS")),
        scenarios=("sip.a-request-that-asks-for-rport",),
        also=("SIP-TAKES", "SIP-BYE-002", "SIP-STREAM", "SIP-TORT"),
    ),
    Fault(
        name="um-invite-without-contact",
        role=Role.UM,
        says="The UM's INVITE to the gateway has no Contact.",
        breaks="SIP-CONTACT-001",
        what="worker",
        way=says(request("INVITE"), lacking("contact")),
    ),
    Fault(
        name="gateway-answer-without-contact",
        role=Role.GATEWAY,
        says="The gateway's 200 to the INVITE has no Contact.",
        breaks="SIP-CONTACT-002",
        way=says(response(200, of="INVITE"), lacking("contact")),
    ),
    Fault(
        name="um-one-call-id-for-all-calls",
        role=Role.UM,
        says="Every call of the UM to a gateway has the same Call-ID.",
        breaks="SIP-CALLID-001",
        also=(
            "SIP-OFFER-007",
            "RTP-END-001",
            "SIP-CONN-003",
        ),  # its offers look like new editions of the first one
        what="worker",
        way=_one_call_id,
        scenarios=("sip.a-worker-recycled-between-two-calls",),
    ),
    Fault(
        name="gateway-cseq-stands-still",
        role=Role.GATEWAY,
        says="Every request of the gateway in a dialog has CSeq 1.",
        breaks="SIP-CSEQ-001",
        way=says(
            request("INVITE", "ACK", "BYE"),
            reworded("CSeq", lambda v: f"1 {v.split()[1]}"),
        ),
        also=("SIP-ACK",),
    ),
)
