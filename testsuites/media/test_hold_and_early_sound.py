"""The phone sounds before it answers, and puts the message on hold."""

from ringback.suite import DESK, Client, Testbed, scenario

RINGBACK = bytes([0x9C, 0x1C]) * 4000  # a second of a 4 kHz tone, mu-law
CHANGED = ["MED-SDP-002", "MED-SDP-003", "MED-SDP-006", "SIP-CSEQ-001", "SIP-ACK-002"]

HELD = [
    "SIP-OFFER-007",
    "SIP-OFFER-008",
    "SIP-OFFER-009",
    "SIP-OFFER-010",
    "SIP-OFFER-011",
    "SIP-OFFER-013",
    "SIP-OFFER-014",
    "SIP-OFFER-015",
    "SIP-OFFER-021",
    "SIP-OFFER-023",
]


@scenario(
    settles=[
        "RTP-EARLY-001",
        "POP-STATE-001",
        "POP-STATE-003",
        "MED-HEARD-001",
        "MED-HEARD-002",
    ]
)
def test_sound_before_the_answer(testbed: Testbed, client: Client) -> None:
    testbed.phone.rings_with(183, "Session Progress", early=RINGBACK)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)


@scenario(settles=["POP-STATE-001", "POP-STATE-003", "MED-HEARD-001"])
def test_a_call_that_is_forwarded(testbed: Testbed, client: Client) -> None:
    testbed.phone.rings_with(181, "Call Is Being Forwarded")

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)


@scenario(
    settles=[
        *CHANGED,
        *HELD,
        "RTP-SEQ-001",
        "RTP-TS-001",
        "POP-END-003",
    ]
)
def test_hold_and_resume(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    testbed.phone.holds(after=0.3)
    testbed.phone.resumes(after=0.8)
    testbed.phone.hangs_up(after=1.4)

    call = client.plays("meeting", on=DESK)

    testbed.until(call.is_over, within=20.0)
