"""One direction of SRTP and SRTCP: AES in counter mode, HMAC-SHA1 tags.

RFC 3711 §3.3 gives the steps, RFC 3711 §4 the transforms, RFC 4568 §6.2 the suites.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hmac import HMAC

from ringback.faults import Malformed, Misuse
from ringback.wire.readings import read_once
from ringback.wire.rtp import header_length
from ringback.wire.sdes import AES_32, AES_80

TAG_OCTETS = {AES_80: 10, AES_32: 4}
RTCP_TAG_OCTETS = 10  # RFC 4568 §6.2: 80 bits in both suites
WINDOW = 128  # packets; RFC 3711 §3.3.2 wants 64 at least

_ENCRYPTED = 1 << 31  # the E flag before the SRTCP index
_WINDOW_MASK = (1 << WINDOW) - 1


@dataclass(slots=True)
class _Source:
    """What must be remembered of one SSRC: indices never come back."""

    highest: int = -1  # packet index: roll-over counter and sequence number
    seen: int = 0  # bit n stands for the packet n before the highest

    def index_of(self, sequence: int) -> int:
        """RFC 3711 §3.3.1: the index nearest to the highest one so far."""
        if self.highest < 0:
            return sequence
        index = (self.highest & ~0xFFFF) | sequence
        if index - self.highest > 0x8000 and index > 0xFFFF:
            return index - 0x10000
        return index + 0x10000 if self.highest - index > 0x8000 else index

    def is_replay(self, index: int) -> bool:
        """RFC 3711 §3.3.2: seen already, or too old to tell."""
        age = self.highest - index
        return age >= WINDOW or (age >= 0 and bool(self.seen >> age & 1))

    def note(self, index: int) -> None:
        age = self.highest - index
        if age >= 0:
            self.seen |= 1 << age
        else:
            shift = -age if self.highest >= 0 else 1
            self.seen = (self.seen << min(shift, WINDOW) | 1) & _WINDOW_MASK
            self.highest = index


class _Keys:
    """The session keys of RTP or of RTCP, in ciphers made once (RFC 3711 §4.3)."""

    def __init__(self, master: bytes, salt: bytes, first_label: int) -> None:
        derived = _derivation(master, salt)
        cipher = Cipher(AES(derived(first_label, 16)), CTR(bytes(16)))
        self._cipher = cipher.encryptor()
        self._mac = HMAC(derived(first_label + 1, 20), hashes.SHA1())
        self._salt = int.from_bytes(derived(first_label + 2, 14)) << 16

    def crypt(self, octets: bytes, ssrc: int, index: int) -> bytes:
        """RFC 3711 §4.1.1: encrypts what is clear and the reverse."""
        nonce = self._salt ^ (ssrc << 64) ^ (index << 16)
        self._cipher.reset_nonce(nonce.to_bytes(16))
        return self._cipher.update(octets)

    def tag(self, octets: bytes) -> bytes:
        mac = self._mac.copy()
        mac.update(octets)
        return mac.finalize()


class Srtp:
    """Protects what one side sends, or unprotects what it receives; never both.

    ``key_salt`` is 16 octets of master key and 14 of salt, as in ``inline:``. ``mki``,
    when the crypto attribute has one, goes before every tag. Misuse for a key of
    another length or a suite that is not spoken here.
    """

    def __init__(self, key_salt: bytes, suite: str = AES_80, mki: bytes = b"") -> None:
        if suite not in TAG_OCTETS:
            raise Misuse(f"SRTP suite {suite} is not spoken here")
        if len(key_salt) != 30:
            raise Misuse(f"SRTP key and salt are 30 octets, not {len(key_salt)}")
        self._key, self._salt = key_salt[:16], key_salt[16:]
        self._rtp = _Keys(self._key, self._salt, 0)
        self._rtp_sources: dict[int, _Source] = {}
        self._rtcp_sources: dict[int, _Source] = {}
        self._tag = TAG_OCTETS[suite]
        self._mki = mki

    @read_once
    def _rtcp(self) -> _Keys:
        """Most streams end before a report is due."""
        return _Keys(self._key, self._salt, 3)

    def protect(self, packet: bytes) -> bytes:
        """An RTP packet as SRTP. One sent twice comes out the same twice."""
        start = header_length(packet)
        ssrc = int.from_bytes(packet[8:12])
        source = self._rtp_sources.setdefault(ssrc, _Source())
        index = source.index_of(int.from_bytes(packet[2:4]))
        source.note(index)
        keys = self._rtp
        sealed = packet[:start] + keys.crypt(packet[start:], ssrc, index)
        roll_over = (index >> 16 & 0xFFFFFFFF).to_bytes(4)
        return sealed + self._mki + keys.tag(sealed + roll_over)[: self._tag]

    def unprotect(self, packet: bytes) -> bytes:
        """The RTP packet inside; Malformed when the tag is wrong or it came before."""
        start = header_length(packet)
        end = len(packet) - self._tag - len(self._mki)
        if end < start:
            raise Malformed("no room for an SRTP tag", packet, len(packet))
        ssrc = int.from_bytes(packet[8:12])
        source = self._rtp_sources.get(ssrc) or _Source()
        index = source.index_of(int.from_bytes(packet[2:4]))
        if source.is_replay(index):
            raise Malformed("SRTP packet replayed", packet, 2)
        keys, sealed = self._rtp, packet[:end]
        roll_over = (index >> 16 & 0xFFFFFFFF).to_bytes(4)
        self._verify(keys, sealed + roll_over, packet, end)
        source.note(index)
        self._rtp_sources[ssrc] = source
        return packet[:start] + keys.crypt(packet[start:end], ssrc, index)

    def protect_rtcp(self, packet: bytes) -> bytes:
        """A compound RTCP packet as SRTCP, encrypted (RFC 3711 §3.4)."""
        if len(packet) < 8:
            raise Malformed("an RTCP packet is at least 8 octets", packet, len(packet))
        ssrc = int.from_bytes(packet[4:8])
        source = self._rtcp_sources.setdefault(ssrc, _Source())
        index = (source.highest + 1) & (_ENCRYPTED - 1)
        source.note(index)
        keys = self._rtcp
        sealed = packet[:8] + keys.crypt(packet[8:], ssrc, index)
        sealed += (_ENCRYPTED | index).to_bytes(4)
        return sealed + self._mki + keys.tag(sealed)[:RTCP_TAG_OCTETS]

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """The RTCP inside; Malformed when the tag is wrong or it came before."""
        end = len(packet) - RTCP_TAG_OCTETS - len(self._mki)
        if end < 12:
            raise Malformed("no room for an SRTCP index and tag", packet, len(packet))
        keys, sealed = self._rtcp, packet[:end]
        flagged = int.from_bytes(sealed[-4:])
        index, ssrc = flagged & (_ENCRYPTED - 1), int.from_bytes(packet[4:8])
        source = self._rtcp_sources.get(ssrc) or _Source()
        if source.is_replay(index):
            raise Malformed("SRTCP packet replayed", packet, end - 4)
        self._verify(keys, sealed, packet, end)
        source.note(index)
        self._rtcp_sources[ssrc] = source
        if not flagged & _ENCRYPTED:
            return sealed[:-4]
        return packet[:8] + keys.crypt(sealed[8:-4], ssrc, index)

    def _verify(self, keys: _Keys, signed: bytes, packet: bytes, end: int) -> None:
        at = end + len(self._mki)
        tag = packet[at:]
        if packet[end:at] != self._mki:
            raise Malformed("another master key identifier", packet, end)
        if not hmac.compare_digest(keys.tag(signed)[: len(tag)], tag):
            raise Malformed("the authentication tag is wrong", packet, at)


def _derivation(master: bytes, salt: bytes) -> Callable[[int, int], bytes]:
    """RFC 3711 §4.3.1 with a key derivation rate of zero: label and length to key."""
    pseudo_random = Cipher(AES(master), CTR(bytes(16))).encryptor()

    def derived(label: int, length: int) -> bytes:
        start = (int.from_bytes(salt) ^ (label << 48)) << 16
        pseudo_random.reset_nonce(start.to_bytes(16))
        return pseudo_random.update(bytes(length))

    return derived
