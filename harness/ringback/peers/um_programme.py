"""What the called user hears and may do: a message with its menu, or a greeting.

Facts §7.2 (keys), §7.3 (greetings), §4.8 (recording limits).
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from ringback.peers.ear import Ear, is_loud
from ringback.protocol import player
from ringback.protocol.mailbox import (
    DeleteMessage,
    KeepGreeting,
    Prompt,
    VoiceMessage,
)
from ringback.protocol.media import Sound
from ringback.protocol.playout import SAMPLES
from ringback.protocol.speech import SILENCE

Keep = Callable[[object], None]


class Programme(Protocol):
    """``next_chunk`` is asked every 20 ms; ``over`` says why it ended, or is empty."""

    over: str

    def next_chunk(self) -> bytes: ...

    def pressed(self, key: str) -> None: ...

    def heard(self, sound: Sound) -> None: ...

    def closed(self) -> None: ...


class MessageProgramme:
    """Plays a voice message, then the menu until the user has had enough."""

    def __init__(
        self,
        user: str,
        message: VoiceMessage,
        prompts: Mapping[Prompt, bytes],
        patience: int,
        keep: Keep,
    ) -> None:
        self.over = ""
        self._user, self._message, self._keep = user, message, keep
        self._player = player.Player(message.ulaw, prompts, patience)

    def next_chunk(self) -> bytes:
        self._player, effects = player.tick(self._player)
        return self._does(effects)

    def pressed(self, key: str) -> None:
        self._player, effects = player.pressed(self._player, key)
        self._does(effects)

    def heard(self, sound: Sound) -> None:
        """What the user says here is for nobody."""

    def closed(self) -> None:
        """Nothing is unfinished."""

    def _does(self, effects: tuple[player.Effect, ...]) -> bytes:
        """What the player wants; the octets it has to say, if any."""
        chunk = b""
        for effect in effects:
            match effect:
                case player.Speak(ulaw):
                    chunk = ulaw
                case player.Delete():
                    self._keep(DeleteMessage(self._user, self._message.id))
                case player.Ended(why):
                    self.over = why
                case player.Ignored():
                    pass  # a key that means nothing: facts §7.2 names no reaction
        return chunk


class GreetingProgramme:
    """Plays the present greeting, then records a new one after the beep.

    It ends at ``#``, after ``patience`` ticks without speech, or after ``limit``
    ticks; a recording without any speech leaves the old greeting standing.
    """

    def __init__(
        self,
        user: str,
        kind: str,
        present: bytes,
        prompts: Mapping[Prompt, bytes],
        patience: int,
        limit: int,
        keep: Keep,
    ) -> None:
        said = (prompts.get(p, b"") for p in (Prompt.RECORD_GREETING, Prompt.BEEP))
        self.over = ""
        self._user, self._kind, self._keep = user, kind, keep
        self._speech = b"".join((present, *said))
        self._goodbye = prompts.get(Prompt.GOODBYE, b"")
        self._at = 0
        self._recording = self._kept = False
        self._quiet = self._ticks = 0
        self._patience, self._limit = patience, limit
        self._ear = Ear()
        self._spoken = False

    def next_chunk(self) -> bytes:
        if self._recording:
            self._ticks += 1
            self._quiet += 1
            if self._quiet >= self._patience or self._ticks >= self._limit:
                self._finish()
            return SILENCE
        if self._at < len(self._speech):
            chunk = self._speech[self._at : self._at + SAMPLES]
            self._at += SAMPLES
            return chunk.ljust(SAMPLES, SILENCE[:1])
        if self._kept:
            self.over = "the greeting was recorded"
        else:
            self._recording = True
        return SILENCE

    def pressed(self, key: str) -> None:
        if key == "#" and self._recording:
            self._finish()
        elif key == "#" and not self._kept:
            self._at = len(self._speech)  # enough of the prompt
        elif key == "*":
            self.over = "the user pressed *"

    def heard(self, sound: Sound) -> None:
        if not self._recording:
            return
        self._ear.take(sound)
        if is_loud(sound.ulaw):
            self._spoken, self._quiet = True, 0

    def closed(self) -> None:
        """A hang-up ends the recording as ``#`` does."""
        if self._recording:
            self._finish()

    def _finish(self) -> None:
        self._recording, self._kept = False, True
        self._speech, self._at = self._goodbye, 0
        if self._spoken:
            ulaw = _trimmed(self._ear.octets)
            self._keep(KeepGreeting(self._user, self._kind, ulaw))


def _trimmed(ulaw: bytes) -> bytes:
    """Without the silence that ended the recording."""
    end = len(ulaw)
    while end > SAMPLES and not is_loud(ulaw[end - SAMPLES : end]):
        end -= SAMPLES
    return ulaw[:end]
