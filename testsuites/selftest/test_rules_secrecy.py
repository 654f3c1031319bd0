"""TLS between CAS, UM and gateway, and what an eavesdropper learns."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace
from testsuites.selftest.evidence_builder import (
    Plan,
    bad_certificate,
    changed,
    on,
    resent,
    swapped,
)
from testsuites.selftest.pki import BAD
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import Connection, SipFrame, TlsEvent
from ringback.judge.presented import chain_fault
from ringback.values import Leg, Role, Security

CU, GW = Leg.CAS_UM, Leg.UM_GATEWAY
plain = cache(call)
hidden = cache(lambda: call(Plan(security=Security.SECURED)))
half = cache(lambda: call(Plan(security=Security.SIP_SECURED)))


def links(change: Callable[[Connection], Connection], leg: Leg) -> Evidence:
    return replace(
        hidden(),
        connections=tuple(
            change(c) if c.leg is leg else c for c in hidden().connections
        ),
    )


def unasked(link: Connection) -> Connection:
    """No CertificateRequest, so no certificate of the client either."""
    kept = (
        t
        for t in link.tls
        if t.event is not TlsEvent.CERTIFICATE_REQUEST
        and (t.event is not TlsEvent.CERTIFICATE or t.source == link.server)
    )
    return replace(link, tls=tuple(kept))


def resumed(link: Connection) -> Connection:
    """A session taken up again shows no certificate at all."""
    left = (TlsEvent.CERTIFICATE, TlsEvent.CERTIFICATE_REQUEST)
    return replace(link, tls=tuple(t for t in link.tls if t.event not in left))


def with_(**held: Any) -> Callable[[Connection], Connection]:
    return lambda link: replace(link, **held)


def ill(fault: str, role: Role = Role.CAS, leg: Leg = CU) -> Evidence:
    return bad_certificate(hidden(), role, leg, fault)


def refused(fault: str) -> Evidence:
    """The UM sends no SIP at all to that CAS."""
    evidence = ill(fault)
    left = (f for f in evidence.sip if f.leg is not CU or f.sender is Role.CAS)
    ended = tuple(
        replace(c, left_by=c.server) if c.leg is CU else c for c in evidence.connections
    )
    return replace(evidence, sip=tuple(left), connections=ended)


def bare(evidence: Evidence, leg: Leg) -> Evidence:
    """SIP of a leg outside TLS."""

    def out(frame: SipFrame) -> SipFrame:
        return replace(frame, secured=False) if frame.leg is leg else frame

    return replace(evidence, sip=tuple(map(out, evidence.sip)))


def clear(leg: Leg) -> Evidence:
    return bare(links(with_(clear_octets=500), leg), leg)


GUILTY: Table = {
    "TLS-MUTUAL-001": lambda: links(unasked, CU),
    "TLS-MUTUAL-002": lambda: ill("none", Role.UM, GW),
    "TLS-CHAIN-001": lambda: ill("self-signed"),
    "TLS-VALID-001": lambda: ill("expired"),
    "TLS-USAGE-001": lambda: ill("server only"),
    "TLS-KEY-001": lambda: ill("weak"),
    "TLS-NAME-001": lambda: ill("stranger", Role.UM),
    "TLS-NAME-002": lambda: ill("stranger"),
    "TLS-NAME-003": lambda: ill("stranger"),
    "TLS-NAME-004": lambda: ill("stranger", Role.GATEWAY, GW),
    "TLS-NAME-005": lambda: ill("stranger", Role.UM, GW),
    "TLS-REFUSE-001": lambda: ill("self-signed"),
    "TLS-VERSION-001": lambda: links(with_(version="TLSv1.1"), CU),
    "SEC-CLEAR-001": lambda: clear(CU),
    "SEC-CLEAR-002": lambda: clear(GW),
    "SEC-SRTP-001": lambda: resent(hidden(), lambda f: replace(f, secured=False)),
    "SEC-SRTP-002": lambda: resent(hidden(), lambda f: replace(f, rtp=None)),
    "SEC-KEYS-001": lambda: bare(hidden(), GW),
    "SEC-LEAK-001": plain,
    "SEC-LEAK-002": half,
}
ODD: Table = {
    "TLS-MUTUAL-001": lambda: links(resumed, CU),
    "TLS-MUTUAL-002": lambda: links(with_(version="TLSv1.2"), GW),
    "TLS-CHAIN-001": lambda: ill("expired"),  # another rule's affair
    "TLS-VALID-001": lambda: ill("self-signed"),
    "TLS-USAGE-001": lambda: ill("stranger"),
    "TLS-KEY-001": lambda: ill("expired"),
    "TLS-NAME-001": hidden,
    "TLS-NAME-002": lambda: ill("server only"),
    "TLS-NAME-003": lambda: refused("stranger"),
    "TLS-NAME-004": hidden,
    "TLS-NAME-005": hidden,
    "TLS-REFUSE-001": lambda: refused("expired"),
    "TLS-VERSION-001": lambda: links(with_(version="TLSv1.2"), CU),
    "SEC-CLEAR-001": lambda: clear(GW),
    "SEC-CLEAR-002": lambda: clear(CU),
    "SEC-SRTP-001": hidden,
    "SEC-SRTP-002": hidden,
    "SEC-KEYS-001": hidden,
    "SEC-LEAK-001": lambda: replace(
        hidden(), sip=tuple(f for f in hidden().sip if f.secured)
    ),
    "SEC-LEAK-002": hidden,
}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_it_is_accused(requirement: str) -> None:
    accused(requirement, GUILTY[requirement]())


@pytest.mark.parametrize("requirement", sorted(ODD))
def test_who_is_only_odd_is_not(requirement: str) -> None:
    acquitted(requirement, ODD[requirement]())


def test_an_ill_certificate_that_was_refused_is_nobodys_fault() -> None:
    evidence = refused("self-signed")
    left_open("TLS-NAME-002", evidence)
    acquitted("TLS-CHAIN-001", evidence)  # those of the other leg are good


@pytest.mark.parametrize("fault", ["expired", "self-signed", "none"])
def test_the_um_is_guilty_of_serving_such_a_client(fault: str) -> None:
    assert accused("TLS-REFUSE-001", ill(fault)).guilty is Role.UM


def test_who_shows_a_wrong_name_is_guilty_of_it() -> None:
    found = accused("TLS-NAME-004", ill("stranger", Role.GATEWAY, GW))
    assert found.guilty is Role.GATEWAY
    assert "nobody.ringback.test" in found.because


def test_without_secrets_nothing_is_said_of_certificates() -> None:
    left_open("TLS-NAME-001", links(with_(readable=False), CU))


def test_a_chain_may_bring_its_intermediate() -> None:
    root = hidden().circumstances
    assert root is not None
    assert not chain_fault((BAD["expired"],), root.trusted)
    assert chain_fault((), root.trusted) == "no certificate"
    assert chain_fault((root.trusted[0],), ()) != ""


def left_without_a_word(seconds: float) -> Evidence:
    """The UM leaves a CAS that showed a sound certificate and asked nothing."""

    def left(link: Connection) -> Connection:
        goodbye = replace(link.tls[1], event=TlsEvent.ALERT, alert=(1, 0), time=seconds)
        return replace(link, tls=(*link.tls, goodbye), left_by=link.server)

    return replace(links(left, CU), sip=tuple(f for f in hidden().sip if f.leg is GW))


def test_who_is_tired_of_waiting_for_a_request_refuses_nobody() -> None:
    assert accused("TLS-TAKE-001", left_without_a_word(0.1)).guilty is Role.UM
    left_open("TLS-TAKE-001", left_without_a_word(5.0))


def test_a_packet_that_came_before_is_not_false() -> None:
    first = hidden().rtp[0]
    twice = replace(first, rtp=None, number=first.number + 1)
    acquitted("SEC-SRTP-002", replace(hidden(), rtp=(*hidden().rtp, twice)))
    other = twice.octets[:2] + b"\xff\xfe" + twice.octets[4:]
    false = replace(twice, octets=other)
    accused("SEC-SRTP-002", replace(hidden(), rtp=(*hidden().rtp, false)))


def test_the_number_is_masked_in_the_exhibit() -> None:
    because = accused("SEC-LEAK-001", plain()).because
    assert "5551234" not in because
    assert "1.0 s of sound" in because


def test_without_keys_srtp_is_not_judged() -> None:
    evidence = GUILTY["SEC-SRTP-002"]()
    keyless = changed(evidence, on(GW, "INVITE"), swapped("a=crypto", "a=hidden"))
    keyless = changed(keyless, on(GW, "200", "INVITE"), swapped("a=crypto", "a=x"))
    left_open("SEC-SRTP-002", keyless)
