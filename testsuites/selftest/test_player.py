"""What the called user hears, and what each key does (facts §7.2, §7.4)."""

from hypothesis import given
from hypothesis import strategies as st

from ringback.protocol.mailbox import Prompt
from ringback.protocol.player import (
    JUMP,
    KEY_TICKS,
    SILENCE,
    Delete,
    Effect,
    Ended,
    Ignored,
    Phase,
    Player,
    Speak,
    pressed,
    tick,
)

SECOND = 8000
MESSAGE = bytes(i // 160 % 251 for i in range(20 * SECOND))
MENU, GOODBYE, DELETED = b"\x01" * 320, b"\x02" * 160, b"\x03" * 160
PROMPTS = {Prompt.MENU: MENU, Prompt.GOODBYE: GOODBYE, Prompt.DELETED: DELETED}


def fresh(message: bytes = MESSAGE) -> Player:
    return Player(message, PROMPTS, patience=10)


def ticks(player: Player, count: int) -> tuple[Player, bytes]:
    heard = b""
    for _ in range(count):
        player, effects = tick(player)
        heard += b"".join(e.ulaw for e in effects if isinstance(e, Speak))
    return player, heard


def press(player: Player, keys: str) -> tuple[Player, tuple[Effect, ...]]:
    effects: tuple[Effect, ...] = ()
    for key in keys:
        player, more = pressed(player, key)
        effects += more
    return player, effects


def test_the_message_is_said_octet_by_octet_and_then_the_menu() -> None:
    short = MESSAGE[:1000]
    _, heard = ticks(fresh(short), 9)
    assert heard == short + SILENCE[: 1120 - 1000] + MENU


def test_three_missing_inputs_bring_goodbye_and_the_end() -> None:
    player, heard = ticks(fresh(b""), 1000)
    assert player.phase is Phase.ENDED
    assert heard == 3 * (MENU + 10 * SILENCE) + GOODBYE


def test_without_prompts_the_end_comes_too_and_every_tick_speaks_until_then() -> None:
    player = Player(MESSAGE[:320], patience=10)
    said: list[Effect] = []
    for _ in range(40):
        player, effects = tick(player)
        said += effects
    assert said[32:] == [Ended("goodbye was said")]
    assert all(isinstance(effect, Speak) for effect in said[:32])


def test_a_key_between_gives_three_new_chances() -> None:
    player, _ = ticks(fresh(b""), 30)
    assert player.misses == 2
    player, _ = press(player, "0")
    assert player.misses == 0


def test_rewind_goes_back_five_seconds_and_no_further_than_the_start() -> None:
    player, _ = ticks(fresh(), 300)
    back, _ = press(player, "1")
    assert back.at == 300 * 160 - JUMP
    assert press(back, "111")[0].at == 0


def test_rewind_from_the_menu_plays_the_end_of_the_message_again() -> None:
    player, _ = ticks(fresh(MESSAGE[: 8 * SECOND]), 401)
    assert player.phase is Phase.PROMPT
    player, heard = ticks(press(player, "1")[0], 1)
    assert heard == MESSAGE[3 * SECOND : 3 * SECOND + 160]


def test_two_pauses_and_two_resumes_without_losing_an_octet() -> None:
    player, first = ticks(fresh(), 2)
    player, quiet = ticks(press(player, "2")[0], 3)
    _, rest = ticks(press(player, "2")[0], 2)
    assert quiet == 3 * SILENCE
    assert first + rest == MESSAGE[: 4 * 160]


def test_three_skips_five_seconds_and_thirty_three_all_the_rest() -> None:
    player, heard = ticks(press(fresh(), "3")[0], 1)
    assert heard == MESSAGE[JUMP : JUMP + 160]
    _, heard = ticks(press(player, "3")[0], 2)
    assert heard == MENU


def test_the_second_three_of_thirty_three_must_come_soon() -> None:
    player, _ = press(fresh(), "3")
    player, _ = ticks(player, KEY_TICKS + 1)
    player, _ = press(player, "3")
    assert player.at == 2 * JUMP + (KEY_TICKS + 1) * 160


def test_four_is_slower_and_six_is_faster_within_limits() -> None:
    slow, _ = ticks(press(fresh(), "4")[0], 10)
    fast, _ = ticks(press(fresh(), "6")[0], 10)
    assert (slow.at, fast.at) == (1200, 2000)
    slow, _ = ticks(press(fresh(), "4444")[0], 10)
    fast, _ = ticks(press(fresh(), "6666")[0], 10)
    assert (slow.at, fast.at) == (800, 2400)


def test_six_after_four_is_the_untouched_message_again() -> None:
    _, heard = ticks(press(fresh(), "46")[0], 5)
    assert heard == MESSAGE[:800]


def test_zero_says_the_menu_and_double_zero_one_replays() -> None:
    player, _ = ticks(fresh(), 5)
    _, heard = ticks(press(player, "0")[0], 2)
    assert heard == MENU
    _, heard = ticks(press(player, "001")[0], 1)
    assert heard == MESSAGE[:160]


def test_seven_deletes_once_and_says_so() -> None:
    player, effects = press(fresh(), "7")
    assert effects == (Delete(),)
    _, heard = ticks(player, 3)
    assert heard == DELETED + MENU
    assert press(player, "7")[1] == ()


def test_the_star_ends() -> None:
    player, effects = press(fresh(), "*")
    assert isinstance(effects[0], Ended)
    assert tick(player) == (player, ())


def test_a_key_without_a_meaning_is_ignored_aloud() -> None:
    player, effects = press(fresh(), "9#5")
    assert effects == (Ignored("9"), Ignored("#"), Ignored("5"))
    assert ticks(player, 2)[1] == MESSAGE[:320]


@given(st.lists(st.sampled_from([*"0123456789*#AB", ""]), max_size=60))
def test_whatever_is_pressed_each_tick_speaks_160_octets_or_ends(
    keys: list[str],
) -> None:
    player = Player(MESSAGE[: 3 * SECOND], PROMPTS, patience=3)
    for key in keys:
        player, effects = pressed(player, key) if key else tick(player)
        spoken = [e for e in effects if isinstance(e, Speak)]
        assert all(len(s.ulaw) == 160 for s in spoken)
        ended = player.phase is Phase.ENDED
        assert key or ended or len(spoken) == 1
