"""Mutual TLS as a gate: whose certificate is not in order speaks no SIP with the UM."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ringback.net.authority import Authority
from ringback.net.identity import Identity
from ringback.suite import Role, Security, Testbed, scenario

MODES = [Security.SIP_SECURED, Security.SECURED]
CAS = "cas.ringback.test"
FORGED = ("TLS-CHAIN", "TLS-VALID", "TLS-NAME-002", "TLS-MUTUAL")  # on purpose
LONG_AGO, FAR_AHEAD = timedelta(days=-2), timedelta(days=2)
Forger = Callable[[Testbed], Identity]


def _none(testbed: Testbed) -> Identity:
    return testbed.session.lab.nobody()


def _of_another_root(testbed: Testbed) -> Identity:
    return testbed.certificate(CAS, authority=Authority())


def _self_signed(testbed: Testbed) -> Identity:
    return testbed.certificate(CAS, self_signed=True)


def _without_its_intermediate(testbed: Testbed) -> Identity:
    between = testbed.session.lab.intermediate()
    return testbed.certificate(CAS, through=between, complete=False)


def _expired(testbed: Testbed) -> Identity:
    return testbed.certificate(CAS, ends=datetime.now(UTC) + LONG_AGO)


def _not_yet_valid(testbed: Testbed) -> Identity:
    return testbed.certificate(CAS, starts=datetime.now(UTC) + FAR_AHEAD)


def _of_somebody_else(testbed: Testbed) -> Identity:
    return testbed.certificate("mallory.ringback.test")


def _wildcard(testbed: Testbed) -> Identity:
    return testbed.certificate("*.ringback.test")


def _only_a_common_name(testbed: Testbed) -> Identity:
    others = ("mallory.ringback.test",)
    return testbed.certificate(CAS, common_name=CAS, alternatives=others)


ILL = {
    "none": _none,
    "another-root": _of_another_root,
    "self-signed": _self_signed,
    "incomplete": _without_its_intermediate,
    "expired": _expired,
    "not-yet-valid": _not_yet_valid,
}
MISNAMED = {
    "somebody-else": _of_somebody_else,
    "wildcard": _wildcard,
    "common-name-beside-others": _only_a_common_name,
}


@pytest.mark.parametrize("forged", ILL.values(), ids=ILL)
@scenario(settles=["TLS-REFUSE-001", "SIP-RESP-003"], security=MODES)
def test_a_certificate_that_is_not_in_order(testbed: Testbed, forged: Forger) -> None:
    testbed.aside(*FORGED)
    intruder = testbed.impostor(Role.CAS, forged(testbed))
    honest = testbed.impostor(Role.CAS)

    visit = intruder.says(intruder.options())
    testbed.until(visit.is_over, within=5.0)

    testbed.until(honest.asks(honest.options()), within=5.0)


@pytest.mark.parametrize("forged", MISNAMED.values(), ids=MISNAMED)
@scenario(settles=["TLS-NAME-003", "SIP-RESP-003"], security=MODES)
def test_a_certificate_that_does_not_name_the_cas(
    testbed: Testbed, forged: Forger
) -> None:
    testbed.aside(*FORGED)
    intruder = testbed.impostor(Role.CAS, forged(testbed))
    honest = testbed.impostor(Role.CAS)

    visit = intruder.says(intruder.options())
    testbed.until(visit.is_over, within=5.0)

    testbed.until(honest.asks(honest.options()), within=5.0)


@scenario(settles=["SIP-RESP-003", "SEC-CLEAR-001"], security=MODES)
def test_sip_in_the_clear_at_the_tls_port(testbed: Testbed) -> None:
    intruder, honest = testbed.stranger(), testbed.impostor(Role.CAS)

    visit = intruder.says(intruder.options("TCP"), secured=False)
    testbed.until(visit.is_over, within=5.0)

    testbed.until(honest.asks(honest.options()), within=5.0)


@scenario(settles=["SIP-RESP-003"], security=[Security.UNSECURED])
def test_tls_at_the_port_in_the_clear(testbed: Testbed) -> None:
    intruder, honest = testbed.stranger(), testbed.impostor(Role.CAS)

    visit = intruder.says(intruder.options("TLS"), secured=True)
    testbed.until(visit.is_over, within=5.0)

    testbed.until(honest.asks(honest.options()), within=5.0)
