"""Extensions tried one by one: who tells them apart is accused."""

from collections.abc import Mapping
from functools import cache

import pytest
from msgspec.structs import replace
from testsuites.selftest.evidence_builder import HOSTS, UM
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import SipFrame
from ringback.values import Address, Role
from ringback.wire.message import Message

SCANNER, SERVER = Address("127.0.9.99", 40000), Address(HOSTS[UM], 5060)
plain = cache(call)


def scanned(
    answers: Mapping[str, int], method: str = "REGISTER", sender: Role | None = None
) -> Evidence:
    """Somebody tries each name and gets that status; 0 is no answer."""
    known, frames = plain().sip[0], list(plain().sip)
    for n, (user, status) in enumerate(answers.items()):
        heads = (
            f"Via: SIP/2.0/TCP x;branch=z9hG4bKscan{n}\r\n"
            f"From: <sip:{user}@x>;tag=1\r\n"
            f"To: <sip:{user}@x>\r\nCall-ID: scan{n}\r\nCSeq: 1 {method}\r\n\r\n"
        )
        asked = Message.parse(f"{method} sip:x SIP/2.0\r\n{heads}".encode())
        told = Message.parse(f"SIP/2.0 {status} Text\r\n{heads}".encode())
        there = replace(known, flow=9000, leg=None, sender=sender, receiver=Role.UM)
        there = replace(there, source=SCANNER, target=SERVER, sip=asked)
        frames.append(replace(there, number=100_000 + 2 * n))
        if status:
            frames.append(_back(there, 100_001 + 2 * n, told))
    return replace(plain(), sip=tuple(frames))


def _back(request: SipFrame, number: int, told: Message) -> SipFrame:
    ends = {"source": request.target, "target": request.source}
    roles = {"sender": request.receiver, "receiver": request.sender}
    return replace(request, number=number, sip=told, **ends, **roles)


GUILTY: Table = {
    "SEC-SCAN-001": lambda: scanned({"50121": 404, "50122": 404, "50123": 401}),
}
ODD: Table = {
    "SEC-SCAN-001": lambda: scanned({"50121": 401, "50123": 401, "50125": 503}),
}


def test_who_tells_extensions_apart_is_accused() -> None:
    found = accused("SEC-SCAN-001", GUILTY["SEC-SCAN-001"]())
    assert found.guilty is Role.UM
    assert "401 for 50123" in found.because


def test_who_loses_patience_with_a_scanner_is_not() -> None:
    acquitted("SEC-SCAN-001", ODD["SEC-SCAN-001"]())


@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 405])
def test_any_answer_will_do_when_it_is_the_same(status: int) -> None:
    acquitted("SEC-SCAN-001", scanned({"50121": status, "50123": status}, "OPTIONS"))


def test_one_guess_and_the_requests_of_roles_tell_nothing() -> None:
    left_open("SEC-SCAN-001", scanned({"50123": 401, "50124": 0}))
    left_open("SEC-SCAN-001", scanned({"50121": 404, "50123": 401}, sender=Role.CAS))
    left_open("SEC-SCAN-001", plain())
