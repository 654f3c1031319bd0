"""The crypto attribute of an SDP media description: keys for SRTP.

RFC 4568 §9.1 gives the grammar, RFC 4568 §6.1 the key parameters of SRTP.
"""

import base64
import binascii
import re
from typing import Self

import msgspec

from ringback.faults import Malformed

AES_80 = "AES_CM_128_HMAC_SHA1_80"
AES_32 = "AES_CM_128_HMAC_SHA1_32"
KEY_SALT_OCTETS = {AES_80: 30, AES_32: 30, "F8_128_HMAC_SHA1_80": 30}

_VALUE = re.compile(r"(?P<tag>[0-9]{1,9})[ \t]+(?P<suite>\S+)[ \t]+(?P<rest>\S.*)")
_LIFETIME = re.compile(r"(?:2\^)?[0-9]{1,20}\Z")
_MKI = re.compile(r"([0-9]{1,310}):([0-9]{1,3})\Z")


class Crypto(msgspec.Struct, frozen=True):
    """One ``a=crypto`` value; the first key, when a line carries several.

    ``lifetime`` is in packets, 0 when not given. ``mki`` is the identifier's octets,
    empty without one. ``params`` are the session parameters as written. ``text`` is
    the whole value as it stood, and what ``str`` gives.
    """

    tag: int
    suite: str
    key_salt: bytes
    mki: bytes = b""
    lifetime: int = 0
    params: tuple[str, ...] = ()
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Malformed when the grammar or the suite's key length is broken."""
        found = _VALUE.fullmatch(text.strip())
        if not found:
            raise _broken("not tag, suite and key", text)
        keys, *params = found["rest"].split()
        method, _, inline = keys.split(";")[0].partition(":")
        if method.lower() != "inline":
            raise _broken(f"key method {method!r}", text)
        key, *options = inline.split("|")
        lifetime, mki = _key_options(options, text)
        key_salt = _key_salt(key, found["suite"], text)
        heads = (int(found["tag"]), found["suite"], key_salt)
        return cls(*heads, mki, lifetime, tuple(params), text)

    @classmethod
    def of(cls, tag: int, key_salt: bytes, suite: str = AES_80) -> Self:
        """The plainest form: one key, no lifetime, no MKI."""
        key = base64.b64encode(key_salt).decode()
        return cls(tag, suite, key_salt, text=f"{tag} {suite} inline:{key}")

    def __str__(self) -> str:
        return self.text


def _key_salt(key: str, suite: str, text: str) -> bytes:
    try:
        octets = base64.b64decode(key + "=" * (-len(key) % 4), validate=True)
    except (binascii.Error, ValueError) as e:
        raise _broken("the key is not Base64", text) from e
    if len(octets) != KEY_SALT_OCTETS.get(suite, len(octets)):
        raise _broken(f"{len(octets)} octets of key and salt for {suite}", text)
    return octets


def _key_options(options: list[str], text: str) -> tuple[int, bytes]:
    lifetime, mki = 0, b""
    for option in options:
        if found := _MKI.match(option):
            length = int(found[2])
            if not 0 < length <= 128 or int(found[1]) >> (8 * length):
                raise _broken(f"MKI {option!r}", text)
            mki = int(found[1]).to_bytes(length)
        elif _LIFETIME.match(option):
            lifetime = _packets(option)
        else:
            raise _broken(f"key option {option!r}", text)
    return lifetime, mki


def _packets(lifetime: str) -> int:
    base, _, exponent = lifetime.rpartition("^")
    return 2 ** min(int(exponent), 64) if base else int(lifetime)


def _broken(why: str, text: str) -> Malformed:
    return Malformed(f"crypto attribute: {why}", text.encode(errors="replace"), 0)
