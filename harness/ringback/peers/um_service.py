"""The UM service: takes no calls itself, sends every caller to the worker in office.

Facts §4.2 (the 302 and recycling), §4.5 (OPTIONS), §4.9 (trusted peers).
"""

from ringback.faults import Misuse
from ringback.peers.um_binding import ACCEPTED
from ringback.peers.um_settings import UmSettings
from ringback.protocol.happenings import Asked, Happening, Invited
from ringback.protocol.names import Names
from ringback.protocol.redirect import Target
from ringback.protocol.user_agent import UserAgent
from ringback.protocol.world import Fact, Listener, Trace, Wish
from ringback.wire.message import Field, Message
from ringback.wire.uri import SipUri
from ringback.wire.uri import parse as parse_uri


class UmService:
    """Redirects each INVITE with a 302 and answers OPTIONS; nothing else."""

    def __init__(self, settings: UmSettings) -> None:
        if not settings.workers:
            raise Misuse("a UM service without a worker has nowhere to redirect to")
        self._settings = settings
        self._in_office = 0
        self._wishes: list[Wish] = []
        self._agent = UserAgent(
            host=settings.host,
            port=settings.port,
            secured=settings.security.tls,
            names=Names(settings.seed),
            timing=settings.timing,
            out=self._wishes.append,
            product=settings.product,
            trusts=settings.trusts if settings.security.tls else None,
            takes=("OPTIONS",),
        )

    @property
    def listeners(self) -> tuple[Listener, ...]:
        tls = self._settings.security.tls
        return (Listener(self._settings.port, secured=tls, mutual=tls),)

    @property
    def worker(self) -> Target:
        """Where new calls are sent now."""
        return self._settings.workers[self._in_office]

    def recycle(self) -> None:
        """The next worker takes new calls from here on; the old one drains."""
        self._in_office = (self._in_office + 1) % len(self._settings.workers)

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        for happening in self._agent.take(fact):
            self._happened(happening)
        wanted = tuple(self._wishes)
        self._wishes.clear()
        return wanted

    def leftovers(self) -> tuple[str, ...]:
        return self._agent.leftovers()

    def _happened(self, happening: Happening) -> None:
        match happening:
            case Invited(call=call, request=request):
                contact = Field.of("Contact", f"<{self._contact(request)}>")
                self._agent.refuse(call, 302, "Moved Temporarily", (contact,))
            case Asked(asked=asked):
                self._agent.reply(asked, 200, "OK", (ACCEPTED,))
            case other:
                self._wishes.append(Trace(f"um service: {other!r}"))

    def _contact(self, request: Message) -> str:
        """In the product's form (facts §4.2), mixed case and all."""
        worker = self.worker
        called = parse_uri(request.uri)
        user = called.user if isinstance(called, SipUri) else ""
        who = f"{user}@" if user else ""
        phone = ";user=phone" if user.lstrip("+").isdigit() else ""
        way = "Tls" if worker.secured else "Tcp"
        place = f"{worker.name}:{worker.address.port}"
        return f"sip:{who}{place}{phone};transport={way};maddr={worker.address.host}"
