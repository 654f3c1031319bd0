"""An office: a mail client, a CAS and a scripted UM in a little world."""

from dataclasses import dataclass
from typing import Literal

import pytest
from testsuites.selftest.little_world import ScriptedUm, World

from ringback.peers.cas import Cas, CasSettings
from ringback.peers.client import Client, ClientCall, ClientSettings
from ringback.protocol.mailbox import User, VoiceMessage
from ringback.protocol.redirect import Target
from ringback.values import Address
from ringback.wire import ews, umws
from ringback.wire.message import Field
from ringback.wire.order import OUTCOME_TYPE, Outcome

Dialect = Literal["ews", "umws"]
CAS = Address("cas.ringback.test", 443)
UM = Target(Address("um.ringback.test", 5060), False, "um.ringback.test")
DESK = "+1 (206) 555-0123;ext=<&>"
ENTRY = "AAAAAOPn5aM6RktOmqCHvmdhDPw="
BOTH = pytest.mark.parametrize("dialect", ["ews", "umws"])


@dataclass
class Office:
    world: World
    um: ScriptedUm
    cas: Cas
    client: Client

    def orders(self, dial_string: str = DESK, item: str = ENTRY) -> ClientCall:
        call = self.client.plays(item, on=dial_string)
        self.gives()
        return call

    def gives(self) -> None:
        self.world.give(self.client, self.client.wishes())

    def um_says(
        self, status: int, reason: str, *fields: Field, body: bytes = b""
    ) -> None:
        self.um.says(status, reason, *fields, body=body)
        self.world.give(self.um, self.um.wishes())

    def um_refuses(self, status: int, outcome: Outcome) -> None:
        kind = Field.of("Content-Type", OUTCOME_TYPE)
        self.um_says(status, "No", kind, body=bytes(outcome))

    def rings(self) -> ClientCall:
        """An order, taken by the UM."""
        call = self.orders()
        self.world.until(self.um.has("INVITE"))
        self.um_says(183, "Session Progress")
        self.world.until(call.is_ordered)
        return call

    def connects(self) -> ClientCall:
        call = self.rings()
        self.um_says(180, "Ringing")
        self.world.until(call.is_alerted)
        self.um_says(200, "OK")
        self.world.until(call.is_connected)
        return call

    def asks(self, question: umws.Request | ews.Request) -> object:
        asked = self.client.asks(question)
        self.gives()
        self.world.until(asked.is_answered)
        return asked.response


def client_of(
    user: str, dialect: Dialect, password: str = "secret", pre_emptive: bool = True
) -> Client:
    return Client(
        ClientSettings(
            cas=CAS,
            name=CAS.host,
            user=user,
            password=password,
            dialect=dialect,
            pre_emptive=pre_emptive,
        )
    )


def settings() -> CasSettings:
    return CasSettings(host=CAS.host, um=UM, sip_port=5070)


def office(dialect: Dialect = "ews") -> Office:
    world, um = World(), ScriptedUm()
    cas, client = Cas(settings()), client_of("alice", dialect)
    for name in ("alice", "bob"):
        world.users[name] = User(name, dial_string="123")
        world.passwords[name] = "secret"
        message = VoiceMessage("hello", ENTRY, "AAMk", "Hello", "", 1.0)
        world.messages.update({(name, i): message for i in ("hello", ENTRY, "AAMk")})
    for peer in (um, cas, client):
        world.seat(peer)
    world.rests()
    return Office(world, um, cas, client)


def asking(dialect: Dialect, call_id: str) -> umws.Request | ews.Request:
    if dialect == "umws":
        return umws.GetCallInfo(call_id)
    return ews.GetPhoneCallInformation(call_id)


def hanging_up(dialect: Dialect, call_id: str) -> umws.Request | ews.Request:
    if dialect == "umws":
        return umws.Disconnect(call_id)
    return ews.DisconnectPhoneCall(call_id)
