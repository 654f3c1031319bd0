"""What one RTP packet costs: sent, relayed by a gateway, captured, read; in µs of CPU.

    python benchmarks/media.py [--packets N]

Each row is one step of the way that a packet takes in a scenario, without the network.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from time import process_time

from ringback.evidence.packets import CapturedPacket
from ringback.evidence.reader import read
from ringback.evidence.synthesis import Synthesis
from ringback.evidence.writer import Capture
from ringback.peers.relay import Relay
from ringback.protocol.media import MediaSession
from ringback.protocol.names import Names
from ringback.protocol.offer_answer import MediaPlan
from ringback.protocol.playout import TICK
from ringback.protocol.world import Cast, Heard, Wish
from ringback.values import Address

SENDER = Address("127.0.1.31", 40000)
GATEWAY = Address("127.0.1.40", 41000)  # the far side is 100 ports above
PHONE = Address("127.0.1.50", 42000)
KEY = bytes(range(30))  # of nobody
TRIES = 5


def plan(remote: Address, *, secured: bool) -> MediaPlan:
    key = KEY if secured else None
    return MediaPlan(
        remote=remote,
        send_format=0,
        receive_formats=(0,),
        event_format=None,
        ptime=20,
        direction="sendrecv",
        send_key=key,
        receive_key=key,
    )


def sent(count: int, *, secured: bool) -> list[bytes]:
    wishes: list[Wish] = []
    agreed = plan(GATEWAY, secured=secured)
    session = MediaSession(SENDER.port, agreed, Names("benchmark"), wishes.append)
    for number in range(count):
        session.tick(number * TICK)
    return _octets(wishes, SENDER.port)


def relayed(packets: Sequence[bytes], *, secured: bool) -> list[bytes]:
    wishes: list[Wish] = []
    relay = Relay(GATEWAY.port, GATEWAY.port + 100, wishes.append)
    relay.agree(plan(SENDER, secured=secured), plan(PHONE, secured=False))
    for octets in packets:
        relay.take(Heard(GATEWAY.port, SENDER, octets))
    return _octets(wishes, GATEWAY.port + 100)


def taken_down(packets: Sequence[bytes]) -> list[CapturedPacket]:
    made = Synthesis()
    for number, octets in enumerate(packets):
        made.datagram(GATEWAY, PHONE, octets, number * 20_000_000)
    return made.packets()


def written(packets: list[CapturedPacket]) -> bytes:
    return bytes(Capture(packets))


def _octets(wishes: Sequence[Wish], port: int) -> list[bytes]:
    return [w.octets for w in wishes if isinstance(w, Cast) and w.port == port]


def best(deed: Callable[[], object]) -> float:
    """Seconds of CPU in the best of some tries."""
    found = []
    for _ in range(TRIES):
        began = process_time()
        deed()
        found.append(process_time() - began)
    return min(found)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--packets", type=int, default=3000, metavar="N")
    count = options.parse_args().packets
    clear, locked = sent(count, secured=False), sent(count, secured=True)
    packets = taken_down(clear)
    capture = written(packets)
    if len(relayed(clear, secured=False)) < count or read(capture).packets < count:
        raise SystemExit("packets were lost: the numbers would say nothing")
    rows: dict[str, Callable[[], object]] = {
        "sent": lambda: sent(count, secured=False),
        "sent as SRTP": lambda: sent(count, secured=True),
        "relayed": lambda: relayed(clear, secured=False),
        "relayed from SRTP": lambda: relayed(locked, secured=True),
        "made a packet": lambda: taken_down(clear),
        "written": lambda: written(packets),
        "read": lambda: read(capture),
    }
    for name, deed in rows.items():
        sys.stdout.write(f"{name:<18}{best(deed) / count * 1e6:7.1f} us\n")


if __name__ == "__main__":
    main()
