"""A loopback /24 of one's own: runs at the same time on one machine never meet.

Whoever holds a socket on a certain port of 127.0.N.1 owns 127.0.N.0/24; the kernel
takes it back when the process is gone, however it went.
"""

import os
import socket
from contextlib import suppress

from ringback.faults import Misuse, TestbedFault
from ringback.values import Role

_CLAIM_PORT = 47127
_NUMBERS = range(1, 255)  # 127.0.0.0/24 is everybody's
_HOSTS = {
    Role.CLIENT: (10,),
    Role.CAS: (20,),
    Role.UM: (30, 31, 32),  # the service, then its workers
    Role.GATEWAY: (40, 41),
    Role.PHONE: (50, 51),
}
_held: dict[int, int] = {}  # number to descriptor


def claim() -> int:
    """Reserve a free N for this process. TestbedFault when none is left."""
    first = os.getpid() % len(_NUMBERS)
    numbers: list[int] = [*_NUMBERS[first:], *_NUMBERS[:first]]
    for number in numbers:
        if number not in _held and (descriptor := _bound(number)) >= 0:
            _held[number] = descriptor
            return number
    raise TestbedFault("no loopback network 127.0.N.0/24 is free")


def _bound(number: int) -> int:
    """The descriptor that proves the claim; -1 when another has it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as claimed:
        try:
            claimed.bind((f"127.0.{number}.1", _CLAIM_PORT))
        except OSError:
            return -1
        return claimed.detach()


def give_back(number: int) -> None:
    """Let others have it; silent when it is not held."""
    descriptor = _held.pop(number, -1)
    if descriptor >= 0:
        with suppress(OSError):
            os.close(descriptor)


def host(number: int, role: Role, seat: int = 0) -> str:
    """The address of a role in network N; Misuse when it has no such seat."""
    places = _HOSTS[role]
    if not 0 <= seat < len(places):
        raise Misuse(f"{role} has {len(places)} address(es), not {seat + 1}")
    return f"127.0.{number}.{places[seat]}"


def network(number: int) -> str:
    """As a capture filter wants it."""
    return f"127.0.{number}.0/24"
