"""One thing seen on a leg: who said what to whom, when, and in which packet."""

from enum import StrEnum

import msgspec

from ringback.values import Address, Leg, Role
from ringback.wire.message import Message
from ringback.wire.rtp import RtpPacket


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """``number`` is the packet's number as Wireshark counts it, from 1: of the packet
    that completed the thing. ``time`` is seconds since the capture's first packet.
    ``flow`` numbers TCP connections and UDP address pairs, from 0, in order seen."""

    number: int
    time: float
    source: Address
    target: Address
    flow: int
    leg: Leg | None = None
    sender: Role | None = None
    receiver: Role | None = None
    secured: bool = False  # it travelled inside TLS (or as SRTP, for media)


class SipFrame(Frame, frozen=True, kw_only=True):
    """``began`` is the number of the packet with its first octet, 0 when nobody knows;
    ``led`` says that line ends stood before it (RFC 3261 §7.5)."""

    sip: Message
    began: int = 0
    led: bool = False


class HttpFrame(Frame, frozen=True, kw_only=True):
    """``start`` is the request or status line; header names are lower case."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The first value of that header, or an empty text."""
        return next((v for k, v in self.headers if k == name.lower()), "")

    @property
    def status(self) -> int:
        """The status code of a response; 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("HTTP/") else 0


class RtpFrame(Frame, frozen=True, kw_only=True):
    """``rtp`` is the packet in the clear; for SRTP it is None when the tag does not
    verify or no key is known, and ``octets`` is always what the wire carried."""

    octets: bytes
    rtp: RtpPacket | None


class RtcpFrame(Frame, frozen=True, kw_only=True):
    octets: bytes


class BrokenFrame(Frame, frozen=True, kw_only=True):
    """Octets that no reading accepts, or that follow such octets on their stream."""

    octets: bytes
    why: str


class DatagramFrame(Frame, frozen=True, kw_only=True):
    """A datagram that is neither media nor the recorder's marker."""

    octets: bytes


class TlsEvent(StrEnum):
    CLIENT_HELLO = "ClientHello"
    SERVER_HELLO = "ServerHello"
    CERTIFICATE_REQUEST = "CertificateRequest"
    CERTIFICATE = "Certificate"
    CERTIFICATE_VERIFY = "CertificateVerify"
    FINISHED = "Finished"
    ALERT = "Alert"
    APPLICATION_DATA = "ApplicationData"
    UNREADABLE = "Unreadable"  # a record that could not be decrypted
    OTHER = "Other"


class TlsFrame(Frame, frozen=True, kw_only=True):
    """One handshake message or alert. ``certificates`` are DER, leaf first;
    ``alert`` is (level, description) as in RFC 8446 §6. ``versions`` ("TLSv1.2") and
    ``ciphers`` (codes) are what a ClientHello offers, or a ServerHello has chosen of
    it, ``extensions`` (codes) what either hello carries; ``broken`` when it is no
    message, or only the beginning of one."""

    event: TlsEvent
    certificates: tuple[bytes, ...] = ()
    alert: tuple[int, int] | None = None
    versions: tuple[str, ...] = ()
    ciphers: tuple[int, ...] = ()
    extensions: tuple[int, ...] = ()
    broken: bool = False
    detail: str = ""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """One TCP connection: who opened it, whether TLS ran on it and how that went.

    ``server`` accepted it. ``established`` is true when both Finished were seen.
    """

    flow: int
    client: Address
    server: Address
    leg: Leg | None
    opener: Role | None
    acceptor: Role | None
    opened: int  # frame number of the SYN, or of the first packet seen
    closed: int = 0  # frame number of the first FIN or RST; 0 while open
    left_by: Address | None = None  # who sent that
    tls: tuple[TlsFrame, ...] = ()
    version: str = ""  # "TLSv1.2", "TLSv1.3", or empty without TLS
    cipher: str = ""  # the IANA name
    established: bool = False
    readable: bool = True  # secrets were at hand and decryption worked
    clear_octets: int = 0  # application octets that travelled outside TLS
