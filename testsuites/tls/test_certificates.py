"""Every certificate of the table of defects, shown to each side that must judge it.

RFC 5280 §6.1, RFC 5922 §7; one connection for each, and a verdict names the odd ones.
"""

from ringback.judge.defects import Direction, certificates
from ringback.suite import DESK, Role, Security, Testbed, scenario

MODES = [Security.SIP_SECURED, Security.SECURED]
FACETS = ("TLS-STRONG", "TLS-COMMON", "TLS-LEAF", "TLS-TAKE", "TLS-REVOKE")
AT_ONCE = 0.02  # seconds between two questions how a call goes
A_STRANGER = "mallory.ringback.test"
UM_JUDGES_CAS = [
    "TLS-REFUSE-001",
    "TLS-NAME-003",
    "TLS-USAGE-002",
    *(f"{facet}-001" for facet in FACETS),
]
CAS_JUDGES_UM = [
    "TLS-REFUSE-002",
    "TLS-NAME-006",
    "TLS-USAGE-003",
    *(f"{facet}-002" for facet in FACETS),
]
UM_JUDGES_GATEWAY = [
    "TLS-REFUSE-003",
    "TLS-NAME-007",
    "TLS-USAGE-004",
    *(f"{facet}-003" for facet in FACETS),
]
GATEWAY_JUDGES_UM = [
    "TLS-REFUSE-004",
    "TLS-NAME-008",
    "TLS-USAGE-005",
    *(f"{facet}-004" for facet in FACETS),
]


@scenario(
    settles=[*UM_JUDGES_CAS, "SIP-RESP-003"], security=MODES, needs=["mutual_tls:um"]
)
def test_certificates_that_a_um_server_judges(testbed: Testbed) -> None:
    testbed.knowingly(Role.CAS)
    intruder, honest = testbed.impostor(Role.CAS), testbed.impostor(Role.CAS)

    kinds = certificates(Direction.UM_JUDGES_CAS)
    judged = intruder.shows_each(kinds, Role.CAS, to=Role.UM)
    testbed.until(judged, within=15.0)

    testbed.until(honest.asks(honest.options()), within=5.0)


@scenario(
    settles=[*GATEWAY_JUDGES_UM, "SIP-RESP-003"],
    security=MODES,
    needs=["mutual_tls:gateway"],
)
def test_certificates_that_a_gateway_judges(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    intruder, honest = testbed.impostor(Role.UM), testbed.impostor(Role.UM)

    kinds = certificates(Direction.GATEWAY_JUDGES_UM)
    judged = intruder.shows_each(kinds, Role.UM, to=Role.GATEWAY)
    testbed.until(judged, within=15.0)

    answered = honest.asks(honest.options(to="gateway"), of="gateway")
    testbed.until(answered, within=5.0)


@scenario(settles=[*CAS_JUDGES_UM, "TLS-FALL-001"], security=MODES)
def test_certificates_that_a_cas_judges(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    client = testbed.client_of("alice", polls_every=AT_ONCE)
    server = testbed.stands_in(Role.UM)
    server.declines(480)

    for kind in certificates(Direction.CAS_JUDGES_UM):
        server.shows(testbed.odd_certificate(kind, Role.UM))
        testbed.until(client.plays("hello", on=DESK).is_over, within=5.0)


@scenario(settles=[*UM_JUDGES_GATEWAY, "TLS-FALL-002"], security=MODES)
def test_certificates_that_a_um_client_judges(testbed: Testbed) -> None:
    testbed.knowingly(Role.GATEWAY)
    client = testbed.client_of("alice", polls_every=AT_ONCE)
    server = testbed.stands_in(Role.GATEWAY)
    server.declines(500)

    for kind in certificates(Direction.UM_JUDGES_GATEWAY):
        server.shows(testbed.odd_certificate(kind, Role.GATEWAY))
        testbed.until(client.plays("hello", on=DESK).is_over, within=5.0)


@scenario(settles=["TLS-TRUST-001", "TLS-TRUST-002"], security=MODES)
def test_a_good_certificate_of_no_trusted_peer(testbed: Testbed) -> None:
    stranger = testbed.stranger(named=A_STRANGER)

    judged = stranger.asks_everybody(Role.UM, Role.GATEWAY)

    testbed.until(judged, within=5.0)
