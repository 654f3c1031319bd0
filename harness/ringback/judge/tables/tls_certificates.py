"""Rules of the tls sheets: the table of defects, by facet and direction."""

from ringback.judge.case import Rule
from ringback.judge.defects import Direction
from ringback.judge.rules import certificates, resumption

DIRECTIONS = (
    Direction.UM_JUDGES_CAS,
    Direction.CAS_JUDGES_UM,
    Direction.UM_JUDGES_GATEWAY,
    Direction.GATEWAY_JUDGES_UM,
)
BY_FACET = {
    "path": ("TLS-REFUSE-001", "TLS-REFUSE-002", "TLS-REFUSE-003", "TLS-REFUSE-004"),
    "name": ("TLS-NAME-003", "TLS-NAME-006", "TLS-NAME-007", "TLS-NAME-008"),
    "usage": ("TLS-USAGE-002", "TLS-USAGE-003", "TLS-USAGE-004", "TLS-USAGE-005"),
    "revoked": ("TLS-REVOKE-001", "TLS-REVOKE-002", "TLS-REVOKE-003", "TLS-REVOKE-004"),
    "strength": (
        "TLS-STRONG-001",
        "TLS-STRONG-002",
        "TLS-STRONG-003",
        "TLS-STRONG-004",
    ),
    "common-name": (
        "TLS-COMMON-001",
        "TLS-COMMON-002",
        "TLS-COMMON-003",
        "TLS-COMMON-004",
    ),
    "leaf": ("TLS-LEAF-001", "TLS-LEAF-002", "TLS-LEAF-003", "TLS-LEAF-004"),
    "take": ("TLS-TAKE-001", "TLS-TAKE-002", "TLS-TAKE-003", "TLS-TAKE-004"),
}
RULES: dict[str, Rule] = {
    **{
        name: certificates.judges(direction, facet)
        for facet, names in BY_FACET.items()
        for direction, name in zip(DIRECTIONS, names, strict=True)
    },
    "TLS-TRUST-001": certificates.serves_its_list_only(Direction.UM_JUDGES_CAS),
    "TLS-TRUST-002": certificates.serves_its_list_only(Direction.GATEWAY_JUDGES_UM),
    "TLS-RESUME-001": resumption.no_session_outlives_its_certificate(
        Direction.UM_JUDGES_CAS
    ),
    "TLS-RESUME-002": resumption.no_session_outlives_its_certificate(
        Direction.GATEWAY_JUDGES_UM
    ),
}
