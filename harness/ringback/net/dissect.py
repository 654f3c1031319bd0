"""A second opinion: Wireshark's dissector on the same packets, held against our reader.

No verdict may rest on our own stack alone. Several captures go through one tshark,
because starting it costs more than reading; so that they do not mix, each gets hosts of
its own for the journey. RFC 791 §3.1 (where they stand); nothing else is touched.
"""

import asyncio
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import SipFrame
from ringback.evidence.packets import ETHERNET, CapturedPacket
from ringback.evidence.writer import Capture
from ringback.faults import Malformed, TestbedFault
from ringback.values import PROBE_PORT
from ringback.wire import headers

_KNOWN_PORTS = (5060, 5061)  # where Wireshark looks for SIP by itself
_WEB_PORTS = (80, 443, 8080, 8443)
_IPV4 = b"\x08\x00\x45"
_MOST_MERGED = 120 * 255


class Reading(msgspec.Struct, frozen=True):
    """What one reader made of one SIP message."""

    start: str
    call_id: str
    cseq: str
    branch: str  # of the topmost Via, empty when it cannot be told apart


Readings = Mapping[int, tuple[Reading, ...]]  # by packet number


async def dissect(
    path: Path,
    *,
    display: str | None = None,
    decode_as: Mapping[str, str] | None = None,
    keylog: Path | None = None,
    ek: bool = True,
) -> list[Any]:
    """pyshark's packets of a file; the one way of use that works in every loop."""
    import pyshark

    if ek:
        _learn_field_types()
    capture = pyshark.FileCapture(
        str(path),
        display_filter=display,
        decode_as=dict(decode_as or {}),
        use_ek=ek,
        keep_packets=False,
        override_prefs={"tls.keylog_file": str(keylog)} if keylog else None,
        eventloop=asyncio.get_running_loop(),
    )
    packets: list[Any] = []
    try:
        await capture.packets_from_tshark(packets.append)
    finally:
        await capture.close_async()
    return packets


@cache
def _learn_field_types() -> None:
    """Once, and beforehand: pyshark leaves its file open for the collector to find."""
    from pyshark.ek_field_mapping import MAPPING
    from pyshark.tshark.tshark import get_tshark_version

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        MAPPING.load_mapping(str(get_tshark_version()))


def is_available() -> bool:
    """Whether this machine has tshark."""
    return shutil.which("tshark") is not None


def second_opinion(paths: Sequence[Path]) -> dict[Path, Readings]:
    """What Wireshark reads in these captures; TestbedFault when there is no tshark.

    Must not be called from within a running event loop.
    """
    if not is_available():
        raise TestbedFault("tshark is not installed: no second opinion")
    found: dict[Path, Readings] = {}
    batch: list[tuple[Path, Capture]] = []
    for path in paths:
        capture = Capture.parse(path.read_bytes())
        if _is_mergeable(capture) and len(batch) < _MOST_MERGED:
            batch.append((path, capture))
        else:
            found |= _opinion_on([(path, capture)])
    return found | (_opinion_on(batch) if batch else {})


def disagreements(evidence: Evidence, readings: Readings) -> tuple[str, ...]:
    """Every well-formed SIP message that the two readers do not read alike."""
    ours: dict[int, list[SipFrame]] = {}
    for frame in evidence.sip:
        ours.setdefault(frame.number, []).append(frame)
    excused = {frame.number for frame in evidence.broken}
    found: list[str] = []
    for number in sorted({*ours, *readings}):
        pair = (ours.get(number, []), readings.get(number, ()))
        found += _differences(number, *pair, excused=number in excused)
    return tuple(found)


def _differences(
    number: int, ours: list[SipFrame], theirs: Sequence[Reading], *, excused: bool
) -> Iterable[str]:
    for at, frame in enumerate(ours):
        mine = _own(frame)
        other = theirs[at] if at < len(theirs) else None
        if frame.led and other is None:
            continue  # Wireshark passes over a segment that begins with line ends
        if mine is not None and mine != other:
            yield f"packet {number}: we read {mine}, Wireshark reads {other}"
    for other in () if excused else theirs[len(ours) :]:
        yield f"packet {number}: we read None, Wireshark reads {other}"


def _own(frame: SipFrame) -> Reading | None:
    """None when the message is not well-formed in what is compared."""
    message = frame.sip
    try:
        cseq = headers.cseq(message)
        start, branch = message.start.decode("ascii"), headers.branch(message)
    except (Malformed, UnicodeDecodeError):
        return None
    call_id = headers.call_id(message)
    if not call_id or not branch or "SIP/2.0" not in start:
        return None
    return Reading(start, call_id, f"{cseq.number} {cseq.method}", branch)


def _opinion_on(batch: Sequence[tuple[Path, Capture]]) -> dict[Path, Readings]:
    captures = [capture for _, capture in batch]
    with tempfile.TemporaryDirectory() as folder:
        file = batch[0][0]
        if len(batch) > 1:
            file = Path(folder, "captures.pcapng")
            file.write_bytes(bytes(_merged(captures)))
        decodings = _decodings(captures)
        packets = asyncio.run(dissect(file, display="sip", decode_as=decodings))
    by_number = {int(p.frame_info.number): _readings_of(p) for p in packets}
    found: dict[Path, Readings] = {}
    start = 0
    for path, capture in batch:
        end = start + len(capture.packets)
        numbers = range(start + 1, end + 1)
        own = {n - start: by_number[n] for n in numbers if n in by_number}
        found[path], start = own, end
    return found


def _readings_of(packet: Any) -> tuple[Reading, ...]:
    """pyshark keeps several messages of one packet as a list it has no name for."""
    fields = packet.sip._fields_dict
    return tuple(map(_reading, fields if isinstance(fields, list) else [fields]))


def _reading(fields: Mapping[str, Any]) -> Reading:
    def first(name: str) -> str:
        return next(iter(_listed(fields.get(f"sip_sip_{name}"))), "")

    vias, branches = (
        _listed(fields.get(f"sip_sip_{n}")) for n in ("Via", "Via_branch")
    )
    return Reading(
        first("Request-Line") or first("Status-Line"),
        first("Call-ID"),
        f"{first('CSeq_seq')} {first('CSeq_method')}",
        branches[0] if len(branches) >= len(vias) > 0 else "",
    )


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _decodings(captures: Iterable[Capture]) -> dict[str, str]:
    """Where SIP is spoken besides its own ports: by probes, which have no seat (in the
    clear Wireshark knows it when it sees it), and from the circumstances."""
    found = {f"tls.port=={PROBE_PORT}": "sip"}
    for capture in captures:
        for seat in capture.circumstances.seats if capture.circumstances else ():
            found |= {f"tcp.port=={p}": "sip" for p in seat.ports if _is_odd(p)}
            found |= {f"tls.port=={p}": "sip" for p in seat.secured_ports if _is_odd(p)}
    return found


def _is_odd(port: int) -> bool:
    return port not in _KNOWN_PORTS and port not in _WEB_PORTS


def _is_mergeable(capture: Capture) -> bool:
    """One Ethernet interface, IPv4, and hosts that differ in their last two octets."""
    hosts: set[bytes] = set()
    for packet in capture.packets:
        if packet.link != ETHERNET or packet.octets[12:15] != _IPV4:
            return False
        hosts.update((packet.octets[26:30], packet.octets[30:34]))
    return len(capture.interfaces) == 1 and len({h[:2] for h in hosts}) <= 1


def _merged(captures: Sequence[Capture]) -> Capture:
    packets = [
        _moved(packet, bytes((1 + index % 120, index // 120)))
        for index, capture in enumerate(captures)
        for packet in capture.packets
    ]
    return Capture(packets, b"".join(capture.secrets for capture in captures))


def _moved(packet: CapturedPacket, net: bytes) -> CapturedPacket:
    octets = packet.octets
    moved = b"".join((octets[:26], net, octets[28:30], net, octets[32:]))
    return replace(packet, octets=moved, comment="")
