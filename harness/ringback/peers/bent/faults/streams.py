"""Whoever has trouble with connections. RFC 3261 §7.5, §12.2.2, §18.2.2, §18.3."""

from collections.abc import Callable, Iterable
from itertools import count

from ringback.peers.bent.changes import refused
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.way import Passing, Told, Way
from ringback.protocol.world import Arrived, Close, Connect, Fact, Lost, Wish, Write
from ringback.values import Address, Role
from ringback.wire.framing import Framer
from ringback.wire.headers import Via
from ringback.wire.message import CRLF, Message

UNANSWERED = ("SIP-RESP-003",)  # a request that nobody hears gets no answer either
CUT = ("sip.messages-however-they-are-cut",)
END = CRLF + CRLF


def _one_message_a_segment() -> Way:
    def raw(fact: Arrived) -> Told | None:
        items = Framer().feed(fact.octets)
        messages = [bytes(i) for i in items if isinstance(i, Message)]
        return ((Arrived(fact.link, messages[0]),), ()) if messages[1:] else None

    return Way(raw=raw)


def _whole_segments_only() -> Way:
    def raw(fact: Arrived) -> Told | None:
        whole = END in fact.octets or not fact.octets.strip(CRLF)
        return None if whole else ((), ())

    return Way(raw=raw)


def _no_line_ends() -> Way:
    def raw(fact: Arrived) -> Told | None:
        if not fact.octets.startswith(CRLF) or not fact.octets.strip(CRLF):
            return None
        return (Lost(fact.link, "closed"),), (Close(fact.link),)

    return Way(raw=raw)


def _elsewhere() -> Way:
    """Answers to OPTIONS take a connection of their own."""
    opened = count()

    def said(p: Passing) -> Iterable[Wish] | None:
        if p.message.status != 200 or p.message.method != "OPTIONS":
            return None
        via = Via.parse(p.message.first("via"))
        link = f"bent>{next(opened)}"
        target = Address(via.received or via.host, via.port or 5060)
        return Connect(link, target), Write(link, bytes(p.message))

    return Way(said=said)


def _unsaid_once_lost(which: Callable[[Message], bool]) -> Callable[[], Way]:
    """After the loss of a connection these are written to nobody."""

    def make() -> Way:
        lost: list[str] = []

        def told(fact: Fact) -> Told | None:
            if isinstance(fact, Lost):
                lost.append(fact.link)
            return None

        def said(p: Passing) -> tuple[Wish, ...] | None:
            return () if lost and which(p.message) else None

        return Way(said=said, told=told)

    return make


def _dialogs_by_connection() -> Way:
    links: dict[str, str] = {}
    unknown = refused(481, "Call/Transaction Does Not Exist")

    def heard(p: Passing) -> Told | None:
        call, message = p.message.first("call-id"), p.message
        if message.status or message.method == "ACK":
            return None
        if ";tag=" not in message.first("to"):
            links[call] = p.link
        if links.get(call, p.link) == p.link:
            return None
        return (), (Write(p.link, bytes(unknown(message))),)

    return Way(heard=heard)


def _answers_an_invite(message: Message) -> bool:
    return message.status >= 200 and message.method == "INVITE"


def _hangs_up(message: Message) -> bool:
    return not message.status and message.method == "BYE"


FAULTS = (
    Fault(
        name="gateway-reads-one-message-a-segment",
        role=Role.GATEWAY,
        says="What follows the first message of a segment is thrown away.",
        breaks="SIP-STREAM-001",
        also=UNANSWERED,
        scenarios=CUT,
        way=_one_message_a_segment,
    ),
    Fault(
        name="um-takes-each-segment-for-a-message",
        role=Role.UM,
        says="A segment that holds no whole header is thrown away.",
        breaks="SIP-STREAM-002",
        also=UNANSWERED,
        scenarios=CUT,
        guilty="connection",  # of what it threw away, no piece is a message
        way=_whole_segments_only,
    ),
    Fault(
        name="um-stumbles-over-line-ends",
        role=Role.UM,
        says="A segment with line ends before a message costs the connection.",
        breaks="SIP-STREAM-003",
        also=(*UNANSWERED, "SIP-STREAM-002"),
        scenarios=CUT,
        way=_no_line_ends,
    ),
    Fault(
        name="gateway-answers-elsewhere",
        role=Role.GATEWAY,
        says="The gateway answers OPTIONS on a new connection to the Via.",
        breaks="SIP-CONN-001",
        also=("SIP-TORT-001",),
        scenarios=CUT,
        modes=("unsecured",),
        way=_elsewhere,
    ),
    Fault(
        name="gateway-answer-lost-with-its-connection",
        role=Role.GATEWAY,
        says="The gateway writes its 200 to a connection that is gone.",
        breaks="SIP-CONN-002",
        also=("SIP-RESP-003", "SIP-BYE-002", "POP-END-003", "SEC-SRTP-002"),
        scenarios=("sip.a-connection-lost-before-the-answer",),
        way=_unsaid_once_lost(_answers_an_invite),
    ),
    Fault(
        name="gateway-knows-dialogs-by-their-connection",
        role=Role.GATEWAY,
        says="A BYE on another connection than the INVITE's is unknown to the gateway.",
        breaks="SIP-CONN-003",
        # The call goes on; and whoever answers out of hand adds no received.
        also=(
            "SIP-BYE-001",
            "SIP-VIA-004",
            "POP-END-003",
            "RTP-END-001",
            "SIP-BYE-002",
            "SIP-PRACK-008",
            "SIP-RESP-003",
            "SIP-CANCEL-006",
        ),
        scenarios=("sip.a-connection-lost-under-a-call",),
        way=_dialogs_by_connection,
    ),
    Fault(
        name="gateway-bye-lost-with-its-connection",
        role=Role.GATEWAY,
        says="The gateway's BYE is not sent once the connection of its call is gone.",
        breaks="SIP-CONN-004",
        also=("POP-END-003",),
        scenarios=("sip.the-phone-hangs-up-when-the-connection-is-gone",),
        way=_unsaid_once_lost(_hangs_up),
    ),
)
