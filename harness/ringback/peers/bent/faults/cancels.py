"""CANCEL said and heard wrongly. RFC 3261 §9."""

from ringback.peers.bent.changes import reworded, start, status
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.spoken import calls_after, cancel_of, from_callee, once
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import (
    both,
    lacking_to_tag,
    omits,
    request,
    response,
    says,
)
from ringback.protocol.world import Arrived, Write
from ringback.values import Role

UM, GATEWAY = Role.UM, Role.GATEWAY
NEW_CALL = both(request("INVITE"), lacking_to_tag)


def _hasty() -> Way:
    """Sends CANCEL when the CAS does, whatever the gateway has said so far."""
    waiting: list[Passing] = []

    def said(p: Passing) -> None:
        if NEW_CALL(p) and p.neighbour is GATEWAY:
            waiting.append(p)

    def heard(p: Passing) -> Told | None:
        if p.message.status and p.neighbour is GATEWAY:
            waiting.clear()
        if request("CANCEL")(p) and waiting:
            cancel = cancel_of(waiting[-1].message)
            own = (Write(waiting[-1].link, bytes(cancel)),)
            return (Arrived(p.link, bytes(p.message)),), own
        return None

    return Way(said=said, heard=heard)


FAULTS = (
    Fault(
        name="um-cancels-another-uri",
        role=UM,
        says="The UM's CANCEL has not the Request-URI of its INVITE.",
        breaks="SIP-CANCEL-001",
        what="worker",
        way=says(request("CANCEL", to=GATEWAY), start("CANCEL sip:", "CANCEL sip:x-")),
    ),
    Fault(
        name="um-cancels-at-once",
        role=UM,
        says="The UM does not wait for a provisional answer before it sends CANCEL.",
        breaks="SIP-CANCEL-002",
        also=("SIP-CANCEL-", "SIP-TIMER-010"),
        what="worker",
        way=_hasty,
    ),
    Fault(
        name="gateway-refuses-to-cancel",
        role=GATEWAY,
        says="CANCEL of a known INVITE gets 500.",
        breaks="SIP-CANCEL-003",
        way=says(response(200, of="CANCEL"), status(500, "Server Internal Error")),
    ),
    Fault(
        name="gateway-cancelled-with-480",
        role=GATEWAY,
        says="A cancelled INVITE gets 480.",
        breaks="SIP-CANCEL-004",
        also=("SIP-BYE-003",),
        way=says(response(487, of="INVITE", to=UM), status(480, "Unavailable")),
    ),
    Fault(
        name="gateway-cancels-nothing",
        role=GATEWAY,
        says="CANCEL that matches nothing gets 200.",
        breaks="SIP-CANCEL-005",
        way=says(response(481, of="CANCEL"), status(200, "OK")),
    ),
    Fault(
        name="gateway-hangs-up-on-a-late-cancel",
        role=GATEWAY,
        says="CANCEL after the answer is met with BYE.",
        breaks="SIP-CANCEL-006",
        also=("SIP-DIALOG-005", "POP-END-003"),
        scenarios=("sip.a-cancel-that-comes-too-late",),
        way=calls_after(
            both(NEW_CALL, request(to=UM)),
            request("CANCEL", to=UM),
            200,
            lambda invite, answer: from_callee(invite, answer, "BYE", 1),
        ),
    ),
    Fault(
        name="um-forgets-who-answered-too-late",
        role=UM,
        says="A 200 that crosses the CANCEL is acknowledged and then forgotten.",
        breaks="SIP-CANCEL-007",
        also=("POP-END-",),
        what="worker",
        guilty="connection",
        way=once(request("CANCEL", to=GATEWAY), omits(request("BYE", to=GATEWAY))),
    ),
    Fault(
        name="gateway-answers-cancel-as-another",
        role=GATEWAY,
        says="The 200 to CANCEL has a To tag of its own.",
        breaks="SIP-CANCEL-008",
        scenarios=("playonphone.the-user-hangs-up-while-it-rings",),
        way=says(
            response(200, of="CANCEL", to=UM), reworded("to", lambda text: text + "x")
        ),
    ),
)
