"""Messages that lack something, or say it wrongly. RFC 3261 §7, §8.1.1, §8.2.6."""

from ringback.peers.bent.changes import field, lacking
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.ways import request, response, says
from ringback.values import Role

FAULTS = (
    Fault(
        name="um-invite-without-contact",
        role=Role.UM,
        says="The UM's INVITE to the gateway has no Contact.",
        breaks="SIP-CONTACT-001",
        what="worker",
        way=says(request("INVITE"), lacking("contact")),
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
        name="gateway-answer-without-contact",
        role=Role.GATEWAY,
        says="The gateway's 200 to the INVITE has no Contact.",
        breaks="SIP-CONTACT-002",
        way=says(response(200, of="INVITE"), lacking("contact")),
    ),
    Fault(
        name="gateway-cseq-of-another-method",
        role=Role.GATEWAY,
        says="The CSeq of the gateway's BYE names INVITE.",
        breaks="SIP-FORM-005",
        way=says(request("BYE"), field("CSeq", "1 INVITE")),
    ),
)
