"""Roles that judge certificates badly: each takes what it must refuse, or the reverse.

The table of defects (``catalogue/tls/defects.toml``) says what is owed to whom.
"""

from collections.abc import Iterable, Mapping

from ringback.peers.bent.declared import Fault
from ringback.values import Role

SECURED = ("sip-secured", "secured")
UNLOCKED = "DEFAULT:@SECLEVEL=0"  # OpenSSL's own bound, taken away
CLIENTS = {
    Role.CAS: ("REFUSE-002", "NAME-006", "USAGE-003", "002"),
    Role.UM: ("REFUSE-003", "NAME-007", "USAGE-004", "003"),
}
SERVERS = {
    Role.UM: ("REFUSE-001", "NAME-003", "USAGE-002", "001"),
    Role.GATEWAY: ("REFUSE-004", "NAME-008", "USAGE-005", "004"),
}
LAX: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "date": ("believes every certificate to be valid now", {"checks_dates": False}),
    "name": ("does not look at names", {"checks_names": False}),
    "usage": ("does not look at key usages", {"checks_usage": False}),
    "leaf": ("takes a certificate of an authority", {"checks_leaf": False}),
    "revocation": ("never looks up revocation", {"checks_revocation": False}),
    "weakness": (
        "takes SHA-1 and short keys",
        {"checks_strength": False, "ciphers": UNLOCKED},
    ),
    "common-name": ("takes a common name for a name", {"profile": "era-2007"}),
    "case": ("compares names octet by octet", {"ignores_case": False}),
}


def _broken(how: str, ids: tuple[str, ...]) -> str:
    refuse, name, usage, number = ids
    return (
        "TLS-"
        + {
            "date": refuse,
            "name": name,
            "usage": usage,
            "leaf": f"LEAF-{number}",
            "revocation": f"REVOKE-{number}",
            "weakness": f"STRONG-{number}",
            "common-name": f"COMMON-{number}",
            "case": f"TAKE-{number}",
        }[how]
    )


def _lax(role: Role, side: str, ids: tuple[str, ...], where: str) -> Iterable[Fault]:
    """A UM that is lax as a server is so as a client, and its calls go through."""
    sides = [known[role] for known in (CLIENTS, SERVERS) if role in known]
    for how, (says, credentials) in LAX.items():
        date = role is Role.UM and how == "date"
        also = [_broken(how, one) for one in sides]
        also += [f"TLS-COMMON-{one[3]}" for one in sides if how == "name"]
        also += ["TLS-TRUST"] if how == "name" else []
        also += ["TLS-QUIET"] if date else []
        yield Fault(
            name=f"{role}-{side}-lax-about-{how}",
            role=role,
            says=f"As a {side} the {role} {says}.",
            breaks=_broken(how, ids),
            also=tuple(also),
            credentials=credentials,
            modes=("secured",) if date else SECURED,
            scenarios=(where,),
            guilty="connection",
        )


CAS = "tls.certificates-that-a-cas-judges"
UM_SERVER = "tls.certificates-that-a-um-server-judges"
UM_CLIENT = "tls.certificates-that-a-um-client-judges"
GATEWAY = "tls.certificates-that-a-gateway-judges"
LISTED = "tls.a-good-certificate-of-no-trusted-peer"

FAULTS = (
    *_lax(Role.UM, "server", SERVERS[Role.UM], UM_SERVER),
    *_lax(Role.GATEWAY, "server", SERVERS[Role.GATEWAY], GATEWAY),
    *_lax(Role.CAS, "client", CLIENTS[Role.CAS], CAS),
    *_lax(Role.UM, "client", CLIENTS[Role.UM], UM_CLIENT),
    *(
        Fault(
            name=f"{role}-insists-on-no-certificate",
            role=role,
            says=f"The {role} serves also who presents no certificate.",
            breaks=f"TLS-{ids[0]}",
            credentials={"insists": False},
            modes=SECURED,
            scenarios=(where,),
            guilty="connection",
        )
        for role, ids, where in (
            (Role.UM, SERVERS[Role.UM], UM_SERVER),
            (Role.GATEWAY, SERVERS[Role.GATEWAY], GATEWAY),
        )
    ),
    *(
        Fault(
            name=f"{role}-client-believes-any-root",
            role=role,
            says=f"As a client the {role} does not look whence a certificate comes.",
            breaks=f"TLS-{ids[0]}",
            also=(f"TLS-STRONG-{ids[3]}", f"TLS-{ids[2]}"),
            credentials={"checks_chain": False},
            modes=SECURED,
            scenarios=(where,),
            guilty="connection",
        )
        for role, ids, where in (
            (Role.CAS, CLIENTS[Role.CAS], CAS),
            (Role.UM, CLIENTS[Role.UM], UM_CLIENT),
        )
    ),
    *(
        Fault(
            name=f"{role}-knows-no-a-labels",
            role=role,
            says=f"The {role} finds no name of another script in a certificate.",
            breaks=breaks,
            also=("POP-CHECK",),  # no call comes of it
            credentials={"knows_a_labels": False},
            modes=SECURED,
            scenarios=("tls.names-in-another-script",),
            guilty="connection",
        )
        for role, breaks in ((Role.CAS, "TLS-TAKE-002"), (Role.UM, "TLS-TAKE-001"))
    ),
    *(
        Fault(
            name=f"{role}-serves-whom-it-does-not-know",
            role=role,
            says=f"The {role} serves everybody whose certificate is good.",
            breaks=breaks,
            also=(f"TLS-{SERVERS[role][1]}",),
            credentials={"checks_list": False},
            modes=SECURED,
            scenarios=(LISTED,),
            guilty="connection",
        )
        for role, breaks in (
            (Role.UM, "TLS-TRUST-001"),
            (Role.GATEWAY, "TLS-TRUST-002"),
        )
    ),
)
