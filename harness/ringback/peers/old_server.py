"""A server that answers each ClientHello as it is told, and ends what goes on."""

from ringback.protocol.world import Arrived, Close, Fact, Listener, Lost, Wish, Write


class OldServer:
    """It speaks TLS by hand, so that its listener is one without."""

    def __init__(self, port: int) -> None:
        self.says = b""
        self._port = port
        self._greeted: set[str] = set()

    @property
    def listeners(self) -> tuple[Listener, ...]:
        return (Listener(self._port),)

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        match fact:
            case Arrived(link) if link not in self._greeted:
                self._greeted.add(link)
                return (Write(link, self.says),)
            case Arrived(link):
                return (Close(link),)  # whatever it is: there is nothing behind it
            case Lost(link):
                self._greeted.discard(link)
        return ()

    def leftovers(self) -> tuple[str, ...]:
        return ()
