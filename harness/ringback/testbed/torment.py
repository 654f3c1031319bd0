"""What a stream may hold: all of RFC 4475, and sound messages cut in every way.

Of RFC 4475 only the transport of the topmost Via is changed, to the one in use (RFC
3261 §18.1.1).
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ringback.faults import Malformed
from ringback.peers.exchanges import Asking
from ringback.places import fixtures
from ringback.values import Role
from ringback.wire.message import Message

if TYPE_CHECKING:
    from ringback.testbed.probing import Probing
    from ringback.testbed.testbed import Testbed

PATIENCE = 2.0  # seconds that an answer may take once the fence was answered
_FINAL = re.compile(rb"^SIP/2\.0 [2-6]", re.MULTILINE)
_TOP = re.compile(rb"(SIP\s*/\s*2\.0\s*/\s*)(UDP|TCP|TLS)", re.IGNORECASE)


def messages(secured: bool) -> Iterator[bytes]:
    """The 49, in the order of their names, for that transport."""
    way = b"TLS" if secured else b"TCP"
    for path in sorted((fixtures() / "rfc4475").glob("*.dat")):
        yield _TOP.sub(lambda found: found[1] + way, path.read_bytes(), count=1)


def torment(bed: "Testbed", probe: "Probing", of: Role, worker: bool) -> None:
    """Say them all, and after each an OPTIONS on another connection, whose answer is
    waited for; then wait for the answers that are due."""
    secured = probe.peer.settings.secured
    fence = probe.opens(of, worker=worker)
    said: list[Asking] = []
    for octets in messages(secured):
        line = probe.opens(of, worker=worker)
        said.append(probe.tells(line, octets))
        sound = probe.asks("OPTIONS", of, line=fence, worker=worker)
        bed.network.until(sound.is_answered, PATIENCE)
    wanted = [one for one in said if _wants_an_answer(one.request)]
    bed.network.until(lambda: all(map(_is_settled, wanted)), PATIENCE)
    probe.leaves()


def cuts(probe: "Probing", of: Role) -> Asking:
    """Two requests in one piece, one behind line ends, one octet by octet (RFC 3261
    §7.5, §18.3), all on one connection; the last of them."""
    line = probe.opens(of)
    first, second, third, last = (probe.composed("OPTIONS", of) for _ in range(4))
    probe.tells(line, bytes(first) + bytes(second))
    probe.tells(line, b"\r\n\r\n" + bytes(third))
    octets = bytes(last)
    for at in range(len(octets) - 1):
        probe.writes(line, octets[at : at + 1])
    return probe.tells(line, octets[-1:], last)


def _is_settled(asking: Asking) -> bool:
    """By the line alone: what answers a broken message need not look like it."""
    line = asking.line
    return line.is_over() or bool(_FINAL.search(line.heard))


def _wants_an_answer(message: Message) -> bool:
    """Whether somebody can be expected to answer: a whole request."""
    try:
        lengths = {int(text) for text in message.all("content-length")}
    except ValueError:
        return False
    return not message.start.startswith(b"SIP/") and lengths <= {len(message.body)}


def readable(octets: bytes) -> Message:
    """The message, whatever it is; an empty one for what has no end."""
    try:
        return Message.parse(octets)
    except Malformed:
        return Message(b"", ())
