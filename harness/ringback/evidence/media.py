"""Whose media a datagram is, and what it says in the clear.

RFC 3264 §5 and §6 (an address is where its owner wants to receive), RFC 3605 §2.1
(``a=rtcp``), RFC 5761 §4 (RTP or RTCP), RFC 4568 §6.1 (a key is what its sender will
encrypt with), RFC 3711 §3.3.
"""

from dataclasses import dataclass, field

import msgspec

from ringback.evidence.frame import (
    BrokenFrame,
    DatagramFrame,
    Frame,
    RtcpFrame,
    RtpFrame,
    SipFrame,
)
from ringback.evidence.seating import Seating
from ringback.faults import Malformed, Misuse
from ringback.values import Address, Leg, Role
from ringback.wire import headers, multipart
from ringback.wire.message import Message
from ringback.wire.rtcp import is_rtcp
from ringback.wire.rtp import RtpPacket
from ringback.wire.sdes import Crypto
from ringback.wire.sdp import Media, Sdp
from ringback.wire.srtp import Srtp

_Dialog = tuple[str, Leg | frozenset[str]]
_SDP = "application/sdp"


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """Where one party of a dialog wants its media, and the keys it will send with.

    ``owner`` receives there what ``peer`` sends; ``party`` tells the owner from the
    peer: its role, or its tag where roles are not known.
    """

    target: Address
    number: int
    leg: Leg | None
    owner: Role | None
    peer: Role | None
    dialog: _Dialog
    party: str
    secured: bool
    keys: tuple[Crypto, ...]


class Announcements:
    """Every media address that SDP has announced, on every leg."""

    def __init__(self, seating: Seating) -> None:
        self._seating = seating
        self._by_target: dict[Address, list[Announcement]] = {}
        self._by_port: dict[int, list[Announcement]] = {}
        self._by_dialog: dict[_Dialog, list[Announcement]] = {}

    def learn(self, frame: SipFrame) -> None:
        """Read the SDP in that message, if there is one that can be read and is meant
        for a call (RFC 3264 §9)."""
        if b"m=" not in frame.sip.body or frame.sip.method == "OPTIONS":
            return
        try:
            for media in _description(frame.sip).media:
                self._learn_media(frame, media)
        except Malformed:
            return  # a rule says what is wrong with it; there is nothing to find here

    def for_target(self, target: Address) -> list[Announcement]:
        """Exact, else by port alone on the host of a seat (it may have several)."""
        found = self._by_target.get(target)
        if found is None and self._seating.knows(target.host):
            found = self._by_port.get(target.port)
        return found or []

    def keys_of_peer(self, announcement: Announcement) -> list[Crypto]:
        """What the other party of that dialog said it encrypts with, latest first."""
        said = self._by_dialog.get(announcement.dialog, [])
        others = [a for a in reversed(said) if a.party != announcement.party]
        return [key for other in others for key in other.keys]

    def _learn_media(self, frame: SipFrame, media: Media) -> None:
        if not media.port:
            return  # refused, RFC 3264 §6
        hosts = frozenset((frame.source.host, frame.target.host))
        host = self._seating.host_of(media.host)
        announcement = Announcement(
            target=Address(host, media.port),
            number=frame.number,
            leg=frame.leg,
            owner=frame.sender,
            peer=frame.receiver,
            dialog=(headers.call_id(frame.sip), frame.leg or hosts),
            party=frame.sender or _tag(frame),
            secured="SAVP" in media.protocol,
            keys=_keys(media),
        )
        self._by_dialog.setdefault(announcement.dialog, []).append(announcement)
        for port in {media.port, _rtcp_port(media)}:
            self._by_target.setdefault(Address(host, port), []).append(announcement)
            self._by_port.setdefault(port, []).append(announcement)


def _tag(frame: SipFrame) -> str:
    """The tag of whoever sent the message; its address where no tag can be read."""
    read = headers.to_tag if frame.sip.status else headers.from_tag
    try:
        return read(frame.sip) or str(frame.source)
    except Malformed:
        return str(frame.source)


def _description(message: Message) -> Sdp:
    kind = headers.media_type(message.first("content-type"))[0]
    if kind == _SDP:
        return Sdp.parse(message.body)
    if kind.startswith("multipart/"):
        whole = multipart.parse(message.first("content-type"), message.body)
        part = whole.part(_SDP)
        return Sdp.parse(part.body if part else b"")
    return Sdp(())


def _keys(media: Media) -> tuple[Crypto, ...]:
    try:
        return media.crypto
    except Malformed:
        return ()


def _rtcp_port(media: Media) -> int:
    said = media.attributes("rtcp")
    first = said[0].split()[0] if said and said[0] else ""
    return int(first) if first.isdecimal() else media.port + 1


class _Decryption:
    """SRTP on its way to one announced address. A key that was told again is still one:
    a second context would take what the first has seen already."""

    def __init__(self, keys: list[Crypto]) -> None:
        self._contexts: list[Srtp] = []
        for told in dict.fromkeys((k.key_salt, k.suite, k.mki) for k in keys):
            try:
                self._contexts.append(Srtp(*told))
            except Misuse:
                continue  # a suite that is not spoken here

    def opened(self, octets: bytes) -> bytes | None:
        """None when no key fits; the key that fitted is tried first next time."""
        for at, context in enumerate(self._contexts):
            try:
                plain = context.unprotect(octets)
            except Malformed:
                continue
            if at:
                self._contexts.insert(0, self._contexts.pop(at))
            return plain
        return None


@dataclass(slots=True)
class Channel:
    """One pair of UDP addresses, numbered as a flow."""

    flow: int
    source: Address
    target: Address
    announcements: list[Announcement] = field(default_factory=list)
    decryption: tuple[Announcement, _Decryption] | None = None
    signals: bool = False  # SIP was seen on it


class MediaReader:
    """Turns datagrams into frames, once all announcements are known."""

    def __init__(self, announcements: Announcements, seating: Seating) -> None:
        self._announcements = announcements
        self._seating = seating
        self._decryptions: dict[tuple[Address, _Dialog, str], _Decryption] = {}

    def read(self, channel: Channel, number: int, time: float, octets: bytes) -> Frame:
        """Never raises: what is no media is a DatagramFrame, or a BrokenFrame."""
        if not channel.announcements or not octets or octets[0] >> 6 != 2:
            return self._other(channel, number, time, octets)
        there = _current(channel.announcements, number)
        if is_rtcp(octets):
            return RtcpFrame(
                number=number,
                time=time,
                source=channel.source,
                target=channel.target,
                flow=channel.flow,
                leg=there.leg,
                sender=there.peer,
                receiver=there.owner,
                secured=there.secured,
                octets=octets,
            )
        return self._media(channel, number, time, octets, there)

    def _media(
        self,
        channel: Channel,
        number: int,
        time: float,
        octets: bytes,
        there: Announcement,
    ) -> Frame:
        try:
            clear: bytes | None = octets
            if there.secured:
                there, clear = self._opened(channel, number, octets, there)
            packet = RtpPacket.parse(clear) if clear is not None else None
        except Malformed as fault:
            return self._other(channel, number, time, octets, str(fault))
        return RtpFrame(
            number=number,
            time=time,
            source=channel.source,
            target=channel.target,
            flow=channel.flow,
            leg=there.leg,
            sender=there.peer,
            receiver=there.owner,
            secured=there.secured,
            octets=octets,
            rtp=packet,
        )

    def _opened(
        self, channel: Channel, number: int, octets: bytes, there: Announcement
    ) -> tuple[Announcement, bytes | None]:
        """Two calls may share a port, each with a key of its own: whose packet it is,
        the key tells."""
        clear = self._decryption(channel, there).opened(octets)
        if clear is not None:
            return there, clear
        for other in reversed(channel.announcements):
            before = other.number < number and other.dialog != there.dialog
            if other.secured and before:
                clear = self._decryption(channel, other).opened(octets)
                if clear is not None:
                    return other, clear
        return there, None

    def _decryption(self, channel: Channel, there: Announcement) -> _Decryption:
        """Shared by all who send to one announced address."""
        if channel.decryption is not None and channel.decryption[0] is there:
            return channel.decryption[1]
        key = (there.target, there.dialog, there.party)
        found = self._decryptions.get(key)
        if found is None:
            keys = self._announcements.keys_of_peer(there)
            found = self._decryptions[key] = _Decryption(keys)
        channel.decryption = (there, found)
        return found

    def _other(
        self, channel: Channel, number: int, time: float, octets: bytes, why: str = ""
    ) -> Frame:
        pair = self._seating.pair(channel.source, channel.target)
        sender, receiver, leg = pair
        if channel.announcements:
            there = _current(channel.announcements, number)
            sender, receiver, leg = there.peer, there.owner, there.leg
        if why:
            return BrokenFrame(
                number=number,
                time=time,
                source=channel.source,
                target=channel.target,
                flow=channel.flow,
                leg=leg,
                sender=sender,
                receiver=receiver,
                octets=octets,
                why=why,
            )
        return DatagramFrame(
            number=number,
            time=time,
            source=channel.source,
            target=channel.target,
            flow=channel.flow,
            leg=leg,
            sender=sender,
            receiver=receiver,
            octets=octets,
        )


def _current(announcements: list[Announcement], number: int) -> Announcement:
    """The last that was made before that packet; media may come before the answer."""
    found = announcements[0]
    if len(announcements) > 1:
        for later in announcements[1:]:
            if later.number > number:
                break
            found = later
    return found
