"""Responses that are odd in number, wording or order, as RFC 3261 §8.2.6 and §13
allow."""

from msgspec.structs import replace

from ringback.peers.bent.changes import Change, adding, field, lacking, status
from ringback.peers.bent.declared import Quirk
from ringback.peers.bent.early import answers_without_waiting
from ringback.peers.bent.quirks.headers import SIP_ROLES
from ringback.peers.bent.way import Passing, Way
from ringback.peers.bent.ways import (
    adds,
    delays,
    either,
    omits,
    request,
    response,
    says,
)
from ringback.values import Role
from ringback.wire.message import Field, Message

CALLED = (Role.UM, Role.GATEWAY, Role.PHONE)
PHONES = (Role.GATEWAY, Role.PHONE)


def _reason(text: str) -> Change:
    return lambda m: replace(m, start=f"SIP/2.0 {m.status} {text}".encode())


def _of_another_branch(message: Message) -> Message:
    """The same from somebody else whom a proxy on the way has called as well."""
    to = message.first("to").partition(";tag=")[0]
    fields = [
        Field.of("To", f"{to};tag=another-branch") if f.name == "to" else f
        for f in message.fields
    ]
    return replace(message, fields=tuple(fields))


def _bare(code: int, reason: str) -> Change:
    """Another provisional response beside it, without a body."""

    def change(message: Message) -> Message:
        bare = lacking("content-type", "content-length")(message)
        said = status(code, reason)(replace(bare, body=b""))
        return adding("Content-Length", "0")(said)

    return change


def _tagged(message: Message) -> Message:
    to = message.first("to")
    if ";tag=" in to:
        return message
    tagged = Field.of("To", f"{to};tag=trying")
    kept = tuple(tagged if f.name == "to" else f for f in message.fields)
    return replace(message, fields=kept)


def _late() -> Way:
    """The first 200 of a call that somebody else begins, not those to its changes: who
    has been told BYE meanwhile would answer what is over."""
    begun: set[str] = set()

    def first(p: Passing) -> bool:
        call, status_ = p.message.first("call-id"), p.message.status
        if p.message.method != "INVITE" or status_ not in (0, 200) or call in begun:
            return False
        begun.add(call)
        return status_ == 200

    return delays(first, 0.04)()


RINGING = response(180, of="INVITE")

QUIRKS = (
    Quirk(
        name="implements-no-information",
        roles=(Role.CAS, Role.UM, Role.GATEWAY, Role.PHONE),
        says="INFO gets 501, within a call as well.",
        source="RFC 3261 §21.5.2; RFC 6086 §4.2.2: nobody need take the method",
        way=says(
            response(200, 405, 415, 469, of="INFO"), status(501, "Not Implemented")
        ),
        misses={
            "SIP-RESP-005": "there is no 405 any more",
            "SIP-RESP-007": "there is no 415 any more",
        },
        scenarios=("sip.information-",),
    ),
    Quirk(
        name="answers-before-a-prack-that-holds-up-nothing",
        roles=(Role.GATEWAY,),
        says="200 follows a reliable 183 at once, which has no description.",
        source="RFC 3262 §3: only a description has to be acknowledged first",
        way=answers_without_waiting(described=False),
        misses={
            "SIP-PRACK-010": "no reliable 1xx has a description any more",
            "SIP-PRACK-008": "the final answer was there before the PRACK",
        },
        scenarios=("sip.a-reliable-answer-with-a-description",),
    ),
    Quirk(
        name="no-reason-phrase",
        roles=SIP_ROLES,
        says="Status lines without a reason phrase.",
        source="RFC 3261 §7.2 and §25.1: it may be empty",
        way=says(response(), _reason("")),
    ),
    Quirk(
        name="reason-in-another-language",
        roles=SIP_ROLES,
        says="Reason phrases in other words and letters.",
        source="RFC 3261 §7.2: the phrase is for people; §25.1: UTF-8",
        way=says(response(180, 183, 200, 486), _reason("Hallo, größer; %20 (très) =?")),
    ),
    Quirk(
        name="an-early-183",
        roles=PHONES,
        says="A 183 without a body before the 180.",
        source="RFC 3261 §13.3.1.1 and §21.1.5",
        way=adds(RINGING, _bare(183, "Session Progress"), before=True),
    ),
    Quirk(
        name="ringing-again-and-again",
        roles=CALLED,
        says="181 and 182 and one more 180 after the 180.",
        source="RFC 3261 §13.3.1.1 and §21.1",
        way=adds(
            RINGING,
            _bare(181, "Call Is Being Forwarded"),
            _bare(182, "Queued"),
            _bare(180, "Ringing"),
        ),
    ),
    Quirk(
        name="forked-ringing",
        roles=PHONES,
        says="Further 18x with another tag, as if a proxy on the way had forked.",
        source="RFC 3261 §12.1.2, §13.2.2.4 and §16.7",
        way=adds(RINGING, _of_another_branch),
    ),
    Quirk(
        name="no-100",
        roles=PHONES,
        says="No 100 where something better follows at once.",
        source="RFC 3261 §17.2.1: within 200 ms nothing needs be said",
        way=omits(response(100, of="INVITE")),
        modes=("unsecured",),
    ),
    Quirk(
        name="reasons-and-warnings",
        roles=PHONES,
        says="Reason in BYE, Warning in refusals.",
        source="RFC 3326 §2; RFC 3261 §20.43",
        way=says(
            either(request("BYE"), response(486, 404, 603)),
            field("Reason", 'Q.850;cause=16;text="Normal; clearing"'),
            adding("Warning", '399 gateway "something, or other"'),
        ),
    ),
    Quirk(
        name="sound-before-the-answer",
        roles=PHONES,
        says="The 200 comes 40 ms after the sound that belongs to it.",
        source="RFC 3264 §5.1: whoever offers must be ready; seen with baresip",
        way=_late,
    ),
)
