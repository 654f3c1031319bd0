"""TCP put together again, whatever the capture did to it."""

from itertools import pairwise
from random import Random
from time import process_time

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ringback.evidence.packets import ACK, FIN, PSH, RST, Dissector, Segment
from ringback.evidence.reassembly import Connections, Delivery, Flow
from ringback.evidence.synthesis import Synthesis
from ringback.values import Address

NEAR, FAR = Address("127.0.9.1", 40000), Address("127.0.9.2", 5060)
TEXT = bytes(range(256)) * 4


def segments(*pieces: bytes, close: bool = False) -> list[Segment]:
    """SYN, SYN-ACK, ACK and one segment from the client for each piece."""
    synthesis = Synthesis()
    synthesis.opened(1, NEAR, FAR, 0)
    for piece in pieces:
        synthesis.octets(1, True, piece, 0)
    if close:
        synthesis.closed(1, True, False, 0)
    dissector = Dissector()
    found = [dissector.take(packet) for packet in synthesis.packets()]
    return [s for s in found if isinstance(s, Segment)]


class Seen:
    """Feeds segments, numbered from 1, and keeps what comes out."""

    def __init__(self, order: list[Segment]) -> None:
        self.connections = Connections(lambda address: address.port == 5060)
        self.pieces: list[Delivery] = []
        for number, segment in enumerate(order, 1):
            self.pieces += self.connections.take(segment, number, number / 10)
        self.pieces += self.connections.finish()

    @property
    def flow(self) -> Flow:
        (flow,) = self.connections.flows
        return flow

    @property
    def said(self) -> bytes:
        return self.flow.from_client.octets()

    @property
    def numbers(self) -> list[int]:
        return [piece.number for _, _, piece in self.pieces]

    @property
    def gaps(self) -> list[int]:
        return [piece.gap for _, _, piece in self.pieces if piece.gap]


def test_octets_in_order_keep_their_packet() -> None:
    seen = Seen(segments(b"one", b"two", close=True))

    assert seen.said == b"onetwo"
    assert seen.numbers == [4, 5]
    assert seen.flow.from_client.piece_at(3).number == 5
    assert seen.flow.from_client.piece_at(3).time == 0.5
    assert (seen.flow.opened, seen.flow.closed) == (1, 6)
    assert seen.flow.from_client.finished
    assert not seen.flow.from_server.finished


def test_what_comes_out_of_order_waits_for_what_it_follows() -> None:
    a, b, c, one, two, three = segments(b"one", b"two", b"three")

    seen = Seen([a, b, c, three, two, one])

    assert seen.said == b"onetwothree"
    assert seen.numbers == [6, 6, 6]
    assert not seen.gaps


def test_what_is_sent_again_counts_once() -> None:
    *start, one, two = segments(b"one", b"two")

    seen = Seen([*start, one, one, two, one, two])

    assert seen.said == b"onetwo"
    assert seen.flow.from_client.contradictions == 0


def test_overlapping_segments_are_trimmed() -> None:
    *start, one, _ = segments(b"onet", b"wo")
    longer = replace(one, data=b"onetwothree", length=11)
    later = replace(one, sequence=one.sequence + 3, data=b"two", length=3)

    assert Seen([*start, one, longer]).said == b"onetwothree"
    assert Seen([*start, one, later]).said == b"onetwo"
    assert Seen([*start, later, longer]).said == b"onetwothree"


def test_octets_that_contradict_are_noticed() -> None:
    *start, one = segments(b"INVITE")

    seen = Seen([*start, one, replace(one, data=b"CANCEL")])

    assert seen.said == b"INVITE"
    assert seen.flow.from_client.contradictions == 1


def test_a_gap_is_told_and_passed() -> None:
    *start, one, _, three = segments(b"one", b"two", b"three")

    seen = Seen([*start, one, three])

    assert seen.said == b"onethree"
    assert seen.gaps == [3]
    assert seen.flow.from_client.piece_at(6).octets == b"three"


def test_keep_alives_and_probes_are_no_data() -> None:
    *start, one = segments(b"one")
    probe = replace(one, sequence=one.sequence + 2, data=b"\0", length=1, flags=ACK)
    empty = replace(probe, data=b"", length=0)

    seen = Seen([*start, one, probe, empty, probe])

    assert seen.said == b"one"
    assert seen.flow.from_client.contradictions == 0


def test_a_stream_may_begin_in_the_middle() -> None:
    *_, one, two = segments(b"one", b"two")

    seen = Seen([two])

    assert seen.said == b"two"
    assert not seen.flow.from_client.began
    assert (seen.flow.client, seen.flow.server) == (NEAR, FAR)
    assert Seen([one]).flow.client == NEAR


def test_the_answer_alone_tells_who_served() -> None:
    _, accepted, _, *_ = segments(b"one")

    assert Seen([accepted]).flow.server == FAR


def test_ports_may_be_used_again() -> None:
    first = segments(b"one", close=True)
    again = [replace(s, sequence=s.sequence + 99999) for s in segments(b"two")]

    seen = Seen([*first, *again])

    flows = seen.connections.flows
    assert [flow.from_client.octets() for flow in flows] == [b"one", b"two"]


def test_the_same_numbers_after_the_end_are_a_new_connection() -> None:
    seen = Seen([*segments(b"one", close=True), *segments(b"two")])

    flows = seen.connections.flows
    assert [flow.from_client.octets() for flow in flows] == [b"one", b"two"]


def test_a_syn_sent_again_is_the_same_connection() -> None:
    syn, *rest = segments(b"one")

    assert Seen([syn, syn, *rest]).said == b"one"


def test_a_reset_closes() -> None:
    *start, one = segments(b"one")
    reset = replace(one, flags=RST, data=b"", length=0)

    flow = Seen([*start, one, reset]).flow

    assert (flow.closed, flow.reset) == (5, True)


def test_sequence_numbers_wrap() -> None:
    start = (1 << 32) - 5
    syn = replace(segments()[0], sequence=start)
    whole = [syn]
    for at in range(0, len(TEXT), 100):
        piece = TEXT[at : at + 100]
        sequence = (start + 1 + at) % (1 << 32)
        flags = PSH | ACK
        whole.append(
            replace(syn, sequence=sequence, data=piece, length=len(piece), flags=flags)
        )

    assert Seen(whole).said == TEXT
    assert Seen([syn, *reversed(whole[1:])]).said == TEXT


def test_a_packet_cut_by_the_capture_is_noticed() -> None:
    *start, one = segments(b"one")

    flow = Seen([*start, replace(one, data=b"o"), replace(one, flags=FIN)]).flow

    assert flow.cut


@given(st.lists(st.integers(1, 200), min_size=1, max_size=12), st.randoms())
def test_any_order_gives_the_same_octets(sizes: list[int], chance: Random) -> None:
    pieces, at = list[bytes](), 0
    for size in sizes:
        pieces.append(TEXT[at : at + size])
        at += size
    start, data = (
        segments(*filter(None, pieces))[:3],
        segments(*filter(None, pieces))[3:],
    )
    mixed = [*data, *data[::2]]
    chance.shuffle(mixed)

    seen = Seen([*start, *mixed])

    assert seen.said == TEXT[:at]
    assert not seen.gaps
    deliveries = [piece for _, _, piece in seen.pieces]
    assert all(a.number <= b.number for a, b in pairwise(deliveries))


def test_time_grows_with_the_length_and_no_faster() -> None:
    def cost(count: int) -> float:
        order = segments(*[b"x" * 100] * count)
        shuffled = order[:3] + order[:2:-1]
        start = process_time()
        assert len(Seen(shuffled).said) == 100 * count
        return process_time() - start

    assert min(cost(4000) for _ in range(2)) < 20 * min(cost(500) for _ in range(3))
