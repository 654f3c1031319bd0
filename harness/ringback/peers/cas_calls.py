"""The calls of a CAS: dialogs with UM servers, and what their users are told.

Facts §1.3 (call identifiers), §1.6 (states); RFC 3261 §12 (dialogs), §14.2. No
media ever runs over the CAS: its one stream is inactive.
"""

import base64
import binascii
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from ringback.faults import Malformed
from ringback.peers.cas_binding import (
    SDP_TYPE,
    inactive,
    invitation,
    outcome_of,
    uri_of,
)
from ringback.peers.cas_settings import CasSettings
from ringback.peers.cas_troubles import Trouble, trouble_of
from ringback.protocol import call_state, happenings
from ringback.protocol.call_state import CallProgress, cause_of
from ringback.protocol.dialog import Dialog
from ringback.protocol.happenings import Happening
from ringback.protocol.mailbox import DropRecord, KeepRecord
from ringback.protocol.names import Names
from ringback.protocol.redirect import Target, target_of
from ringback.protocol.user_agent import UserAgent
from ringback.protocol.world import Alarm, Fact, Hush, Rang, Store, Trace, Wish
from ringback.values import CallState, Cause
from ringback.wire.message import Field, Message
from ringback.wire.order import OUTCOME_TYPE, Order
from ringback.wire.uri import parse as parse_uri

NOT_YET = CallProgress()
LIFE = "life"  # the key of the record that counts them


class Call(msgspec.Struct, frozen=True):
    """One call; only its ``owner`` may know of it. The store keeps it as it is.

    ``dialog`` is None until the UM has said its first word.
    """

    guid: str
    owner: str
    server: str
    dialog: Dialog | None = None
    progress: CallProgress = NOT_YET

    @property
    def id(self) -> str:
        """What the client gets: Base64 of ``guid@server`` (facts §1.3)."""
        return base64.b64encode(f"{self.guid}@{self.server}".encode()).decode()


class Decided(msgspec.Struct, frozen=True):
    """The UM has taken an order (``trouble`` is None) or turned it down."""

    guid: str
    trouble: Trouble | None


class Calls:
    """All SIP of a CAS. ``decided`` hears once of each order what came of it."""

    def __init__(
        self,
        settings: CasSettings,
        out: Callable[[Wish], None],
        decided: Callable[[Decided], None],
    ) -> None:
        self._settings = settings
        self._out = out
        self._decided = decided
        self._names, self._ua = self._start_of(life=1)
        self._calls: dict[str, Call] = {}
        self._keys: dict[str, str] = {}  # guid -> the user agent's key
        self._guids: dict[str, str] = {}  # and back
        self._undecided: set[str] = set()
        self._adopted: dict[str, bool] = {}  # guid -> a question is on its way

    @property
    def record_owner(self) -> str:
        """Under which name the store keeps the calls."""
        return f"cas {self._settings.host}"

    def place(self, order: Order) -> str:
        """Send the order to the UM; the guid that ``decided`` will name."""
        um, guid = self._settings.um, self._names.guid()
        self._calls[guid] = Call(guid, order.user.lower(), um.name)
        self._undecided.add(guid)
        body = invitation(order, self._silence(), self._names.octets(12).hex())
        key = self._ua.call(
            uri_of(um),
            target=um,
            body=bytes(body),
            content_type=body.content_type,
            fields=(Field.of("Accept", f"{SDP_TYPE}, {OUTCOME_TYPE}"),),
        )
        self._keys[guid], self._guids[key] = key, guid
        self._step(guid, call_state.Dialled())
        wait = self._settings.timing.scaled(self._settings.answer_within)
        self._out(Alarm(f"call:{guid}:answer", wait))
        return guid

    def call(self, guid: str) -> Call:
        return self._calls[guid]

    def find(self, call_id: str, owner: str) -> Call | None:
        """The owner's call of that id; None for every other text, whatever it is."""
        try:
            told = base64.b64decode(call_id, validate=True).decode()
        except (binascii.Error, ValueError):
            return None
        guid, _, server = told.partition("@")
        call = self._calls.get(guid)
        if call is None or guid in self._undecided or call.owner != owner.lower():
            return None
        known = self._settings.knows((server,)) and server == call.server
        return call if known else None

    def is_busy(self, owner: str) -> bool:
        """Whether a call of that user still runs (facts §1.2 item 15)."""
        mine = (c for c in self._calls.values() if c.owner == owner.lower())
        return any(not call.progress.over for call in mine)

    def hang_up(self, call: Call) -> None:
        """CANCEL or BYE, whichever fits; nothing for a call that is over."""
        if not call.progress.over:
            self._ua.hang_up(self._keys[call.guid])
            self._step(call.guid, call_state.HungUp())

    def give_up(self, guid: str, trouble: Trouble) -> None:
        """Take an order back that nobody will ever learn the id of."""
        if guid in self._undecided:
            self._ua.hang_up(self._keys[guid])
            self._decide(guid, trouble)

    def look_after(self, call: Call) -> None:
        """Ask the UM whether a call of an earlier life still runs: nobody else would
        tell (RFC 3261 §12.2.1.2)."""
        if self._adopted.get(call.guid) is False and not call.progress.over:
            self._adopted[call.guid] = True
            self._ua.ask(self._keys[call.guid], "OPTIONS")
            self._keep(call.guid)

    def restore(self, records: dict[str, bytes]) -> None:
        """Take up what an earlier life kept.

        Lives are counted: one seed must not give two lives the same names.
        """
        life = int(records.get(LIFE, b"0")) + 1
        self._out(Store(KeepRecord(self.record_owner, LIFE, b"%d" % life)))
        self._names, self._ua = self._start_of(life)
        for guid, octets in sorted(records.items()):
            if guid != LIFE:
                self._take_up(guid, octets)

    def owns(self, fact: Fact) -> bool:
        """Whether ``take`` would look at it."""
        return (
            isinstance(fact, Rang) and fact.alarm.startswith("call:")
        ) or self._ua.owns(fact)

    def take(self, fact: Fact) -> None:
        if isinstance(fact, Rang) and fact.alarm.startswith("call:"):
            _, guid, what = fact.alarm.split(":")
            if what == "forget":
                self._forget(guid)
            else:
                self.give_up(guid, Trouble.NO_SERVER)
            return
        for happening in self._ua.take(fact):
            self._hear(happening)

    def leftovers(self) -> tuple[str, ...]:
        return self._ua.leftovers()

    def _take_up(self, guid: str, octets: bytes) -> None:
        try:
            call = msgspec.json.decode(octets, type=Call)
        except msgspec.DecodeError as error:
            self._out(Trace(f"a kept call cannot be read: {error}"))
            self._out(Store(DropRecord(self.record_owner, guid)))
            return
        self._calls[guid] = call
        if call.progress.over or call.dialog is None:
            self._remember_a_while(guid)
            return
        key = self._ua.adopt(call.dialog, self._hop(call.dialog))
        self._keys[guid], self._guids[key] = key, guid
        self._adopted[guid] = False
        self.look_after(call)

    def _hear(self, happening: Happening) -> None:
        guid = self._guids.get(happening.call, "")
        match happening:
            case happenings.Idle(key) if guid:
                del self._guids[key], self._keys[guid]
            case happenings.Asked(_, asked):
                self._ua.reply(asked, 200, "OK")
            case happenings.Modified(_, asked):
                self._ua.reply(asked, 200, "OK", (), self._silence(), SDP_TYPE)
            case happenings.Invited(key):
                self._ua.refuse(key, 403, "Forbidden")
            case _ if guid in self._calls:
                self._hear_of(guid, happening)
            case _:
                self._out(Trace(f"ignored {type(happening).__name__}"))

    def _hear_of(self, guid: str, happening: Happening) -> None:
        match happening:
            case happenings.Progressed(_, response) | happenings.Answered(_, response):
                self._tell(guid, response)
            case happenings.Refused(_, response, why):
                self._refused(guid, response, why)
            case happenings.HungUp():
                self._step(guid, call_state.HungUp())
            case happenings.Replied(_, "OPTIONS"):
                self._adopted[guid] = False  # had the dialog gone: HungUp says so
            case _:
                self._out(Trace(f"call {guid} {type(happening).__name__}"))

    def _tell(self, guid: str, response: Message) -> None:
        self._step(guid, call_state.Responded(response.status, response.reason))
        self._decide(guid, None)

    def _refused(self, guid: str, response: Message | None, why: str) -> None:
        """Facts §3.5: UM's own trouble refuses the order; the far end's ends a call."""
        self._out(Trace(f"call {guid} refused: {why}"))
        if response is None:
            self._step(guid, call_state.Broke())
            self._decide(guid, Trouble.NO_SERVER)
            return
        outcome = outcome_of(response)
        if outcome is None:
            self._step(guid, call_state.Responded(response.status, response.reason))
            self._decide(guid, _unexplained(response.status))
            return
        over = CallProgress(
            CallState.DISCONNECTED, outcome.cause, outcome.code, outcome.text
        )
        if not self._calls[guid].progress.over:
            self._become(guid, over)
        self._decide(guid, trouble_of(outcome.trouble) if outcome.trouble else None)

    def _decide(self, guid: str, trouble: Trouble | None) -> None:
        if guid not in self._undecided:
            return
        self._undecided.remove(guid)
        self._out(Hush(f"call:{guid}:answer"))
        if trouble is None:
            self._keep(guid)
        self._decided(Decided(guid, trouble))
        if trouble is not None:
            self._forget(guid)

    def _step(self, guid: str, event: call_state.Event) -> None:
        self._become(guid, call_state.step(self._calls[guid].progress, event))

    def _become(self, guid: str, progress: CallProgress) -> None:
        call = self._calls[guid]
        if progress == call.progress:
            return
        self._out(Trace(f"call {guid} {call.progress.state} -> {progress.state}"))
        self._calls[guid] = replace(call, progress=progress)
        if guid not in self._undecided:
            self._keep(guid)
        if progress.over:
            self._remember_a_while(guid)

    def _keep(self, guid: str) -> None:
        key = self._keys.get(guid)
        dialog = self._ua.dialog(key) if key else None
        call = self._calls[guid]
        self._calls[guid] = call = replace(call, dialog=dialog or call.dialog)
        octets = msgspec.json.encode(call)
        self._out(Store(KeepRecord(self.record_owner, guid, octets)))

    def _remember_a_while(self, guid: str) -> None:
        wait = self._settings.timing.scaled(self._settings.remembers)
        self._out(Alarm(f"call:{guid}:forget", wait))

    def _forget(self, guid: str) -> None:
        if self._calls.pop(guid, None) is None:
            return
        self._adopted.pop(guid, None)
        self._out(Hush(f"call:{guid}:forget"))
        self._out(Store(DropRecord(self.record_owner, guid)))

    def _start_of(self, life: int) -> tuple[Names, UserAgent]:
        settings = self._settings
        ua = UserAgent(
            host=settings.sip_host or settings.host,
            contact=settings.contact or settings.sip_host,
            port=settings.port,
            secured=settings.security.tls,
            names=Names(f"{settings.seed} sip {life}"),
            timing=settings.timing,
            out=self._out,
            product=settings.product,
            trusts=settings.knows if settings.security.tls else None,
            takes=("OPTIONS",),
        )
        return Names(f"{settings.seed} calls {life}"), ua

    def _hop(self, dialog: Dialog) -> Target:
        try:
            return target_of(parse_uri(dialog.next_hop), dialog.secured)
        except Malformed:
            return self._settings.um

    def _silence(self) -> bytes:
        host = self._settings.sip_host or self._settings.host
        return inactive(host, self._names.number(31))


def _unexplained(status: int) -> Trouble | None:
    """A bare refusal in terms of busy, absent or unknown is taken for the far end's;
    any other speaks about the UM itself: the wrong body, no worker, no trust."""
    if status == 503:
        return Trouble.NO_SERVER
    return Trouble.FAILED if cause_of(status) is Cause.OTHER else None
