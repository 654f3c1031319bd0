"""The judge: what applies, what is told, whose fault it is; and every rule can fail."""

from functools import cache

import pytest
from msgspec.structs import replace
from testsuites.selftest import (
    test_old_servers,
    test_rules_dialogs,
    test_rules_forms,
    test_rules_greetings,
    test_rules_hellos,
    test_rules_media,
    test_rules_messages,
    test_rules_negotiation,
    test_rules_offers,
    test_rules_orders,
    test_rules_refusals,
    test_rules_scans,
    test_rules_secrecy,
    test_rules_transactions,
    test_rules_webservice,
)
from testsuites.selftest.evidence_builder import Plan, changed, on, told, with_field
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table

from ringback.evidence.evidence import Evidence
from ringback.judge import judge as bench
from ringback.judge.case import Case
from ringback.judge.finding import Finding, Level, Outcome
from ringback.judge.judge import judge
from ringback.judge.table import RULES
from ringback.judge.verdict import Verdict
from ringback.peers.bent.known import faults
from ringback.values import Role, Security

AREAS = (
    test_old_servers,
    test_rules_dialogs,
    test_rules_forms,
    test_rules_greetings,
    test_rules_hellos,
    test_rules_media,
    test_rules_messages,
    test_rules_negotiation,
    test_rules_offers,
    test_rules_orders,
    test_rules_refusals,
    test_rules_scans,
    test_rules_secrecy,
    test_rules_transactions,
    test_rules_webservice,
)
SEEN_FAILING: Table = {k: v for area in AREAS for k, v in area.GUILTY.items()}
FINE = (Outcome.PASS, Outcome.NOT_APPLICABLE)
plain = cache(call)


def found(evidence: Evidence) -> dict[str, Finding]:
    return {f.requirement: f for f in judge(evidence)}


def test_every_rule_has_been_seen_failing() -> None:
    """In the tables here, or by a fault that ``ringback selftest`` must see caught."""
    broken = {fault.breaks for fault in faults().values()}
    assert set(SEEN_FAILING) | broken == set(RULES)


@pytest.mark.parametrize("security", Security)
@pytest.mark.parametrize("dialect", ["ews", "umws"])
@pytest.mark.parametrize("final", [200, 486, 480, 404])
def test_an_honest_call_is_accused_of_nothing(
    security: Security, dialect: str, final: int
) -> None:
    findings = judge(call(Plan(security=security, dialect=dialect, final=final)))
    guilty = [f for f in findings if f.outcome not in FINE]
    assert {f.requirement for f in guilty} <= {"SEC-LEAK-001", "SEC-LEAK-002"}
    assert len(findings) > 40


@pytest.mark.parametrize("requirement", sorted(SEEN_FAILING))
def test_a_guilty_call_is_found_guilty_by_the_judge(requirement: str) -> None:
    evidence = told(SEEN_FAILING[requirement](), settles=(requirement,))
    finding = found(evidence)[requirement]
    accusations = (Outcome.FAIL, Outcome.DEVIATION, Outcome.NOT_APPLICABLE)
    assert finding.outcome in accusations, finding


def test_findings_are_sorted_and_the_same_each_time() -> None:
    first = judge(plain())
    assert [f.requirement for f in first] == sorted(f.requirement for f in first)
    assert first == judge(plain())


def test_what_a_scenario_settles_is_always_told() -> None:
    evidence = told(plain(), settles=("SIP-UDP-001", "MED-KEYS-001", "TLS-NAME-001"))
    told_ = found(evidence)
    assert told_["SIP-UDP-001"].outcome is Outcome.INCONCLUSIVE
    assert told_["MED-KEYS-001"].outcome is Outcome.NOT_APPLICABLE
    assert told_["TLS-NAME-001"].outcome is Outcome.NOT_APPLICABLE
    assert "SIP-UDP-001" not in found(plain())


def test_without_a_recorder_the_wire_is_not_judged() -> None:
    settled = told(call(Plan(security=Security.SECURED)), settles=("SEC-CLEAR-001",))
    by_taps = told(settled, captured="taps", net="sockets")
    assert found(by_taps)["SEC-CLEAR-001"].outcome is Outcome.NOT_TESTED
    in_memory = told(settled, captured="taps", net="memory")
    assert found(in_memory)["SEC-CLEAR-001"].outcome is Outcome.PASS


def test_a_leg_inside_the_system_under_test_is_not_judged() -> None:
    sut = {Role.CAS: "https://x", Role.UM: "tls:y"}
    evidence = told(plain(), sut=sut, settles=("POP-CHECK-002", "POP-CHECK-003"))
    assert found(evidence)["POP-CHECK-002"].outcome is Outcome.NOT_TESTED
    assert found(evidence)["POP-CHECK-003"].outcome is Outcome.PASS


def test_what_binds_only_our_own_roles_does_not_apply_to_a_sut() -> None:
    evidence = told(plain(), sut={Role.GATEWAY: "tcp:x"}, settles=("POP-CHECK-001",))
    assert found(evidence)["POP-CHECK-001"].outcome is Outcome.NOT_APPLICABLE


def test_our_own_failure_is_an_error_and_not_the_suts() -> None:
    guilty = SEEN_FAILING["SIP-VIA-001"]()  # the UM's branch
    ours = found(told(guilty, sut={Role.GATEWAY: "tcp:x"}))["SIP-VIA-001"]
    theirs = found(told(guilty, sut={Role.UM: "tcp:x"}))["SIP-VIA-001"]
    assert (ours.outcome, ours.guilty) == (Outcome.ERROR, Role.UM)
    assert (theirs.outcome, theirs.guilty) == (Outcome.FAIL, Role.UM)
    assert theirs.breaks
    assert not ours.breaks


def test_who_breaks_a_rule_on_purpose_hides_nobody_else() -> None:
    """The CAS's INVITE is as broken as the UM's, and was said before it."""
    broken = changed(
        plain(),
        on(None, "INVITE"),
        with_field("Via", "SIP/2.0/TCP a;branch=short"),
    )
    meant = found(told(broken, notes=("knowingly cas",)))["SIP-VIA-001"]
    assert (meant.outcome, meant.guilty) == (Outcome.FAIL, Role.UM)
    tested = found(told(broken, sut={Role.GATEWAY: "tcp:x"}))["SIP-VIA-001"]
    assert (tested.outcome, tested.guilty) == (Outcome.FAIL, Role.GATEWAY)
    both = found(told(broken, notes=("knowingly cas um gateway",)))
    assert "SIP-VIA-001" not in both


def test_what_is_only_advised_is_no_trouble_of_ours() -> None:
    guilty = SEEN_FAILING["MED-SDP-005"]()
    ours = found(told(guilty, sut={Role.UM: "tcp:x"}))["MED-SDP-005"]
    assert (ours.outcome, ours.guilty) == (Outcome.DEVIATION, Role.GATEWAY)


def test_what_a_scenario_breaks_on_purpose_is_set_aside() -> None:
    guilty = SEEN_FAILING["SIP-VIA-001"]()
    aside = told(guilty, notes=("aside SIP-VIA POP-X",), settles=("SIP-VIA-001",))
    assert found(aside)["SIP-VIA-001"].outcome is Outcome.NOT_APPLICABLE


def test_a_should_not_met_is_a_deviation_and_a_profile_is_told_apart() -> None:
    should = found(SEEN_FAILING["MED-SDP-005"]())["MED-SDP-005"]
    assert (should.level, should.outcome) == (Level.SHOULD, Outcome.DEVIATION)
    profile = found(SEEN_FAILING["POP-STATE-001"]())["POP-STATE-001"]
    assert (profile.level, profile.outcome) == (Level.PROFILE, Outcome.FAIL)
    assert not profile.breaks


def test_a_foreign_capture_gets_what_can_be_judged() -> None:
    told_ = found(replace(plain(), circumstances=None))
    assert told_["SIP-VIA-001"].outcome is Outcome.PASS
    assert told_["MED-SDP-003"].outcome is Outcome.PASS
    assert told_["POP-CHECK-001"].outcome is Outcome.NOT_TESTED
    assert set(told_) == set(RULES)
    assert all(f.outcome is not Outcome.ERROR for f in told_.values())


@pytest.mark.parametrize("known", [True, False])
def test_no_evidence_breaks_no_rule(known: bool) -> None:
    circumstances = plain().circumstances if known else None
    findings = judge(Evidence(circumstances=circumstances))
    assert all(f.outcome is not Outcome.ERROR for f in findings)


def test_a_rule_that_breaks_is_an_error_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(case: Case) -> Verdict:
        raise KeyError("oops")

    monkeypatch.setattr(bench, "RULES", {**RULES, "SIP-VIA-001": broken})
    told_ = found(plain())
    assert told_["SIP-VIA-001"].outcome is Outcome.ERROR
    assert "oops" in told_["SIP-VIA-001"].because
    assert told_["SIP-ACK-001"].outcome is Outcome.PASS


@pytest.mark.parametrize(
    "name", ["via", "from", "to", "cseq", "call-id", "contact", "content-type"]
)
@pytest.mark.parametrize("value", ["", "\x00;;<", "<sip:", "99999999999999 X", "é, é"])
def test_rubbish_in_a_field_breaks_no_rule(name: str, value: str) -> None:
    spoiled = changed(plain(), lambda f: True, with_field(name, value))
    for evidence in (spoiled, replace(spoiled, circumstances=None)):
        errors = [f for f in judge(evidence) if f.outcome is Outcome.ERROR]
        assert not errors


@pytest.mark.parametrize("body", [b"", b"v=0", b"m=audio x\r\n", b"\xff" * 40])
def test_rubbish_in_a_body_breaks_no_rule(body: bytes) -> None:
    evidence = plain()
    sip = tuple(replace(f, sip=replace(f.sip, body=body)) for f in evidence.sip)
    http = tuple(replace(f, body=body) for f in evidence.http)
    spoiled = replace(evidence, sip=sip, http=http)
    assert not [f for f in judge(spoiled) if f.outcome is Outcome.ERROR]
