"""What happens on a UM server's call once the phone has answered."""

from testsuites.selftest.pair import SDP_TYPE
from testsuites.selftest.um_world import GOODBYE, MENU, World

from ringback.protocol.happenings import (
    HungUp,
    Invited,
    Replied,
)
from ringback.protocol.mailbox import DeleteMessage, KeepGreeting
from ringback.wire import sdp
from ringback.wire.sdp import Sdp

# -- while it lasts


def test_the_phone_hangs_up() -> None:
    world = World()
    world.connected()
    world.gateway.agent.hang_up(world.gateway.latest(Invited).call)
    world.pipe.run()
    assert world.cas.latest(HungUp).why == "BYE"
    assert world.is_over()


def test_a_cancel_of_the_cas_reaches_the_phone() -> None:
    world = World()
    key = world.order()
    world.cas.agent.hang_up(key)
    world.pipe.run()
    assert world.gateway.kinds() == ["Invited", "Cancelled", "Idle"]
    assert world.is_over()


def test_after_three_missing_inputs_it_says_goodbye() -> None:
    world = World()
    world.connected()
    world.until(lambda: "HungUp" in world.gateway.kinds())
    heard = world.gateway.heard
    assert heard.count(MENU) == 3
    assert heard.rstrip(b"\xff").endswith(GOODBYE)
    assert 1.6 + 15 < len(heard) / 8000 < 1.6 + 16
    assert world.cas.latest(HungUp).why == "BYE"
    assert world.is_over()


def test_the_seventh_key_deletes_the_message() -> None:
    world = World()
    world.connected()
    assert world.gateway.media
    world.gateway.media.press("7")
    world.pipe.advance(1)
    assert world.seats[0].seat.kept == [DeleteMessage("alice", "m1")]


def test_the_star_ends_the_call() -> None:
    world = World()
    world.connected()
    assert world.gateway.media
    world.gateway.media.press("*")
    world.until(lambda: "HungUp" in world.gateway.kinds(), within=1.0)


def test_the_longest_call_is_ended() -> None:
    world = World(call_limit=3.0)
    world.connected()
    world.pipe.advance(2.9)
    assert "HungUp" not in world.gateway.kinds()
    world.pipe.advance(0.2)
    assert "HungUp" in world.gateway.kinds()
    assert "HungUp" in world.cas.kinds()


def test_a_phone_on_hold_hears_nothing_until_it_is_back() -> None:
    world = World()
    world.connected()
    world.pipe.advance(0.5)
    call = world.gateway.latest(Invited).call
    held = world.gateway.describe(world.gateway.latest(Invited).request.body)
    world.gateway.agent.modify(call, held.replace(b"sendrecv", b"inactive"), SDP_TYPE)
    world.pipe.run()
    assert world.gateway.latest(Replied).response.status == 200
    before = len(world.gateway.heard)
    world.pipe.advance(1)
    assert len(world.gateway.heard) <= before + 160
    world.gateway.agent.modify(call, held.replace(b"inactive", b"sendrecv"), SDP_TYPE)
    world.pipe.advance(1)
    assert len(world.gateway.heard) > before + 4000


def test_two_calls_use_ports_of_their_own() -> None:
    world = World()
    world.order()
    first = Sdp.parse(world.gateway.latest(Invited).request.body).media[0].port
    world.order()
    second = Sdp.parse(world.gateway.latest(Invited).request.body).media[0].port
    assert first != second
    assert {first, second} <= world.seats[0].seat.bound


def test_the_stream_to_the_cas_stays_inactive_whatever_it_asks() -> None:
    world = World()
    key = world.connected()
    wanted = bytes(sdp.offer("cas", 9, 1, 2))
    world.cas.agent.modify(key, wanted, SDP_TYPE)
    world.pipe.run()
    said = Sdp.parse(world.cas.latest(Replied).response.body)
    assert [m.direction for m in said.media] == ["inactive"]
    world.cas.agent.modify(key, b"?", "text/plain")
    world.pipe.run()
    assert world.cas.latest(Replied).response.status == 488


def test_a_cas_that_lost_its_memory_asks_in_the_dialog() -> None:
    world = World()
    key = world.connected()
    world.cas.agent.ask(key, "OPTIONS")
    world.pipe.run()
    assert world.cas.latest(Replied).response.status == 200


# -- greetings


def test_a_greeting_is_recorded_until_silence() -> None:
    world = World()
    world.connected(kind="greeting", item="NormalCustom")
    world.pipe.advance(0.2)
    assert world.gateway.media
    assert world.gateway.heard.startswith(b"\x44" * 160 + b"\x33" * 160)
    spoken = b"\x01" * 8000
    world.gateway.media.play(spoken)
    world.until(lambda: "HungUp" in world.gateway.kinds(), within=8.0)
    (kept,) = world.seats[0].seat.kept
    assert isinstance(kept, KeepGreeting)
    assert (kept.user, kept.kind) == ("alice", "NormalCustom")
    assert kept.ulaw.strip(b"\xff") == spoken
    assert world.gateway.heard.rstrip(b"\xff").endswith(GOODBYE)
    assert world.is_over()


def test_the_hash_key_ends_a_recording() -> None:
    world = World()
    world.connected(kind="greeting", item="OofCustom")
    world.pipe.advance(0.2)
    assert world.gateway.media
    world.gateway.media.play(b"\x01" * 1600)
    world.pipe.advance(0.5)
    world.gateway.media.press("#")
    world.pipe.advance(0.3)
    assert len(world.seats[0].seat.kept) == 1


def test_saying_nothing_keeps_the_old_greeting() -> None:
    world = World()
    world.connected(kind="greeting", item="NormalCustom")
    world.until(lambda: "HungUp" in world.gateway.kinds(), within=8.0)
    assert world.seats[0].seat.kept == []


def test_a_hang_up_while_recording_keeps_what_was_said() -> None:
    world = World()
    world.connected(kind="greeting", item="NormalCustom")
    world.pipe.advance(0.2)
    assert world.gateway.media
    world.gateway.media.play(b"\x01" * 1600)
    world.pipe.advance(0.5)
    world.gateway.agent.hang_up(world.gateway.latest(Invited).call)
    world.pipe.run()
    assert len(world.seats[0].seat.kept) == 1


def test_a_held_call_can_be_changed_by_an_empty_reinvite() -> None:
    world = World()
    world.connected()
    call = world.gateway.latest(Invited).call
    world.gateway.agent.modify(call, b"", "")
    world.pipe.run()
    offered = world.gateway.latest(Replied).response
    assert offered.status == 200
    assert Sdp.parse(offered.body).media[0].formats == ("0", "8", "101")
