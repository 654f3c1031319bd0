"""Bends of HTTP: whole messages are changed as declared, and nothing else is."""

from ringback.peers.bent import web
from ringback.peers.bent.way import Bent, Mark
from ringback.peers.bent.ways import Maker
from ringback.peers.bent.web import Head, Page
from ringback.protocol.world import Arrived, Wish, Write

ASKED = b"POST /EWS HTTP/1.1\r\nContent-Length: 5\r\nHost: x\r\n\r\n<who>"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nServer: y\r\n\r\n<a>one</a>"
SIP = b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n"


def bent(maker: Maker) -> Bent:
    return Bent(maker(), {})


def said(made: Bent, octets: bytes) -> tuple[Wish, ...]:
    return made.says((Write("l", octets),))


def test_answers_hold_another_word_and_have_a_true_length() -> None:
    made = bent(web.tells(web.word("one", "three")))

    (wish,) = said(made, ANSWER)

    changed = b"HTTP/1.1 200 OK\r\nServer: y\r\nContent-Length: 12\r\n\r\n<a>three</a>"
    assert wish == Write("l", changed)
    assert made.marks == [Mark(changed)]


def test_what_is_left_alone_passes_and_is_not_marked() -> None:
    made = bent(web.tells(web.word("two", "three")))
    for octets in (ANSWER, ASKED, SIP, b"\r\n\r\n"):
        assert said(made, octets) == (Write("l", octets),)
        assert made.hears(Arrived("l", octets)) == ((Arrived("l", octets),), ())
    assert made.marks == []


def test_words_are_whole_elements_where_they_are_looked_for() -> None:
    change = web.words("one|two", "none")
    assert change(b"<a>one</a><b>two</b><c>onetwo</c>") == (
        b"<a>none</a><b>none</b><c>onetwo</c>"
    )
    assert web.word("one", "two", where="<b>")(b"<a>one</a>") == b"<a>one</a>"


def test_a_request_is_answered_in_the_role_s_place() -> None:
    made = bent(web.answers(lambda: lambda body: b"<me/>" if body else None))

    facts, wishes = made.hears(Arrived("l", ASKED))

    assert facts == ()
    (wish,) = wishes
    assert isinstance(wish, Write)
    assert wish.octets.startswith(b"HTTP/1.1 200 OK\r\n")
    assert wish.octets.endswith(b"Content-Length: 5\r\n\r\n<me/>")
    assert made.hears(Arrived("l", SIP)) == ((Arrived("l", SIP),), ())


def test_a_request_is_misheard_and_its_answer_marked() -> None:
    def louder(head: Head, body: bytes) -> Page:
        return web.with_field(head, b"host", b"X"), body

    made = bent(web.mistakes(lambda: louder))

    facts, _ = made.hears(Arrived("l", ASKED))
    assert facts == (
        Arrived("l", ASKED.replace(b"Host: x\r\n\r\n", b"host: X\r\n\r\n")),
    )
    assert said(made, ANSWER) == (Write("l", ANSWER),)
    assert made.marks == [Mark(ASKED), Mark(ANSWER)]
    assert said(made, ANSWER) == (Write("l", ANSWER),)
    assert len(made.marks) == 2


def test_only_answers_with_that_word_get_another_start() -> None:
    made = bent(web.answered_with(b"HTTP/1.1 500 No", b"one"))
    (wish,) = said(made, ANSWER)
    assert isinstance(wish, Write)
    assert wish.octets.startswith(b"HTTP/1.1 500 No\r\n")
    assert said(made, ASKED) == (Write("l", ASKED),)
