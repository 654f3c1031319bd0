"""When a call is over nobody sends sound any more."""

from ringback.suite import DESK, Client, Security, Testbed, scenario


@scenario(settles=["RTP-END-001"], security=[Security.UNSECURED, Security.SECURED])
def test_no_sound_outlives_the_call(testbed: Testbed, client: Client) -> None:
    testbed.phone.answers(after=0.0)
    testbed.phone.hangs_up(after=0.1)
    call = client.plays("meeting", on=DESK)
    testbed.until(call.is_over, within=5.0)

    testbed.lingers(0.7)
