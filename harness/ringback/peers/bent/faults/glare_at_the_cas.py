"""A CAS that does not know what to do when two ask at once. RFC 3261 §14, RFC 3311."""

from ringback.peers.bent.changes import status
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.spoken import hastens, joined
from ringback.peers.bent.ways import both, request, response, says, within_dialog
from ringback.values import Role

AMID = ("sip.changes-that-meet-an-order",)
REFRESHING = ("sip.changes-that-meet-a-refresh",)
SORRY = status(500, "Server Internal Error")

FAULTS = (
    Fault(
        name="cas-confuses-glare-with-order",
        role=Role.CAS,
        says="An INVITE that meets the order gets 500.",
        breaks="SIP-GLARE-002",
        way=says(response(491, of="INVITE"), SORRY),
        scenarios=(*AMID, *REFRESHING),
    ),
    Fault(
        name="cas-takes-an-update-amid-its-own-offer",
        role=Role.CAS,
        says="An UPDATE that meets the offer of the order gets 500.",
        breaks="SIP-UPDATE-003",
        way=says(response(491, of="UPDATE"), SORRY),
        scenarios=(*AMID, *REFRESHING),
    ),
    Fault(
        name="cas-tries-again-at-once",
        role=Role.CAS,
        says="After 491 to its refresh the CAS does not wait before it tries again.",
        breaks="SIP-GLARE-003",
        way=joined(hastens("again"), says(both(request("INVITE"), within_dialog))),
        scenarios=REFRESHING,
    ),
    Fault(
        name="cas-refuses-a-bye-that-meets-its-own",
        role=Role.CAS,
        says="A BYE that meets one of its own gets 491.",
        breaks="SIP-BYE-001",
        way=says(response(200, 481, of="BYE"), status(491, "Request Pending")),
        scenarios=("sip.cas-and-um-hang-up-at-once",),
    ),
)
