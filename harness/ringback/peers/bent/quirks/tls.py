"""TLS that is odd and in its right."""

from ringback.peers.bent.declared import Quirk
from ringback.values import Role

SECURED = ("sip-secured", "secured")
SIP_ROLES = (Role.CAS, Role.UM, Role.GATEWAY)

QUIRKS = (
    Quirk(
        name="no-close-notify",
        roles=SIP_ROLES,
        says="Connections are ended without a close_notify.",
        source="RFC 5246 §7.2.1; what it guards against, SIP sees by its framing",
        credentials={"says_goodbye": False},
        modes=SECURED,
    ),
    Quirk(
        name="session-tickets",
        roles=(Role.UM, Role.GATEWAY),
        says="Sessions may be resumed, by whoever is still valid.",
        source="RFC 8446 §4.6.1; RFC 5077 §3.1",
        credentials={"gives_tickets": True},
        modes=SECURED,
        misses=dict.fromkeys(
            ("TLS-QUIET-001", "TLS-REFUSE-001", "TLS-REFUSE-004"),
            "who resumes a session shows no certificate again",
        ),
    ),
    Quirk(
        name="name-as-sip-uri",
        roles=(Role.UM, Role.GATEWAY),
        says="The certificate names its owner by a SIP URI only.",
        source="RFC 5922 §7.1",
        shows="sip-uri",
        modes=SECURED,
    ),
    Quirk(
        name="name-in-other-case",
        roles=SIP_ROLES,
        says="The certificate spells the name of its owner in other case.",
        source="RFC 5922 §7.2; RFC 4343 §3",
        shows="other-case",
        modes=SECURED,
    ),
    Quirk(
        name="no-extended-key-usage",
        roles=SIP_ROLES,
        says="The certificate does not limit what it may serve.",
        source="RFC 5280 §4.2.1.12",
        shows="no-extended-key-usage",
        modes=SECURED,
    ),
)
