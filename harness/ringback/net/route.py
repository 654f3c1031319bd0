"""Which address of this machine leads to another: the kernel is asked, nobody else."""

import socket

from ringback.faults import Unreachable

_ANY_PORT = 9


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
