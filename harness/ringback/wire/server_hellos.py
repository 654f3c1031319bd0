"""What a server of TLS 1.2 or older says first, octet by octet, also what none should.

RFC 5246 §7.4.1.3 (ServerHello), §7.4.2 (Certificate), §7.4.5 (ServerHelloDone) and
§7.2.2 (alerts); RFC 5746 §3.6. With RSA to exchange the keys nothing of it is signed,
so that it can be said in any version, and a client that takes it goes on.
"""

from collections.abc import Mapping

import msgspec

from ringback.wire.hellos import TLS10, TLS11, TLS12

_ALERT, _HANDSHAKE = 21, 22
_SERVER_HELLO, _CERTIFICATE, _DONE = 2, 11, 14
_AES, _NULL, _RC4, _EXPORT, _3DES = 0x002F, 0x003B, 0x0005, 0x0003, 0x000A
_NOBODYS = 0xFFF0  # one of those for private use (RFC 8447 §8)
_SECURE_RENEGOTIATION = b"\xff\x01\x00\x01\x00"
_HANDSHAKE_FAILURE = bytes((2, 40))


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a server makes of whatever it is offered."""

    version: int = TLS12
    cipher: int = _AES

    def octets(self, random: bytes, chain: tuple[bytes, ...]) -> bytes:
        """In three records; ``random`` are 32 octets, ``chain`` is DER, leaf first."""
        extensions = _counted(_SECURE_RENEGOTIATION)
        cipher = self.cipher.to_bytes(2, "big")
        told = self.version.to_bytes(2, "big") + random + b"\0" + cipher + b"\0"
        certificates = b"".join(_long(one) for one in chain)
        said = (
            (_SERVER_HELLO, told + extensions),
            (_CERTIFICATE, _long(certificates)),
            (_DONE, b""),
        )
        return b"".join(self._record(kind, body) for kind, body in said)

    def _record(self, kind: int, body: bytes) -> bytes:
        head = bytes((_HANDSHAKE,)) + self.version.to_bytes(2, "big")
        return head + _counted(bytes((kind,)) + _long(body))


def _counted(octets: bytes) -> bytes:
    return len(octets).to_bytes(2, "big") + octets


def _long(octets: bytes) -> bytes:
    return len(octets).to_bytes(3, "big") + octets


CHOICES: Mapping[str, Choice] = {
    "tls-10": Choice(version=TLS10),
    "tls-11": Choice(version=TLS11),
    "null": Choice(cipher=_NULL),
    "rc4": Choice(cipher=_RC4),
    "export": Choice(cipher=_EXPORT),
    "3des": Choice(cipher=_3DES),
    "nobodys": Choice(cipher=_NOBODYS),
}
REFUSAL = "nothing-in-common"


def answered(name: str, random: bytes, chain: tuple[bytes, ...]) -> bytes:
    """What that server says to a ClientHello, by its name in ``CHOICES``."""
    if name == REFUSAL:
        head = bytes((_ALERT,)) + TLS12.to_bytes(2, "big")
        return head + _counted(_HANDSHAKE_FAILURE)
    return CHOICES[name].octets(random, chain)
