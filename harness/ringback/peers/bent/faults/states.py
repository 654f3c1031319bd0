"""A call that is told otherwise than it is. Facts §1.6, §2.3, §3.2."""

import re
from functools import partial

from ringback.peers.bent.changes import status
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.ways import Maker, mishears, response, says
from ringback.peers.bent.web import Change, telling, tells, word, words
from ringback.values import Role

FAILURES = "UserBusy|NoAnswer|Unavailable|Other"
UMWS = "GetCallInfoResponse"
REFUSED = (
    "playonphone.a-gateway-without-lines",
    "playonphone.a-number-that-nobody-has",
)
NO_CAUSE = words(FAILURES, "None")
BUSY = response(486, of="INVITE", to=Role.GATEWAY)
STATE = re.compile(rb">(Idle|Connecting|Alerted|Connected|Disconnected)<")


def _state_of(body: bytes) -> str:
    found = STATE.search(body)
    return found[1].decode() if found else ""


def _in(state: str, change: Change) -> Change:
    """Only where that state is told."""
    return lambda body: change(body) if _state_of(body) == state else body


def _both(first: Change, second: Change) -> Change:
    return lambda body: second(first(body))


def _going_back() -> Change:
    """Connected is told once."""
    told: list[bytes] = []

    def change(body: bytes) -> bytes:
        if _state_of(body) != "Connected":
            return body
        told.append(body)
        return word("Connected", "Alerted")(body) if len(told) > 1 else body

    return change


def _alerted_first() -> Change:
    """The first news is that it rings."""
    told: list[bytes] = []

    def change(body: bytes) -> bytes:
        if not _state_of(body) or told:
            return body
        told.append(body)
        return _both(words("Connecting|Disconnected", "Alerted"), NO_CAUSE)(body)

    return change


def _of(
    role: Role,
    name: str,
    says: str,
    breaks: str,
    way: Maker,
    also: tuple[str, ...] = (),
    scenarios: tuple[str, ...] = (),
) -> Fault:
    return Fault(
        name=name,
        role=role,
        says=says,
        breaks=breaks,
        also=also,
        scenarios=scenarios,
        what="worker" if role is Role.UM else "",
        way=way,
    )


_cas = partial(_of, Role.CAS)
_um = partial(_of, Role.UM)  # what such a UM tells it, the CAS can only pass on

FAULTS = (
    _cas(
        "cas-busy-is-no-answer",
        "The CAS tells NoAnswer of a busy line.",
        "POP-CAUSE-001",
        tells(word("UserBusy", "NoAnswer")),
    ),
    _cas(
        "cas-no-answer-is-other",
        "The CAS tells Other of a phone that nobody answers.",
        "POP-CAUSE-002",
        tells(word("NoAnswer", "Other")),
    ),
    _cas(
        "cas-unavailable-is-no-answer",
        "The CAS tells NoAnswer of a number that cannot be reached.",
        "POP-CAUSE-003",
        tells(word("Unavailable", "NoAnswer")),
    ),
    _cas(
        "cas-any-failure-is-busy",
        "The CAS tells UserBusy of whatever it has no other word for.",
        "POP-CAUSE-004",
        tells(word("Other", "UserBusy")),
        also=("POP-CAUSE-003",),
    ),
    _cas(
        "cas-newer-cause-in-the-older-service",
        "The CAS tells Unavailable in the 2007 dialect, which has no such word.",
        "POP-CAUSE-005",
        tells(word("Other", "Unavailable", where=UMWS)),
        also=("POP-CAUSE-003", "WS-SHAPE-001"),
    ),
    _cas(
        "cas-cause-of-a-live-call",
        "The CAS tells a cause while the call goes on.",
        "POP-CAUSE-006",
        tells(_in("Connected", word("None", "Other"))),
    ),
    _cas(
        "cas-cause-of-a-normal-end",
        "The CAS tells a cause when somebody has just hung up.",
        "POP-CAUSE-007",
        tells(_in("Disconnected", word("None", "Other"))),
    ),
    _cas(
        "cas-goes-back-to-alerted",
        "The CAS tells Connected once, and Alerted from then on.",
        "POP-STATE-001",
        telling(_going_back),
        also=("POP-STATE-004", "POP-STATE-002"),
    ),
    _cas(
        "cas-rings-before-it-rings",
        "The first that the CAS tells of any call is that it rings.",
        "POP-STATE-002",
        telling(_alerted_first),
        also=("POP-STATE-005", "POP-STATE-001"),
        scenarios=REFUSED,
    ),
    _cas(
        "cas-connected-when-it-rings",
        "The CAS tells Connected when the phone rings.",
        "POP-STATE-003",
        tells(word("Alerted", "Connected")),
        # a CAS that restarts while it rings knows nothing of the call any more
        also=("POP-END-003", "POP-STATE-005", "SIP-ACK-002"),
    ),
    _cas(
        "cas-never-connected",
        "The CAS tells Alerted of a call that was answered.",
        "POP-STATE-004",
        tells(word("Connected", "Alerted")),
        also=("POP-STATE-002",),
        scenarios=("playonphone.the-user-hangs-up-while-it-plays",),
    ),
    _cas(
        "cas-never-over",
        "The CAS tells Connected of a call that is over.",
        "POP-STATE-005",
        tells(_both(_in("Disconnected", NO_CAUSE), word("Disconnected", "Connected"))),
        also=("POP-STATE-003", "WS-ONE-001", "WS-CALLID-002"),
    ),
    _um(
        "um-takes-a-busy-line-for-no-answer",
        "The UM hears 486 of the gateway as 480, and tells that.",
        "POP-CAUSE-001",
        mishears(BUSY, status(480, "Temporarily Unavailable")),
        scenarios=("playonphone.a-busy-phone",),
    ),
    _um(
        "um-tells-a-code-of-its-own",
        "The UM tells 600 of a line that is busy with 486.",
        "POP-SIP-001",
        mishears(BUSY, status(600, "Busy Everywhere")),
        scenarios=("playonphone.a-busy-phone",),
    ),
    _um(
        "um-answers-when-it-rings",
        "The UM answers the CAS with 200 as soon as the phone rings.",
        "POP-STATE-003",
        says(response(180, of="INVITE", to=Role.CAS), status(200, "OK")),
        also=(
            "MED-SDP-002",
            "POP-END-003",
            "POP-STATE-005",
            "SIP-DIALOG-005",  # a call that is over for one side only
            "SIP-RESP-002",
            "SIP-TIMER-",
        ),
        scenarios=(
            "playonphone.the-plain-call",
            "playonphone.the-user-hangs-up-while-it-rings",
            "playonphone.a-phone-that-nobody-answers",
        ),
    ),
)
