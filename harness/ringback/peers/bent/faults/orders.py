"""Orders that go astray between the user and the phone. Facts §1.2, §6.3, §7.3."""

import re
from collections.abc import Callable, Iterable

from ringback.faults import Malformed
from ringback.peers.bent.changes import body, refused
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.way import Passing, Way
from ringback.peers.bent.ways import (
    casts,
    omits,
    pretends,
    replies,
    request,
)
from ringback.peers.bent.web import answers, tells, word, words
from ringback.protocol.mailbox import DeleteMessage, KeepGreeting
from ringback.protocol.world import Cast, Store, Wish, Write
from ringback.values import CallState, Cause, Role
from ringback.wire import ews
from ringback.wire.message import Message
from ringback.wire.soap import Envelope

CAS, UM, GATEWAY = Role.CAS, Role.UM, Role.GATEWAY
DIALLED = re.compile(rb"<dial-string>[^<]*<")
ALLOWED = b"<dial-string>50123<"  # an extension, which every policy of the lab allows
NUMBER_CODES = "ErrorPhoneNumberNotDialable|ErrorInvalidPhoneNumber|ErrorInvalidSIPUri"
CALL_ID = b"<m:PhoneCallId"


def _denies(octets: bytes) -> bytes:
    """An accepted order, told as one that failed."""
    if b"<m:PlayOnPhoneResponse" not in octets or CALL_ID not in octets:
        return octets
    failed = ews.PlayOnPhoneResponse(code="ErrorUnifiedMessagingRequestFailed")
    return ews.octets_of(failed)


def _keeps_to_itself() -> Callable[[bytes], bytes | None]:
    """A CAS that hands out call ids and calls nobody."""
    asked: list[str] = []

    def serve(octets: bytes) -> bytes | None:
        try:
            question = ews.request_of(Envelope.parse(octets))
        except Malformed:
            return None
        match question:
            case ews.PlayOnPhone():
                asked.append("")
                call = f"bm9ib2R5QHVtLnJpbmdiYWNrLnRlc3Q{len(asked)}"
                return ews.octets_of(ews.PlayOnPhoneResponse(call))
            case ews.GetPhoneCallInformation():
                told = (CallState.DISCONNECTED, Cause.OTHER)
                return ews.octets_of(ews.GetPhoneCallInformationResponse(*told))
            case ews.DisconnectPhoneCall():
                return ews.octets_of(ews.DisconnectPhoneCallResponse())
            case _:
                return None

    return serve


def _dials_a_digit_less() -> Way:
    """What the gateway is asked for first, and all that must repeat it."""
    asked: dict[bytes, bytes] = {}

    def said(p: Passing) -> Iterable[Wish] | None:
        line = p.message.start
        if p.neighbour is not GATEWAY or p.message.status:
            return None
        target = line.split(b" ")[1]
        if request("INVITE")(p) and ";tag=" not in p.message.first("to"):
            asked[target] = re.sub(rb"\d@", b"@", target)
        if target not in asked:
            return None
        octets = bytes(p.message).replace(target, asked[target])
        return (Write(p.link, octets),)

    return Way(said=said)


def _same(message: Message) -> Message:
    return message


def _forgets_greetings() -> Way:
    """What was recorded is not kept; what is played instead is marked as it goes."""
    lost: list[object] = []

    def wished(wish: Wish) -> Iterable[Wish] | None:
        if isinstance(wish, Store) and isinstance(wish.record, KeepGreeting):
            lost.append(wish.record)
            return ()
        return None

    def cast(wish: Cast, neighbour: Role | None) -> Iterable[Wish] | None:
        return (wish,) if lost else None

    return Way(wished=wished, cast=cast)


def _deletes_nothing() -> Way:
    """What is said of a message that ought to be gone is marked as it goes."""
    kept: list[object] = []

    def wished(wish: Wish) -> Iterable[Wish] | None:
        if isinstance(wish, Store) and isinstance(wish.record, DeleteMessage):
            kept.append(wish.record)
            return ()
        return None

    def said(p: Passing) -> Iterable[Wish] | None:
        return (p.as_it_is,) if kept and p.neighbour is CAS else None

    return Way(wished=wished, said=said)


def _hangs_up_on_nobody() -> Callable[[bytes], bytes | None]:
    """A CAS that takes the wish to hang up and does nothing of the kind."""

    def serve(octets: bytes) -> bytes | None:
        if b"<m:DisconnectPhoneCall " not in octets:
            return None
        return ews.octets_of(ews.DisconnectPhoneCallResponse())

    return serve


FAULTS = (
    Fault(
        name="cas-fails-what-goes-well",
        role=CAS,
        says="The CAS tells the user that the order failed, and the phone rings.",
        breaks="POP-CHECK-001",
        also=("POP-CHECK-002",),  # of a second order, which it refuses by itself
        way=tells(_denies),
    ),
    Fault(
        name="cas-orders-nothing",
        role=CAS,
        says="The CAS hands out a call id and asks no UM for anything.",
        breaks="POP-CHECK-002",
        also=("POP-DIAL-", "POP-ENABLED", "WS-"),
        way=answers(_keeps_to_itself),
    ),
    Fault(
        name="um-will-not-call",
        role=UM,
        says="The UM refuses every order.",
        breaks="POP-CHECK-003",
        also=(
            "POP-CHECK-001",
            "POP-DIAL-",
            "POP-ENABLED",
            "WS-ITEM-001",
            "SIP-DIALOG-003",
        ),
        what="worker",
        way=replies(request("INVITE", to=CAS), refused(500, "Server Internal Error")),
    ),
    Fault(
        name="um-sends-no-sound",
        role=UM,
        says="The UM sends no RTP.",
        breaks="POP-CHECK-004",
        also=("MED-HEARD", "POP-GREET", "SIP-OFFER-013"),
        what="worker",
        guilty="connection",
        way=casts(lambda n, wish: (), to=GATEWAY),
    ),
    Fault(
        name="um-dials-a-digit-less",
        role=UM,
        says="The UM forgets the last digit of the number.",
        breaks="POP-DIAL-001",
        also=("POP-CHECK-004",),
        what="worker",
        way=_dials_a_digit_less,
    ),
    Fault(
        name="um-calls-what-is-denied",
        role=UM,
        says="Where policy denies the number, the UM calls another.",
        breaks="POP-DIAL-002",
        also=("POP-DIAL-",),
        what="worker",
        way=pretends(
            request("INVITE", to=CAS),
            body(lambda octets: DIALLED.sub(ALLOWED, octets)),
            _same,
            answers=request("INVITE", to=GATEWAY),
        ),
        scenarios=("playonphone.a-number-that-policy-denies",),
    ),
    Fault(
        name="cas-denial-by-another-fault",
        role=CAS,
        says="In the 2007 dialect the CAS tells a denied number by a fault of its own.",
        breaks="POP-DIAL-003",
        way=tells(
            lambda octets: octets.replace(b"DialingRulesException", b"UmException")
        ),
    ),
    Fault(
        name="cas-denial-without-a-reason",
        role=CAS,
        says="In EWS the CAS tells a denied number by its general failure.",
        breaks="POP-DIAL-004",
        way=tells(words(NUMBER_CODES, "ErrorUnifiedMessagingRequestFailed")),
    ),
    Fault(
        name="cas-blames-the-number",
        role=CAS,
        says="The CAS tells a user who is not enabled that the number is no good.",
        breaks="POP-ENABLED-001",
        way=tells(
            word("ErrorUserNotUnifiedMessagingEnabled", "ErrorPhoneNumberNotDialable")
        ),
    ),
    Fault(
        name="um-lets-it-ring",
        role=UM,
        says="When the user hangs up before the answer, the UM lets the phone ring.",
        breaks="POP-END-001",
        also=("POP-END-003",),
        what="worker",
        way=omits(request("CANCEL", to=GATEWAY)),
    ),
    Fault(
        name="um-goes-on-talking",
        role=UM,
        says="When the user hangs up after the answer, the UM keeps the call.",
        breaks="POP-END-002",
        also=("POP-END-003", "SIP-CANCEL-007", "SIP-OFFER-016", "SIP-FORK-002"),
        what="worker",
        guilty="connection",
        way=omits(request("BYE", to=GATEWAY)),
    ),
    Fault(
        name="cas-lets-it-ring",
        role=CAS,
        says="The CAS takes the wish to hang up while it rings, and lets it ring.",
        breaks="POP-END-001",
        also=("POP-END-",),
        scenarios=("playonphone.the-user-hangs-up-while-it-rings",),
        way=answers(_hangs_up_on_nobody),
    ),
    Fault(
        name="cas-goes-on-talking",
        role=CAS,
        says="The CAS takes the wish to hang up after the answer, and keeps the call.",
        breaks="POP-END-002",
        also=("POP-END-",),
        scenarios=("playonphone.the-user-hangs-up-while-it-plays",),
        way=answers(_hangs_up_on_nobody),
    ),
    Fault(
        name="gateway-leaves-the-phone-up",
        role=GATEWAY,
        says="When the UM hangs up, the gateway does not tell the phone.",
        breaks="POP-END-003",
        guilty="connection",
        way=omits(request("BYE", to=Role.PHONE)),
    ),
    Fault(
        name="um-forgets-greetings",
        role=UM,
        says="The UM does not keep the greeting that it recorded.",
        breaks="POP-GREET-001",
        what="worker",
        way=_forgets_greetings,
    ),
    Fault(
        name="um-deletes-nothing",
        role=UM,
        says="The UM keeps a message that the user deletes by a key.",
        breaks="WS-ITEM-001",
        scenarios=("media.a-deleted-message-is-gone",),
        what="worker",
        way=_deletes_nothing,
    ),
)
