"""ClientHellos octet by octet, also such as no honest stack would say.

RFC 5246 §7.4.1.2 (the message), RFC 6066 §3 (the server's name), RFC 8422 §5.1 (groups
and points), RFC 7685 §3 (padding), RFC 5746 §3.3 (the signal for renegotiation)
and §3.6 (the answer to it).
"""

from collections.abc import Iterator, Mapping

import msgspec

TLS10, TLS11, TLS12 = 0x0301, 0x0302, 0x0303
SOUND = (0xC02B, 0xC02F, 0xC009, 0xC013, 0x002F)  # with AES
NULL = (0xC006, 0xC010, 0x003B, 0x0002, 0x0001)
RC4 = (0xC011, 0xC007, 0x0005, 0x0004)
EXPORT = (0x0003, 0x0006, 0x0008, 0x0014)
TRIPLE_DES = (0xC012, 0xC008, 0x0016, 0x000A)
NOBODYS = (0xFFF0, 0xFFF1)  # of those for private use (RFC 8447 §8)
_SIGNAL = 0x00FF
_RENEGOTIATION_INFO = 0xFF01
_HANDSHAKE, _CLIENT_HELLO, _SERVER_HELLO = 22, 1, 2
_ROOM = 20_000  # octets: more than a record may hold (RFC 5246 §6.2.1)


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """What it offers; ``room`` are octets of padding."""

    version: int = TLS12
    ciphers: tuple[int, ...] = SOUND
    room: int = 0

    def octets(self, random: bytes, name: str) -> bytes:
        """In one record; ``random`` are 32 octets, ``name`` is the server's."""
        ciphers = b"".join(_two(c) for c in (*self.ciphers, _SIGNAL))
        extensions = b"".join(self._extensions(name.encode("ascii")))
        body = (
            _two(self.version)
            + random
            + b"\0"
            + _counted(ciphers)
            + b"\1\0"
            + _counted(extensions)
        )
        message = bytes((_CLIENT_HELLO,)) + len(body).to_bytes(3, "big") + body
        record = bytes((_HANDSHAKE,)) + _two(min(self.version, TLS10))
        return record + _counted(message)

    def _extensions(self, name: bytes) -> list[bytes]:
        found = [
            _extension(0, _counted(b"\0" + _counted(name))),
            _extension(10, _counted(_two(23) + _two(24) + _two(29))),
            _extension(11, b"\1\0"),
        ]
        if self.version == TLS12:
            pairs = _two(0x0403) + _two(0x0401) + _two(0x0804)
            found.append(_extension(13, _counted(pairs)))
        if self.room:
            found.append(_extension(21, bytes(self.room)))
        return found


def spoken(name: str, random: bytes, server: str) -> bytes:
    """A hello by its name in ``HELLOS``, or one that is spoiled."""
    if name in HELLOS:
        return HELLOS[name].octets(random, server)
    whole = Hello().octets(random, server)
    if name == "garbled":
        longer = bytearray(whole)
        longer[5 + 4 + 2 + 32] = 0xFF  # the length of the session id
        return bytes(longer)
    return whole[: len(whole) // 2]  # cut, or stalled


HELLOS: Mapping[str, Hello] = {
    "tls-10": Hello(version=TLS10),
    "tls-11": Hello(version=TLS11),
    "null": Hello(ciphers=NULL),
    "rc4": Hello(ciphers=RC4),
    "export": Hello(ciphers=EXPORT),
    "3des": Hello(ciphers=TRIPLE_DES),
    "nobodys": Hello(ciphers=NOBODYS),
    "oversized": Hello(room=_ROOM),
    "renegotiation": Hello(),
    "sound": Hello(),
}
SPOILED = ("garbled", "cut", "stalled")


def silent_on_renegotiation(octets: bytes) -> bytes:
    """What a server says, without renegotiation_info in its hello; anything else than
    a hello of TLS 1.2 or older, in a record of its own, as it came."""
    end = 5 + int.from_bytes(octets[3:5], "big")
    record, rest = octets[:end], octets[end:]
    if record[:1] != bytes((_HANDSHAKE,)) or record[5:6] != bytes((_SERVER_HELLO,)):
        return octets
    at = 5 + 4 + 34 + 1 + record[43] + 3  # behind session id, cipher and compression
    kept = [e for e in _each(record[at + 2 :]) if e[:2] != _two(_RENEGOTIATION_INFO)]
    body = record[9:at] + _counted(b"".join(kept))
    message = record[5:6] + len(body).to_bytes(3, "big") + body
    return record[:3] + _counted(message) + rest


def _each(octets: bytes) -> Iterator[bytes]:
    while octets:
        size = 4 + int.from_bytes(octets[2:4], "big")
        yield octets[:size]
        octets = octets[size:]


def _two(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _counted(octets: bytes) -> bytes:
    return _two(len(octets)) + octets


def _extension(kind: int, octets: bytes) -> bytes:
    return _two(kind) + _counted(octets)
