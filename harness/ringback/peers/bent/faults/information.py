"""Whoever does not know what to do with INFO. RFC 3261 §12.2.2; RFC 6086 §4.2.2."""

from ringback.peers.bent.changes import lacking, refused, status
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.spoken import once
from ringback.peers.bent.ways import ignores, replies, request, response, says
from ringback.values import Role

GONE = refused(481, "Call Does Not Exist")
IN_A_CALL = ("sip.information-in-a-call", "sip.information-for-the-cas")

SILENT = tuple(
    Fault(
        name=f"{role}-leaves-information-unanswered",
        role=role,
        says=f"The {role} says nothing to an INFO.",
        breaks="SIP-INFO-001",
        also=("SIP-RESP-003", "SIP-BYE-002"),
        way=ignores(request("INFO")),
        scenarios=IN_A_CALL,
    )
    for role in (Role.CAS, Role.UM, Role.GATEWAY, Role.PHONE)
)
FORGETFUL = tuple(
    Fault(
        name=f"{role}-forgets-the-call-over-information",
        role=role,
        says=f"After an INFO the {role} does not know the dialog any more.",
        breaks="SIP-INFO-002",
        also=("SIP-CONN-003",),  # as if it looked for the call by its connection
        way=once(response(of="INFO"), replies(request("OPTIONS"), GONE)),
        scenarios=IN_A_CALL,
    )
    for role in (Role.CAS, Role.UM, Role.GATEWAY, Role.PHONE)
)

FAULTS = (
    *SILENT,
    *FORGETFUL,
    Fault(
        name="gateway-takes-any-package",
        role=Role.GATEWAY,
        says="INFO of a package that was not announced gets 200.",
        breaks="SIP-INFO-003",
        way=says(response(469), status(200, "OK"), lacking("recv-info")),
    ),
    Fault(
        name="gateway-469-without-recv-info",
        role=Role.GATEWAY,
        says="469 does not announce which packages are taken.",
        breaks="SIP-INFO-003",
        way=says(response(469), lacking("recv-info")),
    ),
)
