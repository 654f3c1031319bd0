"""The message heard equals the message stored.

RFC 3550 §5.1 places each packet by its timestamp; ITU-T G.711 gives the samples. The
stored message is sought in what the leg carried: prompts may stand before and after.
"""

from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ringback.evidence.circumstances import Sound
from ringback.evidence.frame import Frame
from ringback.judge.case import Case, Heard
from ringback.judge.descriptions import described, sound_of
from ringback.judge.talks import Talk, talks_of
from ringback.judge.turns import turns_of
from ringback.judge.verdict import Grade, Verdict, fails, passes, undecided
from ringback.values import Leg, Role
from ringback.wire import g711
from ringback.wire.sdp import Media

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

LIKENESS = 0.95  # normalised cross-correlation at the best alignment
FEW = 25  # packets (half a second): too little to liken to anything
CUT = 0.5  # seconds between hanging up and the last packet
LENGTH = 480  # samples (60 ms) by which the length may differ
HUSHED = b"\xff\x7f\xfe\x7e"  # mu-law of 8 at most, which is what A-law is silent with
NOWHERE = ("0.0.0.0", "::")  # RFC 3264 §8.4: a hold as RFC 2543 had it


def the_gateway_hears_the_message(case: Case) -> Verdict:
    return _heard(case, Leg.UM_GATEWAY, Role.UM)


def the_phone_hears_the_message(case: Case) -> Verdict:
    """Where the gateway was not sent it either, the UM is guilty of both."""
    found = _heard(case, Leg.GATEWAY_PHONE, Role.GATEWAY)
    if found.grade is not Grade.FAIL:
        return found
    before = _heard(case, Leg.UM_GATEWAY, Role.UM)
    return replace(found, guilty=Role.UM) if before.grade is Grade.FAIL else found


def _heard(case: Case, leg: Leg, sender: Role) -> Verdict:
    stored = stored_message(case)
    talks = talks_of(case, leg, sender)
    if stored is None or not talks:
        return undecided("no stored message was ordered, or no readable sound came")
    stream = max(talks, key=lambda s: len(s.frames))
    likeness, at, whole = _likeness(stored.ulaw, stream.octets)
    if whole is None:
        return undecided("the stored message is silence")
    ends = stream.frames[0], stream.frames[-1]
    missing, unheard = len(stored.ulaw) - whole, _unheard(stored.ulaw, at)
    if likeness < LIKENESS:
        return _unlike(case, leg, stream, likeness, _least_alike(stored, stream, at))
    if missing > LENGTH and _was_cut_short(case, leg, stream):
        return undecided("the message was still played at the end", *ends)
    if max(missing, unheard) > LENGTH:
        part, lost = ("first", unheard) if unheard > LENGTH else ("last", missing)
        return fails(f"the {part} {lost / 8000:.2f} s were not heard", *ends)
    heard = f"alike by {likeness:.3f}, {at / 8000:.2f} s after the first packet"
    return passes(heard, *ends)


def a_greeting_is_played_as_it_was_recorded(case: Case) -> Verdict:
    """Facts §7.3: what was said after the beep is what the next such call plays."""
    ordered = [(o.user, o.item) for o in case.known.ordered if o.kind == "greeting"]
    played = talks_of(case, Leg.UM_GATEWAY, Role.UM)
    if len(ordered) != 2 or len({*ordered}) != 1 or len(played) != 2:
        return undecided("nobody ordered the same greeting twice, one after the other")
    again = played[1]
    talks = talks_of(case, Leg.UM_GATEWAY, Role.GATEWAY)
    spoken = [t for t in talks if t.frame.number < again.frame.number and _spoken(t)]
    if not spoken:
        return undecided("the phone said nothing during the first call")
    speech = max(spoken, key=lambda t: len(_spoken(t)))
    if _spoke_over(played[0], speech):
        return undecided("the phone spoke before the beep")
    said = _spoken(speech)
    likeness, at, whole = _likeness(said, again.octets)
    ends = again.frames[0], again.frames[-1]
    missing = len(said) - (whole or 0)
    if (
        likeness >= LIKENESS
        and missing > LENGTH
        and _was_cut_short(case, Leg.UM_GATEWAY, again)
    ):
        return undecided("the greeting was still played at the end", *ends)
    if whole is None or likeness < LIKENESS or missing > LENGTH:
        why = f"what was recorded is not what was played: like it by {likeness:.3f}"
        return fails(why, *ends, by=Role.UM)
    return passes(f"alike by {likeness:.3f}, {at / 8000:.2f} s after the start", *ends)


def _spoke_over(told: Talk, speech: Talk) -> bool:
    """Whether the UM could be heard while the phone spoke."""
    lead = len(_ulaw(speech)) - len(_ulaw(speech).lstrip(HUSHED))
    at = round((speech.frame.time - told.frame.time) * 8000) + lead
    meanwhile = _ulaw(told)[max(0, at) : max(0, at + len(_spoken(speech)))]
    return bool(meanwhile.strip(HUSHED))


def _spoken(talk: Talk) -> bytes:
    """Mu-law from the first sound to the last, without the silence around."""
    return _ulaw(talk).strip(HUSHED)


def _ulaw(talk: Talk) -> bytes:
    kind, line = talk.octets
    return g711.alaw_to_ulaw(line) if kind else line


def _unlike(
    case: Case, leg: Leg, stream: Talk, likeness: float, worst: Frame
) -> Verdict:
    if asked := _hold(case, stream):
        return undecided("the listener put the sound on hold", asked)
    ends = stream.frames[0], stream.frames[-1]
    if len(stream.frames) < FEW and _was_cut_short(case, leg, stream):
        return undecided("somebody hung up before there was much to hear", *ends)
    why = f"what was heard is like the message by {likeness:.3f} only"
    return fails(why, worst, *ends)


def _hold(case: Case, stream: Talk) -> Frame | None:
    """Where the listener said that it would not listen for a while (RFC 3264 §8.4)."""
    for thing in described(case):
        media, said = sound_of(thing.sdp), thing.frame
        mine = said.leg is stream.leg and said.sender is stream.frame.receiver
        if media and mine and _is_hold(media):
            return said
    return None


def _is_hold(media: Media) -> bool:
    return media.direction in ("sendonly", "inactive") or media.host in NOWHERE


def stored_message(case: Case) -> Sound | None:
    """What the first order was for; with one message stored, that one."""
    known = case.known
    wanted = [o.item for o in known.ordered if o.kind == "message"]
    if not wanted or not known.stored:
        return None
    found = [s for s in known.stored if s.id == wanted[0]]
    return next(iter(found), known.stored[0] if len(known.stored) == 1 else None)


def _likeness(stored: bytes, heard: tuple[int, bytes]) -> tuple[float, int, int | None]:
    """Likeness at the best place, the place, and how much of the message stood there.

    The last is None for a message of silence, to which nothing can be likened.
    """
    import numpy as np

    kind, line = heard
    at = _same_octets(stored, line) if kind == 0 else -1
    if at >= 0 and line.startswith(stored, at):
        return 1.0, at, len(stored)  # octet by octet, nothing need be calculated
    message = _table(0)[np.frombuffer(stored, np.uint8)]
    played = _table(kind)[np.frombuffer(line, np.uint8)]
    if not float(message @ message) > 0:
        return 0.0, 0, None
    if at < 0:
        at = _best_place(message, played)
    part = played[max(at, 0) : at + len(message)]
    model = message[max(-at, 0) : max(-at, 0) + len(part)]
    power = float(np.sqrt(float(model @ model) * float(part @ part)))
    likeness = float(model @ part) / power if power else 0.0
    return likeness, at, _whole(message, len(part) + max(-at, 0))


def _least_alike(stored: Sound, talk: Talk, at: int) -> Frame:
    """The packet of its first source that is farthest from what is stored there."""
    import numpy as np

    kind, line = talk.octets
    message = _table(0)[np.frombuffer(stored.ulaw, np.uint8)]
    played = _table(kind)[np.frombuffer(line, np.uint8)]
    first = talk.streams[0].sound[0][1].timestamp

    def distance(heard: Heard) -> float:
        start = (heard[1].timestamp - first) & 0xFFFFFFFF
        part = played[start : start + len(heard[1].payload)]
        model = message[max(start - at, 0) :][: len(part)]
        apart = part[: len(model)] - model
        return float(apart @ apart) if start >= at else 0.0

    return max(talk.streams[0].sound, key=distance)[0]


def _whole(message: "Samples", heard: int) -> int:
    """Octets heard; silence at the message's end counts as heard."""
    import numpy as np

    loud = np.flatnonzero(np.abs(message) > 64)
    needed = int(loud[-1]) + 1 if len(loud) else 0
    return len(message) if heard >= needed else heard


def _unheard(stored: bytes, at: int) -> int:
    """Octets that were played before the first packet, silence at the start apart."""
    if at >= 0:
        return 0
    import numpy as np

    message = _table(0)[np.frombuffer(stored, np.uint8)]
    loud = np.flatnonzero(np.abs(message) > 64)
    return -at - (int(loud[0]) if len(loud) else 0)


def _same_octets(stored: bytes, line: bytes) -> int:
    """The usual case, fast: a distinctive piece of the message stands there as is."""
    for at in range(0, max(len(stored) - 400, 1), 1600):
        piece = stored[at : at + 400]
        if len(set(piece)) > 24 and (found := line.find(piece)) >= 0:
            return found - at
    return -1


def _best_place(message: "Samples", played: "Samples") -> int:
    """Where the cross-correlation peaks, by FFT; may be negative."""
    import numpy as np

    size = 1 << (len(message) + len(played) - 1).bit_length()
    spectrum = np.fft.rfft(played, size) * np.conj(np.fft.rfft(message, size))
    peak = int(np.argmax(np.fft.irfft(spectrum, size)))
    return peak - size if peak >= len(played) else peak


@cache
def _table(kind: int) -> "Samples":
    """All 256 octets of a law as samples."""
    import numpy as np

    expand = g711.ulaw_to_pcm if kind == 0 else g711.alaw_to_pcm
    pcm = np.frombuffer(expand(bytes(range(256))), "<i2")
    return pcm.astype(np.float32)


def _was_cut_short(case: Case, leg: Leg, stream: Talk) -> bool:
    """Whether the far end or the user hung up while packets were still leaving, or the
    evidence ends before anybody does."""
    byes = [x.request for call in case.calls(leg) for x in call.of("BYE")]
    frames: list[Frame] = [b.frame for b in byes if b.sender is not stream.sender]
    frames += [turn.frame for turn in turns_of(case) if turn.hangs_up]
    asked = [x for call in case.calls(leg) for x in call.exchanges]
    frames += [x.final.frame for x in asked if x.final and x.final.status == 481]
    goes_on = not frames and case.last_time - stream.frames[-1].time < CUT
    near = any(abs(f.time - p.time) < CUT for f in frames for p in stream.frames)
    return goes_on or near
