"""A mail client that is not ours: a process per order, watched from where we sit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from ringback.faults import Untestable
from ringback.net.role_process import UNKNOWN, RoleProcess
from ringback.peers.client import ClientCall
from ringback.protocol.mailbox import FindMessage, VoiceMessage
from ringback.testbed.actors import Client
from ringback.testbed.troupe import unknown
from ringback.values import CallState, Role
from ringback.wire import ews, umws

if TYPE_CHECKING:
    from ringback.testbed.testbed import Testbed


@dataclass(slots=True, eq=False, kw_only=True)
class OutsideCall(ClientCall):
    """What can be known of a call without asking its client: whether our CAS answered
    the order, what our phone does, whether the process has come to its end."""

    process: RoleProcess
    answered: Callable[[], bool]
    rings: Callable[[], bool]
    stands: Callable[[], bool]

    def is_ordered(self) -> bool:
        return self.answered() or self.is_alerted() or self.is_over()

    def is_alerted(self) -> bool:
        if self.rings() or self.stands():
            self.becomes(CallState.ALERTED)
        return self.state is CallState.ALERTED

    def is_connected(self) -> bool:
        return self.stands() and not self.is_over()

    def is_over(self) -> bool:
        """Untestable when it turns out not to know the scenario."""
        status = self.process.status
        if status == UNKNOWN:
            why = unknown(Role.CLIENT, self.process.last_words())
            raise Untestable(why)
        return status is not None


class OutsideClient(Client):
    """Orders as a user would who starts a program; ^C is how he hangs up."""

    def __init__(self, bed: "Testbed", user: str, password: str, dialect: str) -> None:
        self._bed = bed
        self.user = user
        self._login, usual = bed.terms.login(user)
        self._password = password or usual
        self._dialect = dialect
        self.messages: list[str] = []
        self.missing: list[bool] = []
        self.orders: list[tuple[str, str, str]] = []
        self.calls: list[ClientCall] = []

    @property
    def login(self) -> str:
        return self._login

    @property
    def dialect(self) -> str:
        return self._dialect

    def plays(self, message: str, on: str) -> ClientCall:
        bed = self._bed
        item = self._item(message)
        number = bed.phone.number(on)
        self.orders.append(("message", item, bed.terms.dialled(number)))
        self.messages.append(message)
        self.missing.append(not bed.knows(self.user, message, item))
        call = self._started(item, bed.terms.typed(number))
        self.calls.append(call)
        return call

    def hangs_up(self, call: ClientCall) -> None:
        assert isinstance(call, OutsideCall)
        call.hung_up = True
        call.process.interrupt()

    def plays_greeting(self, *_: object, **__: object) -> NoReturn:
        self._cannot("order a greeting")

    def asks(self, *_: object, **__: object) -> NoReturn:
        self._cannot("ask other things")

    def asks_about(self, *_: object, **__: object) -> NoReturn:
        self._cannot("ask about other calls")

    def _cannot(self, deed: str) -> NoReturn:
        raise Untestable(f"a client that is not ours cannot be told to {deed}")

    def _item(self, message: str) -> str:
        """As the web service calls it; ours calls messages by ids like a product's."""
        bed = self._bed
        if bed.terms.foreign:
            return bed.terms.item(self.user, message, self._dialect)
        found = bed.theatre.mailbox.answer(FindMessage(self.user, message))
        if not isinstance(found, VoiceMessage):
            return message
        return found.entry_id if self._dialect == "umws" else found.item_id

    def _started(self, item: str, typed: str) -> OutsideCall:
        bed, number = self._bed, len(self.calls) + 1
        cas = bed.config.cas
        usual = umws.PATHS[0] if self._dialect == "umws" else ews.PATHS[0]
        sut = bed.troupe.company.get(Role.CAS)
        path = (sut.paths() if sut else {}).get(self._dialect, usual)
        told = {
            "CAS_URL": f"https://{cas.name}:{cas.https_port}{path}",
            "DIALECT": self._dialect,
            "USER": self._login,
            "PASSWORD": self._password,
            "MESSAGE": item,
            "DIAL": typed,
        }
        trace = bed.network.trace
        since, phone = len(trace), bed.phone.peer
        return OutsideCall(
            number=number,
            process=bed.troupe.visitor({f"RINGBACK_{k}": v for k, v in told.items()}),
            answered=lambda: any(
                role is Role.CAS and text.startswith("POST ")
                for _, role, text in trace[since:]
            ),
            rings=lambda: phone is not None and phone.is_ringing,
            stands=lambda: phone is not None and phone.is_answered,
        )
