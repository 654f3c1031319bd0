"""zeep, a SOAP client that nobody here wrote, as a mail client under test.

It orders in either dialect, asks until the call is over, and hangs up at SIGINT. A word
makes it wrong on purpose: ``forgets-case`` asks with the id in lower case.
"""

import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Any
from unittest import mock

import requests
import zeep

from ringback.places import fixtures

UNKNOWN = 127
EVERY = 0.25  # seconds between two questions
ZEEP: Any = zeep


def told(name: str) -> str:
    return os.environ[f"RINGBACK_{name}"]


def resolve() -> None:
    """The names that we were told stand in for DNS."""
    known = dict(pair.split("=") for pair in told("RESOLVE").split())
    asked = socket.getaddrinfo

    def instead(host: str, *more: Any, **named: Any) -> Any:
        return asked(known.get(host, host), *more, **named)

    mock.patch("socket.getaddrinfo", instead).start()


class Order:
    """One order, and the questions that it leads to."""

    def __init__(self) -> None:
        session = requests.Session()
        session.trust_env = False  # or the environment would say whom to trust
        session.verify = told("CA")
        session.auth = (told("USER"), told("PASSWORD"))
        self.old = told("DIALECT") == "umws"
        wsdl = fixtures() / "soap" / ("um2007.wsdl" if self.old else "ews.wsdl")
        client = ZEEP.Client(
            str(wsdl), transport=ZEEP.transports.Transport(session=session)
        )
        binding = next(iter(client.wsdl.bindings))
        self.service = client.create_service(binding, told("CAS_URL"))

    def plays(self) -> str:
        item, number = told("MESSAGE"), told("DIAL")
        if self.old:
            return str(self.service.PlayOnPhone(entryId=item, DialString=number))
        answer = self.service.PlayOnPhone(ItemId={"Id": item}, DialString=number)
        return str(answer["PhoneCallId"]["Id"])

    def state(self, call: str) -> str:
        if self.old:
            return str(self.service.GetCallInfo(CallId=call)["CallState"])
        answer = self.service.GetPhoneCallInformation(PhoneCallId={"Id": call})
        return str(answer["PhoneCallInformation"]["PhoneCallState"])

    def hangs_up(self, call: str) -> None:
        if self.old:
            self.service.Disconnect(CallId=call)
        else:
            self.service.DisconnectPhoneCall(PhoneCallId={"Id": call})


def main(oddity: str) -> int:
    if not told("SCENARIO").startswith("playonphone."):
        return UNKNOWN
    resolve()
    wanted = threading.Event()

    def hang_up(number: int, frame: FrameType | None) -> None:
        wanted.set()

    signal.signal(signal.SIGINT, hang_up)
    order = Order()
    call = order.plays()
    named = call.lower() if oddity == "forgets-case" else call
    while order.state(named) != "Disconnected":
        if wanted.wait(EVERY):
            order.hangs_up(named)
            wanted.clear()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or [""]))
