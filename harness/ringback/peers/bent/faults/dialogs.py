"""Dialogs that are kept badly. RFC 3261 §9 (CANCEL), §12 (dialogs), §15 (BYE)."""

from msgspec.structs import replace

from ringback.peers.bent.changes import adding, lacking, reworded, start, status
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.spoken import (
    ack_of,
    calls_after,
    from_callee,
    joined,
    once,
)
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import (
    both,
    lacking_to_tag,
    mishears,
    omits,
    request,
    response,
    says,
    within_dialog,
)
from ringback.protocol.world import Arrived, Write
from ringback.values import Role
from ringback.wire.message import Message

UM, GATEWAY, PHONE = Role.UM, Role.GATEWAY, Role.PHONE
NEW_CALL = both(request("INVITE"), lacking_to_tag)
CHANGE = both(request("INVITE"), within_dialog)
SECOND_BRANCH = both(
    response(200, of="INVITE", to=GATEWAY),
    lambda p: p.message.first("to").endswith(";tag=one"),  # as the scenario has it
)


def _backwards(message: Message) -> Message:
    """Its Route fields in the other order."""
    routes = [f for f in message.fields if f.name == "route"]
    turned = iter(routes[::-1])
    fields = [next(turned) if f.name == "route" else f for f in message.fields]
    return replace(message, fields=tuple(fields))


def _impatient() -> Way:
    """Believes to have heard the UM's ACK when the phone hangs up."""
    invites: list[Passing] = []
    answers: list[Message] = []

    def said(p: Passing) -> tuple[Write] | None:
        if response(200, of="INVITE", to=UM)(p):
            answers.append(p.message)
        if request("BYE", to=UM)(p):
            return (Write(p.link, bytes(p.message)),)
        return None

    def heard(p: Passing) -> Told | None:
        if NEW_CALL(p) and p.neighbour is UM:
            invites.append(p)
        if request("BYE", to=PHONE)(p) and invites and answers:
            ack = ack_of(invites[-1].message, answers[-1])
            believed = Arrived(invites[-1].link, bytes(ack))
            return (believed, Arrived(p.link, bytes(p.message))), ()
        return None

    return Way(said=said, heard=heard)


ROUTES = (
    Fault(
        name="gateway-drops-record-route",
        role=GATEWAY,
        says="The gateway's 200 has no Record-Route.",
        breaks="SIP-ROUTE-001",
        way=says(response(200, of="INVITE"), lacking("record-route")),
    ),
    Fault(
        name="gateway-hangs-up-without-route",
        role=GATEWAY,
        says="The gateway's BYE has no Route, though it was called through proxies.",
        breaks="SIP-ROUTE-002",
        also=("SIP-ROUTE-005",),
        way=says(request("BYE", to=UM), lacking("route")),
    ),
    Fault(
        name="um-turns-the-route-set-round",
        role=UM,
        says="The UM's ACK and BYE have the Record-Route of the answer as it came.",
        breaks="SIP-ROUTE-003",
        also=("SIP-ROUTE-005",),
        what="worker",
        way=says(request("ACK", "BYE", to=GATEWAY), _backwards),
    ),
    Fault(
        name="gateway-routes-strictly",
        role=GATEWAY,
        says="The gateway puts the first route into the Request-URI, loose as it is.",
        breaks="SIP-ROUTE-004",
        also=("SIP-TARGET-", "SIP-DIALOG-002"),
        scenarios=("sip.called-through-loose",),
        way=says(request("BYE", to=UM), start("BYE sip:probe@", "BYE sip:outer@")),
    ),
    Fault(
        name="gateway-knows-no-strict-router",
        role=GATEWAY,
        says="The gateway's BYE goes to the Contact, past a strict router.",
        breaks="SIP-ROUTE-005",
        scenarios=("sip.called-through-a-strict",),
        way=says(request("BYE", to=UM), start("BYE sip:outer@", "BYE sip:probe@")),
    ),
    Fault(
        name="gateway-takes-up-a-late-route",
        role=GATEWAY,
        says="The Record-Route of a re-INVITE becomes the gateway's route set.",
        breaks="SIP-ROUTE-006",
        way=once(
            both(CHANGE, lambda p: bool(p.message.first("record-route"))),
            says(
                request("BYE", to=UM),
                adding("Route", "<sip:late@um.ringback.test:5062;lr>"),
            ),
        ),
    ),
    Fault(
        name="gateway-keeps-the-first-contact",
        role=GATEWAY,
        says="A new Contact in a re-INVITE is not seen.",
        breaks="SIP-TARGET-001",
        way=joined(
            mishears(both(CHANGE, request(to=UM)), lacking("contact")),
            says(request("BYE", to=UM)),
        ),
    ),
    Fault(
        name="gateway-sees-no-contact-in-update",
        role=GATEWAY,
        says="A new Contact in an UPDATE is not seen.",
        breaks="SIP-TARGET-002",
        way=joined(
            mishears(request("UPDATE", to=UM), lacking("contact")),
            says(request("BYE", to=UM)),
        ),
    ),
    Fault(
        name="gateway-sees-no-contact-in-answers",
        role=GATEWAY,
        says="A new Contact in the answer to its own re-INVITE is not seen.",
        breaks="SIP-TARGET-003",
        way=joined(
            mishears(response(200, of="INVITE", to=UM), lacking("contact")),
            says(request("ACK", "BYE", to=UM)),
        ),
    ),
    Fault(
        name="um-refreshes-with-another-tag",
        role=UM,
        says="The From tag of the UM's re-INVITE is not that of the dialog.",
        breaks="SIP-DIALOG-001",
        also=("SIP-SESSION-005", "SIP-ACK-", "SIP-DIALOG-003"),
        what="worker",
        way=says(CHANGE, reworded("from", lambda text: text + "x")),
    ),
    Fault(
        name="gateway-hangs-up-at-another-uri",
        role=GATEWAY,
        says="The gateway's BYE goes to a user that no Contact has named.",
        breaks="SIP-DIALOG-002",
        also=("SIP-TARGET-", "SIP-ROUTE-004", "SIP-ROUTE-005"),
        scenarios=("sip.both-hang-up-at-once", "playonphone.the-phone-hangs-up"),
        way=says(request("BYE", to=UM), start("BYE sip:", "BYE sip:x-")),
    ),
)

STANDING = (
    Fault(
        name="gateway-busy-for-no-dialog",
        role=GATEWAY,
        says="A re-INVITE or UPDATE for an unknown dialog gets 486.",
        breaks="SIP-DIALOG-003",
        way=joined(
            says(response(481, of="INVITE"), status(486, "Busy Here")),
            says(response(481, of="UPDATE"), status(486, "Busy Here")),
        ),
    ),
    Fault(
        name="gateway-takes-any-bye",
        role=GATEWAY,
        says="BYE for an unknown dialog gets 200.",
        breaks="SIP-DIALOG-004",
        way=says(response(481, of="BYE"), status(200, "OK")),
    ),
    Fault(
        name="gateway-forgets-the-bye",
        role=GATEWAY,
        says="OPTIONS in a dialog that BYE has ended gets 200.",
        breaks="SIP-DIALOG-005",
        also=("SIP-OPT-001",),
        way=says(response(481, of="OPTIONS"), status(200, "OK")),
    ),
    Fault(
        name="um-asks-on-after-481",
        role=UM,
        says="The UM takes 481 for 491 and asks again in a dialog that is gone.",
        breaks="SIP-DIALOG-006",
        also=(
            "POP-END-003",
            "POP-SIP-001",  # the 491 is told to the user
            "SIP-SESSION-",
            "MED-HEARD-001",
            "SIP-GLARE-003",
        ),
        what="worker",
        way=joined(
            mishears(response(481, of="INVITE", to=GATEWAY), status(491, "Pending")),
            says(CHANGE),
        ),
    ),
    Fault(
        name="gateway-takes-requests-out-of-order",
        role=GATEWAY,
        says="A request with a lower CSeq gets 200.",
        breaks="SIP-ORDER-001",
        also=("SIP-OPT-001",),
        way=says(response(500, of="OPTIONS"), status(200, "OK")),
    ),
    Fault(
        name="gateway-wants-every-number",
        role=GATEWAY,
        says="A request whose CSeq leaves numbers out gets 500.",
        breaks="SIP-ORDER-002",
        scenarios=("sip.requests-out-of-order-gateway",),
        way=says(response(200, of="OPTIONS", to=UM), status(500, "Order"), nth=0),
    ),
)

ENDS = (
    Fault(
        name="gateway-refuses-the-bye",
        role=GATEWAY,
        says="BYE in a dialog that stands gets 500.",
        breaks="SIP-BYE-001",
        also=("SIP-ORDER-002",),
        way=says(response(200, of="BYE"), status(500, "Server Internal Error")),
    ),
    Fault(
        name="gateway-drops-what-bye-finds-open",
        role=GATEWAY,
        says="After BYE the open INVITE is never answered.",
        breaks="SIP-BYE-002",
        also=("SIP-RESP-003", "SIP-BYE-003", "POP-END-003"),
        way=once(request("BYE"), omits(response(487, of="INVITE"))),
    ),
    Fault(
        name="gateway-ends-what-bye-finds-open-with-480",
        role=GATEWAY,
        says="After BYE the open INVITE gets 480.",
        breaks="SIP-BYE-003",
        way=once(
            request("BYE"), says(response(487, of="INVITE"), status(480, "Unavailable"))
        ),
    ),
    Fault(
        name="gateway-hangs-up-before-the-ack",
        role=GATEWAY,
        says="The gateway passes a BYE on though its 200 was not acknowledged yet.",
        breaks="SIP-BYE-004",
        way=_impatient,
    ),
    Fault(
        name="gateway-says-bye-while-it-rings",
        role=GATEWAY,
        says="With its 180 the gateway sends BYE.",
        breaks="SIP-BYE-005",
        also=(
            "SIP-CSEQ-001",
            "SIP-DIALOG-005",
            "SIP-ORDER-",
            "POP-END-",
            "RTP-END-001",
            "SIP-ROUTE-002",
            "SIP-TIMER-010",
            "SIP-ROUTE-005",
        ),
        scenarios=("sip.what-may-come-before",),
        way=calls_after(
            both(NEW_CALL, request(to=UM)),
            response(180, to=UM),
            180,
            lambda invite, answer: from_callee(invite, answer, "BYE", 0),
        ),
    ),
    Fault(
        name="um-acknowledges-one-branch-only",
        role=UM,
        says="Only the first 2xx of a fork gets an ACK.",
        breaks="SIP-FORK-001",
        also=("SIP-ACK-002", "SIP-ACK-004", "SIP-ACK-001"),
        what="worker",
        scenarios=("sip.two-phones-that-answer",),
        way=omits(request("ACK", to=GATEWAY), nth=1),
    ),
    Fault(
        name="um-leaves-a-branch-up",
        role=UM,
        says="The surplus 2xx of a fork gets no BYE.",
        breaks="SIP-FORK-002",
        also=("POP-END-003",),
        what="worker",
        guilty="connection",
        scenarios=("sip.two-phones-that-answer",),
        way=once(SECOND_BRANCH, omits(request("BYE", to=GATEWAY), nth=0)),
    ),
)

FAULTS = (*ROUTES, *STANDING, *ENDS)
