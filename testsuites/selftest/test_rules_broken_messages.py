"""What a broken message leads to is nobody else's fault."""

from msgspec.structs import replace
from testsuites.selftest.evidence_builder import (
    Plan,
    changed,
    lacking,
    on,
    swapped,
    with_field,
    without,
)
from testsuites.selftest.played_call import call
from testsuites.selftest.test_rules_orders import answered, generic
from testsuites.selftest.tribunal import (
    ACCUSED,
    accused,
    acquitted,
    left_open,
    verdict,
)

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import SipFrame
from ringback.values import Leg, Role
from ringback.wire.message import Message

GW, CU, FAR = Leg.UM_GATEWAY, Leg.CAS_UM, Leg.GATEWAY_PHONE
BYE, ANSWER = on(GW, "BYE"), on(GW, "200", "BYE")


def refused(status: int) -> Evidence:
    """The gateway's BYE gets that status, on its leg alone."""

    def change(said: Message) -> Message:
        return replace(said, start=f"SIP/2.0 {status} No".encode())

    return changed(call(), ANSWER, change)


def test_a_bye_that_cannot_be_understood_may_be_refused() -> None:
    broken = changed(refused(400), BYE, with_field("Max-Forwards", "many"))
    acquitted("SIP-BYE-001", broken)  # by the BYEs of the other legs
    left_open("POP-END-003", broken)
    left_open("RTP-END-001", broken)


def test_a_sound_one_may_not() -> None:
    assert accused("SIP-BYE-001", refused(400)).guilty is Role.UM


def test_a_bye_with_tags_of_no_dialog_is_refused_with_481() -> None:
    strange = changed(refused(481), BYE, with_field("To", "<sip:um@x>;tag=nobody"))
    left_open("POP-END-003", strange)
    assert accused("SIP-BYE-001", refused(481)).guilty is Role.UM


def test_an_invite_that_cannot_be_understood_is_no_failed_call() -> None:
    invite = on(GW, "INVITE")
    broken = changed(call(Plan(final=486)), invite, with_field("Max-Forwards", "many"))
    left_open("POP-CAUSE-001", broken)


def test_nobody_acknowledges_what_he_cannot_find_in_his_stream() -> None:
    ack = on(GW, "ACK")
    silent = without(call(Plan(final=486)), ack)
    assert accused("SIP-ACK-001", silent).guilty is Role.UM
    buried = changed(silent, on(GW, "180", "INVITE"), lacking("Content-Length"))
    acquitted("SIP-ACK-001", buried)


# A broken answer may be dropped: who never heard it owes nothing for it.

TWICE = with_field("From", "<sip:a@b>;tag=1, <sip:c@d>;tag=2")


def test_nobody_acknowledges_what_he_need_not_understand() -> None:
    refused = call(Plan(final=486))
    for requirement, silent, answer in (
        ("SIP-ACK-001", without(refused, on(GW, "ACK")), on(GW, "486")),
        ("SIP-ACK-002", without(call(), on(GW, "ACK")), on(GW, "200", "INVITE")),
    ):
        assert accused(requirement, silent).guilty is Role.UM
        assert not_accused(requirement, changed(silent, answer, TWICE), Role.UM)


def test_nobody_follows_a_redirection_that_he_need_not_understand() -> None:
    stays = without(call(), lambda f: f.leg is CU and f.number > moved().number + 1)
    assert accused("SIP-REDIR-001", stays).guilty is Role.CAS
    left_open("SIP-REDIR-001", changed(stays, on(CU, "302"), TWICE))
    nowhere = with_field("Contact", "<sip:127.0.9.99:5060>")
    left_open("SIP-REDIR-001", changed(stays, on(CU, "302"), nowhere))


def test_who_is_told_nothing_of_use_cannot_hand_out_a_call_id() -> None:
    stays = without(call(), lambda f: f.leg is CU and f.number > moved().number + 1)
    refused = answered(stays, 0, generic())
    assert accused("POP-CHECK-001", refused).guilty is Role.CAS
    spoilt = changed(refused, on(CU, "302"), TWICE)
    assert accused("POP-CHECK-001", spoilt).guilty is Role.UM
    silent = without(refused, on(CU, "302"))
    assert accused("POP-CHECK-001", silent).guilty is Role.UM


def test_who_is_told_nothing_of_use_cannot_name_the_reason() -> None:
    denied = answered(call(Plan(permitted=False)), 0, generic())
    invite = next(f for f in call().sip if on(CU, "INVITE")(f))
    assert accused("POP-DIAL-004", denied).guilty is Role.CAS
    asked = replace(denied, sip=(replace(invite, number=2), *denied.sip))
    assert len(asked.http) == 2
    later = replace(asked.http[1], number=99)
    asked = replace(asked, http=(replace(asked.http[0], number=1), later))
    assert accused("POP-DIAL-004", asked).guilty is Role.UM


def moved() -> SipFrame:
    return next(f for f in call().sip if on(CU, "302")(f))


# A broken CANCEL ends nothing; the INVITE may ring on.


def cancelled() -> Evidence:
    return call(Plan(ends="client", hangs_up_early=True))


def test_a_broken_cancel_may_be_refused_and_ends_nothing() -> None:
    kept = without(cancelled(), on(GW, "487"))
    refused = changed(kept, on(GW, "200", "CANCEL"), swapped(" 200 OK", " 400 Bad"))
    for requirement in ("SIP-CANCEL-003", "SIP-CANCEL-004"):
        assert accused(requirement, refused).guilty is Role.GATEWAY
        acquitted(requirement, changed(refused, on(GW, "CANCEL"), TWICE))
    assert accused("POP-END-003", refused).guilty is Role.GATEWAY
    broken = changed(refused, on(GW, "CANCEL"), TWICE)
    assert accused("POP-END-003", broken).guilty is Role.UM


def test_a_cancel_of_nothing_has_a_branch_of_nothing() -> None:
    other = with_field("Call-ID", "another@um")
    meant = changed(cancelled(), on(GW, "CANCEL"), other)
    meant = changed(meant, on(GW, "200", "CANCEL"), other)
    left_open("SIP-CANCEL-005", meant)
    hop = with_field("Via", "SIP/2.0/TCP u;branch=z9hG4bKnew")
    strange = changed(meant, on(GW, "CANCEL"), hop)
    strange = changed(strange, on(GW, "200", "CANCEL"), hop)
    assert accused("SIP-CANCEL-005", strange).guilty is Role.GATEWAY


def test_the_user_hung_up_and_the_cas_said_so_in_vain() -> None:
    deaf = without(without(cancelled(), on(GW, "CANCEL")), on(CU, "487"))
    assert accused("POP-END-001", deaf).guilty is Role.UM
    broken = changed(deaf, on(CU, "CANCEL"), TWICE)
    assert accused("POP-END-001", broken).guilty is Role.CAS


def test_cancel_waits_for_an_answer_that_can_be_read() -> None:
    deaf = without(cancelled(), on(GW, "CANCEL"))
    for status in ("100", "180"):
        deaf = changed(deaf, on(GW, status), TWICE)
    left_open("POP-END-001", without(deaf, on(GW, "487")))


# What else a broken message excuses.


def test_a_to_that_is_not_there_gets_no_tag() -> None:
    bare = changed(call(), ANSWER, with_field("To", "<sip:a@b>"))
    assert accused("SIP-TAG-002", bare).guilty is Role.UM
    broken = changed(bare, BYE, with_field("Max-Forwards", "many"))
    assert accused("SIP-TAG-002", broken).guilty is Role.UM
    gone = changed(changed(bare, BYE, lacking("to")), ANSWER, lacking("to"))
    acquitted("SIP-TAG-002", gone)


def test_a_body_of_a_type_that_nobody_need_know_may_be_refused() -> None:
    def refused_415(kind: str) -> Evidence:
        evidence = call(Plan(final=415))
        return changed(evidence, on(GW, "INVITE"), with_field("Content-Type", kind))

    assert accused("POP-CHECK-004", refused_415("application/SDP ")).grade
    left_open("POP-CHECK-004", refused_415("application/other"))


def test_parts_without_their_boundary_are_no_order() -> None:
    order = on(CU, "INVITE")
    lost = with_field("Content-Type", "multipart/mixed;boundary=elsewhere")
    assert accused("SIP-FORM-008", changed(call(), order, lost)).guilty is Role.CAS
    acquitted("SIP-FORM-008", call())


def test_an_answer_comes_from_the_other_side() -> None:
    """A 400 that the caller says to what it took for a request is no second answer."""
    evidence = call()
    ok = next(f for f in evidence.sip if on(GW, "200", "INVITE")(f))
    said = swapped(" 200 OK", " 400 No")(ok.sip)
    for source, target, judged in (
        (ok.target, ok.source, acquitted),
        (ok.source, ok.target, accused),
    ):
        other = replace(ok, sip=said, source=source, target=target)
        sip = [g for f in evidence.sip for g in ((f, other) if f is ok else (f,))]
        renumbered = (replace(f, number=n) for n, f in enumerate(sip, 1))
        judged("SIP-RESP-002", replace(evidence, sip=tuple(renumbered)))


def test_who_waits_for_the_phone_is_not_who_never_answers() -> None:
    silent = without(call(Plan(final=486)), on(GW, "486"))
    told = replace(silent, sip=tuple(f for f in silent.sip if f.leg is not FAR))
    assert accused("POP-CHECK-004", told).guilty is Role.GATEWAY
    rings = without(without(silent, on(FAR, "486")), on(FAR, "ACK"))
    left_open("POP-CHECK-004", rings)
    asked = without(rings, on(FAR, "180"))
    assert accused("POP-CHECK-004", asked).guilty is Role.PHONE


def not_accused(requirement: str, evidence: Evidence, role: Role) -> bool:
    found = verdict(requirement, evidence)
    return found.grade not in ACCUSED or found.guilty is not role
