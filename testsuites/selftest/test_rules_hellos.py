"""Hellos of no honest stack: who takes them up is accused, who is only curt is not."""

from collections.abc import Callable
from functools import cache

import pytest
from msgspec.structs import replace
from testsuites.selftest.evidence_builder import CAS, HOSTS, UM, Plan
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import (
    BrokenFrame,
    Connection,
    SipFrame,
    TlsEvent,
    TlsFrame,
)
from ringback.values import Address, Leg, Role, Security
from ringback.wire.message import Message

SERVER = Address(HOSTS[UM], 5061)
LATE = 100_000  # frame numbers behind those of the call
NULL, TRIPLE_DES, SCSV, STRONG = 0x0002, 0x000A, 0x00FF, 0xC02F
Change = Callable[[Connection], Connection]
hidden = cache(lambda: call(Plan(security=Security.SECURED)))


def said(
    event: TlsEvent, at: int, *, client: bool, host: str = "127.0.9.99"
) -> TlsFrame:
    """A handshake message between somebody and the UM."""
    ends = (Address(host, at), SERVER)
    source, target = ends if client else ends[::-1]
    return TlsFrame(
        number=at,
        time=9.0,
        source=source,
        target=target,
        flow=at,
        leg=None,
        sender=None if client else Role.UM,
        receiver=Role.UM if client else None,
        event=event,
    )


def knock(
    at: int, *answers: TlsFrame, closed: bool = True, hello: bool = True
) -> Change:
    """A stranger's connection; ``answers`` follow the hello."""

    def made(link: Connection) -> Connection:
        first = said(TlsEvent.CLIENT_HELLO, at, client=True)
        return replace(
            link,
            flow=at,
            client=Address("127.0.9.99", at),
            server=SERVER,
            leg=None,
            opener=None,
            opened=at,
            closed=at + 5 if closed else 0,
            tls=(first, *answers) if hello else answers,
            version="",
            established=False,
        )

    return made


def hello_of(
    link: Connection, versions: tuple[str, ...] = (), ciphers: tuple[int, ...] = ()
) -> Connection:
    """The same, with what the hello offers."""
    first = replace(link.tls[0], versions=versions, ciphers=ciphers)
    return replace(link, tls=(first, *link.tls[1:]))


def of_um() -> Connection:
    return next(c for c in hidden().connections if c.leg is Leg.CAS_UM)


def with_link(link: Connection, evidence: Evidence | None = None) -> Evidence:
    evidence = evidence or hidden()
    return replace(evidence, connections=(*evidence.connections, link))


def offering(
    versions: tuple[str, ...], ciphers: tuple[int, ...], *answers: TlsFrame
) -> Evidence:
    link = knock(LATE, *answers)(of_um())
    taken = any(t.event is TlsEvent.SERVER_HELLO for t in answers)
    link = replace(link, version=versions[0] if taken else "", cipher="TLS_X")
    return with_link(hello_of(link, versions, ciphers))


def alert(at: int = LATE, description: int = 40) -> TlsFrame:
    shown = said(TlsEvent.ALERT, at, client=False)
    return replace(shown, number=at + 1, alert=(2, description))


def answer(at: int = LATE) -> TlsFrame:
    return replace(said(TlsEvent.SERVER_HELLO, at, client=False), number=at + 1)


def broken(*, closed: bool = True, cut: bool = False) -> Evidence:
    """A hello that is only a beginning, or octets that no record begins with."""
    link = knock(LATE, closed=closed)(of_um())
    if cut:
        return with_link(replace(link, tls=(replace(link.tls[0], broken=True),)))
    return _with_half(replace(link, tls=(alert(),)))


def stalled() -> Evidence:
    """Half a hello, and then nothing from anybody."""
    return _with_half(knock(LATE, closed=False, hello=False)(of_um()))


def at_the_gateway(evidence: Evidence) -> Evidence:
    """The last connection was the gateway's to answer."""
    *others, last = evidence.connections
    moved = replace(last, acceptor=Role.GATEWAY)
    return replace(evidence, connections=(*others, moved))


def _with_half(link: Connection) -> Evidence:
    frame = BrokenFrame(
        number=LATE,
        time=9.0,
        source=link.client,
        target=SERVER,
        flow=LATE,
        leg=None,
        sender=None,
        receiver=Role.UM,
        secured=True,
        octets=bytes(20),
        why="no TLS record begins like this",
    )
    evidence = with_link(link)
    return replace(evidence, broken=(*evidence.broken, frame))


def fenced(evidence: Evidence, *, served: bool = True, let_in: bool = True) -> Evidence:
    """The CAS comes later, with OPTIONS."""
    at = LATE + 100
    old = of_um()
    client = Address(HOSTS[CAS], at)
    tls = tuple(
        replace(
            t,
            number=at,
            flow=at,
            source=client if t.source == old.client else SERVER,
            target=client if t.target == old.client else SERVER,
        )
        for t in old.tls
        if let_in or t.event is TlsEvent.CLIENT_HELLO
    )
    link = replace(
        old,
        flow=at,
        client=client,
        server=SERVER,
        opened=at,
        tls=tls,
        established=let_in,
    )
    talk = tuple(_options(at, client))[: 2 if served else 1] if let_in else ()
    found = with_link(link, evidence)
    return replace(found, sip=(*found.sip, *talk))


def _options(at: int, client: Address) -> tuple[SipFrame, ...]:
    heads = (
        b"Via: SIP/2.0/TLS x;branch=z9hG4bKfence\r\nFrom: <sip:a@x>;tag=1\r\n"
        b"To: <sip:b@y>\r\nCall-ID: fence\r\nCSeq: 1 OPTIONS\r\n\r\n"
    )
    asked = Message.parse(b"OPTIONS sip:b@y SIP/2.0\r\n" + heads)
    told = Message.parse(b"SIP/2.0 200 OK\r\n" + heads)
    known = next(f for f in hidden().sip if f.leg is Leg.CAS_UM)
    there = replace(known, flow=at, secured=True, time=9.5)
    return (
        replace(there, number=at + 1, source=client, target=SERVER, sip=asked),
        replace(
            there,
            number=at + 2,
            source=SERVER,
            target=client,
            sender=Role.UM,
            receiver=Role.CAS,
            sip=told,
        ),
    )


OLD = ("TLSv1.1", "TLSv1")
GUILTY: Table = {
    "TLS-VERSION-002": lambda: offering(OLD, (STRONG,), answer()),
    "TLS-CIPHER-001": lambda: offering(("TLSv1.2",), (NULL, SCSV), answer()),
    "TLS-CIPHER-002": lambda: offering(("TLSv1.2",), (TRIPLE_DES, NULL), answer()),
    "TLS-CIPHER-004": lambda: at_the_gateway(
        offering(("TLSv1.2",), (TRIPLE_DES,), answer())
    ),
    "TLS-RENEG-001": lambda: offering(("TLSv1.2",), (STRONG, SCSV), answer()),
    "TLS-ROBUST-001": lambda: fenced(broken(), let_in=False),
    "TLS-STALL-001": lambda: fenced(stalled(), let_in=False),
}
ODD: Table = {
    "TLS-VERSION-002": lambda: offering(OLD, (STRONG,)),  # closed, and no word why
    "TLS-CIPHER-001": lambda: offering(("TLSv1.2",), (NULL,), alert(description=71)),
    "TLS-CIPHER-002": lambda: offering(("TLSv1.2",), (TRIPLE_DES, SCSV), alert()),
    "TLS-CIPHER-004": lambda: at_the_gateway(
        offering(("TLSv1.2",), (TRIPLE_DES,), alert())
    ),
    "TLS-RENEG-001": lambda: offering(
        ("TLSv1.2",), (STRONG, SCSV), replace(answer(), extensions=(0, 0xFF01))
    ),
    "TLS-ROBUST-001": lambda: fenced(broken(cut=True)),
    "TLS-STALL-001": lambda: fenced(stalled()),
}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_it_is_accused(requirement: str) -> None:
    by = Role.GATEWAY if requirement == "TLS-CIPHER-004" else Role.UM
    assert accused(requirement, GUILTY[requirement]()).guilty is by


@pytest.mark.parametrize("requirement", sorted(ODD))
def test_who_is_only_odd_is_not(requirement: str) -> None:
    acquitted(requirement, ODD[requirement]())


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_an_honest_call_settles_nothing(requirement: str) -> None:
    left_open(requirement, hidden())


def test_who_was_not_asked_about_renegotiation_says_nothing() -> None:
    left_open("TLS-RENEG-001", offering(("TLSv1.2",), (STRONG,), answer()))


def test_in_tls_1_3_there_is_no_renegotiation() -> None:
    newer = replace(answer(), extensions=(43, 51))
    left_open("TLS-RENEG-001", offering(("TLSv1.3",), (STRONG, SCSV), newer))


def test_one_good_offer_among_bad_ones_may_be_taken_up() -> None:
    mixed = offering(("TLSv1.2", "TLSv1.1"), (STRONG, NULL, TRIPLE_DES), answer())
    for requirement in ("TLS-VERSION-002", "TLS-CIPHER-001", "TLS-CIPHER-002"):
        left_open(requirement, mixed)


def test_who_leaves_a_hello_hanging_has_not_refused_it() -> None:
    link = hello_of(knock(LATE, closed=False)(of_um()), OLD, (STRONG,))
    left_open("TLS-VERSION-002", with_link(link))


def test_without_a_later_visitor_nobody_knows_what_it_cost() -> None:
    left_open("TLS-ROBUST-001", broken())
    left_open("TLS-ROBUST-001", fenced(broken(cut=True, closed=False)))


def test_a_visitor_who_is_let_in_and_not_answered_is_another_matter() -> None:
    left_open("TLS-ROBUST-001", fenced(broken(), served=False))
