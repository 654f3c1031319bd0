"""The UM service redirects to a worker; where the Contact says, there the call goes."""

import pytest

from ringback.suite import DESK, Client, Testbed, scenario

FOLLOWED = [
    "SIP-REDIR-001",
    "SIP-REDIR-002",
    "SIP-REDIR-003",
    "SIP-REDIR-004",
    "SIP-REDIR-005",
    "SIP-ACK-001",
]
PRODUCT_PORTS = {
    "um": {
        "workers": [
            {"name": "um-1.ringback.test", "port": 5065, "secured_port": 5066},
            {"name": "um-2.ringback.test", "port": 5067, "secured_port": 5068},
        ]
    }
}


@scenario(settles=[*FOLLOWED, "POP-CHECK-004"], config=PRODUCT_PORTS, needs=["um"])
def test_workers_on_the_product_s_ports(testbed: Testbed, client: Client) -> None:
    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)


@scenario(
    settles=[*FOLLOWED, "POP-CHECK-004", "MED-HEARD-001"],
    config=PRODUCT_PORTS,
    needs=["um"],
)
def test_a_worker_recycled_between_two_calls(testbed: Testbed, client: Client) -> None:
    first = client.plays("hello", on=DESK)
    testbed.until(first.is_over, within=20.0)
    testbed.um.recycle()

    second = client.plays("hello", on=DESK)

    testbed.until(second.is_over, within=20.0)


@pytest.mark.parametrize(
    "written",
    [
        "{host}:5060;transport=tcp",
        "{host}:5060;TRANSPORT=tCP",
        "{host}",
        "elsewhere.invalid:5060;transport=tcp;maddr={host}",
    ],
    ids=["plainly", "in-odd-case", "without-a-port", "with-maddr"],
)
@scenario(
    settles=[*FOLLOWED[1:], "SIP-ACK-003", "MED-HEARD-002", "POP-END-003"],
    needs=["gateway"],
)
def test_a_phone_that_is_forwarded(
    testbed: Testbed, client: Client, written: str
) -> None:
    testbed.phone_is_forwarded(written)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)


@scenario(
    settles=["SIP-ACK-001", "SIP-ACK-003", "POP-CAUSE-003", "POP-STATE-005"],
    needs=["gateway"],
)
def test_a_phone_that_is_forwarded_to_nowhere(testbed: Testbed, client: Client) -> None:
    testbed.aside("SIP-REDIR-001")
    testbed.phone.redirects_to("sip:desk@127.0.0.1:9;transport=tcp")

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)
