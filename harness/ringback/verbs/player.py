"""``play``: one order, as a mail client gives it, followed until the call is over."""

import ipaddress
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from ringback.faults import Misuse
from ringback.net.identity import Identity
from ringback.net.lab import read_roots
from ringback.net.network import Seated
from ringback.net.resolver import Resolver
from ringback.net.sockets import SocketNetwork
from ringback.net.tls_failures import TlsFailure
from ringback.peers.client import Client, ClientCall, ClientSettings
from ringback.protocol.world import Fact, Lost, Opened, Wish
from ringback.report.status import Exit
from ringback.values import Address, CallState, Cause, Role

Say = Callable[[str], object]
POLL_EVERY = 1.0  # seconds
GOODBYE = 5.0  # seconds that hanging up may take
INTERRUPTED = 130
_A_DAY = 86400.0  # longer than any call
_EVERYWHERE = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line said; ``name`` empty is the URL's host."""

    cas: str
    user: str
    password_env: str
    message: str
    dial_string: str
    ca: Path | None = None
    name: str = ""
    dialect: Literal["ews", "umws"] = "ews"
    resolve: dict[str, str] = msgspec.field(default_factory=dict)


class Watched(Client):
    """A client that also knows whether its web service can be reached."""

    def __init__(self, settings: ClientSettings) -> None:
        super().__init__(settings)
        self.unreachable = ""
        self.distrusted = ""
        self._opened: set[str] = set()

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        match fact:
            case Opened(link):
                self._opened.add(link)
                self.unreachable = ""
            case Lost(link, reason) if link not in self._opened:
                word = reason.partition(":")[0]
                if word in set(TlsFailure):
                    self.distrusted = reason
                else:
                    self.unreachable = reason or "no connection"
            case _:
                pass
        return super().on(fact)


def play(order: Order, say: Say) -> int:
    """0: connected, and over without a cause; 1: refused or failed; 6: no CAS.

    Misuse for what the command line got wrong. Ctrl-C hangs up first.
    """
    settings = _settings(order)
    identity = Identity(roots=read_roots([order.ca]) if order.ca else _system_roots())
    network = SocketNetwork(Resolver(order.resolve))
    client = Watched(settings)
    try:
        host = _own_host(network.resolver, settings.cas)
        seat = network.seat(client, role=Role.CLIENT, host=host, identity=identity)
        call = client.plays(order.message, on=order.dial_string)
        network.give(seat, client.wishes())
        with _interruptions() as interrupted:
            _follow(network, call, interrupted, say)
            if not call.is_over():
                say("hanging up")
                _hang_up(network, seat, client, call)
        return _ended(order, client, call, bool(interrupted), say)
    finally:
        client.leaves()
        network.close()


def _follow(
    network: SocketNetwork, call: ClientCall, interrupted: list[int], say: Say
) -> None:
    """Each state once, when it is new; until the end, or Ctrl-C."""
    shown = len(call.history)

    def is_news() -> bool:
        return len(call.history) > shown or call.is_over() or bool(interrupted)

    while not interrupted:
        network.until(is_news, _A_DAY)
        for state in call.history[shown:]:
            if state is not CallState.DISCONNECTED:
                say(str(state))
        shown = len(call.history)
        if call.is_over():
            return


def _hang_up(
    network: SocketNetwork, seat: Seated, client: Client, call: ClientCall
) -> None:
    client.hangs_up(call)
    network.give(seat, client.wishes())
    network.until(call.is_over, GOODBYE)


def _ended(
    order: Order, client: Watched, call: ClientCall, interrupted: bool, say: Say
) -> int:
    if call.error:
        return _failed(order, client, call, say)
    if not call.is_over():
        say(f"the web service did not confirm within {GOODBYE:g} s that it hung up")
        return INTERRUPTED
    say(_last_words(call))
    if call.cause is Cause.NONE and CallState.CONNECTED in call.history:
        return Exit.GREEN
    return INTERRUPTED if interrupted and call.cause is Cause.NONE else Exit.FAILED


def _failed(order: Order, client: Watched, call: ClientCall, say: Say) -> int:
    """Without a connection the error would say less than why there was none."""
    if client.unreachable:
        say(f"{order.cas} cannot be reached: {client.unreachable}")
        if "resolve" in client.unreachable:
            say("  --resolve NAME=ADDR stands in for DNS")
        return Exit.UNREACHABLE
    if client.distrusted:
        say(f"TLS with {order.cas} failed: {client.distrusted}")
        say("  --ca names the root that signed its certificate, --name whom it proves")
        return Exit.FAILED
    lost = "lost" if call.id else "refused"
    hint = ": wrong user or password" if call.error == "HTTP 401" else ""
    say(f"{lost}: {call.error}{hint}")
    return Exit.FAILED


def _last_words(call: ClientCall) -> str:
    """As in "Disconnected: NoAnswer (480 Temporarily Unavailable)"."""
    cause = f": {call.cause}" if call.cause is not Cause.NONE else ""
    sip = f"{call.sip_code} {call.sip_text}".strip() if call.sip_code else ""
    return f"{call.state}{cause}" + (f" ({sip})" if sip and cause else "")


def _settings(order: Order) -> ClientSettings:
    password = os.environ.get(order.password_env)
    if not password:
        what = "is not set" if password is None else "is empty"
        raise Misuse(f"the environment variable {order.password_env} {what}")
    cas, path = _address(order.cas)
    if not order.name and _is_literal(cas.host):
        raise Misuse(
            f"--cas {order.cas}: {cas.host} is no name; say with --name whom the "
            "certificate there must prove"
        )
    return ClientSettings(
        cas=cas,
        name=order.name or cas.host,
        user=order.user,
        password=password,
        dialect=order.dialect,
        path=path,
        poll_at_first=POLL_EVERY,
        poll_every=POLL_EVERY,
    )


def _address(url: str) -> tuple[Address, str]:
    """Where to connect, and the path; empty when the URL has none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 443
    except ValueError as trouble:
        raise Misuse(f"--cas {url}: {trouble}") from trouble
    if parts.scheme != "https" or not host:
        raise Misuse(f"--cas {url}: write https://HOST[:PORT][/PATH]")
    if parts.username is not None or parts.query or parts.fragment:
        raise Misuse("--cas: no user, password, query or fragment in the URL")
    return Address(host, port), parts.path if parts.path != "/" else ""


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _system_roots() -> bytes:
    """What OpenSSL trusts on this machine, as PEM."""
    places = ssl.get_default_verify_paths()
    if places.cafile:
        return read_roots([Path(places.cafile)])
    found = sorted(Path(places.capath).glob("*.0")) if places.capath else []
    if not found:
        raise Misuse("this machine has no trusted roots: name one with --ca")
    return read_roots(found)


def _own_host(resolver: Resolver, target: Address) -> str:
    """The address of ours that the way to the target begins at."""
    try:
        host = resolver.address(target.host)
    except LookupError:
        return _EVERYWHERE[socket.AF_INET]  # the client will be told
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, target.port))  # of UDP: sends nothing
        except OSError:
            return _EVERYWHERE[family]
        return str(probe.getsockname()[0])


@contextmanager
def _interruptions() -> Iterator[list[int]]:
    """Signals as they come, instead of an exception amid a callback."""
    come: list[int] = []
    kinds = (signal.SIGINT, signal.SIGTERM)

    def note(number: int, _frame: object) -> None:
        come.append(number)
        for kind in kinds:
            signal.signal(kind, old[kind])  # the second one ends it at once

    old = {kind: signal.getsignal(kind) for kind in kinds}
    for kind in kinds:
        signal.signal(kind, note)
    try:
        yield come
    finally:
        for kind in kinds:
            signal.signal(kind, old[kind])
