"""The plain call: ordered, placed, answered, heard, ended; the measure of the rest."""

from ringback.suite import DESK, Client, Testbed, scenario

CALL = [
    "POP-CHECK-001",
    "POP-CHECK-002",
    "POP-CHECK-003",
    "POP-CHECK-004",
    "POP-DIAL-001",
    "POP-STATE-001",
    "POP-STATE-002",
    "POP-STATE-003",
    "POP-STATE-005",
    "POP-CAUSE-006",
    "POP-CAUSE-007",
    "POP-END-003",
    "MED-HEARD-001",
    "MED-HEARD-002",
]
SIGNALLING = [
    "SIP-FORM-001",
    "SIP-FORM-002",
    "SIP-FORM-003",
    "SIP-FORM-004",
    "SIP-FORM-005",
    "SIP-TAG-001",
    "SIP-TAG-002",
    "SIP-VIA-001",
    "SIP-VIA-002",
    "SIP-VIA-003",
    "SIP-RESP-001",
    "SIP-RESP-002",
    "SIP-RESP-003",
    "SIP-CONTACT-001",
    "SIP-CONTACT-002",
    "SIP-CONTACT-003",
    "SIP-TIMER-012",
    "SIP-ACK-001",
    "SIP-ACK-002",
    "SIP-ACK-003",
    "SIP-BYE-001",
    "SIP-DIALOG-001",
    "SIP-DIALOG-002",
    "SIP-CSEQ-001",
    "SIP-CALLID-001",
]
REDIRECTION = [
    "SIP-REDIR-001",
    "SIP-REDIR-002",
    "SIP-REDIR-003",
    "SIP-REDIR-004",
    "SIP-REDIR-005",
]
MEDIA = [
    "MED-SDP-001",
    "MED-SDP-002",
    "MED-SDP-003",
    "MED-SDP-004",
    "MED-SDP-005",
    "MED-SDP-006",
    "MED-SDP-007",
    "MED-SDP-008",
    "MED-SDP-009",
    "MED-SDP-010",
    "MED-SDP-011",
    "MED-SDP-012",
    "MED-SDP-013",
    "MED-CAS-001",
    "RTP-SEQ-001",
    "RTP-SEQ-002",
    "RTP-SEQ-003",
    "RTP-SEQ-004",
    "RTP-TS-001",
    "RTP-SIZE-001",
    "RTP-PACE-001",
    "RTP-PT-001",
    "RTP-EARLY-001",
    "RTP-END-001",
]
SECRECY = [
    "SEC-CLEAR-001",
    "SEC-CLEAR-002",
    "SEC-SRTP-001",
    "SEC-SRTP-002",
    "SEC-LEAK-001",
    "SEC-LEAK-002",
    "MED-SRTP-001",
    "TLS-MUTUAL-001",
    "TLS-MUTUAL-002",
    "TLS-CHAIN-001",
    "TLS-VALID-001",
    "TLS-USAGE-001",
    "TLS-KEY-001",
    "TLS-NAME-001",
    "TLS-NAME-002",
    "TLS-NAME-004",
    "TLS-NAME-005",
    "TLS-VERSION-001",
]
PACKED = ["WS-HTTP-001", "WS-HTTP-002", "WS-HTTP-003", "WS-SOAP-001", "WS-INFO-001"]
SERVICE = [*PACKED, "WS-SHAPE-002", "WS-CALLID-002", "WS-AUTH-003", "POP-SIP-001"]
CLIENT = ["WS-ECHO-001", "WS-ORDER-001"]  # they apply to one that is not ours

ALL_OF_HELLO = 1.3  # seconds: the message and the first syllable of the menu


@scenario(
    settles=[*CALL, *SIGNALLING, *REDIRECTION, *MEDIA, *SECRECY, *SERVICE, *CLIENT]
)
def test_the_plain_call(testbed: Testbed, client: Client) -> None:
    testbed.phone.listens_for(ALL_OF_HELLO)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)


@scenario(settles=[*CALL, *PACKED, "WS-SHAPE-001", "WS-CALLID-002", "POP-CAUSE-005"])
def test_a_call_by_the_older_service(testbed: Testbed) -> None:
    client = testbed.client_of("alice", dialect="umws")

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)
