"""A certificate signed anew with ECDSA and SHA-1, which no library will do any more.

RFC 5280 §4.1 (the three parts of a certificate), RFC 5758 §3.2 (the algorithms' names).
"""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_SEQUENCE, _BIT_STRING = 0x30, 0x03
_WITH_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_WITH_SHA1 = bytes.fromhex("300906072a8648ce3d0401")


def with_sha1(der: bytes, issuer: ec.EllipticCurvePrivateKey) -> bytes:
    """The same certificate, which was signed with SHA-256 by that key."""
    body = _content(der)
    signed = _content(body[: _length(body)]).replace(_WITH_SHA256, _WITH_SHA1, 1)
    told = _element(_SEQUENCE, signed)
    signature = issuer.sign(told, ec.ECDSA(hashes.SHA1()))
    proof = _element(_BIT_STRING, b"\0" + signature)
    return _element(_SEQUENCE, told + _WITH_SHA1 + proof)


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 128 | len(octets))) + octets + content


def _header(der: bytes) -> tuple[int, int]:
    """Octets of the first element's header, and of its content."""
    if der[1] < 128:
        return 2, der[1]
    count = der[1] & 127
    return 2 + count, int.from_bytes(der[2 : 2 + count], "big")


def _length(der: bytes) -> int:
    return sum(_header(der))


def _content(der: bytes) -> bytes:
    start, size = _header(der)
    return der[start : start + size]
