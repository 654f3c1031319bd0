"""INFO within a call: answered by whatever code, it ends nothing."""

from testsuites.selftest.test_rules_dialogues import GATEWAY, UM, Talk, invited
from testsuites.selftest.tribunal import accused, acquitted, left_open


def informed(status: str, *fields: str, announces: tuple[str, ...] = ()) -> Talk:
    """A call that was taken, an INFO of a package in it, and its answer, if any."""
    talk = invited()
    taken = ("Contact: <sip:gw@g>", *announces)
    talk.says(GATEWAY, "200 OK", "1 INVITE", *taken)
    talk.says(UM, "INFO sip:gw@g", "2 INFO", "Info-Package: one;x=y")
    return talk.says(GATEWAY, status, "2 INFO", *fields) if status else talk


def asked_again(talk: Talk, status: str) -> Talk:
    talk.says(UM, "OPTIONS sip:gw@g", "3 OPTIONS")
    return talk.says(GATEWAY, status, "3 OPTIONS")


def test_information_is_answered_somehow() -> None:
    left_open("SIP-INFO-001", informed("").evidence)
    silent = asked_again(informed(""), "200 OK")
    assert accused("SIP-INFO-001", silent.evidence).guilty is GATEWAY
    for status in ("200 OK", "405 x", "415 x", "469 x", "481 x", "501 x", "603 x"):
        acquitted("SIP-INFO-001", informed(status).evidence)


def test_information_ends_no_dialog() -> None:
    gone = "481 No Such Call"
    left_open("SIP-INFO-002", informed("405 x").evidence)
    acquitted("SIP-INFO-002", asked_again(informed("405 x"), "200 OK").evidence)
    forgotten = asked_again(informed("405 x"), gone)
    assert accused("SIP-INFO-002", forgotten.evidence).guilty is GATEWAY
    left_open("SIP-INFO-002", asked_again(informed(gone), gone).evidence)
    hung_up = informed("200 OK").says(GATEWAY, "BYE sip:um@u", "1 BYE", caller=False)
    left_open("SIP-INFO-002", asked_again(hung_up, gone).evidence)


def test_packages_are_judged_where_some_were_announced() -> None:
    none, one, other = ("Recv-Info: ",), ("Recv-Info: ONE, two",), ("Recv-Info: two",)
    left_open("SIP-INFO-003", informed("200 OK").evidence)
    left_open("SIP-INFO-003", informed("200 OK", announces=one).evidence)
    for announced in (none, other):
        took = informed("200 OK", announces=announced)
        assert accused("SIP-INFO-003", took.evidence).guilty is GATEWAY
        accused("SIP-INFO-003", informed("469 x", announces=announced).evidence)
        refused = informed("469 x", *other, announces=announced)
        acquitted("SIP-INFO-003", refused.evidence)
        for status in ("403 x", "415 x", "500 x"):
            acquitted("SIP-INFO-003", informed(status, announces=announced).evidence)
