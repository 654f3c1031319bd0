"""Changes within a call, reliable provisional answers and session timers gone wrong.

RFC 3261 §14, RFC 3262, RFC 3311, RFC 4028.
"""

from msgspec.structs import replace

from ringback.peers.bent.changes import (
    Change,
    adding,
    body,
    field,
    lacking,
    refused,
    reworded,
    status,
)
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.early import answers_without_waiting
from ringback.peers.bent.spoken import carries, hastens, joined, lacks, once
from ringback.peers.bent.ways import (
    adds,
    both,
    delays,
    either,
    mishears,
    omits,
    replies,
    request,
    response,
    says,
    within_dialog,
)
from ringback.values import Role
from ringback.wire.message import Message

UM, GATEWAY = Role.UM, Role.GATEWAY
CHANGE = both(request("INVITE"), within_dialog)
RELIABLE = carries("require", "100rel")
TO_UM = response(of="INVITE", to=UM)


def _higher(by: int) -> Change:
    """The RSeq of a response, so much higher."""

    def change(message: Message) -> Message:
        number = int(message.first("rseq") or 0) + by
        return field("RSeq", str(number))(message)

    return change


def _next_one(message: Message) -> Message:
    said = replace(message, start=b"SIP/2.0 183 Session Progress")
    return _higher(1)(said)


def _emptied(message: Message) -> Message:
    return body(lambda octets: b"")(message.without("content-type"))


GLARE = (
    Fault(
        name="gateway-names-no-wait",
        role=GATEWAY,
        says="500 to a second INVITE has no Retry-After.",
        breaks="SIP-GLARE-001",
        way=says(response(500, of="INVITE"), lacking("retry-after")),
    ),
    Fault(
        name="gateway-pending-where-it-was-asked-twice",
        role=GATEWAY,
        says="A second INVITE before the answer to the first gets 491.",
        breaks="SIP-GLARE-001",
        way=says(response(500, of="INVITE"), status(491, "Request Pending")),
    ),
    Fault(
        name="gateway-confuses-glare-with-order",
        role=GATEWAY,
        says="An INVITE that meets one of its own gets 500.",
        breaks="SIP-GLARE-002",
        also=("SIP-OFFER-002",),
        way=says(response(491, of="INVITE"), status(500, "Server Internal Error")),
    ),
    Fault(
        name="um-tries-again-at-once",
        role=UM,
        says="After 491 the UM does not wait before it tries again.",
        breaks="SIP-GLARE-003",
        what="worker",
        way=joined(hastens("again"), says(CHANGE)),
    ),
    Fault(
        name="gateway-drops-the-dialog-it-refused-to-change",
        role=GATEWAY,
        says="After 488 to a re-INVITE the gateway does not know the dialog any more.",
        breaks="SIP-REINV-001",
        also=(
            "SIP-CONN-003",
            "SIP-TORT",
        ),  # whoever asks on another connection hears 481 as well
        way=once(
            response(488, of="INVITE"),
            replies(request("OPTIONS"), refused(481, "Call Does Not Exist")),
        ),
    ),
    Fault(
        name="gateway-updates-without-an-answer",
        role=GATEWAY,
        says="200 to an UPDATE with an offer is empty.",
        breaks="SIP-UPDATE-001",
        also=("MED-SDP-002",),
        way=says(response(200, of="UPDATE"), _emptied),
    ),
    Fault(
        name="gateway-pending-where-it-owes-an-answer",
        role=GATEWAY,
        says="An UPDATE that offers before the INVITE was answered gets 491.",
        breaks="SIP-UPDATE-002",
        way=says(response(500, of="UPDATE"), status(491, "Request Pending")),
    ),
    Fault(
        name="gateway-takes-an-update-amid-its-own-offer",
        role=GATEWAY,
        says="An UPDATE that meets an offer of its own gets 504.",
        breaks="SIP-UPDATE-003",
        way=says(response(491, of="UPDATE"), status(504, "Server Time-out")),
    ),
)

PRACKS = (
    Fault(
        name="gateway-unreliable-where-required",
        role=GATEWAY,
        says="The second 1xx of an INVITE that requires 100rel is not reliable.",
        breaks="SIP-PRACK-001",
        also=("SIP-PRACK-009",),
        way=says(
            both(TO_UM, response(183), RELIABLE), lacking("require"), lacking("rseq")
        ),
    ),
    Fault(
        name="gateway-reliable-unasked",
        role=GATEWAY,
        says="180 is reliable though the caller has not said that he knows 100rel.",
        breaks="SIP-PRACK-002",
        also=("SIP-PRACK-008", "SIP-EXT-003"),
        scenarios=("sip.what-may-come-before",),
        way=says(
            both(TO_UM, response(180), lacks("rseq")),
            adding("Require", "100rel"),
            adding("RSeq", "77"),
        ),
    ),
    Fault(
        name="gateway-numbers-without-require",
        role=GATEWAY,
        says="A 1xx has RSeq, yet no Require: 100rel.",
        breaks="SIP-PRACK-003",
        also=("SIP-PRACK-001", "SIP-PRACK-009"),
        way=says(both(TO_UM, response(183), RELIABLE), lacking("require")),
    ),
    Fault(
        name="gateway-does-not-wait-for-prack",
        role=GATEWAY,
        says="The second reliable 1xx follows the first at once.",
        breaks="SIP-PRACK-004",
        way=adds(both(TO_UM, response(180), RELIABLE), _next_one, nth=0),
    ),
    Fault(
        name="gateway-leaps-in-rseq",
        role=GATEWAY,
        says="The second reliable 1xx has an RSeq that is three higher.",
        breaks="SIP-PRACK-005",
        also=("SIP-PRACK-009", "SIP-PRACK-008"),
        way=says(both(TO_UM, response(183), RELIABLE), _higher(2)),
    ),
    Fault(
        name="um-sends-no-prack",
        role=UM,
        says="A reliable 1xx is not acknowledged.",
        breaks="SIP-PRACK-006",
        what="worker",
        guilty="connection",
        way=omits(request("PRACK")),
    ),
    Fault(
        name="um-acknowledges-what-is-not-next",
        role=UM,
        says="A reliable 1xx out of order is acknowledged.",
        breaks="SIP-PRACK-007",
        also=("SIP-PRACK-006",),
        what="worker",
        way=joined(
            mishears(both(response(183), carries("rseq", "5")), field("RSeq", "2")),
            says(
                request("PRACK"),
                reworded("rack", lambda t: t.replace("2 ", "5 ")),
                nth=1,
            ),
        ),
    ),
    Fault(
        name="gateway-refuses-prack",
        role=GATEWAY,
        says="A PRACK that matches gets 500.",
        breaks="SIP-PRACK-008",
        way=says(response(200, of="PRACK"), status(500, "Server Internal Error")),
    ),
    Fault(
        name="gateway-takes-any-prack",
        role=GATEWAY,
        says="A PRACK that matches nothing gets 200.",
        breaks="SIP-PRACK-009",
        way=says(response(481, of="PRACK"), status(200, "OK")),
    ),
    Fault(
        name="gateway-accepts-before-the-prack",
        role=GATEWAY,
        says="200 follows a reliable 183 with a description at once.",
        breaks="SIP-PRACK-010",
        way=answers_without_waiting(described=True),
    ),
)

SESSIONS = (
    Fault(
        name="gateway-422-without-min-se",
        role=GATEWAY,
        says="422 does not tell the least interval.",
        breaks="SIP-SESSION-001",
        way=says(response(422), lacking("min-se")),
    ),
    Fault(
        name="gateway-grants-a-minute",
        role=GATEWAY,
        says="A session interval of 60 s is granted.",
        breaks="SIP-SESSION-002",
        also=("RTP-END-001", "SEC-SRTP-002"),  # a second call to the same media port
        way=joined(
            mishears(
                both(request("INVITE"), carries("session-expires", "60;")),
                reworded("session-expires", lambda t: t.replace("60;", "99;")),
            ),
            says(
                both(response(200, of="INVITE"), carries("session-expires", "99;")),
                reworded("session-expires", lambda t: t.replace("99;", "60;")),
            ),
        ),
    ),
    Fault(
        name="gateway-grants-more-than-was-asked",
        role=GATEWAY,
        says="The interval is half an hour, whatever was asked for.",
        breaks="SIP-SESSION-003",
        also=("SIP-SESSION-006",),
        way=says(
            both(response(200, of="INVITE", to=UM), carries("session-expires")),
            field("Session-Expires", "1800;refresher=uac"),
        ),
    ),
    Fault(
        name="gateway-does-not-require-the-timer",
        role=GATEWAY,
        says="The caller is to refresh, and nobody tells him.",
        breaks="SIP-SESSION-004",
        way=says(
            both(response(200, of="INVITE"), carries("session-expires", "uac")),
            lacking("require"),
        ),
    ),
    Fault(
        name="um-does-not-refresh",
        role=UM,
        says="The UM has taken it on to refresh the session, and does not.",
        breaks="SIP-SESSION-005",
        what="worker",
        guilty="connection",
        way=omits(either(CHANGE, both(request("UPDATE"), within_dialog))),
    ),
    Fault(
        name="gateway-does-not-refresh",
        role=GATEWAY,
        says="The gateway has taken it on to refresh the session, and does not.",
        breaks="SIP-SESSION-005",
        guilty="connection",
        way=omits(either(CHANGE, both(request("UPDATE"), within_dialog))),
        scenarios=("sip.a-session-that-the-callee-refreshes",),
    ),
    Fault(
        name="gateway-hangs-up-long-after-the-session",
        role=GATEWAY,
        says="Nobody refreshes the session, and BYE comes long after its end.",
        breaks="SIP-SESSION-006",
        scenarios=("sip.a-session-that-nobody-refreshes",),
        way=delays(request("BYE", to=UM), 2.5),
    ),
)

FAULTS = (*GLARE, *PRACKS, *SESSIONS)
