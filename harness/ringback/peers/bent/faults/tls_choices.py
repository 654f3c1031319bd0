"""Clients that go on with whatever a server chooses. RFC 8996 §4, RFC 9325 §4.1."""

from ringback.peers.bent.declared import Fault
from ringback.values import Role

SECURED = ("sip-secured", "secured")
UNLOCKED = "ALL:eNULL:@SECLEVEL=0"  # everything that this OpenSSL still has
MEETS = {Role.CAS: "tls.a-cas-meets", Role.UM: "tls.a-um-client-meets"}
OLD = {Role.CAS: "TLS-VERSION-004", Role.UM: "TLS-VERSION-005"}
BROKEN = {Role.CAS: "TLS-CIPHER-005", Role.UM: "TLS-CIPHER-006"}
AS_A_SERVER = ("TLS-VERSION-002", "TLS-CIPHER-001", "TLS-STRONG")

FAULTS = (
    *(
        Fault(
            name=f"{role}-goes-on-in-old-tls",
            role=role,
            says=f"The {role} goes on with a server that chooses TLS 1.0 or 1.1.",
            breaks=requirement,
            also=("TLS-VERSION-001", BROKEN[role], *AS_A_SERVER),
            credentials={"oldest": "any", "ciphers": UNLOCKED},
            modes=SECURED,
            scenarios=(MEETS[role],),
            guilty="connection",
        )
        for role, requirement in OLD.items()
    ),
    *(
        Fault(
            name=f"{role}-goes-on-without-encryption",
            role=role,
            says=f"The {role} goes on with a server that chooses to encrypt nothing.",
            breaks=requirement,
            also=AS_A_SERVER,
            credentials={"ciphers": UNLOCKED},
            modes=SECURED,
            scenarios=(MEETS[role],),
            guilty="connection",
        )
        for role, requirement in BROKEN.items()
    ),
)
