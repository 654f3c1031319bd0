"""Wireshark reads the same packets, and whoever disagrees is named."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from testsuites.selftest.staged import (
    UM,
    Secured,
    Stage,
    circumstances,
    request,
    response,
    staged_call,
)

from ringback.evidence.reader import read
from ringback.faults import TestbedFault
from ringback.net import dissect as dissection
from ringback.net.dissect import Reading, disagreements, dissect, second_opinion
from ringback.values import Address

pytestmark = pytest.mark.skipif(
    not dissection.is_available(), reason="no tshark on this machine"
)
CAS_CALLS = Address("127.0.9.2", 40007)


def secured_call(port: int = 5061) -> bytes:
    stage = Stage()
    talk = Secured(stage, 1, (CAS_CALLS, Address(UM.host, port)))
    invite = request("INVITE", call="call-2")
    talk.says(invite + request("OPTIONS", call="call-3"))
    talk.says(response(200, invite), client=False)
    known = circumstances()
    seats = [msgspec.structs.replace(s, secured_ports=(port, 443)) for s in known.seats]
    return stage.capture(msgspec.structs.replace(known, seats=tuple(seats)))


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("captures")
    files = {
        "plain": staged_call().capture(circumstances()),
        "secured": secured_call(),
        "worker": secured_call(5067),
        "again": staged_call().capture(circumstances()),
    }
    for name, octets in files.items():
        (folder / f"{name}.pcapng").write_bytes(octets)
    return [folder / f"{name}.pcapng" for name in files]


@pytest.fixture(scope="module")
def opinions(captures: list[Path]) -> dict[Path, dissection.Readings]:
    return second_opinion(captures)


def test_both_readers_agree(
    captures: list[Path], opinions: dict[Path, dissection.Readings]
) -> None:
    assert set(opinions) == set(captures)
    for path in captures:
        evidence = read(path.read_bytes())
        assert sum(map(len, opinions[path].values())) == len(evidence.sip) > 0
        assert disagreements(evidence, opinions[path]) == ()


def test_one_file_alone_reads_like_in_company(
    captures: list[Path], opinions: dict[Path, dissection.Readings]
) -> None:
    assert second_opinion(captures[1:2])[captures[1]] == opinions[captures[1]]


def test_a_wrong_reading_is_reported(
    captures: list[Path], opinions: dict[Path, dissection.Readings]
) -> None:
    evidence = read(captures[0].read_bytes())
    readings = dict(opinions[captures[0]])
    number = evidence.sip[1].number
    good = readings[number][0]
    wrongs = [
        replace(good, start="SIP/2.0 486 Busy Here"),
        replace(good, call_id="other"),
        replace(good, cseq="2 INVITE"),
        replace(good, branch="z9hG4bKother"),
    ]
    for wrong in wrongs:
        (complaint,) = disagreements(evidence, {**readings, number: (wrong,)})
        assert f"packet {number}" in complaint
        assert str(good) in complaint
        assert str(wrong) in complaint


def test_what_only_one_of_them_read_is_reported(
    captures: list[Path], opinions: dict[Path, dissection.Readings]
) -> None:
    evidence = read(captures[0].read_bytes())
    readings = dict(opinions[captures[0]])
    number = evidence.sip[0].number
    ghost = Reading("OPTIONS sip:a SIP/2.0", "x", "1 OPTIONS", "z9hG4bKx")

    lacking = {n: r for n, r in readings.items() if n != number}
    surplus = {**readings, 1: (ghost,)}

    assert "Wireshark reads None" in disagreements(evidence, lacking)[0]
    assert "we read None" in disagreements(evidence, surplus)[0]


def test_messages_that_are_not_well_formed_are_not_compared() -> None:
    stage = Stage()
    stage.opens(1, CAS_CALLS, Address(UM.host, 5060))
    stage.says(1, b"OPTIONS sip:a SIP/2.0\r\nCSeq: x\r\nContent-Length: 0\r\n\r\n")

    evidence = read(stage.capture())

    assert len(evidence.sip) == 1
    assert disagreements(evidence, {}) == ()


def test_the_adapter_may_be_awaited(captures: list[Path]) -> None:
    async def twice() -> list[int]:
        found = await asyncio.gather(*[dissect(p, display="sip") for p in captures[:2]])
        return [len(packets) for packets in found]

    assert asyncio.run(twice()) == [5, 2]


def test_without_tshark_there_is_no_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dissection, "is_available", lambda: False)

    with pytest.raises(TestbedFault):
        second_opinion([])
