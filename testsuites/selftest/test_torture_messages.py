"""The 49 messages of RFC 4475: kept octet for octet, read as their table says."""

import tomllib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import pytest
import sipmessage

from ringback.faults import Malformed
from ringback.wire import headers
from ringback.wire.framing import Framer, KeepAlive
from ringback.wire.grammar import PARAGRAPHS, faults_of, is_response
from ringback.wire.message import Message
from ringback.wire.multipart import parse as parse_multipart
from ringback.wire.uri import OtherUri, SipUri, TelUri, Uri
from ringback.wire.uri import parse as parse_uri

Meaning = dict[str, object]

FOLDER = Path(__file__).parents[2] / "fixtures" / "rfc4475"
MEANINGS: dict[str, Meaning] = tomllib.loads(
    (FOLDER / "meanings.toml").read_text(encoding="utf-8")
)
NAMES = sorted(MEANINGS)
WELL_FORMED = [name for name in NAMES if str(MEANINGS[name]["section"]) < "3.1.2"]
OLD_STYLE = "inv2543"

# Where sipmessage reads wrongly: folds, `V :`, escapes and quoted pairs.
WEAK_SPOTS = {("esc01", "contacts"), ("longreq", "vias")} | {
    ("intmeth", "vias"),
    ("intmeth", "to"),
}


def octets(name: str) -> bytes:
    return (FOLDER / f"{name}.dat").read_bytes()


def read(name: str) -> Message:
    return Message.parse(octets(name))


def reading(read: Callable[[], object]) -> object:
    try:
        return read()
    except Malformed:
        return "malformed"


def without_gaps(**parts: object) -> Meaning:
    return {k: v for k, v in parts.items() if v not in (None, "", (), {}, [])}


def parts_of_uri(uri: Uri) -> Meaning:
    match uri:
        case SipUri():
            return without_gaps(
                scheme="" if uri.scheme == "sip" else uri.scheme,
                user=uri.user,
                password=uri.password,
                host=uri.host,
                port=uri.port,
                uri_params={k: v or "" for k, v in uri.params},
                uri_headers=dict(uri.headers),
            )
        case OtherUri():
            return {"scheme": uri.scheme, "rest": uri.rest}
        case TelUri():
            return {"scheme": "tel", "number": uri.number}


def parts_of_address(address: headers.NameAddr) -> Meaning:
    names = [name for name, _ in address.params if name != "tag"]
    params = {name: address.param(name) for name in names}
    own = without_gaps(display=address.display, tag=address.tag, params=params)
    return parts_of_uri(address.uri) | own


def parts_of_via(via: headers.Via) -> Meaning:
    parts = without_gaps(
        transport=via.transport,
        host=via.host,
        port=via.port,
        branch=via.branch,
        received=via.received,
    )
    return parts if via.rport is None else parts | {"rport": via.rport}


def one(name: str) -> Callable[[Message], object]:
    def address(message: Message) -> object:
        text = message.first(name)
        return parts_of_address(headers.name_addr(text)) if text else None

    return address


def cseq(message: Message) -> object:
    number = headers.cseq(message)
    return [number.number, number.method]


def request_uri(message: Message) -> object:
    return None if is_response(message) else parts_of_uri(parse_uri(message.uri))


def status(message: Message) -> object:
    return (message.status or "malformed") if is_response(message) else None


READINGS: dict[str, Callable[[Message], object]] = {
    "status": status,
    "reason": lambda m: m.reason if m.status else None,
    "method": lambda m: None if is_response(m) else m.method,
    "uri": request_uri,
    "vias": lambda m: [parts_of_via(via) for via in headers.vias(m)],
    "from": one("from"),
    "to": one("to"),
    "contacts": lambda m: [parts_of_address(a) for a in headers.contacts(m)] or None,
    "routes": lambda m: (
        [parts_of_address(a) for a in headers.routes(m, "route")] or None
    ),
    "record_routes": lambda m: (
        [parts_of_address(a) for a in headers.routes(m, "record-route")] or None
    ),
    "require": lambda m: list(headers.tokens(m, "require")) or None,
    "call_id": lambda m: headers.call_id(m) or None,
    "cseq": cseq,
    "max_forwards": headers.max_forwards,
    "declared": headers.content_length,
    "actual": lambda m: len(m.body),
}


def test_there_are_49_and_each_has_a_meaning() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.dat")) == NAMES
    assert len(NAMES) == 49


@pytest.mark.parametrize("name", NAMES)
def test_no_octet_is_forgotten(name: str) -> None:
    assert bytes(read(name)) == octets(name)


@pytest.mark.parametrize("name", NAMES)
def test_each_reading_is_what_the_table_says(name: str) -> None:
    message = read(name)

    said = {key: reading(partial(r, message)) for key, r in READINGS.items()}

    expected = {key: MEANINGS[name].get(key) for key in READINGS}
    assert said == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_broken_rules_are_the_ones_in_the_table(name: str) -> None:
    breaks = MEANINGS[name]["breaks"]

    accused = {key: PARAGRAPHS[key] for key in faults_of(read(name))}

    assert accused == breaks


def test_the_invalid_ones_are_exactly_those_of_their_section() -> None:
    invalid = {name for name in NAMES if not MEANINGS[name]["valid"]}
    assert invalid == {
        name for name in NAMES if str(MEANINGS[name]["section"]).startswith("3.1.2.")
    }
    assert all(faults_of(read(name)) for name in invalid)


@pytest.mark.parametrize("name", [*WELL_FORMED, OLD_STYLE])
def test_a_valid_message_is_never_accused(name: str) -> None:
    assert faults_of(read(name)) == ()


def test_on_a_stream_the_double_request_is_two_requests() -> None:
    first, alive, second, *_rest = Framer().feed(octets("dblreq"))

    assert isinstance(first, Message)
    assert first.method == "REGISTER"
    assert alive == KeepAlive(ping=False)
    assert isinstance(second, Message)
    assert second.method == "INVITE"
    assert len(second.body) == 150


def test_escaped_parameters_are_found_by_their_plain_names() -> None:
    (contact,) = headers.contacts(read("esc01"))

    assert isinstance(contact.uri, SipUri)
    assert contact.uri.lr
    assert contact.uri.param("name") == "value%41"


def test_the_multipart_keeps_a_binary_part() -> None:
    message = read("mpart01")

    body = parse_multipart(message.first("content-type"), message.body)

    assert bytes(body) == message.body
    assert [part.type for part in body.parts] == [
        "text/plain",
        "application/octet-stream",
    ]
    assert body.parts[0].body == b"Hello"
    assert len(body.parts[1].body) == 342


def plain_address(address: sipmessage.Address) -> object:
    uri = address.uri
    tag = address.parameters.get("tag")
    return address.name, uri.scheme, uri.user, uri.host, uri.port, tag


def our_plain_address(address: headers.NameAddr) -> object:
    """Escapes undone, as the oracle undoes them."""
    uri = address.uri
    if not isinstance(uri, SipUri):
        raise Malformed("no SIP URI", b"", 0)
    user, tag = unquote(uri.user) or None, address.tag or None
    return address.display, uri.scheme, user, uri.host, uri.port, tag


def plain_via(via: sipmessage.Via) -> object:
    return via.transport, via.host, via.port, via.parameters.get("branch")


def our_plain_via(via: headers.Via) -> object:
    return via.transport, via.host, via.port, via.branch or None


THEIRS: dict[str, Callable[[sipmessage.Message], object]] = {
    "vias": lambda m: list(map(plain_via, m.via)),
    "from": lambda m: plain_address(m.from_address),
    "to": lambda m: plain_address(m.to_address),
    "contacts": lambda m: list(map(plain_address, m.contact)),
    "cseq": lambda m: (m.cseq.sequence, m.cseq.method),
    "call_id": lambda m: m.call_id,
    "body": lambda m: m.body,
}
OURS: dict[str, Callable[[Message], object]] = {
    "vias": lambda m: list(map(our_plain_via, headers.vias(m))),
    "from": lambda m: our_plain_address(headers.from_(m)),
    "to": lambda m: our_plain_address(headers.to(m)),
    "contacts": lambda m: list(map(our_plain_address, headers.contacts(m))),
    "cseq": lambda m: (headers.cseq(m).number, headers.cseq(m).method),
    "call_id": headers.call_id,
    "body": lambda m: m.body,
}


@pytest.mark.parametrize("name", NAMES)
def test_the_oracle_agrees_wherever_both_can_read(name: str) -> None:
    try:
        foreign = sipmessage.Message.parse(octets(name))
    except ValueError:
        return
    ours = read(name)
    for key, theirs in THEIRS.items():
        try:
            pair = theirs(foreign), OURS[key](ours)
        except (ValueError, KeyError, Malformed):
            continue
        assert (name, key) in WEAK_SPOTS or pair[0] == pair[1]


def test_the_oracle_reads_most_of_them() -> None:
    readable = 0
    for name in NAMES:
        with suppress(ValueError):
            sipmessage.Message.parse(octets(name))
            readable += 1
    assert readable == 38
