"""What is said twice that may stand once, and what is not said again that must be.

RFC 3261 §7.3.1, §8.2.6.2, §13.2.2.4, §13.3.1.4, §17.2.2; RFC 3326 §2.
"""

from msgspec.structs import replace

from ringback.peers.bent.changes import Change, lacking, reworded
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.ways import omits, repeats, request, response, says
from ringback.values import Role
from ringback.wire.message import Message

PLAIN = ("playonphone.the-plain-call",)


def twice(name: str) -> Change:
    """Every field of that name stands two times."""

    def change(message: Message) -> Message:
        fields = ([f] * (1 + (f.name == name)) for f in message.fields)
        return replace(message, fields=tuple(one for many in fields for one in many))

    return change


FAULTS = (
    Fault(
        name="gateway-copies-from-twice",
        role=Role.GATEWAY,
        says="The gateway's 180 has the From of its request twice.",
        breaks="SIP-FORM-007",
        way=says(response(180), twice("from")),
    ),
    Fault(
        name="gateway-100-without-to",
        role=Role.GATEWAY,
        says="The gateway's 100 has no To.",
        breaks="SIP-TAG-002",
        way=says(response(100), lacking("To")),
    ),
    Fault(
        name="um-reason-twice",
        role=Role.UM,
        says="The UM's refusal has two Reasons of SIP.",
        breaks="SIP-FORM-013",
        what="worker",
        way=says(response(486, to=Role.CAS), twice("reason")),
        scenarios=("playonphone.a-busy-phone",),
    ),
    Fault(
        name="um-contact-by-no-transport",
        role=Role.UM,
        says="The Contact of the UM's INVITE to the gateway names transport=quic.",
        breaks="SIP-CONTACT-003",
        what="worker",
        way=says(
            request("INVITE", to=Role.GATEWAY),
            reworded(
                "Contact",
                lambda v: f"{v.partition(';')[0].rstrip('>')};transport=quic>",
            ),
        ),
    ),
    Fault(
        name="um-cancels-a-call-to-another",
        role=Role.UM,
        says="To of the UM's CANCEL is not that of its INVITE.",
        breaks="SIP-CANCEL-001",
        what="worker",
        way=says(
            request("CANCEL", to=Role.GATEWAY),
            reworded("To", lambda v: v.replace("sip:", "sip:0", 1)),
        ),
    ),
    Fault(
        name="phone-passes-itself-twice",
        role=Role.PHONE,
        says="The phone's BYE has its own hop twice in its Vias.",
        breaks="SIP-VIA-002",
        way=says(request("BYE"), twice("via")),
    ),
    Fault(
        name="um-acknowledges-the-second-copy-only",
        role=Role.UM,
        says="The UM's first ACK of the gateway's 200 is not said.",
        breaks="SIP-ACK-004",
        also=("SIP-ACK", "SIP-FORK-001"),  # where no second copy comes
        what="worker",
        scenarios=PLAIN,
        way=omits(request("ACK", to=Role.GATEWAY), nth=0),
    ),
    Fault(
        name="gateway-answers-in-pairs",
        role=Role.GATEWAY,
        says="The gateway says its 200 to INVITE two times at once.",
        breaks="SIP-TIMER-002",
        scenarios=PLAIN,
        way=repeats(response(200, of="INVITE")),
    ),
    Fault(
        name="gateway-answers-bye-in-pairs",
        role=Role.GATEWAY,
        says="The gateway says its 200 to BYE two times.",
        breaks="SIP-TIMER-012",
        way=repeats(response(200, of="BYE")),
    ),
)
