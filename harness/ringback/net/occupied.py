"""Who holds a port of this machine, as far as Linux lets us see (proc(5))."""

from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from ringback.values import Address

_LISTENS = "0A"  # the state in /proc/net/tcp


def holder_of(where: Address, kind: str) -> str:
    """``kind`` is "tcp" or "udp"; always some words."""
    for inode in _sockets_at(where, kind):
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if any(f.readlink().name == inode for f in (process / "fd").iterdir()):
                    name = (process / "comm").read_text().strip()
                    return f"process {process.name} ({name})"
    return "another process"


def _sockets_at(where: Address, kind: str) -> list[str]:
    """Of that address or of all addresses, as their links in /proc are called."""
    if ":" in where.host:
        return []
    packed = ip_address(where.host).packed[::-1].hex().upper()
    ours = {f"{host}:{where.port:04X}" for host in (packed, "0" * 8)}
    try:
        lines = Path(f"/proc/net/{kind}").read_text().splitlines()[1:]
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [
        f"socket:[{row[9]}]"
        for row in rows
        if row[1] in ours and (kind == "udp" or row[3] == _LISTENS)
    ]
