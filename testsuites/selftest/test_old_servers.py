"""Servers that choose badly: our clients leave, and who goes on is accused."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec.structs import replace
from testsuites.selftest.staged import CAS, UM, circumstances
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import Connection, TlsEvent, TlsFrame
from ringback.judge.case import Case
from ringback.judge.defects import Direction
from ringback.judge.judged import judged
from ringback.net.lab import Lab
from ringback.net.tls import Tls
from ringback.peers.bent.faults.tls_choices import UNLOCKED
from ringback.values import Leg, Role, Security
from ringback.wire.server_hellos import CHOICES, REFUSAL, answered

LAB, NAME = Lab(), "um.ringback.test"
STRONG, NULL, RC4, TRIPLE_DES = 0xC02F, 0x003B, 0x0005, 0x000A
OLD, BROKEN, SHORT = "TLS-VERSION-004", "TLS-CIPHER-005", "TLS-CIPHER-007"
GOES_ON = TlsEvent.OTHER  # ClientKeyExchange
ALERT = TlsEvent.ALERT


def flight(kind: str) -> bytes:
    shown = LAB.issue(NAME, rsa_bits=2048)
    (leaf,) = x509.load_pem_x509_certificates(shown.chain)
    return answered(kind, bytes(range(32)), (leaf.public_bytes(Encoding.DER),))


def client(**lax: str) -> Tls:
    identity = replace(LAB.identity_for("cas.ringback.test"), **lax)
    return Tls(identity, server=False, name=NAME)


@pytest.mark.parametrize("kind", [*CHOICES, REFUSAL])
def test_our_clients_leave_and_name_it(kind: str) -> None:
    ours = client()
    ours.begin()

    turn = ours.take(flight(kind))

    assert turn.failure.startswith("TlsNegotiationFailure")
    assert turn.names is None
    assert turn.out[:1] in (b"\x15", b"")  # an alert, or nothing where one came
    assert bool(turn.out) is (kind != REFUSAL)


@pytest.mark.parametrize("kind", ["tls-10", "tls-11", "null"])
def test_who_would_take_it_goes_on(kind: str) -> None:
    """So that the flight is proven to be more than noise."""
    lax = client(oldest="any", ciphers=UNLOCKED)
    lax.begin()

    turn = lax.take(flight(kind))

    assert not turn.failure
    assert turn.out[0] == 22  # ClientKeyExchange


def met(
    version: str,
    cipher: int,
    *behind: TlsEvent,
    offers: tuple[int, ...] = (STRONG, NULL, RC4, TRIPLE_DES),
    closed: int = 0,
    client: Role = Role.CAS,
) -> Evidence:
    """The CAS asks a UM server, which chooses; then the CAS says that. Or the UM a
    gateway."""
    events = (TlsEvent.CLIENT_HELLO, TlsEvent.SERVER_HELLO, *behind)
    frames = [_frame(n, event) for n, event in enumerate(events, 1)]
    frames[0] = replace(frames[0], ciphers=offers, versions=("TLSv1.2", "TLSv1.3"))
    frames[1] = replace(frames[1], ciphers=(cipher,), versions=(version,))
    link = Connection(
        flow=0,
        client=CAS,
        server=UM,
        leg=Leg.CAS_UM if client is Role.CAS else Leg.UM_GATEWAY,
        opener=client,
        acceptor=Role.UM if client is Role.CAS else Role.GATEWAY,
        opened=1,
        closed=closed,
        left_by=CAS if closed else None,
        tls=tuple(frames),
        version=version,
        cipher=f"0x{cipher:04X}",
    )
    known = circumstances(Security.SECURED)
    return Evidence(circumstances=known, connections=(link,))


def _frame(number: int, event: TlsEvent) -> TlsFrame:
    ends = (UM, CAS) if number == 2 else (CAS, UM)
    return TlsFrame(
        number=number,
        time=0.0,
        source=ends[0],
        target=ends[1],
        flow=0,
        event=event,
    )


GUILTY: Table = {
    "TLS-CIPHER-007": lambda: met("TLSv1.2", TRIPLE_DES, GOES_ON),
    "TLS-CIPHER-008": lambda: met("TLSv1.2", TRIPLE_DES, GOES_ON, client=Role.UM),
}  # what no fault can break: this OpenSSL has no 3DES


@pytest.mark.parametrize(
    ("requirement", "version", "cipher"),
    [
        (OLD, "TLSv1", STRONG),
        (OLD, "TLSv1.1", STRONG),
        (BROKEN, "TLSv1.2", NULL),
        (BROKEN, "TLSv1.2", RC4),
        (SHORT, "TLSv1.2", TRIPLE_DES),
    ],
)
def test_who_goes_on_is_accused(requirement: str, version: str, cipher: int) -> None:
    for deed in (GOES_ON, TlsEvent.FINISHED, TlsEvent.APPLICATION_DATA):
        guilty = accused(requirement, met(version, cipher, deed, ALERT)).guilty
        assert guilty is Role.CAS
    acquitted(requirement, met(version, cipher, ALERT))
    acquitted(requirement, met(version, cipher, closed=9))
    left_open(requirement, met(version, cipher))


def test_who_takes_what_nobody_offered_is_accused() -> None:
    accused(BROKEN, met("TLSv1.2", 0xFFF0, GOES_ON))
    acquitted(BROKEN, met("TLSv1.2", 0xFFF0, ALERT))
    left_open(BROKEN, met("TLSv1.2", 0xFFF0, GOES_ON, offers=()))  # not to be read


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_a_sound_choice_is_nobody_s_fault(version: str) -> None:
    for requirement in (OLD, BROKEN, SHORT):
        left_open(requirement, met(version, STRONG, GOES_ON))


def test_an_old_version_is_left_for_itself_not_for_its_cipher() -> None:
    for requirement in (BROKEN, SHORT):
        left_open(requirement, met("TLSv1", NULL, GOES_ON))


def test_a_sound_certificate_on_a_bad_connection_was_not_refused() -> None:
    """Who left for the version has not judged who showed it."""
    bad = met("TLSv1", STRONG, ALERT)
    (link,) = bad.connections
    shown = replace(
        _frame(2, TlsEvent.CERTIFICATE), certificates=(LAB.root_der,), number=3
    )
    told = (*link.tls[:2], shown, replace(link.tls[2], number=4))
    case = Case(replace(bad, connections=(replace(link, tls=told),)))
    assert [one.fate for one in judged(case, Direction.CAS_JUDGES_UM)] == [None]
