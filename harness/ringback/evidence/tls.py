"""What went on inside a TLS connection: handshake, alerts, and the octets it carried.

RFC 8446 §4 to §6 and RFC 5246 §6 and §7; RFC 8446 §4.1.4 (HelloRetryRequest), §4.6
(after the handshake); RFC 6066 §3 (the server's name).
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag

from ringback.evidence.frame import TlsEvent
from ringback.evidence.tls_keys import (
    KeyLog,
    Opener,
    Opener13,
    Suite,
    openers12,
    suite_of,
)

CHANGE_CIPHER, ALERT, HANDSHAKE, APPLICATION = 20, 21, 22, 23
_LARGEST_RECORD = (1 << 14) + 2048
_RETRY = bytes.fromhex(
    "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
)
_VERSIONS = {
    0x0300: "SSLv3",
    0x0301: "TLSv1",
    0x0302: "TLSv1.1",
    0x0303: "TLSv1.2",
    0x0304: "TLSv1.3",
}
_EVENTS = {
    1: TlsEvent.CLIENT_HELLO,
    2: TlsEvent.SERVER_HELLO,
    11: TlsEvent.CERTIFICATE,
    13: TlsEvent.CERTIFICATE_REQUEST,
    15: TlsEvent.CERTIFICATE_VERIFY,
    20: TlsEvent.FINISHED,
}
_OTHERS = {
    0: "HelloRequest",
    4: "NewSessionTicket",
    5: "EndOfEarlyData",
    8: "EncryptedExtensions",
    12: "ServerKeyExchange",
    14: "ServerHelloDone",
    16: "ClientKeyExchange",
    22: "CertificateStatus",
    24: "KeyUpdate",
    25: "CompressedCertificate",
}
_SERVER_NAME, _ENCRYPT_THEN_MAC, _PRE_SHARED_KEY, _SUPPORTED_VERSIONS = 0, 22, 41, 43


@dataclass(slots=True)
class Noted:
    """A handshake message, an alert, or the first record of its kind in a direction."""

    number: int
    from_client: bool
    event: TlsEvent
    encrypted: bool = False
    certificates: tuple[bytes, ...] = ()
    alert: tuple[int, int] | None = None
    versions: tuple[str, ...] = ()
    ciphers: tuple[int, ...] = ()
    extensions: tuple[int, ...] = ()
    broken: bool = False
    detail: str = ""


class _Half:
    """One direction: its records, its keys, its half-read handshake message."""

    def __init__(self, client: bool) -> None:
        self.client = client
        self.buffer = b""
        self.handshake = b""
        self.half_read = 0  # the packet that brought the beginning of ``handshake``
        self.opener: Opener | None = None
        self.sealed = False
        self.lost = ""  # why its records cannot be followed any more
        self.clear = 0
        self.finished = False
        self.spoke = False
        self.unreadable: Noted | None = None
        self.records = 0  # that could not be read, and their octets
        self.octets = 0


class TlsConversation:
    """Both directions of one connection, fed in the order of the capture."""

    def __init__(self, keys: KeyLog) -> None:
        self.noted: list[Noted] = []
        self.version = ""
        self.cipher = ""
        self._keys = keys
        self._halves = {True: _Half(True), False: _Half(False)}
        self._randoms = {True: b"", False: b""}
        self._suite = Suite("")
        self._outside = False
        self._session = b""
        self._pending: dict[bool, Opener] = {}

    @property
    def established(self) -> bool:
        return all(half.finished for half in self._halves.values())

    @property
    def readable(self) -> bool:
        return not any(half.records for half in self._halves.values())

    @property
    def clear_octets(self) -> int:
        """Octets that stood in no TLS record, or in one that was not encrypted."""
        return sum(half.clear for half in self._halves.values())

    def why_lost(self, from_client: bool) -> str:
        """Why that direction cannot be followed any more, or an empty text."""
        return self._halves[from_client].lost

    def lose(self, from_client: bool, why: str) -> None:
        self._halves[from_client].lost = why

    def pending(self, from_client: bool) -> bytes:
        """The beginning of a record that is not complete."""
        return self._halves[from_client].buffer

    def finish(self) -> None:
        """Put into words what could not be read, and what never came to its end."""
        for half in self._halves.values():
            if half.unreadable is not None:
                half.unreadable.detail = f"{half.records} records, {half.octets} octets"
            if half.handshake:
                event = _EVENTS.get(half.handshake[0], TlsEvent.OTHER)
                noted = self._note(half, half.half_read, event, False)
                noted.broken, noted.detail = True, "only its beginning"

    def take(self, from_client: bool, octets: bytes, number: int) -> bytes:
        """The application octets that these completed."""
        half = self._halves[from_client]
        if half.lost:
            half.clear += len(octets)
            return b""
        buffer = half.buffer + octets if half.buffer else octets
        spoken: list[bytes] = []
        at, size = 0, len(buffer)
        while size - at >= 5:
            kind, length = buffer[at], int.from_bytes(buffer[at + 3 : at + 5], "big")
            if not is_record(buffer[at : at + 3]) or length > _LARGEST_RECORD:
                half.lost = "no TLS record begins like this"
                half.clear += size - at
                at = size
                break
            if size - at < 5 + length:
                break
            version = int.from_bytes(buffer[at + 1 : at + 3], "big")
            fragment = buffer[at + 5 : at + 5 + length]
            spoken.append(self._record(half, kind, version, fragment, number))
            at += 5 + length
        half.buffer = buffer[at:]
        return b"".join(spoken)

    def _record(
        self, half: _Half, kind: int, version: int, fragment: bytes, number: int
    ) -> bytes:
        sealed = half.sealed and (self.version != "TLSv1.3" or kind == APPLICATION)
        if sealed:
            try:
                if half.opener is None:
                    raise InvalidTag
                kind, fragment = half.opener.open(kind, version, fragment)
            except InvalidTag:
                self._unreadable(half, kind, fragment, number)
                return b""
        match kind:
            case 23:
                self._speaks(half, sealed, number)
                half.clear += 0 if sealed else len(fragment)
                return fragment
            case 22:
                self._handshakes(half, sealed, fragment, number)
            case 21:
                self._alerts(half, sealed, fragment, number)
            case 20 if self.version != "TLSv1.3":
                half.sealed, half.opener = True, self._pending.get(half.client)
        return b""

    def _note(self, half: _Half, number: int, event: TlsEvent, sealed: bool) -> Noted:
        noted = Noted(number, half.client, event, sealed)
        self.noted.append(noted)
        return noted

    def _unreadable(self, half: _Half, kind: int, fragment: bytes, number: int) -> None:
        """TLS 1.2 leaves the type in the clear, and what follows the change of cipher
        first is Finished."""
        half.records += 1
        half.octets += len(fragment)
        if kind == ALERT:
            self._note(half, number, TlsEvent.ALERT, True).detail = "encrypted"
        elif kind == HANDSHAKE and not half.finished:
            half.finished = True
            self._note(half, number, TlsEvent.FINISHED, True).detail = "encrypted"
        elif half.unreadable is None:
            half.unreadable = self._note(half, number, TlsEvent.UNREADABLE, True)

    def _speaks(self, half: _Half, sealed: bool, number: int) -> None:
        if not half.spoke:
            half.spoke = True
            self._note(half, number, TlsEvent.APPLICATION_DATA, sealed)

    def _alerts(self, half: _Half, sealed: bool, octets: bytes, number: int) -> None:
        for at in range(0, len(octets) - 1, 2):
            noted = self._note(half, number, TlsEvent.ALERT, sealed)
            noted.alert = (octets[at], octets[at + 1])

    def _handshakes(
        self, half: _Half, sealed: bool, octets: bytes, number: int
    ) -> None:
        buffer = half.handshake + octets
        while len(buffer) >= 4:
            end = 4 + int.from_bytes(buffer[1:4], "big")
            if len(buffer) < end:
                break
            kind, body, buffer = buffer[0], buffer[4:end], buffer[end:]
            noted = self._note(half, number, _EVENTS.get(kind, TlsEvent.OTHER), sealed)
            try:
                self._message(half, kind, body, noted)
            except (IndexError, ValueError):
                noted.broken, noted.detail = True, "malformed"
        half.handshake, half.half_read = buffer, number

    def _message(self, half: _Half, kind: int, body: bytes, noted: Noted) -> None:
        match kind:
            case 1:
                self._client_hello(body, noted)
            case 2:
                self._server_hello(body, noted)
            case 11:
                noted.certificates = _certificates(body, self.version == "TLSv1.3")
            case 20:
                if self.version == "TLSv1.3" and not half.finished:
                    self._rekey13(half, "TRAFFIC_SECRET_0")
                half.finished = True
            case 24 if isinstance(half.opener, Opener13):
                half.opener = half.opener.updated()
                noted.detail = _OTHERS[kind]
            case _:
                noted.detail = _OTHERS.get(kind, f"type {kind}") * (kind not in _EVENTS)

    def _client_hello(self, body: bytes, noted: Noted) -> None:
        at = 35 + body[34]
        self._randoms[True], self._session = body[2:34], body[35:at]
        end = at + 2 + int.from_bytes(body[at : at + 2], "big")
        noted.ciphers = _codes(body[at + 2 : end])
        at = end + 1 + body[end]
        found = _extensions(body[at:])
        noted.extensions = tuple(found)
        listed = found.get(_SUPPORTED_VERSIONS, b"\0")[1:] or body[:2]
        known = (_VERSIONS.get(code, "") for code in _codes(listed))
        noted.versions = tuple(name for name in known if name)
        words = ["offers " + " ".join(noted.versions)]
        name = found.get(_SERVER_NAME, b"")[5:]
        if name:
            words.append(f"server name {name.decode('ascii', 'replace')}")
        noted.detail = ", ".join(words)

    def _server_hello(self, body: bytes, noted: Noted) -> None:
        at = 35 + body[34]
        random, session = body[2:34], body[35:at]
        code = int.from_bytes(body[at : at + 2], "big")
        found = _extensions(body[at + 3 :])
        noted.extensions = tuple(found)
        version = int.from_bytes(found.get(_SUPPORTED_VERSIONS, body[:2]), "big")
        self.version = _VERSIONS.get(version, f"0x{version:04X}")
        self._suite = suite_of(code)
        self.cipher = self._suite.name
        noted.versions, noted.ciphers = (self.version,), (code,)
        self._randoms[False] = random
        if random == _RETRY:
            noted.event, noted.detail = TlsEvent.OTHER, "HelloRetryRequest"
        elif self.version == "TLSv1.3":
            noted.detail = "resumed" if _PRE_SHARED_KEY in found else ""
            for half in self._halves.values():
                half.sealed = True
                self._rekey13(half, "HANDSHAKE_TRAFFIC_SECRET")
        else:
            noted.detail = "resumed" if session and session == self._session else ""
            self._outside = _ENCRYPT_THEN_MAC in found
            self._prepare12()

    def _rekey13(self, half: _Half, label: str) -> None:
        side = "CLIENT" if half.client else "SERVER"
        secret = self._keys.find(f"{side}_{label}", self._randoms[True])
        usable = bool(secret and self._suite.cipher)
        half.opener = Opener13(self._suite, secret) if usable else None

    def _prepare12(self) -> None:
        master = self._keys.find("CLIENT_RANDOM", self._randoms[True])
        self._pending = {}
        if master and self._suite.cipher and self.version == "TLSv1.2":
            randoms = (self._randoms[True], self._randoms[False])
            pair = openers12(self._suite, master, randoms, self._outside)
            self._pending = {True: pair[0], False: pair[1]}


def is_record(octets: bytes) -> bool:
    """Whether a stream that begins so (three octets) speaks TLS."""
    if len(octets) < 3:
        return False
    return 20 <= octets[0] <= 24 and octets[1] == 3 and octets[2] <= 4


def _codes(octets: bytes) -> tuple[int, ...]:
    return tuple(
        int.from_bytes(octets[n : n + 2], "big") for n in range(0, len(octets), 2)
    )


def _extensions(octets: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at, end = 2, 2 + int.from_bytes(octets[:2], "big")
    while at + 4 <= end:
        kind = int.from_bytes(octets[at : at + 2], "big")
        length = int.from_bytes(octets[at + 2 : at + 4], "big")
        found[kind] = octets[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def _certificates(body: bytes, thirteen: bool) -> tuple[bytes, ...]:
    """RFC 8446 §4.4.2 has a context before the list and extensions in its entries."""
    at = 1 + body[0] if thirteen else 0
    at, end = at + 3, at + 3 + int.from_bytes(body[at : at + 3], "big")
    found: list[bytes] = []
    while at + 3 <= end:
        length = int.from_bytes(body[at : at + 3], "big")
        found.append(body[at + 3 : at + 3 + length])
        at += 3 + length
        if thirteen:
            at += 2 + int.from_bytes(body[at : at + 2], "big")
    return tuple(found)
