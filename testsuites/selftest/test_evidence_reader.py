"""From a capture file to evidence: numbers, roles, legs, media, and what is broken."""

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from testsuites.selftest.staged import (
    CAS,
    CLIENT,
    GATEWAY,
    GATEWAY_MEDIA,
    PHONE,
    UM_CALLS,
    UM_MEDIA,
    Secured,
    Stage,
    circumstances,
    description,
    request,
    response,
    sound,
    staged_call,
)

from ringback.evidence.circumstances import Circumstances, Seat
from ringback.evidence.reader import read, study
from ringback.evidence.taps import MARKER
from ringback.evidence.writer import Capture
from ringback.values import Address, Leg, Role
from ringback.wire.rtp import RtpPacket
from ringback.wire.srtp import Srtp

KEYS = (bytes(range(30)), bytes(range(30, 60)))
PING = request("OPTIONS")
needs_tshark = pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark here")


def test_a_plain_call_is_read_whole() -> None:
    seen = read(staged_call().capture(circumstances()))

    assert [f.sip.method for f in seen.sip] == ["INVITE", "INVITE", "ACK", "BYE", "BYE"]
    assert [f.number for f in seen.sip] == [4, 5, 6, 27, 28]
    assert {f.leg for f in seen.sip} == {Leg.UM_GATEWAY}
    assert (seen.sip[1].sender, seen.sip[1].receiver) == (Role.GATEWAY, Role.UM)
    assert len(seen.rtp) == 20
    assert not seen.complaints
    assert not seen.broken
    assert seen.packets == 32
    assert seen.circumstances == circumstances()
    (connection,) = seen.connections
    assert (connection.opener, connection.acceptor) == (Role.UM, Role.GATEWAY)
    assert (connection.opened, connection.closed) == (1, 29)
    assert connection.clear_octets == sum(len(bytes(f.sip)) for f in seen.sip)


def test_frames_come_in_the_order_of_the_capture() -> None:
    frames = read(staged_call(early=3).capture(circumstances())).frames()

    assert all(a.number <= b.number for a, b in pairwise(frames))
    assert all(a.time <= b.time for a, b in pairwise(frames))
    assert frames[0].time == pytest.approx(0.001)


def test_media_belong_to_the_leg_that_announced_their_target() -> None:
    seen = read(staged_call().capture(circumstances()))

    to_gateway = [f for f in seen.rtp if f.target == GATEWAY_MEDIA]
    assert len(to_gateway) == 10
    assert {(f.leg, f.sender, f.receiver) for f in to_gateway} == {
        (Leg.UM_GATEWAY, Role.UM, Role.GATEWAY)
    }
    assert [f.rtp.sequence for f in to_gateway if f.rtp] == list(range(10))


def test_media_may_come_before_the_answer() -> None:
    seen = read(staged_call(KEYS, early=4).capture(circumstances()))

    early = [f for f in seen.rtp if f.number < seen.sip[1].number]
    assert len(early) == 4
    assert all(f.rtp is not None for f in early)


def test_media_may_come_from_another_address() -> None:
    stage = staged_call()
    stage.casts(Address("127.0.0.1", 5555), UM_MEDIA, sound(99))

    frame = read(stage.capture(circumstances())).rtp[-1]

    assert (frame.leg, frame.sender) == (Leg.UM_GATEWAY, Role.GATEWAY)


def test_srtp_is_opened_with_the_key_of_its_sender() -> None:
    seen = read(staged_call(KEYS).capture(circumstances()))

    plain = [f.rtp for f in seen.rtp]
    assert all(f.secured for f in seen.rtp)
    assert [bytes(p) for p in plain if p and p.ssrc == 7] == list(map(sound, range(10)))
    assert all(bytes(p) != f.octets for p, f in zip(plain, seen.rtp, strict=True) if p)


def test_a_replay_stays_one_though_the_key_was_told_twice() -> None:
    stage = staged_call(KEYS)
    stage.opens(2, UM_CALLS, GATEWAY)
    again = request("INVITE", number=3, body=description(UM_MEDIA, KEYS[0]))
    stage.says(2, again)
    stage.casts(UM_MEDIA, GATEWAY_MEDIA, Srtp(KEYS[0]).protect(sound(0)))

    assert read(stage.capture(circumstances())).rtp[-1].rtp is None


def test_srtp_under_the_wrong_key_stays_closed() -> None:
    good = staged_call(KEYS).capture(circumstances())
    lines = (description(UM_MEDIA, KEYS[0]), description(UM_MEDIA, KEYS[1]))
    bad = good.replace(*lines)
    assert bad != good

    seen = read(bad)

    assert [f.rtp is None for f in seen.rtp] == [f.target != UM_MEDIA for f in seen.rtp]


def test_rtcp_is_told_from_rtp() -> None:
    stage = staged_call()
    report = b"\x80\xc8\x00\x06" + bytes(24)
    beside = Address(UM_MEDIA.host, UM_MEDIA.port + 1)
    stage.casts(GATEWAY_MEDIA, beside, report)
    stage.casts(GATEWAY_MEDIA, UM_MEDIA, report)

    seen = read(stage.capture(circumstances()))

    assert [(f.leg, f.receiver) for f in seen.rtcp] == [(Leg.UM_GATEWAY, Role.UM)] * 2
    assert len(seen.rtp) == 20


def test_other_datagrams_are_not_media() -> None:
    stage = staged_call()
    stage.casts(Address("127.0.9.4", 9), Address("127.0.9.3", 9), sound(1))
    stage.casts(GATEWAY_MEDIA, UM_MEDIA, b"\x00\x01stun")
    stage.casts(GATEWAY_MEDIA, UM_MEDIA, b"\x80\x00short")
    stage.casts(GATEWAY_MEDIA, UM_MEDIA, MARKER + b"1")

    seen = read(stage.capture(circumstances()))

    assert [f.target.port for f in seen.datagrams] == [9, UM_MEDIA.port]
    assert {f.leg for f in seen.datagrams} == {Leg.UM_GATEWAY}
    assert [f.octets for f in seen.broken] == [b"\x80\x00short"]


def test_sip_over_udp_is_seen() -> None:
    stage = Stage()
    stage.casts(UM_CALLS, GATEWAY, PING)
    stage.casts(GATEWAY, UM_CALLS, response(200, PING))
    stage.casts(UM_CALLS, GATEWAY, b"OPTIONS sip:a SIP/2.0\r\nno end")

    seen = read(stage.capture(circumstances()))

    assert [f.sip.status for f in seen.sip] == [0, 200]
    assert {f.leg for f in seen.sip} == {Leg.UM_GATEWAY}
    assert len({f.flow for f in seen.sip}) == 1
    assert len(seen.broken) == 1


@needs_tshark
def test_numbers_are_those_of_wireshark(tmp_path: Path) -> None:
    stage = staged_call()
    stage.opens(2, Address("127.0.9.4", 40001), PHONE)
    for piece in (PING * 2 + PING[:40], PING[40:100], PING[100:], PING * 3):
        stage.says(2, piece)
    path = tmp_path / "x.pcapng"
    path.write_bytes(stage.capture(circumstances()))

    command = ["tshark", "-r", str(path), "-Y", "sip", "-T", "fields"]
    command += ["-e", "frame.number", "-e", "sip.CSeq.method"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    theirs: list[tuple[int, str]] = []
    for line in shown.splitlines():
        number, methods = line.split("\t")
        theirs += [(int(number), method) for method in methods.split(",")]
    assert [(f.number, f.sip.method) for f in read(path.read_bytes()).sip] == theirs


def test_two_messages_in_one_packet_share_its_number() -> None:
    stage = Stage()
    stage.opens(1, UM_CALLS, GATEWAY)
    stage.says(1, b"\r\n\r\n" + PING + PING + PING[:10])
    stage.says(1, PING[10:])

    seen = read(stage.capture())

    assert [f.number for f in seen.sip] == [4, 4, 5]


def test_soap_travels_over_https() -> None:
    body = b"<soap/>"
    asked = (
        b"POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: cas\r\nContent-Length: 7\r\n\r\n"
    )
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked += b"3;x=y\r\n<so\r\n4\r\nap/>\r\n0\r\nTrailer: x\r\n\r\n"
    stage = Stage()
    web = Secured(stage, 1, (CLIENT, CAS))
    web.says(asked + body)
    web.says(b"HTTP/1.1 100 Continue\r\n\r\n" + chunked, client=False)
    web.says(b"HEAD / HTTP/1.1\r\n\r\n" + asked + body)
    answers = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.0 500 No\r\n\r\nend"
    web.says(answers, client=False)
    stage.closes(1, client=False)

    seen = read(stage.capture(circumstances()))

    assert [f.status for f in seen.http] == [0, 100, 200, 0, 0, 200, 500]
    assert [f.body for f in seen.http] == [body, b"", body, b"", body, b"", b"end"]
    assert seen.http[0].header("host") == "cas"
    assert {f.leg for f in seen.http} == {Leg.CLIENT_CAS}
    assert all(f.secured for f in seen.http)
    assert not seen.broken


@pytest.mark.parametrize(
    "octets",
    [
        b"hello, is anybody there?\r\n\r\n",
        b"INVITE sip:a SIP/2.0\nTo: x\n\n",
        b"\0" * 9000,
    ],
)
def test_octets_that_are_no_sip_are_broken(octets: bytes) -> None:
    stage = Stage()
    stage.opens(1, UM_CALLS, GATEWAY)
    stage.says(1, octets)
    stage.says(1, PING)
    stage.closes(1)

    seen = read(stage.capture(circumstances()))

    assert not seen.sip
    assert seen.broken[0].octets.startswith(octets[:5])
    assert seen.broken[0].leg is Leg.UM_GATEWAY
    assert all(f.why for f in seen.broken)


def test_a_stream_that_ends_inside_a_message_is_broken() -> None:
    stage = Stage()
    stage.opens(1, UM_CALLS, GATEWAY)
    stage.says(1, PING[:50])
    open_still = read(stage.capture())
    stage.closes(1)
    closed = read(stage.capture())

    assert [f.octets for f in closed.broken] == [PING[:50]]
    assert not closed.complaints
    assert not open_still.broken
    assert len(open_still.complaints) == 1


def test_a_capture_that_begins_inside_a_message_says_so() -> None:
    stage = Stage()
    stage.opens(1, UM_CALLS, GATEWAY)
    stage.says(1, PING[:50])
    stage.says(1, PING[50:] + PING)
    packets = stage.synthesis.packets()[4:]

    seen = read(bytes(Capture(packets, b"", circumstances())))

    assert [bytes(f.sip) for f in seen.sip] == [PING]
    assert "begins inside a message" in seen.complaints[0]
    assert seen.connections[0].opener is Role.UM


def test_a_lost_packet_is_a_complaint_and_no_crash() -> None:
    stage = staged_call()
    packets = [p for n, p in enumerate(stage.synthesis.packets(), 1) if n != 6]

    seen = read(bytes(Capture(packets, b"", circumstances())))

    assert [f.sip.method for f in seen.sip] == ["INVITE", "INVITE", "BYE", "BYE"]
    assert "not in the capture" in seen.complaints[0]
    assert all(a.number <= b.number for a, b in pairwise(seen.sip))


def test_a_foreign_capture_has_no_legs() -> None:
    seen = read(staged_call(KEYS, early=2).capture())

    assert seen.circumstances is None
    assert {f.leg for f in seen.frames()} == {None}
    assert len(seen.rtp) == 18
    assert all(f.rtp for f in seen.rtp)


def test_roles_that_share_a_host_are_told_apart_by_port_and_neighbour() -> None:
    ports = {Role.CAS: (443, 5070), Role.UM: (5060,), Role.GATEWAY: (5080,)}
    seats = [Seat(role=r, name=r, host="127.0.9.9", ports=p) for r, p in ports.items()]
    phone = Seat(role=Role.PHONE, name="phone", host="127.0.9.5", ports=(5060,))
    known = msgspec.structs.replace(circumstances(), seats=(*seats, phone))
    here = Address("127.0.9.9", 40000)

    def legs(known: Circumstances) -> list[tuple[Role | None, Leg | None]]:
        stage = Stage()
        for flow, target in enumerate((5060, 5080)):
            stage.opens(flow, here, Address("127.0.9.9", target))
        stage.opens(3, here, PHONE)
        stage.opens(4, PHONE, Address("127.0.9.9", 5080))
        stage.opens(5, Address("192.0.2.1", 1), PHONE)
        seen = read(stage.capture(known))
        return [(c.opener, c.leg) for c in seen.connections]

    assert legs(known) == [
        (Role.CAS, Leg.CAS_UM),
        (Role.UM, Leg.UM_GATEWAY),
        (Role.GATEWAY, Leg.GATEWAY_PHONE),
        (Role.PHONE, Leg.GATEWAY_PHONE),
        (None, None),
    ]


def test_a_new_offer_moves_the_media() -> None:
    stage = staged_call()
    moved = Address("127.0.9.3", 44000)
    stage.opens(2, UM_CALLS, GATEWAY)
    stage.says(2, request("INVITE", number=3, body=description(moved)))
    stage.casts(GATEWAY_MEDIA, moved, sound(50))

    seen = read(stage.capture(circumstances()))

    assert seen.rtp[-1].target == moved
    assert seen.rtp[-1].receiver is Role.UM


def test_an_address_belongs_to_who_announced_it_last() -> None:
    stage = staged_call()
    stage.opens(2, Address("127.0.9.4", 40009), PHONE)
    stage.says(2, request("INVITE", call="call-2", body=description(GATEWAY_MEDIA)))
    stage.casts(PHONE, GATEWAY_MEDIA, sound(50))

    seen = read(stage.capture(circumstances()))

    legs = [f.leg for f in seen.rtp if f.target == GATEWAY_MEDIA]
    assert legs == [Leg.UM_GATEWAY] * 10 + [Leg.GATEWAY_PHONE]


def test_a_broken_description_spoils_nothing_else() -> None:
    stage = Stage()
    stage.opens(1, UM_CALLS, GATEWAY)
    stage.says(1, request("INVITE", body=b"m=audio nonsense\r\n"))
    again = description(UM_MEDIA).replace(b"a=ptime:20", b"a=crypto:1 nonsense")
    stage.says(1, request("INVITE", body=again))
    stage.casts(GATEWAY_MEDIA, UM_MEDIA, sound(1))

    seen = read(stage.capture(circumstances()))

    assert len(seen.sip) == 2
    assert len(seen.rtp) == 1


def test_plaintext_is_what_was_said() -> None:
    plain = study(staged_call().capture(circumstances())).plaintext

    assert plain.streams[GATEWAY, UM_CALLS].startswith(b"SIP/2.0 200")
    assert len(plain.datagrams[UM_MEDIA, GATEWAY_MEDIA]) == 10
    assert plain.finished == {(UM_CALLS, GATEWAY), (GATEWAY, UM_CALLS)}
    assert not plain.killed


@given(st.data())
def test_no_damage_can_upset_the_reader(data: st.DataObject) -> None:
    octets = bytearray(_CAPTURE)
    for _ in range(data.draw(st.integers(1, 20))):
        octets[data.draw(st.integers(600, len(octets) - 1))] = data.draw(
            st.integers(0, 255)
        )
    read(bytes(octets))


def test_a_dtmf_key_is_a_packet_like_any_other() -> None:
    stage = staged_call()
    event = RtpPacket(101, 11, 1600, 8, b"\x05\x8a\x03\x20")
    stage.casts(GATEWAY_MEDIA, UM_MEDIA, bytes(event))

    assert read(stage.capture(circumstances())).rtp[-1].rtp == event


_CAPTURE = staged_call(KEYS).capture(circumstances())
