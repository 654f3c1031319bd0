"""What peers from outside do and our own never did; each broke something once."""

from pathlib import Path

from ringback.config import Config
from ringback.evidence.circumstances import Circumstances, Seat
from ringback.evidence.frame import SipFrame
from ringback.evidence.seating import Seating
from ringback.net.loopback import host
from ringback.protocol.connections import Connections
from ringback.protocol.redirect import Target
from ringback.protocol.world import Opened, Wish
from ringback.testbed.asked import Asked
from ringback.testbed.layout import names_and_hosts, on_loopback
from ringback.testbed.outside import parse_sut, with_gateway, with_phone
from ringback.testbed.session import Session
from ringback.values import Address, Leg, Role, Security
from ringback.wire.message import Message

GATEWAY = "gateway.ringback.test"
PLACE = Address("127.0.9.40", 5061)
HERE = Address("127.0.8.31", 40000)
ELSEWHERE = Address("127.0.9.41", 5060)
MOVED = b"""SIP/2.0 302 Moved Temporarily\r
CSeq: 1 INVITE\r
Contact: <sip:+12065550123@127.0.9.41:5060;transport=TCP>\r
\r
"""


def proven() -> tuple[Connections, str]:
    """A TLS link on which the gateway has proven its name."""
    wishes: list[Wish] = []
    connections = Connections("sip", wishes.append)
    link = connections.to(Target(Address(GATEWAY, 5061), True, GATEWAY))
    connections.adopt(Opened(link, HERE, PLACE, True, False, (GATEWAY,)))
    return connections, link


def test_an_address_in_a_contact_is_reached_where_the_name_was_proven() -> None:
    connections, link = proven()
    assert connections.to(Target(PLACE, True, PLACE.host)) == link


def test_another_name_at_that_address_has_to_be_proven() -> None:
    connections, link = proven()
    assert connections.to(Target(PLACE, True, "other.ringback.test")) != link


def test_where_a_gateway_redirects_to_there_is_a_gateway() -> None:
    seats = (
        Seat(role=Role.UM, name="um-1.ringback.test", host=HERE.host),
        Seat(role=Role.GATEWAY, name=GATEWAY, host=PLACE.host, ours=False),
    )
    seating = Seating(
        Circumstances(
            scenario="x",
            title="x",
            settles=(),
            security=Security.UNSECURED,
            net="sockets",
            captured="wire",
            started="",
            ringback="",
            seats=seats,
        )
    )
    strangers = seating.pair(HERE, ELSEWHERE)

    seating.learn(
        SipFrame(
            number=1,
            time=0.0,
            source=PLACE,
            target=HERE,
            flow=0,
            sender=Role.GATEWAY,
            sip=Message.parse(MOVED),
        )
    )

    assert strangers == (Role.UM, None, None)
    assert seating.pair(HERE, ELSEWHERE) == (Role.UM, Role.GATEWAY, Leg.UM_GATEWAY)


def test_no_two_scenarios_share_their_secrets(tmp_path: Path) -> None:
    asked = Asked(Config(), {}, tuple(Security), "memory", tmp_path, "may", (), True)
    session = Session(asked, "run")
    assert session.seed() != session.seed()


def test_an_outside_gateway_s_name_leads_to_the_outside_gateway() -> None:
    outside = parse_sut({Role.GATEWAY: "tcp:127.0.9.40:5060"})[Role.GATEWAY]
    config = with_gateway(on_loopback(Config(), 8), outside)
    assert names_and_hosts(config)[GATEWAY] == "127.0.9.40"


def test_our_gateway_calls_an_outside_phone_by_the_number_dialled() -> None:
    outside = parse_sut({Role.PHONE: "tls:127.0.9.50:5061"})[Role.PHONE]
    config = with_phone(on_loopback(Config(), 8), outside)
    desk = "+12065550123"
    wanted = f"sip:{desk}@phone.ringback.test:5061;transport=tls"
    assert config.gateway.phones == {desk: wanted}
    assert names_and_hosts(config)["phone.ringback.test"] == host(9, Role.PHONE)
