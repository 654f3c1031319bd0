"""Timers that never ran, or run where they should not. RFC 3261 §13.3.1.4, §17."""

from msgspec.structs import replace

from ringback.peers.bent.changes import reworded
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import (
    Maker,
    delays,
    ignores,
    omits,
    repeats,
    request,
    response,
)
from ringback.protocol.world import Arrived, Wish
from ringback.values import Role
from ringback.wire.message import Message


def _answering_once() -> Way:
    said_before: set[bytes] = set()

    def said(p: Passing) -> tuple[Wish, ...] | None:
        octets = bytes(p.message)
        if p.message.status // 100 != 2 or p.message.method != "INVITE":
            return None
        if octets in said_before:
            return ()
        said_before.add(octets)
        return None

    return Way(said=said)


def _keeping_calls() -> Way:
    """Hangs up only on those who have acknowledged."""
    known: set[str] = set()

    def heard(p: Passing) -> Told | None:
        if p.message.method == "ACK":
            known.add(p.message.first("call-id"))
        return None

    def said(p: Passing) -> tuple[Wish, ...] | None:
        unheard = p.message.first("call-id") not in known
        ends = p.message.method == "BYE" and not p.message.status
        return () if ends and unheard and p.neighbour is Role.UM else None

    return Way(heard=heard, said=said)


def _deaf_to_repetitions(*, settled: bool) -> Maker:
    def make() -> Way:
        seen: set[str] = set()
        done: set[str] = set()

        def said(p: Passing) -> None:
            if p.message.status >= 200 and p.message.method == "INVITE":
                done.add(p.message.first("via"))

        def heard(p: Passing) -> Told | None:
            via = p.message.first("via")
            if p.message.status or p.message.method != "INVITE":
                return None
            again = via in seen and bool(done) is settled
            seen.add(via)
            return ((), ()) if again else None

        return Way(said=said, heard=heard)

    return make


def _ringing_twice() -> Way:
    """A repeated INVITE is heard as one of another call."""
    seen: set[str] = set()

    def heard(p: Passing) -> Told | None:
        via = p.message.first("via")
        if p.message.status or p.message.method != "INVITE":
            return None
        if via not in seen:
            seen.add(via)
            return None
        return (Arrived(p.link, bytes(_another(p.message))),), ()

    return Way(heard=heard)


def _another(invite: Message) -> Message:
    changed = invite
    for name in ("via", "call-id"):
        changed = reworded(name, lambda value: value.replace("1", "2") + "x")(changed)
    return replace(changed, body=invite.body)


FAULTS = (
    Fault(
        name="gateway-answers-late",
        role=Role.GATEWAY,
        says="Everything that the gateway says to an INVITE comes 0.8 seconds late.",
        breaks="SIP-TIMER-001",
        also=(
            "SIP-TIMER-003",
            "SIP-TIMER-006",
            "SIP-BYE-003",
            "SIP-BYE-005",
            "POP-END-003",
            "SIP-RESP-003",
            "SIP-TIMER-007",
        ),  # all comes late
        scenarios=("sip.an-invite-repeated-while-it-rings",),
        way=delays(response(of="INVITE"), 0.8),
    ),
    Fault(
        name="gateway-answers-once",
        role=Role.GATEWAY,
        says="The gateway says its 200 once, acknowledged or not.",
        breaks="SIP-TIMER-002",
        scenarios=("sip.an-ack-that",),
        way=_answering_once,
    ),
    Fault(
        name="gateway-deaf-to-acks",
        role=Role.GATEWAY,
        says="The gateway does not hear the ACK of its 200 and repeats it.",
        breaks="SIP-TIMER-003",
        also=("POP-END-003", "SIP-CONN-004", "SIP-OFFER-022"),
        scenarios=("sip.an-ack-that-is-late",),
        way=ignores(request("ACK", to=Role.UM)),
    ),
    Fault(
        name="gateway-keeps-unacknowledged-calls",
        role=Role.GATEWAY,
        says="A call whose 200 was never acknowledged is not ended by the gateway.",
        breaks="SIP-TIMER-004",
        also=("POP-END-003",),
        scenarios=("sip.an-ack-that-never-comes",),
        way=_keeping_calls,
    ),
    Fault(
        name="gateway-repeats-refusals",
        role=Role.GATEWAY,
        says="The gateway says each refusal twice.",
        breaks="SIP-TIMER-005",
        scenarios=("sip.an-invite-repeated-after-its-refusal",),
        way=repeats(response(486, of="INVITE")),
    ),
    Fault(
        name="gateway-deaf-to-a-repeated-invite",
        role=Role.GATEWAY,
        says="An INVITE that comes again while it rings gets nothing.",
        breaks="SIP-TIMER-006",
        scenarios=("sip.an-invite-repeated-while-it-rings",),
        way=_deaf_to_repetitions(settled=False),
    ),
    Fault(
        name="gateway-forgets-what-it-refused",
        role=Role.GATEWAY,
        says="An INVITE that comes again after its refusal gets nothing.",
        breaks="SIP-TIMER-007",
        scenarios=("sip.an-invite-repeated-after-its-refusal",),
        way=_deaf_to_repetitions(settled=True),
    ),
    Fault(
        name="gateway-rings-twice",
        role=Role.GATEWAY,
        says="A repeated INVITE becomes a second call to the phone.",
        breaks="SIP-TIMER-008",
        # The second call's responses name it, and nobody ends it.
        also=(
            "SIP-RESP-001",
            "SIP-VIA-003",
            "SIP-TIMER-006",
            "POP-END-003",
            "SIP-TIMER-007",
        ),
        scenarios=("sip.an-invite-repeated-while-it-rings",),
        way=_ringing_twice,
    ),
    Fault(
        name="um-repeats-invites",
        role=Role.UM,
        says="The UM says its INVITE twice on a connection.",
        breaks="SIP-TIMER-009",
        also=("SIP-SESSION-005", "POP-END-003"),
        what="worker",
        scenarios=("sip.a-gateway-that-says-nothing",),
        way=repeats(request("INVITE")),
    ),
    Fault(
        name="gateway-repeats-byes",
        role=Role.GATEWAY,
        says="The gateway says its BYE twice on a connection.",
        breaks="SIP-TIMER-010",
        way=repeats(request("BYE")),
    ),
    Fault(
        name="um-waits-for-ever",
        role=Role.UM,
        says="The UM never tells the CAS that the gateway said nothing.",
        breaks="SIP-TIMER-011",
        also=("SIP-RESP-003", "POP", "WS"),
        what="worker",
        scenarios=("sip.a-gateway-that-says-nothing",),
        way=omits(response(480, 500, 503, 504, 408, of="INVITE", to=Role.CAS)),
    ),
)
