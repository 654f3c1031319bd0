"""A caller without an offer: the phone makes one, the ACK answers (RFC 3264 §5)."""

from ringback.peers.phone import Phone
from ringback.peers.phone_script import PhoneSettings
from ringback.protocol.world import Arrived, Cast, Opened, Rang, Wish, Write
from ringback.values import Address
from ringback.wire.message import Field, Message
from ringback.wire.sdp import Sdp, audio, offer

CALLER = Address("127.0.9.40", 50000)
OPENED = Opened("in", Address("127.0.9.50", 5060), CALLER, False, True)


def request(method: str, to: str, branch: str, body: bytes = b"") -> Message:
    fields = [
        ("Via", f"SIP/2.0/TCP 127.0.9.40:5060;branch=z9hG4bK{branch}"),
        ("Max-Forwards", "70"),
        ("From", "<sip:caller@127.0.9.40>;tag=a"),
        ("To", to),
        ("Call-ID", "late@127.0.9.40"),
        ("CSeq", f"1 {method}"),
        ("Contact", "<sip:127.0.9.40;transport=tcp>"),
        *([("Content-Type", "application/sdp")] if body else []),
    ]
    lines = (Field.of(name, value) for name, value in fields)
    return Message.request(method, "sip:100@127.0.9.50", lines, body)


def said(wishes: tuple[Wish, ...]) -> Message:
    """The last message among them."""
    return [Message.parse(w.octets) for w in wishes if isinstance(w, Write)][-1]


def answered() -> tuple[Phone, Message]:
    """A phone that sent its 200, and the 200."""
    phone = Phone(PhoneSettings(host="127.0.9.50", media_host="127.0.9.50"))
    phone.on(OPENED)
    invite = request("INVITE", "<sip:100@127.0.9.50>", "1")
    phone.on(Arrived("in", bytes(invite)))
    return phone, said(phone.on(Rang("phone:40000:answer", 0.1)))


def test_the_answer_in_the_ack_starts_the_sound() -> None:
    phone, ok = answered()
    assert audio(Sdp.parse(ok.body)).formats == ("0", "8", "101")
    ours = offer("127.0.9.40", 30000, 1, 1, (8, 101))
    phone.on(Arrived("in", bytes(request("ACK", ok.first("to"), "2", bytes(ours)))))
    casts = [w for w in phone.on(Rang("rtp:40000", 0.2)) if isinstance(w, Cast)]
    assert [(c.target, c.octets[1] & 0x7F) for c in casts] == [
        (Address("127.0.9.40", 30000), 8)
    ]


def test_without_an_answer_there_is_no_sound() -> None:
    phone, ok = answered()
    phone.on(Arrived("in", bytes(request("ACK", ok.first("to"), "2"))))
    assert not any(isinstance(w, Cast) for w in phone.on(Rang("rtp:40000", 0.2)))


def test_an_answer_that_fits_nothing_ends_the_call() -> None:
    phone, ok = answered()
    theirs = offer("127.0.9.40", 0, 1, 1, (0,))
    ack = request("ACK", ok.first("to"), "2", bytes(theirs))
    assert said(phone.on(Arrived("in", bytes(ack)))).method == "BYE"
