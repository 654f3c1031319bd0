"""A capture to be written: packets, comments, TLS secrets, and the circumstances.

One pcapng file that Wireshark opens decrypted and that needs nothing beside it; blocks
as in draft-ietf-opsawg-pcapng §4.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Self

import msgspec
from msgspec.structs import replace

from ringback.evidence.circumstances import Circumstances
from ringback.evidence.packets import ETHERNET, CapturedPacket
from ringback.evidence.pcapng import Interface, load
from ringback.evidence.pcapng_blocks import (
    interface_block,
    names_block,
    packet_block,
    secrets_block,
    section_block,
)

_RECORD = b"ringback circumstances 1\n"
_LOOPBACK = Interface(ETHERNET, "lo")


class Capture(msgspec.Struct, frozen=True):
    """``secrets`` is an NSS key log. ``bytes(capture)`` is the file."""

    packets: Sequence[CapturedPacket]
    secrets: bytes = b""
    circumstances: Circumstances | None = None
    interfaces: tuple[Interface, ...] = (_LOOPBACK,)

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        """A file of either format, to be written again with more in it."""
        recording, packets = load(octets)
        known, _ = circumstances_in(recording.records)
        interfaces = tuple(recording.interfaces) or (_LOOPBACK,)
        return cls(tuple(packets), bytes(recording.secrets), known, interfaces)

    def with_comments(self, comments: Mapping[int, str]) -> Self:
        """A copy with words on packets, by number from 1; added to what is there.

        KeyError for a number that no packet has.
        """
        packets = list(self.packets)
        for number, text in comments.items():
            if not 0 < number <= len(packets):
                raise KeyError(number)
            old = packets[number - 1]
            joined = f"{old.comment}\n{text}" if old.comment else text
            packets[number - 1] = replace(old, comment=joined)
        return replace(self, packets=packets)

    def __bytes__(self) -> bytes:
        known = self.circumstances
        blocks = [section_block(record=record_of(known) if known else b"")]
        blocks += [interface_block(i.name, i.link) for i in self.interfaces]
        if known is not None:
            blocks.append(names_block(_names(known)))
        if self.secrets:
            blocks.append(secrets_block(self.secrets))
        blocks += map(packet_block, self.packets)
        return b"".join(blocks)


def record_of(circumstances: Circumstances) -> bytes:
    """The circumstances as they lie in the file."""
    return _RECORD + msgspec.json.encode(circumstances)


def circumstances_in(
    records: Sequence[bytes],
) -> tuple[Circumstances | None, tuple[str, ...]]:
    """The first record that is ours, and complaints about records that are not."""
    for record in records:
        if record.startswith(_RECORD):
            try:
                text = record.removeprefix(_RECORD)
                return msgspec.json.decode(text, type=Circumstances), ()
            except (msgspec.DecodeError, UnicodeDecodeError) as trouble:
                return None, (f"the circumstances cannot be read: {trouble}",)
    return None, ()


def _names(circumstances: Circumstances) -> list[tuple[bytes, str]]:
    found: dict[bytes, str] = {}
    for seat in circumstances.seats:
        try:
            found.setdefault(ip_address(seat.host).packed, seat.name)
        except ValueError:  # a seat outside may be known by its name alone
            continue
    return list(found.items())
