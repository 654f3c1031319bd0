"""Plays a voice message to the called user, who steers it with the keypad.

Facts §7.2 gives the keys, facts §7.4 the end (three missing inputs, then goodbye). Ours
where nothing is documented: rewind and forward jump five seconds; a key that starts a
longer command acts at once and waits two seconds for the rest; ``*`` ends without a
goodbye. Speed changes skip or repeat parts of a packet, so the pitch stays and fast
speech crackles; at normal speed the octets of the message go out untouched.
"""

from collections.abc import Mapping
from enum import StrEnum, auto

import msgspec
from msgspec.structs import replace

from ringback.protocol.mailbox import Prompt
from ringback.protocol.playout import SAMPLES
from ringback.wire.g711 import RATE, ULAW_SILENCE

SILENCE = bytes([ULAW_SILENCE]) * SAMPLES
JUMP = 5 * RATE  # octets
SPEEDS = (80, 120, 160, 200, 240)  # octets of the message per packet
NORMAL = SPEEDS.index(SAMPLES)
KEY_TICKS = 100  # how long a longer command may wait for its next key
MISSES = 3  # facts §4.8


class Phase(StrEnum):
    MESSAGE = auto()
    PAUSED = auto()
    PROMPT = auto()
    WAITING = auto()
    ENDED = auto()


class Player(msgspec.Struct, frozen=True):
    """``message`` and ``prompts`` are mu-law; a missing prompt takes no time.

    ``patience`` is how many ticks of 20 ms it waits for a key after the menu.
    ``at`` counts octets in the message, ``spoken`` in the prompt that runs.
    """

    message: bytes
    prompts: Mapping[Prompt, bytes] = msgspec.field(default_factory=dict)
    patience: int = 250
    phase: Phase = Phase.MESSAGE
    at: int = 0
    speed: int = NORMAL
    prompt: Prompt = Prompt.MENU
    spoken: int = 0
    waited: int = 0
    misses: int = 0
    typed: str = ""
    typed_ago: int = 0
    deleted: bool = False


class Speak(msgspec.Struct, frozen=True):
    """160 mu-law octets for the next packet."""

    ulaw: bytes


class Delete(msgspec.Struct, frozen=True):
    """The user wants the message gone."""


class Ended(msgspec.Struct, frozen=True):
    """Nothing more will be said: the call may be hung up."""

    why: str


class Ignored(msgspec.Struct, frozen=True):
    """A key that means nothing here."""

    key: str


Effect = Speak | Delete | Ended | Ignored
Step = tuple[Player, tuple[Effect, ...]]


def pressed(player: Player, key: str) -> Step:
    """The next player, and what it wants at once."""
    ended = player.phase is Phase.ENDED
    return (player, (Ignored(key),)) if ended else _pressed(player, key)


def tick(player: Player) -> Step:
    """20 ms have passed: each tick yields one Speak until the end."""
    if player.typed:
        player = _aged(player)
    match player.phase:
        case Phase.MESSAGE:
            return _message(player)
        case Phase.PROMPT:
            return _prompt(player)
        case Phase.WAITING:
            return _waiting(player)
        case Phase.PAUSED:
            return player, (Speak(SILENCE),)
        case Phase.ENDED:
            return player, ()


def _aged(player: Player) -> Player:
    """A command that waits too long for its next key is forgotten."""
    if player.typed_ago >= KEY_TICKS:
        return replace(player, typed="", typed_ago=0)
    return replace(player, typed_ago=player.typed_ago + 1)


def _message(player: Player) -> Step:
    if player.at >= len(player.message):
        return _prompt(_saying(player, Prompt.MENU))
    chunk = _chunk(player.message, player.at)
    return replace(player, at=player.at + SPEEDS[player.speed]), (Speak(chunk),)


def _prompt(player: Player) -> Step:
    sound = player.prompts.get(player.prompt, b"")
    if player.spoken < len(sound):
        spoken = player.spoken + SAMPLES
        said = Speak(_chunk(sound, player.spoken))
        return replace(player, spoken=spoken), (said,)
    match player.prompt:
        case Prompt.GOODBYE:
            return _ended(player, "goodbye was said")
        case Prompt.MENU:
            return _waiting(replace(player, phase=Phase.WAITING, waited=0))
        case _:
            return _prompt(_saying(player, Prompt.MENU))


def _waiting(player: Player) -> Step:
    if player.waited < player.patience:
        return replace(player, waited=player.waited + 1), (Speak(SILENCE),)
    misses = player.misses + 1
    missed = replace(player, misses=misses)
    if misses >= MISSES:
        return _prompt(_saying(missed, Prompt.GOODBYE))
    return _aloud(_saying(missed, Prompt.MENU))


def _aloud(player: Player) -> Step:
    """An empty menu must not recurse through all misses within one tick."""
    if not player.prompts.get(player.prompt):
        waiting = replace(player, phase=Phase.WAITING, waited=1)
        return waiting, (Speak(SILENCE),)
    return _prompt(player)


def _pressed(player: Player, key: str) -> Step:
    typed = player.typed + key
    longer = {"33": _to_end, "00": _menu, "001": _replay}
    short = {
        "0": _menu,
        "1": _rewind,
        "2": _pause,
        "3": _forward,
        "4": _slower,
        "6": _faster,
        "7": _delete,
        "*": _exit,
    }
    act = longer.get(typed) or short.get(key)
    if player.prompt is Prompt.GOODBYE and player.phase is Phase.PROMPT:
        return player, (Ignored(key),)
    if not act:
        return replace(player, typed=""), (Ignored(key),)
    kept = typed if typed in longer else key
    waits = any(command.startswith(kept) for command in longer if command != kept)
    heard = replace(player, typed=kept if waits else "", typed_ago=0, misses=0)
    return act(heard)


def _rewind(player: Player) -> Step:
    return _playing(player, max(0, min(player.at, len(player.message)) - JUMP))


def _forward(player: Player) -> Step:
    return _playing(player, min(len(player.message), player.at + JUMP))


def _to_end(player: Player) -> Step:
    return _playing(player, len(player.message))


def _replay(player: Player) -> Step:
    return _playing(player, 0)


def _pause(player: Player) -> Step:
    match player.phase:
        case Phase.MESSAGE:
            return replace(player, phase=Phase.PAUSED), ()
        case Phase.PAUSED:
            return replace(player, phase=Phase.MESSAGE), ()
        case _:
            return player, (Ignored("2"),)


def _slower(player: Player) -> Step:
    return replace(player, speed=max(0, player.speed - 1)), ()


def _faster(player: Player) -> Step:
    return replace(player, speed=min(len(SPEEDS) - 1, player.speed + 1)), ()


def _menu(player: Player) -> Step:
    return _saying(player, Prompt.MENU), ()


def _delete(player: Player) -> Step:
    if player.deleted:
        return _saying(player, Prompt.DELETED), ()
    gone = replace(player, deleted=True)
    return _saying(gone, Prompt.DELETED), (Delete(),)


def _exit(player: Player) -> Step:
    return _ended(player, "the user pressed *")


def _playing(player: Player, at: int) -> Step:
    return replace(player, phase=Phase.MESSAGE, at=at), ()


def _saying(player: Player, prompt: Prompt) -> Player:
    return replace(player, phase=Phase.PROMPT, prompt=prompt, spoken=0)


def _ended(player: Player, why: str) -> Step:
    return replace(player, phase=Phase.ENDED), (Ended(why),)


def _chunk(sound: bytes, at: int) -> bytes:
    return sound[at : at + SAMPLES].ljust(SAMPLES, SILENCE[:1])
