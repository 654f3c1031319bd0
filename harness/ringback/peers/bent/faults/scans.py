"""Roles from whose answers a scanner learns who exists."""

from ringback.peers.bent.changes import status
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.way import Passing
from ringback.peers.bent.ways import response, says
from ringback.values import Role


def _to_nobody(p: Passing) -> bool:
    return response(200, of="OPTIONS")(p) and "50125" in p.message.first("to")


FAULTS = (
    Fault(
        name="um-tells-extensions-apart",
        role=Role.UM,
        says="The UM answers 404 for an extension that nobody has, and 200 for others.",
        breaks="SEC-SCAN-001",
        what="service",
        way=says(_to_nobody, status(404, "Not Found")),
        scenarios=("security.extensions-tried-by-hand",),
    ),
)
