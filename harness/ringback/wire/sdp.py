"""A session description that forgets no octet.

RFC 8866 §5 gives the lines (RFC 4566 §5 before it), RFC 3551 §6 the static formats.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self, TypedDict, Unpack

import msgspec

from ringback.faults import Malformed
from ringback.wire.readings import read_once, remembered
from ringback.wire.sdes import Crypto

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
EVENTS = 101  # the usual number for telephone-event
STATIC = {
    "0": ("PCMU", 8000, 1),
    "3": ("GSM", 8000, 1),
    "4": ("G723", 8000, 1),
    "8": ("PCMA", 8000, 1),
    "9": ("G722", 8000, 1),
    "13": ("CN", 8000, 1),
    "18": ("G729", 8000, 1),
}
_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")
_MEDIA = re.compile(r"(\S+) +(\d{1,5})(?:/(\d{1,5}))? +(\S+)(?: +(\S.*))?\Z")
_RTPMAP = re.compile(r"([^/\s]+)/(\d{1,9})(?:/(\d{1,4}))?\Z")


class Origin(msgspec.Struct, frozen=True):
    """Who made the description and which edition it is (RFC 8866 §5.2)."""

    username: str
    session_id: str
    version: str
    host: str


def _value(line: bytes) -> str:
    return line[2:].decode("utf-8", "surrogateescape").strip()


@dataclass(frozen=True)
class _Lines:
    """Lines as they stood, each with its line end."""

    lines: tuple[bytes, ...]
    _read: dict[str, tuple[str, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # attributes by name: each format of each offer and answer asks for all rtpmaps

    def values(self, kind: str) -> tuple[str, ...]:
        """The values of every line of that one-letter type, in order."""
        head = f"{kind}=".encode()
        return tuple([_value(line) for line in self.lines if line.startswith(head)])

    def attributes(self, name: str) -> tuple[str, ...]:
        """Values of ``a=name:value``; an empty text where the attribute has none."""
        known = self._read.get(name)
        if known is None:
            head = name.encode()  # most lines need not be decoded to be passed over
            lines = [line for line in self.lines if head in line and line[:2] == b"a="]
            split = [_value(line).partition(":") for line in lines]
            known = tuple([value.strip() for key, _, value in split if key == name])
            self._read[name] = known
        return known

    def _first(self, kind: str) -> str:
        return next(iter(self.values(kind)), "")


@dataclass(frozen=True)
class Media(_Lines):
    """One ``m=`` line with what follows it; ``session`` is what came before all.

    ``port_count`` is 1 unless written. Attributes are this stream's own; ``direction``,
    ``ptime``, ``host`` and ``rtcp_mux`` fall back on the session's.
    """

    session: tuple[bytes, ...]
    kind: str
    port: int
    port_count: int
    protocol: str
    formats: tuple[str, ...]
    _told: dict[str, dict[str, str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # rtpmap and fmtp by format

    @read_once
    def host(self) -> str:
        """The connection address without TTL, empty when none is given."""
        found = self._first("c") or _Lines(self.session)._first("c")
        words = found.split()
        if not words:
            return ""
        if len(words) != 3:
            raise _broken("connection line", found)
        return words[2].partition("/")[0]

    @read_once
    def direction(self) -> str:
        """RFC 8866 §6.7: sendrecv unless this stream, or the session, says else."""
        for lines in (self.lines, self.session):
            said = [v for v in _Lines(lines).values("a") if v in DIRECTIONS]
            if said:
                return said[0]
        return "sendrecv"

    @read_once
    def ptime(self) -> int:
        """Milliseconds of sound in a packet, 0 when not said."""
        said = self._nearest("ptime")
        try:
            return int(float(said)) if said else 0
        except (ValueError, OverflowError) as e:
            raise _broken("ptime", said) from e

    @property
    def rtcp_mux(self) -> bool:
        """RFC 5761 §5.1.1: RTCP comes on the port of RTP."""
        return bool(self.attributes("rtcp-mux"))

    @read_once
    def crypto(self) -> tuple[Crypto, ...]:
        """RFC 4568 §5.1.1: in the order preferred; Malformed when one is broken."""
        return tuple(Crypto.parse(value) for value in self.attributes("crypto"))

    def rtpmap(self, fmt: str | int) -> tuple[str, int, int]:
        """Encoding name, clock rate in Hz, channels; ("", 0, 0) for an unknown one."""
        said = self._about("rtpmap", str(fmt))
        if said is None:
            return STATIC.get(str(fmt), ("", 0, 0))
        found = _RTPMAP.match(said)
        if not found:
            raise _broken("rtpmap", said)
        return found[1], int(found[2]), int(found[3] or 1)

    def fmtp(self, fmt: str | int) -> str:
        """The format's parameters as written, empty when there are none."""
        return self._about("fmtp", str(fmt)) or ""

    def format_of(self, encoding: str) -> str:
        """The first format of that encoding at 8 kHz, empty when there is none."""
        wanted = (encoding.lower(), 8000)
        maps = ((fmt, self.rtpmap(fmt)) for fmt in self.formats)
        return next((f for f, m in maps if (m[0].lower(), m[1]) == wanted), "")

    def _nearest(self, name: str) -> str:
        own = self.attributes(name) or _Lines(self.session).attributes(name)
        return next(iter(own), "")

    def _about(self, name: str, fmt: str) -> str | None:
        known = self._told.get(name)
        if known is None:
            split = [value.partition(" ") for value in self.attributes(name)]
            known = {key: rest.strip() for key, _, rest in reversed(split)}
            self._told[name] = known
        return known.get(fmt)


@dataclass(frozen=True)
class Sdp(_Lines):
    """``bytes(Sdp.parse(octets)) == octets``; readings raise Malformed when asked."""

    @classmethod
    @remembered(256)
    def parse(cls, octets: bytes) -> Self:
        """Cut at line ends, CRLF or LF; nothing is refused here."""
        return cls(tuple(_LINE.findall(octets)))

    def __bytes__(self) -> bytes:
        return b"".join(self.lines)

    @property
    def version(self) -> int:
        """RFC 8866 §5.1; Malformed unless a number stands on the first line."""
        found = re.match(rb"v=([0-9]{1,9})\s*\Z", next(iter(self.lines), b""))
        if not found:
            raise Malformed("no version on the first line", bytes(self), 0)
        return int(found[1])

    @read_once
    def origin(self) -> Origin:
        said = self._first("o")
        words = said.split()
        if len(words) != 6:
            raise _broken("origin line", said)
        return Origin(words[0], words[1], words[2], words[5])

    @read_once
    def session(self) -> tuple[bytes, ...]:
        """The lines before the first ``m=``."""
        starts = self._media_starts()
        return self.lines[: starts[0]] if starts else self.lines

    @read_once
    def media(self) -> tuple[Media, ...]:
        """Every stream in order; Malformed when an ``m=`` line is."""
        starts = self._media_starts()
        ends = [*starts[1:], len(self.lines)]
        session = self.session
        parts = (self.lines[a:b] for a, b in zip(starts, ends, strict=False))
        return tuple(_media(part, session) for part in parts)

    def connection(self, media: Media | None = None) -> str:
        """The host of that stream, or the session's own; empty when none is given."""
        around = media or Media((), self.session, "", 0, 1, "", ())
        return around.host

    def _media_starts(self) -> list[int]:
        return [i for i, line in enumerate(self.lines) if line.startswith(b"m=")]


def audio(sdp: Sdp) -> Media:
    """The first audio stream; Malformed when there is none."""
    for media in sdp.media:
        if media.kind == "audio":
            return media
    raise Malformed("no audio stream", bytes(sdp), 0)


class Stream(TypedDict, total=False):
    """How the stream of a built description differs from the plain one.

    ``events`` is the format number that stands for telephone-event (keys 0-16).
    """

    protocol: str  # "RTP/AVP"
    crypto: Iterable[Crypto]  # none
    direction: str  # "sendrecv"
    ptime: int  # 20 ms; 0 leaves it out
    events: int  # EVENTS


def offer(
    host: str,
    port: int,
    session_id: int | str,
    version: int | str,
    formats: Iterable[int] = (0, 8, EVENTS),
    **stream: Unpack[Stream],
) -> Sdp:
    """One audio stream, as an offer or an answer has it.

    ``port`` 0 refuses the stream (RFC 3264 §6).
    """
    formats = tuple(formats)
    where = f"IN IP{6 if ':' in host else 4} {host}"
    heads = ["v=0", f"o=- {session_id} {version} {where}", "s=session", f"c={where}"]
    what = f"{stream.get('protocol', 'RTP/AVP')} {' '.join(map(str, formats))}"
    lines = [*heads, "t=0 0", f"m=audio {port} {what}"]
    for fmt in formats:
        lines += _format_lines(fmt, stream.get("events", EVENTS))
    lines += [f"a=crypto:{key}" for key in stream.get("crypto", ())]
    ptime, direction = stream.get("ptime", 20), stream.get("direction", "sendrecv")
    lines += [f"a=ptime:{ptime}"] if ptime else []
    return Sdp(tuple(f"{line}\r\n".encode() for line in [*lines, f"a={direction}"]))


def _format_lines(fmt: int, events: int) -> list[str]:
    if fmt == events:
        return [f"a=rtpmap:{fmt} telephone-event/8000", f"a=fmtp:{fmt} 0-16"]
    name, rate, _ = STATIC.get(str(fmt), ("", 0, 0))
    return [f"a=rtpmap:{fmt} {name}/{rate}"] if name else []


def _media(lines: tuple[bytes, ...], session: tuple[bytes, ...]) -> Media:
    text = lines[0][2:].decode("utf-8", "surrogateescape").strip()
    found = _MEDIA.match(text)
    if not found or int(found[2]) > 65535:
        raise _broken("media line", text)
    kind, port, count, protocol, formats = found.groups()
    heads = (kind, int(port), int(count or 1), protocol)
    return Media(lines, session, *heads, tuple((formats or "").split()))


def _broken(what: str, text: str) -> Malformed:
    octets = text.encode("utf-8", "surrogateescape")
    return Malformed(f"SDP: the {what} cannot be read", octets, 0)
