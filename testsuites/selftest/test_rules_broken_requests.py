"""What a broken message leads to is nobody else's fault."""

from msgspec.structs import replace
from testsuites.selftest.evidence_builder import (
    Plan,
    changed,
    lacking,
    on,
    with_field,
    without,
)
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.values import Leg, Role
from ringback.wire.message import Message

GW = Leg.UM_GATEWAY
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
