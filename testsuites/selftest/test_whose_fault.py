"""An order passes from the CAS to the UM, and one may break what the other is then seen
to break: verdicts accuse who began, and leave open what nobody can know."""

from functools import cache
from pathlib import Path

import pytest

from ringback.judge.finding import Outcome
from ringback.peers.bent.declared import Bending
from ringback.peers.bent.known import fault, faults, quirks
from ringback.proof.plays import PLAIN, Play, Stage, collect
from ringback.values import Role

CAS, UM = Role.CAS, Role.UM
DENIED = "playonphone.a-number-that-policy-denies"
RINGS = "playonphone.the-user-hangs-up-while-it-rings"
PLAYS = "playonphone.the-user-hangs-up-while-it-plays"
DELETED = "media.a-deleted-message-is-gone"
FULL = "playonphone.a-um-server-with-all-the-calls-it-can-have"
REFRESHED = "sip.changes-that-meet-a-refresh"
FORKED = "sip.two-phones-that-answer"
TIMED = "sip.an-odd-offer-another-time"
CROSSED = "sip.an-answer-that-crosses-the-cancel"
LED_AWAY = "sip.a-redirection-into-the-clear@secured"
RESTARTED = "playonphone.the-cas-restarts-while-it-plays"
BLAMED = [
    ("cas-orders-nothing", PLAIN, "POP-CHECK-002", CAS),
    ("cas-fails-what-goes-well", LED_AWAY, "POP-CHECK-001", CAS),
    ("um-will-not-call", PLAIN, "POP-CHECK-001", UM),
    ("um-will-not-call", DENIED, "POP-DIAL-004", UM),
    ("um-calls-what-is-denied", DENIED, "POP-DIAL-004", UM),
    ("cas-denial-without-a-reason", DENIED, "POP-DIAL-004", CAS),
    ("cas-lets-it-ring", RINGS, "POP-END-001", CAS),
    ("um-lets-it-ring", RINGS, "POP-END-001", UM),
    ("cas-goes-on-talking", PLAYS, "POP-END-002", CAS),
    ("cas-goes-on-talking", PLAYS, "POP-END-003", CAS),
    ("um-goes-on-talking", PLAYS, "POP-END-002", UM),
    ("um-goes-on-talking", FORKED, "SIP-FORK-002", UM),
    ("um-deletes-nothing", DELETED, "WS-ITEM-001", UM),
    ("cas-no-word-for-a-lost-message", DELETED, "WS-ITEM-001", CAS),
    ("cas-connected-when-it-rings", RESTARTED, "POP-STATE-005", CAS),
]
NOBODYS = [
    ("cas-orders-nothing", PLAIN, "POP-CHECK-003"),  # no order reached the UM
    ("cas-fails-what-goes-well", "media.every-key-once", "MED-KEYS-001"),
    ("cas-forgets-its-calls", FULL, "POP-END-003"),  # another call ended
    ("cas-never-over", REFRESHED, "SIP-SESSION-005"),  # 481 had ended it
    ("cas-goes-on-talking", FORKED, "SIP-FORK-002"),  # the call it belongs to stands
    ("cas-tells-no-state", FORKED, "RTP-END-001"),  # one branch goes on
    ("refreshed-by-re-invite", TIMED, "MED-SDP-009"),  # it had to copy the line
    ("um-lets-it-ring", CROSSED, "SIP-RESP-003"),  # the scenario ended early
    ("um-lets-it-ring", RINGS, "SIP-RESP-003"),  # the gateway's phone still rings
]


@cache
def plays() -> dict[str, Play]:
    words = {case[1].partition("@")[0] for case in (*BLAMED, *NOBODYS)}
    return {play.id: play for play in collect(sorted(words))}


def play(name: str) -> Play:
    return plays()[name if "@" in name else f"{name}@unsecured"]


@pytest.mark.parametrize(("name", "scenario", "requirement", "guilty"), BLAMED)
def test_who_began_is_accused(
    tmp_path: Path, name: str, scenario: str, requirement: str, guilty: Role
) -> None:
    found = Stage(tmp_path).play(play(scenario), fault(name)).findings[requirement]

    assert found.outcome in (Outcome.FAIL, Outcome.DEVIATION)
    assert found.guilty is guilty


@pytest.mark.parametrize(("name", "scenario", "requirement"), NOBODYS)
def test_what_nobody_can_know_is_left_open(
    tmp_path: Path, name: str, scenario: str, requirement: str
) -> None:
    odd: Bending = faults().get(name) or quirks()[name]
    played = Stage(tmp_path).play(play(scenario), odd)

    assert played.marks
    left = played.outcomes.get(requirement, Outcome.INCONCLUSIVE)
    assert left in (Outcome.INCONCLUSIVE, Outcome.PASS)
