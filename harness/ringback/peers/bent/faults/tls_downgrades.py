"""Roles that go on without TLS where it was wanted."""

from collections.abc import Iterable

from ringback.peers.bent.changes import reworded
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import response, says
from ringback.protocol.world import Arrived, Connect, Fact, Lost, Wish, Write
from ringback.values import Address, Role

SECURED = ("sip-secured", "secured")
CLEAR = 5060
HELLO = b"OPTIONS sip:um SIP/2.0\r\n\r\n"


def _falls_back() -> Way:
    """What was lost before anything was said is tried once more, in the clear."""
    targets: dict[str, Address] = {}

    def wished(wish: Wish) -> Iterable[Wish] | None:
        if isinstance(wish, Connect) and wish.secured:
            targets[wish.link] = wish.target
        return None

    def told(fact: Fact) -> Told | None:
        if isinstance(fact, Lost) and fact.link in targets and ":" in fact.reason:
            target = Address(targets.pop(fact.link).host, CLEAR)
            link = f"clear:{fact.link}"
            return (fact,), (Connect(link, target), Write(link, HELLO))
        return None

    return Way(wished=wished, told=told)


def _follows_anywhere() -> Way:
    """It knocks where a redirect leads, whatever is spoken there."""

    def heard(p: Passing) -> Told | None:
        contact = p.message.first("contact").lower()
        if p.message.status != 302 or "transport=tcp" not in contact:
            return None
        host = contact.partition("sip:")[2].partition(":")[0]
        link = f"clear:{p.link}"
        knocks = (Connect(link, Address(host, CLEAR)), Write(link, HELLO))
        return (Arrived(p.link, bytes(p.message)),), knocks

    return Way(heard=heard)


def _to_50121(p: Passing) -> bool:
    return response(302)(p) and "50121" in p.message.first("to")


def _clear(contact: str) -> str:
    return contact.replace("transport=Tls", "transport=Tcp").replace(":5061", ":5060")


FAULTS = (
    Fault(
        name="um-redirects-out-of-tls",
        role=Role.UM,
        says="The UM service sends those who ask for 50121 to a worker's clear port.",
        breaks="TLS-REDIR-001",
        what="service",
        way=says(_to_50121, reworded("contact", _clear)),
        modes=SECURED,
        scenarios=("tls.where-a-um-service",),
    ),
    Fault(
        name="cas-follows-out-of-tls",
        role=Role.CAS,
        says="The CAS follows a redirect out of TLS.",
        breaks="TLS-REDIR-002",
        way=_follows_anywhere,
        modes=SECURED,
        guilty="connection",
    ),
    Fault(
        name="cas-falls-back-to-clear",
        role=Role.CAS,
        says="The CAS tries the UM's clear port when TLS fails.",
        breaks="TLS-FALL-001",
        way=_falls_back,
        modes=SECURED,
        scenarios=("tls.certificates-that-a-cas-judges",),
        guilty="connection",
    ),
    Fault(
        name="um-falls-back-to-clear",
        role=Role.UM,
        says="The UM tries the gateway's clear port when TLS fails.",
        breaks="TLS-FALL-002",
        what="worker",
        way=_falls_back,
        modes=SECURED,
        scenarios=("tls.certificates-that-a-um-client-judges",),
        guilty="connection",
    ),
    *(
        Fault(
            name=f"{role}-resumes-what-has-expired",
            role=role,
            says="A session is resumed whose certificate has expired since.",
            breaks=breaks,
            credentials={"gives_tickets": True, "checks_resumed": False},
            modes=("secured",),
            scenarios=("tls.a-session-that-outlives",),
            guilty="connection",
        )
        for role, breaks in (
            (Role.UM, "TLS-RESUME-001"),
            (Role.GATEWAY, "TLS-RESUME-002"),
        )
    ),
    *(
        Fault(
            name=f"{role}-tells-nothing-of-renegotiation",
            role=role,
            says="In TLS 1.2 it does not say that it renegotiates securely.",
            breaks=breaks,
            credentials={"tells_of_renegotiation": False},
            modes=("sip-secured", "secured"),
            scenarios=("tls.a-hello-that-asks",),
            guilty="connection",
        )
        for role, breaks in (
            (Role.UM, "TLS-RENEG-001"),
            (Role.GATEWAY, "TLS-RENEG-002"),
        )
    ),
    Fault(
        name="um-plays-for-an-expired-cas",
        role=Role.UM,
        says="The UM carries out the order of a CAS whose certificate has expired.",
        breaks="TLS-QUIET-001",
        also=("TLS-REFUSE-001", "TLS-REFUSE-003", "TLS-VALID-001"),
        credentials={"checks_dates": False},
        modes=("secured",),
        scenarios=("tls.an-order-of-a-cas",),
        guilty="connection",
    ),
)
