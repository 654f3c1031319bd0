"""Nothing goes on without TLS: not by a redirect, nor because a handshake failed."""

from ringback.suite import DESK, Client, Role, Security, Testbed, scenario

MODES = [Security.SIP_SECURED, Security.SECURED]


@scenario(settles=["TLS-REDIR-001"], security=MODES)
def test_where_a_um_service_sends_its_callers(testbed: Testbed) -> None:
    testbed.knowingly(Role.CAS)
    caller = testbed.probe(Role.CAS)

    sent = caller.asks("INVITE", Role.UM, user="50121", worker=False)

    testbed.until(sent.is_answered, within=5.0)


@scenario(settles=["TLS-REDIR-002"], security=MODES)
def test_a_redirect_out_of_tls(testbed: Testbed, client: Client) -> None:
    testbed.knowingly(Role.UM)
    service = testbed.stands_in(Role.UM)
    service.redirects_to(f"<sip:{service.seat.host}:5060;transport=tcp>")

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)


@scenario(settles=["TLS-QUIET-001"], security=MODES)
def test_an_order_of_a_cas_that_has_expired(testbed: Testbed) -> None:
    testbed.knowingly(Role.CAS)
    caller = testbed.probe(Role.CAS)
    caller.shows(testbed.odd_certificate("expired", Role.CAS))

    order = caller.invites(Role.UM)

    testbed.until(order.is_answered, within=5.0)
