"""Roles whose own certificate, or own TLS, is not in order."""

from collections.abc import Mapping

from ringback.peers.bent.declared import Fault
from ringback.values import Role

SECURED = ("sip-secured", "secured")
UNLOCKED = "ALL:eNULL:@SECLEVEL=0"  # everything that this OpenSSL still has
NO_CALL = ("POP-CHECK", "POP-DIAL", "POP-ENABLED", "MED-KEYS")  # nobody calls then
SHOWN = (
    (Role.GATEWAY, "another-root", "TLS-CHAIN-001", ()),
    (Role.UM, "expired", "TLS-VALID-001", ()),
    (Role.GATEWAY, "client-auth-only", "TLS-USAGE-001", ()),
    (Role.UM, "somebody-else", "TLS-NAME-001", ("TLS-NAME-005",)),
    (Role.CAS, "sip-uri-of-another", "TLS-NAME-002", ()),
    (Role.GATEWAY, "wildcard", "TLS-NAME-004", ()),
    (Role.UM, "sip-uri-of-another", "TLS-NAME-005", ("TLS-NAME-001",)),
    (Role.GATEWAY, "rsa-1024", "TLS-KEY-001", ()),
)
OPEN = (
    (
        "asks-for-no-certificate",
        "asks no client for a certificate",
        {"asks": False},
        {Role.UM: "TLS-MUTUAL-001", Role.GATEWAY: "TLS-MUTUAL-002"},
        ("TLS-REFUSE", "TLS-MUTUAL", "TLS-QUIET"),
    ),
    (
        "speaks-old-tls",
        "still speaks TLS 1.0 and 1.1",
        {"oldest": "any", "ciphers": "DEFAULT:@SECLEVEL=0"},
        {Role.UM: "TLS-VERSION-002", Role.GATEWAY: "TLS-VERSION-003"},
        ("TLS-VERSION-001", "TLS-VERSION-005", "TLS-STRONG"),
    ),
    (
        "agrees-on-old-tls",
        "agrees on any version of TLS",
        {"oldest": "any", "ciphers": "DEFAULT:@SECLEVEL=0"},
        {Role.UM: "TLS-VERSION-001"},
        ("TLS-VERSION-002", "TLS-VERSION-005", "TLS-STRONG"),
    ),
    (
        "takes-null-ciphers",
        "takes ciphers that encrypt nothing",
        {"ciphers": UNLOCKED},
        {Role.UM: "TLS-CIPHER-001", Role.GATEWAY: "TLS-CIPHER-003"},
        ("TLS-CIPHER-006", "TLS-STRONG"),
    ),
)


def _open(
    word: str,
    says: str,
    credentials: Mapping[str, object],
    breaks: Mapping[Role, str],
    also: tuple[str, ...],
) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            name=f"{role}-{word}",
            role=role,
            says=f"The {role} {says}.",
            breaks=requirement,
            also=also,
            credentials=credentials,
            modes=SECURED,
            guilty="connection",
        )
        for role, requirement in breaks.items()
    )


FAULTS = (
    *(
        Fault(
            name=f"{role}-shows-{kind}",
            role=role,
            says=f"The certificate of the {role} is {kind} in the table of defects.",
            breaks=breaks,
            also=(*NO_CALL, *also),
            shows=kind,
            modes=SECURED,
            scenarios=("tls.what-a-",),
            guilty="connection",
        )
        for role, kind, breaks, also in SHOWN
    ),
    *(fault for one in OPEN for fault in _open(*one)),
)
