"""The CAS's web side, fed octets: HTTP, authentication, SOAP as strangers send it."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ringback.peers.cas import Cas, CasSettings
from ringback.peers.web import WebLimits
from ringback.places import fixtures
from ringback.protocol.mailbox import LogIn, User
from ringback.protocol.redirect import Target
from ringback.protocol.world import (
    Arrived,
    Close,
    Fact,
    Fetch,
    Fetched,
    Lost,
    Opened,
    Rang,
    Started,
    Wish,
    Write,
)
from ringback.values import Address, Security
from ringback.wire import ews, soap, umws
from ringback.wire.http import HttpFramer, HttpMessage, basic, credentials
from ringback.wire.soap import Envelope, fault_of

UM = Target(Address("um.ringback.test", 5060), False, "um.ringback.test")
OLD, NEW = "/UnifiedMessaging/Service.asmx", "/EWS/Exchange.asmx"
ENABLED = umws.octets_of(umws.IsUMEnabled())
CLIENT, HERE = Address("127.0.0.9", 40000), Address("127.0.0.2", 443)


class Door:
    """A CAS, its store, and connections to it that speak octets."""

    def __init__(self) -> None:
        limits = WebLimits(header=2000, body=4000)
        self.cas = Cas(CasSettings(host="cas.ringback.test", um=UM, limits=limits))
        self.answered: dict[str, bytes] = {}
        self.closed: set[str] = set()
        self.slow = False
        self.withheld: list[Fact] = []
        self.tell(Started())

    def tell(self, fact: Fact) -> None:
        for wish in self.cas.on(fact):
            self._grant(wish)

    def opens(self, link: str = "a") -> str:
        self.answered[link] = b""
        self.tell(Opened(link, HERE, CLIENT, True, True))
        return link

    def says(self, octets: bytes, link: str = "a") -> bytes:
        """What comes back since; the connection is opened when it is not."""
        if link not in self.answered:
            self.opens(link)
        before = len(self.answered[link])
        self.tell(Arrived(link, octets))
        return self.answered[link][before:]

    def _grant(self, wish: Wish) -> None:
        match wish:
            case Write(link, octets):
                self.answered[link] += octets
            case Close(link):
                self.closed.add(link)
            case Fetch(key, question):
                fact = Fetched(key, self._knows(question))
                self.withheld.append(fact) if self.slow else self.tell(fact)
            case _:
                pass

    def _knows(self, question: object) -> object:
        match question:
            case LogIn("alice", "s:crét"):
                return User("alice")
            case _:
                return None


def post(
    path: str = OLD,
    body: bytes = ENABLED,
    *,
    method: str = "POST",
    headers: dict[str, str] | None = None,
) -> bytes:
    usual = {
        "Host": "cas.ringback.test",
        "Authorization": basic("alice", "s:crét"),
        "Content-Type": "text/xml; charset=utf-8",
        "Content-Length": str(len(body)),
        **(headers or {}),
    }
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in usual.items() if v)]
    return "\r\n".join([*lines, "", ""]).encode() + body


def read(octets: bytes) -> HttpMessage:
    (message,) = HttpFramer().feed(octets)
    assert isinstance(message, HttpMessage)
    return message


def status(octets: bytes) -> int:
    return read(octets).status


@pytest.mark.parametrize(
    "path",
    [
        OLD,
        OLD.lower(),
        OLD.upper(),
        "/EWS/UM2007Legacy.asmx",
        OLD + "?x=1",
        "https://cas.ringback.test" + OLD,
    ],
)
def test_the_old_dialect_is_spoken_on_its_paths_in_any_case(path: str) -> None:
    answer = read(Door().says(post(path)))
    assert answer.status == 200
    assert answer.header("content-type") == "text/xml; charset=utf-8"
    told = umws.response_of(Envelope.parse(answer.body))
    assert told == umws.IsUMEnabledResponse(True)


@pytest.mark.parametrize(
    ("octets", "wanted"),
    [
        (post("/nowhere"), 404),
        (post("/"), 404),
        (post(method="GET", body=b""), 405),
        (post(method="PUT"), 405),
        (post(headers={"Authorization": ""}), 401),
        (post(headers={"Authorization": basic("alice", "guess")}), 401),
        (post(headers={"Authorization": "Basic !!!"}), 401),
        (post(headers={"Authorization": "NTLM TlRMTVNTUAAB"}), 401),
        (post(headers={"Content-Type": "application/soap+xml"}), 415),
        (post(headers={"Content-Type": ""}), 415),
        (post(headers={"Content-Encoding": "gzip"}), 415),
    ],
)
def test_http_refuses_what_is_not_for_this_service(octets: bytes, wanted: int) -> None:
    door = Door()
    answer = read(door.says(octets))
    assert answer.status == wanted
    assert not door.closed
    assert status(door.says(post())) == 200


def test_a_refusal_says_what_would_do() -> None:
    challenge = read(Door().says(post(headers={"Authorization": ""})))
    assert challenge.header("www-authenticate").startswith('Basic realm="ringback"')
    assert read(Door().says(post(method="PUT"))).header("allow") == "POST"


@pytest.mark.parametrize(
    ("octets", "wanted"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", 400),
        (b"INVITE sip:um SIP/2.0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 3000, 431),
        (post(headers={"Content-Length": "5000"}), 413),
        (post(headers={"Content-Length": "5", "Transfer-Encoding": "gzip"}), 501),
    ],
)
def test_bad_http_costs_its_connection_and_no_other(octets: bytes, wanted: int) -> None:
    door = Door()
    assert status(door.says(octets, "bad")) == wanted
    assert door.closed == {"bad"}
    assert status(door.says(post(), "good")) == 200


def test_a_body_that_grows_too_long_in_chunks_is_cut_off() -> None:
    door = Door()
    head = post(
        body=b"", headers={"Content-Length": "", "Transfer-Encoding": "chunked"}
    )
    door.says(head)
    assert door.says(b"7d0\r\n" + b"x" * 2000 + b"\r\n") == b""
    assert status(door.says(b"9c4\r\n" + b"x" * 2500 + b"\r\n")) == 413
    assert door.closed == {"a"}


def test_a_half_sent_request_runs_out_of_patience() -> None:
    door = Door()
    door.says(post()[:-10], "half")
    assert status(door.says(post(), "good")) == 200
    door.tell(Rang("web:half", 120.0))
    assert status(door.answered["half"]) == 408
    assert door.closed == {"half"}


def test_a_silent_connection_is_closed_without_a_word() -> None:
    door = Door()
    door.opens("mute")
    door.tell(Rang("web:mute", 120.0))
    assert (door.answered["mute"], door.closed) == (b"", {"mute"})


def test_an_asker_who_leaves_is_forgotten() -> None:
    door = Door()
    door.slow = True
    door.says(post())
    assert door.cas.leftovers()
    door.tell(Lost("a", "reset"))
    assert not door.cas.leftovers()
    door.tell(door.withheld.pop())
    assert door.answered["a"] == b""


@given(cuts=st.lists(st.integers(0, 600), max_size=4))
@settings(max_examples=30, deadline=None)
def test_octets_may_arrive_in_any_pieces(cuts: list[int]) -> None:
    door, octets = Door(), post() + post("/nowhere") + post()
    door.opens()
    edges = [0, *sorted(min(c, len(octets)) for c in cuts), len(octets)]
    pieces = [octets[a:b] for a, b in pairwise(edges)]
    answer = b"".join(door.says(p) for p in pieces if p)
    found = HttpFramer().feed(answer)
    assert [m.status for m in found if isinstance(m, HttpMessage)] == [200, 404, 200]


@given(noise=st.binary(min_size=1, max_size=60))
@settings(max_examples=50, deadline=None)
def test_noise_harms_nobody_else(noise: bytes) -> None:
    door = Door()
    door.says(noise, "noise")
    assert status(door.says(post(), "good")) == 200


def test_who_expects_100_is_told_to_go_on() -> None:
    door = Door()
    octets = post(headers={"Expect": "100-continue"})
    head, body = octets[: -len(ENABLED)], octets[-len(ENABLED) :]
    assert door.says(head).startswith(b"HTTP/1.1 100 ")
    assert status(door.says(body)) == 200


def test_close_means_close() -> None:
    door = Door()
    assert status(door.says(post(headers={"Connection": "close"}))) == 200
    assert door.closed == {"a"}


@pytest.mark.parametrize(
    ("path", "body", "wanted"),
    [
        (OLD, b"", "ErrorInvalidRequest"),
        (OLD, b"<not xml", "ErrorInvalidRequest"),
        (OLD, b"<!DOCTYPE a><a/>", "ErrorInvalidRequest"),
        (OLD, b"<a/>", "ErrorInvalidRequest"),
        (OLD, soap.envelope_octets("<Fly/>"), "ErrorInvalidRequest"),
        (OLD, ews.octets_of(ews.PlayOnPhone("A", "1")), "ErrorInvalidRequest"),
        (NEW, umws.octets_of(umws.PlayOnPhone("A", "1")), "ErrorSchemaValidation"),
        (NEW, b"", "ErrorSchemaValidation"),
        (
            NEW,
            ews.octets_of(ews.GetServiceConfiguration(("UUnified",))),
            "ErrorSchemaValidation",
        ),
    ],
)
def test_what_breaks_the_schema_earns_a_fault(
    path: str, body: bytes, wanted: str
) -> None:
    answer = read(Door().says(post(path, body)))
    fault = fault_of(Envelope.parse(answer.body))
    assert answer.status == 500
    assert fault is not None
    assert (fault.code, fault.response_code) == (wanted, wanted)
    assert fault.code_namespace == soap.TYPES


def test_soap_1_2_and_unknown_demands_have_faults_of_their_own() -> None:
    newer = ENABLED.replace(
        soap.SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"
    )
    header = '<x:A xmlns:x="urn:x" s:mustUnderstand="1"/>'
    demanding = soap.envelope_octets(f'<IsUMEnabled xmlns="{soap.MESSAGES}"/>', header)
    codes = []
    for body in (newer, demanding):
        fault = fault_of(Envelope.parse(read(Door().says(post(body=body))).body))
        assert fault is not None
        codes.append((fault.code, fault.code_namespace))
    assert codes == [("VersionMismatch", soap.SOAP), ("MustUnderstand", soap.SOAP)]


def test_a_request_may_be_spelled_as_its_author_likes() -> None:
    door = Door()
    prefixed = f'<q:IsUMEnabled xmlns:q="{soap.MESSAGES}"></q:IsUMEnabled>'
    undeclared = soap.envelope_octets(prefixed).partition(b"?>")[2]
    wide = undeclared.decode().encode("utf-16")
    assert status(door.says(post(body=undeclared))) == 200
    assert status(door.says(post(body=wide))) == 200
    quoted = {"SOAPAction": f'"{soap.MESSAGES}/IsUMEnabled"'}
    assert status(door.says(post(headers=quoted))) == 200
    assert status(door.says(post(headers={"SOAPAction": '""'}))) == 200


def test_an_answer_of_the_new_dialect_has_the_header_that_clients_want() -> None:
    body = ews.octets_of(ews.GetServiceConfiguration())
    root = etree.fromstring(read(Door().says(post(NEW, body))).body)
    info = root.find(f"{{{soap.SOAP}}}Header/{{{soap.TYPES}}}ServerVersionInfo")
    assert info is not None
    assert info.get("MajorVersion") == "14"


def test_a_sample_of_another_client_is_served() -> None:
    body = (
        fixtures() / "soap" / "ews-GetServiceConfiguration-request.xml"
    ).read_bytes()
    answer = read(Door().says(post(NEW, body)))
    told = ews.response_of(Envelope.parse(answer.body))
    assert told == ews.GetServiceConfigurationResponse(True, "", True)


@pytest.mark.parametrize(
    ("security", "listeners"),
    [
        (Security.UNSECURED, [(443, True, False), (5060, False, False)]),
        (Security.SIP_SECURED, [(443, True, False), (5061, True, True)]),
        (Security.SECURED, [(443, True, False), (5061, True, True)]),
    ],
)
def test_it_listens_as_its_dial_plan_wants(
    security: Security, listeners: list[tuple[int, bool, bool]]
) -> None:
    cas = Cas(CasSettings(host="cas.ringback.test", um=UM, security=security))
    assert [(x.port, x.secured, x.mutual) for x in cas.listeners] == listeners


@given(name=st.text(), password=st.text())
def test_credentials_survive(name: str, password: str) -> None:
    told = name.replace(":", ""), password
    try:
        assert credentials(basic(*told)) == told
    except UnicodeEncodeError:
        assert not f"{name}{password}".isprintable()


@given(cuts=st.lists(st.integers(0, 400), max_size=4))
def test_a_watcher_cuts_a_stream_where_its_messages_end(cuts: list[int]) -> None:
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nTrailer: t\r\n\r\n"
    )
    go_on, nothing = b"HTTP/1.1 100 Go on\r\n\r\n", b"HTTP/1.1 204 No\r\n\r\n"
    octets = post(body=b"xyz") + go_on + chunked + nothing
    edges = [0, *sorted(min(c, len(octets)) for c in cuts), len(octets)]
    framer = HttpFramer()
    found = [m for a, b in pairwise(edges) for m in framer.feed(octets[a:b])]
    messages = [m for m in found if isinstance(m, HttpMessage)]
    assert [m.body for m in messages] == [b"xyz", b"", b"abcd", b""]
    assert b"".join(map(bytes, messages)) == octets


def test_a_watcher_says_where_a_stream_breaks() -> None:
    framer = HttpFramer()
    good, bad = framer.feed(post() + b"garbage\r\n\r\n")
    assert isinstance(good, HttpMessage)
    assert not isinstance(bad, HttpMessage)
    assert framer.dead
    assert HttpFramer().feed(b"HTTP/1.1 200 OK\r\n\r\nabc") == []
    lasting = HttpFramer()
    lasting.feed(b"HTTP/1.1 200 OK\r\n\r\nabc")
    (last,) = lasting.end()
    assert isinstance(last, HttpMessage)
    assert last.body == b"abc"
