"""Dialogs written down by hand: what looks guilty and is not, and the reverse."""

from dataclasses import dataclass, field

from msgspec.structs import replace
from testsuites.selftest.evidence_builder import HOSTS, Plan, circumstances
from testsuites.selftest.tribunal import accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import Connection, SipFrame
from ringback.values import Address, Leg, Role
from ringback.wire.message import Field, Message
from ringback.wire.sdp import offer

UM, GATEWAY = Role.UM, Role.GATEWAY
SDP = bytes(offer("127.0.0.1", 30000, 1, 1))


@dataclass
class Talk:
    """UM and gateway on one leg; the UM's tag is ``a``. Each thing said takes 10 ms."""

    frames: list[SipFrame] = field(default_factory=list)
    now: float = 0.0

    def says(
        self,
        who: Role,
        start: str,
        cseq: str,
        *fields: str,
        tag: str = "b",
        caller: bool = True,
        body: bytes = b"",
        leg: Leg = Leg.UM_GATEWAY,
        call: str = "call@um",
    ) -> "Talk":
        """``caller``: the UM asked, whoever speaks; ``tag`` is the gateway's."""
        mine, theirs = ("a", tag) if caller else (tag, "a")
        number, method = cseq.split()
        branch = number + method + tag * (method == "BYE")
        named = (
            Field.of("Via", f"SIP/2.0/TCP x;branch=z9hG4bK{mine}{branch}"),
            Field.of("From", f"<sip:f>;tag={mine}"),
            Field.of("To", f"<sip:t>;tag={theirs}" if theirs else "<sip:t>"),
            Field.of("Call-ID", call),
            Field.of("CSeq", cseq),
            *(Field.of(*f.split(": ", 1)) for f in fields),
            Field.of("Content-Length", str(len(body))),
        )
        line = start if start[0].isdigit() else f"{start} SIP/2.0"
        line = f"SIP/2.0 {line}" if start[0].isdigit() else line
        other = GATEWAY if who is UM else UM
        self.now = round(self.now + 0.01, 3)
        self.frames.append(
            SipFrame(
                number=len(self.frames) + 1,
                time=self.now,
                source=Address(HOSTS[who], 5060),
                target=Address(HOSTS[other], 5060),
                flow=1,
                leg=leg,
                sender=who,
                receiver=other,
                sip=Message(line.encode(), named, body),
            )
        )
        return self

    def waits(self, seconds: float) -> "Talk":
        self.now += seconds
        return self

    @property
    def evidence(self) -> Evidence:
        return Evidence(sip=tuple(self.frames), circumstances=circumstances(Plan()))


def invited(*fields: str) -> Talk:
    talk = Talk().says(UM, "INVITE sip:g", "1 INVITE", "Contact: <sip:um@u>", tag="")
    talk.frames[-1] = _with(talk.frames[-1], *fields)
    return talk


def talking(*fields: str, told: tuple[str, ...] = ()) -> Talk:
    talk = invited(*fields)
    talk.says(GATEWAY, "200 OK", "1 INVITE", "Contact: <sip:gw@g>", *told)
    return talk.says(UM, "ACK sip:gw@g", "1 ACK")


def _with(frame: SipFrame, *fields: str) -> SipFrame:
    more = tuple(Field.of(*f.split(": ", 1)) for f in fields)
    sip = replace(frame.sip, fields=(*frame.sip.fields, *more))
    return replace(frame, sip=sip)


def test_each_branch_of_a_fork_counts_by_itself() -> None:
    talk = talking().says(GATEWAY, "200 OK", "1 INVITE", "Contact: <sip:x@g>", tag="c")
    talk.says(UM, "ACK sip:x@g", "1 ACK", tag="c")
    for tag in ("b", "c"):
        talk.says(UM, "BYE sip:gw@g", "2 BYE", tag=tag)
        talk.says(GATEWAY, "200 OK", "2 BYE", tag=tag)
    acquitted("SIP-CSEQ-001", talk.evidence)
    acquitted("SIP-FORK-001", talk.evidence)
    acquitted("SIP-FORK-002", talk.evidence)
    talk.says(UM, "OPTIONS sip:gw@g", "2 OPTIONS", tag="b")
    accused("SIP-CSEQ-001", talk.evidence)


def test_a_proxy_may_add_a_record_route() -> None:
    asked = "Record-Route: <sip:one;lr>, <sip:two;lr>"
    more = "Record-Route: <sip:zero;lr>, <sip:one;lr>, <sip:two;lr>"
    acquitted("SIP-ROUTE-001", talking(asked, told=(more,)).evidence)
    turned = "Record-Route: <sip:two;lr>, <sip:one;lr>"
    found = accused("SIP-ROUTE-001", talking(asked, told=(turned,)).evidence)
    assert found.guilty is GATEWAY


def test_a_request_may_cross_the_answer_that_moves_its_target() -> None:
    talk = talking().says(GATEWAY, "INVITE sip:um@u", "1 INVITE", caller=False)
    talk.says(UM, "200 OK", "1 INVITE", "Contact: <sip:moved@u>", caller=False)
    late = talk.waits(1.0).says(GATEWAY, "BYE sip:um@u", "2 BYE", caller=False)
    accused("SIP-TARGET-003", late.evidence)
    talk.now, talk.frames = 0.06, talk.frames[:-1]
    acquitted(
        "SIP-TARGET-003",
        talk.says(GATEWAY, "BYE sip:um@u", "2 BYE", caller=False).evidence,
    )


def test_who_waited_in_vain_for_the_ack_may_hang_up() -> None:
    talk = invited().says(GATEWAY, "200 OK", "1 INVITE", "Contact: <sip:gw@g>")
    soon = Talk(list(talk.frames), 1.0)
    soon.says(GATEWAY, "BYE sip:um@u", "1 BYE", caller=False)
    left_open("SIP-BYE-004", soon.evidence)  # an ACK that never came is another's
    soon.says(UM, "ACK sip:gw@g", "1 ACK")
    assert accused("SIP-BYE-004", soon.evidence).guilty is GATEWAY
    talk.waits(32.0).says(GATEWAY, "BYE sip:um@u", "1 BYE", caller=False)
    acquitted("SIP-BYE-004", talk.says(UM, "ACK sip:gw@g", "1 ACK").evidence)


def test_bye_in_an_early_dialog_may_be_refused() -> None:
    talk = invited().says(GATEWAY, "180 Ringing", "1 INVITE", "Contact: <sip:gw@g>")
    talk.says(GATEWAY, "BYE sip:um@u", "1 BYE", caller=False)
    talk.says(UM, "481 No", "1 BYE", caller=False)
    talk.says(GATEWAY, "200 OK", "1 INVITE", "Contact: <sip:gw@g>")
    left_open("SIP-BYE-001", talk.evidence)
    assert accused("SIP-BYE-005", talk.evidence).guilty is GATEWAY


def test_a_dialog_that_nobody_knows_may_be_taken_up_again() -> None:
    sound = ("Max-Forwards: 70", "Contact: <sip:um@u>")
    asked = talking().says(UM, "INVITE sip:gw@g", "2 INVITE", *sound, tag="x")
    for status, judged in (
        ("200 OK", acquitted),
        ("481 No", acquitted),
        ("486 Busy Here", accused),
        ("404 Not Found", left_open),
    ):
        talk = Talk(list(asked.frames), asked.now)
        judged(
            "SIP-DIALOG-003", talk.says(GATEWAY, status, "2 INVITE", tag="x").evidence
        )


def test_an_answer_that_crosses_the_second_invite_is_no_offence() -> None:
    talk = invited().says(GATEWAY, "180 Ringing", "1 INVITE", "Contact: <sip:gw@g>")
    talk.says(UM, "INVITE sip:gw@g", "2 INVITE")
    talk.says(GATEWAY, "200 OK", "1 INVITE", "Contact: <sip:gw@g>")
    left_open("SIP-GLARE-001", talk.says(GATEWAY, "200 OK", "2 INVITE").evidence)


def previewed(body: bytes = SDP) -> Talk:
    """A reliable 183, with that body."""
    talk = invited("Supported: 100rel")
    fields = ("Contact: <sip:gw@g>", "Require: 100rel", "RSeq: 7")
    typed = ("Content-Type: application/sdp",) if body else ()
    return talk.says(GATEWAY, "183 Progress", "1 INVITE", *fields, *typed, body=body)


def accepted(talk: Talk, tag: str = "b") -> Talk:
    return talk.says(GATEWAY, "200 OK", "1 INVITE", "Contact: <sip:gw@g>", tag=tag)


def acknowledged(talk: Talk) -> Talk:
    talk.says(UM, "PRACK sip:gw@g", "2 PRACK", "RAck: 7 1 INVITE")
    return talk.says(GATEWAY, "200 OK", "2 PRACK")


def test_a_description_is_acknowledged_before_the_call_is_taken() -> None:
    early = acknowledged(accepted(previewed()))
    assert accused("SIP-PRACK-010", early.evidence).guilty is GATEWAY
    accused("SIP-PRACK-010", accepted(previewed()).evidence)
    acquitted("SIP-PRACK-010", accepted(acknowledged(previewed())).evidence)


def test_what_describes_nothing_holds_up_nobody() -> None:
    left_open("SIP-PRACK-010", accepted(previewed(b"")).evidence)
    refused = previewed().says(GATEWAY, "486 Busy", "1 INVITE")
    left_open("SIP-PRACK-010", refused.evidence)


def test_another_branch_may_take_the_call_meanwhile() -> None:
    left_open("SIP-PRACK-010", accepted(previewed(), tag="c").evidence)


def test_a_repeated_reliable_answer_is_one_answer() -> None:
    reliable = ("Contact: <sip:gw@g>", "Require: 100rel", "RSeq: 7")
    talk = invited("Supported: 100rel")
    for _ in range(2):
        talk.says(GATEWAY, "180 Ringing", "1 INVITE", *reliable)
    left_open("SIP-PRACK-005", talk.evidence)
    assert accused("SIP-PRACK-006", talk.evidence).guilty is UM
    talk.says(GATEWAY, "200 OK", "1 INVITE", "Contact: <sip:gw@g>")
    acquitted("SIP-PRACK-006", talk.evidence)


def test_min_se_may_raise_what_was_asked() -> None:
    asked = ("Supported: timer", "Session-Expires: 100", "Min-SE: 120")
    for granted, judged in ((120, acquitted), (180, accused), (100, accused)):
        told = (f"Session-Expires: {granted};refresher=uas",)
        judged("SIP-SESSION-003", talking(*asked, told=told).evidence)


def test_who_hangs_up_after_a_late_cancel_may_have_another_reason() -> None:
    talk = talking().says(UM, "CANCEL sip:g", "1 CANCEL", tag="")
    cancel = talk.frames[-1].sip
    via = talk.frames[0].sip.fields[0]
    fields = (via, *cancel.fields[1:])
    talk.frames[-1] = _replaced(talk.frames[-1], fields)
    alone = Talk(list(talk.frames), talk.now)
    alone.says(GATEWAY, "BYE sip:um@u", "1 BYE", caller=False)
    left_open("SIP-CANCEL-006", alone.evidence)  # nobody sees the gateway's other leg
    talk.says(GATEWAY, "481 No", "1 CANCEL", tag="")
    talk.says(UM, "OPTIONS sip:gw@g", "2 OPTIONS").says(GATEWAY, "481 No", "2 OPTIONS")
    assert accused("SIP-CANCEL-006", talk.evidence).guilty is GATEWAY


def test_what_comes_after_the_end_of_a_connection_may_be_lost() -> None:
    talk = talking()
    hops = "Max-Forwards: 70"
    talk.says(GATEWAY, "OPTIONS sip:um@u", "1 OPTIONS", hops, caller=False)
    talk.says(UM, "BYE sip:gw@g", "2 BYE").says(GATEWAY, "200 OK", "2 BYE")
    um, gateway = Address(HOSTS[UM], 5060), Address(HOSTS[GATEWAY], 5060)
    link = Connection(
        flow=1,
        client=um,
        server=gateway,
        leg=Leg.UM_GATEWAY,
        opener=UM,
        acceptor=GATEWAY,
        opened=0,
    )
    for closed, by, judged in ((0, None, accused), (3, gateway, accused)):
        ended = replace(link, closed=closed, left_by=by)
        judged("SIP-RESP-003", replace(talk.evidence, connections=(ended,)))
    ended = replace(link, closed=3, left_by=um)  # before the OPTIONS, number 4
    acquitted("SIP-RESP-003", replace(talk.evidence, connections=(ended,)))


def test_an_answer_may_cross_the_bye() -> None:
    asked = (
        talking()
        .says(UM, "INVITE sip:gw@g", "2 INVITE")
        .says(UM, "BYE sip:gw@g", "3 BYE")
    )
    crossing, late = (Talk(list(asked.frames), asked.now) for _ in range(2))
    crossing.says(GATEWAY, "200 OK", "2 INVITE").says(GATEWAY, "200 OK", "3 BYE")
    left_open("SIP-BYE-003", crossing.evidence)
    late.says(GATEWAY, "200 OK", "3 BYE").says(GATEWAY, "200 OK", "2 INVITE")
    assert accused("SIP-BYE-003", late.evidence).guilty is GATEWAY


def test_both_sides_count_for_themselves() -> None:
    typed = "Content-Type: application/sdp"
    talk = invited().says(GATEWAY, "200 OK", "1 INVITE", typed, body=SDP)
    talk.says(UM, "ACK sip:gw@g", "1 ACK", typed, body=SDP)
    talk.says(GATEWAY, "INVITE sip:um@u", "1 INVITE", typed, caller=False, body=SDP)
    talk.says(UM, "200 OK", "1 INVITE", typed, caller=False, body=SDP)
    talk.says(GATEWAY, "ACK sip:um@u", "1 ACK", caller=False)
    acquitted("SIP-OFFER-010", talk.evidence)
    talk.says(GATEWAY, "ACK sip:um@u", "1 ACK", typed, caller=False, body=SDP)
    assert accused("SIP-OFFER-010", talk.evidence).guilty is GATEWAY


def _replaced(frame: SipFrame, fields: tuple[Field, ...]) -> SipFrame:
    return replace(frame, sip=replace(frame.sip, fields=fields))


def test_a_proxy_or_another_service_need_not_be_followed() -> None:
    for status, judged in (("302 Moved", accused), ("305 Use Proxy", left_open)):
        contact = "Contact: <sip:x@h>"
        talk = invited().says(GATEWAY, status, "1 INVITE", contact)
        judged("SIP-REDIR-001", talk.evidence)
