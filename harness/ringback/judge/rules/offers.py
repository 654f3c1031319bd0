"""Session descriptions: their form, and whether offer and answer fit.

RFC 3264 §5 and §6, RFC 3261 §13.2.1, RFC 8866 §5, RFC 4568 §5.1 (crypto).
"""

from itertools import zip_longest

from ringback.faults import Malformed
from ringback.judge.case import Case, Exchange, Said
from ringback.judge.descriptions import (
    Agreement,
    Described,
    agreements,
    described,
    description,
    encodings,
    media_of,
    sound_of,
)
from ringback.judge.rules.formats import misplaced_line
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.values import Leg, Role
from ringback.wire.sdp import Media

SUITES = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "F8_128_HMAC_SHA1_80": 30,
    "AES_192_CM_HMAC_SHA1_80": 38,
    "AES_192_CM_HMAC_SHA1_32": 38,
    "AES_256_CM_HMAC_SHA1_80": 46,
    "AES_256_CM_HMAC_SHA1_32": 46,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}  # RFC 4568 §6.2, RFC 6188 §3, RFC 7714 §14.2: octets of key and salt
ANSWERS_TO = {
    "sendrecv": {"sendrecv", "sendonly", "recvonly", "inactive"},
    "sendonly": {"recvonly", "inactive"},
    "recvonly": {"sendonly", "inactive"},
    "inactive": {"inactive"},
}  # RFC 3264 §6.1
G711 = {"PCMU/8000", "PCMA/8000"}
G7231 = {"G723/8000"}


def descriptions_are_well_formed(case: Case) -> Verdict:
    """RFC 8866 §5 and §9: v, o, s and t lines, a c line for each stream, each line in
    its place and as often as it may; all of it read."""
    return each(described(case), _form, "session descriptions")


def _form(thing: Described) -> str:
    try:
        sdp = thing.sdp
        missing = [k for k in ("o", "s", "t") if not _has(sdp.lines, k)]
        if sdp.version != 0 or missing:
            return f"SDP version {sdp.version}, missing lines: {' '.join(missing)}"
        for media in sdp.media:
            if not media.host and media.port:
                return "a stream without a connection address"
        if not sdp.origin.session_id.isdigit():
            return "no number for a session id"
        return misplaced_line(sdp)
    except Malformed as error:
        return error.why


def _has(lines: tuple[bytes, ...], kind: str) -> bool:
    return any(line.startswith(f"{kind}=".encode()) for line in lines)


def an_accepted_offer_is_answered(case: Case) -> Verdict:
    """RFC 3261 §13.2.1: the answer is in the 2xx, if not in a response before."""
    offered = [
        x
        for x in case.exchanges
        if x.request.method == "INVITE" and x.accepted and description(x.request)
    ]
    if not offered:
        return undecided("no offer was accepted")
    silent = [x for x in offered if not any(map(description, _lasting(x)))]
    if silent:
        answers = (x.accepted.frame for x in silent if x.accepted)
        return fails("2xx without an answer to the offer", *answers)
    return passes(f"{len(offered)} offer(s), each answered")


def _lasting(exchange: Exchange) -> list[Said]:
    """Responses whose description counts: what an unreliable one says is a foretaste,
    and is said again (RFC 3261 §13.2.1, RFC 3262 §5)."""
    return [r for r in exchange.responses if r.status >= 200 or r.first("rseq")]


def an_answer_has_the_streams_of_the_offer(case: Case) -> Verdict:
    """RFC 3264 §6: as many m lines, of the same kinds, in the same order."""
    return each(agreements(case), _streams, "answers")


def _streams(agreement: Agreement) -> str:
    pairs = zip_longest(media_of(agreement.offer), media_of(agreement.answer))
    if all(a and b and a.kind == b.kind for a, b in pairs):
        return ""
    offered = " ".join(m.kind for m in media_of(agreement.offer))
    answered = " ".join(m.kind for m in media_of(agreement.answer))
    return f"offered were the streams: {offered}; answered: {answered}"


def an_answer_takes_a_format_of_the_offer(case: Case) -> Verdict:
    """RFC 3264 §6.1: one of the offer's at least; further formats may stand beside."""
    return each(agreements(case), _formats, "answers")


def _formats(agreement: Agreement) -> str:
    for offered, answered in agreement.streams:
        names = set(encodings(offered).values())
        if answered.port and not names & set(encodings(answered).values()):
            return f"formats {' '.join(answered.formats)}, none of them offered"
    return ""


def an_answer_keeps_the_payload_types(case: Case) -> Verdict:
    """RFC 3264 §6.1: a SHOULD."""
    return each(agreements(case), _numbers, "answers")


def _numbers(agreement: Agreement) -> str:
    for offered, answered in agreement.streams:
        before = {name: fmt for fmt, name in encodings(offered).items()}
        for fmt, name in encodings(answered).items():
            if answered.port and before.get(name, fmt) != fmt:
                return f"{name} was offered as {before[name]} and answered as {fmt}"
    return ""


def an_answer_fits_the_direction(case: Case) -> Verdict:
    """RFC 3264 §6.1."""
    return each(agreements(case), _direction, "answers")


def _direction(agreement: Agreement) -> str:
    for offered, answered in agreement.streams:
        if answered.port and answered.direction not in ANSWERS_TO[offered.direction]:
            return f"{answered.direction} answers {offered.direction}"
    return ""


def the_um_offers_a_codec_of_its_kind(case: Case) -> Verdict:
    """Facts §4.7: G.711 or G.723.1."""
    return each(_offers_of_um(case), _codec, "offers of the UM")


def _codec(thing: Described) -> str:
    media = sound_of(thing.sdp)
    names = set(encodings(media).values()) if media else set()
    return (
        "" if names & (G711 | G7231) else f"neither G.711 nor G.723.1: {names or '-'}"
    )


def the_um_offers_telephone_events(case: Case) -> Verdict:
    """Facts §4.5: keys travel as telephone-event."""
    return each(_offers_of_um(case), _events, "offers of the UM")


def _events(thing: Described) -> str:
    media = sound_of(thing.sdp)
    names = encodings(media).values() if media else ()
    return "" if "TELEPHONE-EVENT/8000" in names else "no telephone-event offered"


def _offers_of_um(case: Case) -> list[Described]:
    return [
        d
        for d in described(case)
        if d.frame.leg is Leg.UM_GATEWAY
        and d.frame.sender is Role.UM
        and d.said.method == "INVITE"
        and not d.said.status
    ]


def srtp_is_offered_and_answered(case: Case) -> Verdict:
    """Facts §5.1: on a secured plan the stream is RTP/SAVP with a key, both ways."""
    own = [d for d in described(case) if d.frame.leg is Leg.UM_GATEWAY]
    return each(own, _srtp, "session descriptions")


def _srtp(thing: Described) -> str:
    media = sound_of(thing.sdp)
    if media is None or not media.port:
        return ""
    if not media.protocol.upper().startswith("RTP/SAVP"):
        return f"{media.protocol} on a secured dial plan"
    return "" if media.attributes("crypto") else "RTP/SAVP without a=crypto"


def crypto_suites_are_known(case: Case) -> Verdict:
    """RFC 4568 §6.2: each line is read; one suite at least has a name and its key."""
    keyed = [d for d in described(case) if _keyed(d)]
    return each(keyed, _suite, "descriptions with keys")


def _keyed(thing: Described) -> bool:
    return any(m.attributes("crypto") for m in media_of(thing.sdp))


def _suite(thing: Described) -> str:
    for media in media_of(thing.sdp):
        if not media.attributes("crypto"):
            continue
        try:
            lines = media.crypto
        except Malformed as error:
            return error.why
        if not any(SUITES.get(c.suite) == len(c.key_salt) for c in lines):
            return f"suite {lines[0].suite} is unknown, or its key too short"
    return ""


def an_answer_takes_an_offered_crypto(case: Case) -> Verdict:
    """RFC 4568 §5.1.2: tag and suite are those of a line of the offer."""
    keyed = [a for a in agreements(case) if _has_crypto(a)]
    return each(keyed, _taken, "answers with keys")


def _has_crypto(agreement: Agreement) -> bool:
    return any(m.attributes("crypto") for m in media_of(agreement.answer))


def _taken(agreement: Agreement) -> str:
    for offered, answered in agreement.streams:
        if not answered.port or not answered.attributes("crypto"):
            continue
        before, now = _lines(offered), _lines(answered)
        if len(now) != 1:
            return f"{len(now)} crypto lines in the answer"
        if not set(now) <= set(before):
            return f"crypto {now[0][0]} {now[0][1]} was not offered"
    return ""


def _lines(media: Media) -> list[tuple[str, str]]:
    """Tag and suite of each line, also of one whose key nobody can use."""
    words = [value.upper().split() for value in media.attributes("crypto")]
    return [(w[0].lstrip("0"), w[1]) for w in words if len(w) > 1]
