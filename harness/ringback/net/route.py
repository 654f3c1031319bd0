"""Which address and interface of this machine lead to another: the kernel is asked."""

import ipaddress
import socket
import struct
from pathlib import Path

from ringback.faults import Unreachable

_ANY_PORT = 9
_ROUTES = Path("/proc/net/route")
_UP = 1  # RTF_UP


def towards(host: str) -> str:
    """The source address that the kernel picks for an IP address. A datagram socket is
    connected for it, which sends nothing. Unreachable when no route leads there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((host, _ANY_PORT))
            return str(asking.getsockname()[0])
    except OSError as trouble:
        why = trouble.strerror or str(trouble)
        raise Unreachable(f"no way leads to {host}: {why}") from trouble


def is_elsewhere(host: str) -> bool:
    """Whether an IP address is that of another machine: not the loopback's, and not
    one of ours, which the kernel would reach from itself."""
    if ipaddress.ip_address(host).is_loopback:
        return False
    return towards(host) != host


def interface_to(host: str) -> str:
    """The interface that the longest matching IPv4 route names; Unreachable without
    one."""
    wanted = int(ipaddress.IPv4Address(host))
    best, found = -1, ""
    for line in _ROUTES.read_text().splitlines()[1:]:
        words = line.split()
        to, mask = (_number(words[at]) for at in (1, 7))
        if int(words[3], 16) & _UP and wanted & mask == to and mask > best:
            best, found = mask, words[0]
    if not found:
        raise Unreachable(f"no way leads to {host}")
    return found


def _number(word: str) -> int:
    """The kernel writes addresses as the machine has them in memory."""
    return int.from_bytes(struct.pack("=I", int(word, 16)), "big")
