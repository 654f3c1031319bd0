"""A call outlives the recycling of its worker, and the CAS that ordered it."""

from ringback.suite import DESK, Client, Testbed, scenario

TOLD = ["WS-CALLID-002", "POP-STATE-001", "POP-STATE-003", "POP-STATE-005"]


@scenario(
    settles=[
        *TOLD,
        "MED-HEARD-001",
        "POP-END-003",
        "SIP-DIALOG-002",
        "SIP-BYE-001",
        "SIP-ACK-002",
    ],
    needs=["um"],
)
def test_the_worker_is_recycled_while_it_plays(
    testbed: Testbed, client: Client
) -> None:
    call = client.plays("hello", on=DESK)
    testbed.until(call.is_connected, within=5.0)

    testbed.um.recycle()

    testbed.until(call.is_over, within=20.0)


@scenario(
    settles=[*TOLD, "MED-HEARD-001", "POP-END-003", "SIP-DIALOG-001", "SIP-CSEQ-001"],
    needs=["cas"],
)
def test_the_cas_restarts_while_it_plays(testbed: Testbed, client: Client) -> None:
    call = client.plays("hello", on=DESK)
    testbed.until(call.is_connected, within=5.0)

    testbed.cas_restarts()

    testbed.until(call.is_over, within=20.0)


@scenario(settles=[*TOLD, "POP-END-002", "POP-END-003"], needs=["cas"])
def test_the_user_hangs_up_after_the_cas_restarted(
    testbed: Testbed, client: Client
) -> None:
    testbed.phone.stays()
    testbed.phone.ends = "client"
    call = client.plays("hello", on=DESK)
    testbed.until(call.is_connected, within=5.0)
    testbed.until(testbed.phone.listens, within=5.0)
    testbed.cas_restarts()
    testbed.until(client.asks_about(call.id).is_answered, within=5.0)

    client.hangs_up(call)

    testbed.until(call.is_over, within=10.0)
