"""The table of TLS defects: sound as data, played whole, and kept by our own roles."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec.structs import replace
from testsuites.selftest.staged import CAS, CLIENT, UM, circumstances

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import Connection, TlsEvent, TlsFrame
from ringback.faults import Misuse
from ringback.judge.case import Case
from ringback.judge.defects import (
    PROFILES,
    Direction,
    Fate,
    cells,
    certificates,
    connections,
    defects,
    read,
)
from ringback.judge.oddities import oddities
from ringback.judge.presented import Presented
from ringback.judge.tables.tls_certificates import BY_FACET
from ringback.net.identity import Identity
from ringback.net.ill_certificates import ILL, careless, ill
from ringback.net.lab import Lab
from ringback.net.tls import Tls
from ringback.net.tls_failures import TlsFailure
from ringback.values import Leg, Role, Security
from ringback.verbs.defect_table import written
from ringback.wire.hellos import HELLOS, SPOILED
from ringback.wire.server_hellos import CHOICES, REFUSAL

DOCS = Path(__file__).parents[2] / "docs"
LAB = Lab()
US, THEM = "um.ringback.test", "cas.ringback.test"
SERVERS_MEET, CLIENTS_MEET = Direction.UM_JUDGES_CAS, Direction.CAS_JUDGES_UM
EVERY = [
    (direction, kind)
    for direction in (SERVERS_MEET, CLIENTS_MEET)
    for kind in certificates(direction)
]


def presented(chain: tuple[bytes, ...]) -> Presented:
    asked = TlsFrame(
        number=1,
        time=0.0,
        source=UM,
        target=CAS,
        flow=0,
        event=TlsEvent.CERTIFICATE_REQUEST,
    )
    link = Connection(
        flow=0,
        client=CAS,
        server=UM,
        leg=Leg.CAS_UM,
        opener=Role.CAS,
        acceptor=Role.UM,
        opened=1,
        tls=(asked,),
    )
    shown = TlsFrame(
        number=2,
        time=0.0,
        source=CAS,
        target=CLIENT,
        flow=0,
        event=TlsEvent.CERTIFICATE,
        certificates=chain,
    )
    return Presented(link, shown, Role.CAS, CAS, False, chain, False)


def chain_of(identity: Identity) -> tuple[bytes, ...]:
    if not identity.chain:
        return ()
    found = x509.load_pem_x509_certificates(identity.chain)
    return tuple(one.public_bytes(Encoding.DER) for one in found)


def refusal(direction: Direction, kind: str, profile: str) -> str:
    """Why our own role refuses the odd one, or nothing: both ends over memory."""
    odd = replace(ill(kind, LAB, THEM), trusted=frozenset([US]))
    ours = replace(
        LAB.identity_for(US, trusted=[THEM]), revoked=LAB.revocations, profile=profile
    )
    if direction is SERVERS_MEET:
        near, far = Tls(careless(odd), server=False, name=US), Tls(ours, server=True)
        return talked(near, far)[1]
    near, far = Tls(ours, server=False, name=THEM), Tls(odd, server=True)
    return talked(near, far)[0]


def talked(client: Tls, server: Tls) -> tuple[str, str]:
    """The two failures, once nobody has anything more to say."""
    ends, failures = (client, server), ["", ""]
    octets, turn = client.begin().out, 1
    while octets:
        said = ends[turn].take(octets)
        failures[turn] = failures[turn] or said.failure
        octets, turn = said.out, 1 - turn
    return failures[0], failures[1]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("direction", "kind"), EVERY)
def test_our_own_roles_do_what_the_table_allows(
    direction: Direction, kind: str, profile: str
) -> None:
    allowed = defects()[kind].cell(direction, profile).allowed
    why = refusal(direction, kind, profile)
    assert (Fate.REFUSED if why else Fate.ACCEPTED) in allowed, why


@pytest.mark.parametrize(("direction", "kind"), EVERY)
def test_a_refusal_has_the_name_that_the_table_gives(
    direction: Direction, kind: str
) -> None:
    why = refusal(direction, kind, "modern")
    assert not why or why.startswith(defects()[kind].row.failure or "nothing")


def test_era_2007_takes_a_common_name() -> None:
    for direction in (SERVERS_MEET, CLIENTS_MEET):
        assert refusal(direction, "common-name-only", "modern")
        assert not refusal(direction, "common-name-only", "era-2007")


@pytest.mark.parametrize("kind", sorted(ILL))
def test_the_judge_tells_each_from_its_octets(kind: str) -> None:
    known = msgspec.structs.replace(
        circumstances(Security.SECURED),
        started=datetime.now(UTC).isoformat(),
        trusted=(LAB.root_der,),
        revoked=LAB.revocations,
    )
    shown = presented(chain_of(ill(kind, LAB, THEM)))
    found = oddities(Case(Evidence(circumstances=known)), shown, [THEM])
    assert found == (defects()[kind].looks,)


def test_each_certificate_of_the_table_can_be_made() -> None:
    rows = {d.name for d in defects().values() if d.row.kind == "certificate"}
    assert rows - {"unlisted"} == set(ILL)


def test_each_hello_of_the_table_can_be_said() -> None:
    facets = ("version", "cipher", "short", "hello", "stall", "renegotiation")
    rows = [d for d in defects().values() if d.row.kind == "connection"]
    said = {d.name for d in rows if d.row.facet in facets and not d.row.untested}
    assert said == {*HELLOS, *SPOILED, REFUSAL} - {"sound"}


def test_each_choice_of_the_table_can_be_made() -> None:
    for direction in (CLIENTS_MEET, Direction.UM_JUDGES_GATEWAY):
        kinds = connections(direction, "version", "cipher", "short", "hello")
        assert set(kinds) == {*CHOICES, REFUSAL}


def test_each_cell_has_its_requirement() -> None:
    for defect, _ in cells():
        if defect.row.kind == "certificate" and defect.row.facet != "list":
            assert defect.row.facet in BY_FACET


def test_a_failure_is_one_of_the_vendor_s_nine() -> None:
    words = {word.value for word in TlsFailure} | {""}
    assert {d.row.failure for d in defects().values()} <= words


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ('facet = "colour"', "no facet is called 'colour'"),
        ('facet = "path"\nlooks = 1', "Expected `str`"),
    ],
)
def test_the_table_says_what_is_wrong_with_it(odd: str, told: str) -> None:
    row = f'[x]\nsays = "is"\n{odd}\nsource = "s"\nmodern = {{}}\nera-2007 = {{}}\n'
    with pytest.raises(Misuse, match=told):
        read(row.encode())


def test_a_direction_must_be_known() -> None:
    row = b"""
[x]
says = "is"
facet = "path"
source = "s"
modern = { um-judges-phone = ["refused"] }
era-2007 = {}
"""
    with pytest.raises(Misuse, match="um-judges-phone"):
        read(row)


def test_the_page_shows_the_table_of_today() -> None:
    page = (DOCS / "tls.md").read_text()
    assert written(page) == page
