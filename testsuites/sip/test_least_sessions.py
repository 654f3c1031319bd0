"""Session timers with the least interval that there is; by the clock on the wall where
that is wanted."""

from ringback.suite import Field, Probing, Role, Security, Testbed, scenario

PLAIN = [Security.UNSECURED]
WITHIN = 5.0
LEAST = 90  # seconds, RFC 4028 §5
HURRIED = {"timer_scale": 0.02}  # of our own roles
REFRESHED = ["SIP-SESSION-005", "SIP-SESSION-003"]
KNOWS = Field.of("Supported", "timer")


def _is_refreshed(um: Probing) -> bool:
    return um.is_asked("INVITE")() or um.is_asked("UPDATE")()


def _interval(refresher: str) -> Field:
    return Field.of("Session-Expires", f"{LEAST};refresher={refresher}")


@scenario(settles=REFRESHED, security=PLAIN, slow=True)
def test_a_session_that_is_refreshed_in_time(testbed: Testbed) -> None:
    _is_kept_up(testbed)


@scenario(settles=REFRESHED, security=PLAIN, config=HURRIED)
def test_a_session_that_the_callee_refreshes(testbed: Testbed) -> None:
    _is_kept_up(testbed)


def _is_kept_up(testbed: Testbed) -> None:
    """By re-INVITE or UPDATE, after 45 s: the gateway has taken it on."""
    testbed.knowingly(Role.UM)
    testbed.phone.answers(after=0.1)
    testbed.phone.stays()
    um = testbed.probe(Role.UM)

    dialog, _ = um.talks_with(Role.GATEWAY, fields=(KNOWS, _interval("uas")))
    testbed.until(lambda: _is_refreshed(um), within=LEAST)
    _, bye = um.asks_within(dialog, "BYE")

    testbed.until(bye.is_answered, WITHIN)


@scenario(settles=["SIP-SESSION-006", "SIP-SESSION-003"], security=PLAIN, slow=True)
def test_a_session_that_runs_out(testbed: Testbed) -> None:
    """Nobody refreshes it: the gateway hangs up before the 90 s are over."""
    testbed.knowingly(Role.UM)
    testbed.phone.answers(after=0.1)
    testbed.phone.stays()
    um = testbed.probe(Role.UM)

    um.talks_with(Role.GATEWAY, fields=(KNOWS, _interval("uac")))

    testbed.until(um.is_asked("BYE"), within=LEAST + WITHIN)
