"""What a user agent does with each message of RFC 4475 that arrives on a stream.

RFC 4475 §3 says for many what a good element does; the rest must at least do no harm.
"""

from pathlib import Path

import pytest
from testsuites.selftest.pair import Phone, Pipe

MESSAGES = Path(__file__).parents[2] / "fixtures" / "rfc4475"
NOTHING = ("badbranch", "bcast", "bigcode", "clerr", "lwsdisp", "noreason")
QUIET = (*NOTHING, "scalarlg", "semiuri", "transports", "unreason", "zeromf")
CALLS = ("baddate", "esc01", "escruri", "invut", "longreq", "sdp01")
OTHERS = {
    **{"wsinv": "481", "badvers": "505", "bext01": "420", "intmeth": "501"},
    **{"esc02": "501", "novelsc": "416", "unkscm": "416"},
    **dict.fromkeys(("cparam01", "cparam02", "escnull", "mpart01"), "405"),
    **dict.fromkeys(("regaut01", "regescrt", "unksm2"), "405"),
    **dict.fromkeys(("badaspec", "baddn", "badinv01", "insuf", "ltgtruri"), "400"),
    **dict.fromkeys(("lwsruri", "lwsstart", "mismatch01", "mismatch02"), "400"),
    **dict.fromkeys(("multi01", "quotbal", "regbadct", "scalar02", "trws"), "400"),
}
BROKEN = ("inv2543", "mcl01", "ncl")  # no length on a stream, or no true one
ANSWERS = {
    **{key: [] for key in QUIET},
    **{key: ["100"] for key in CALLS},
    **{name: [status] for name, status in OTHERS.items()},
    **{key: ["400"] for key in BROKEN},
    "dblreq": ["405", "100", "400"],
}


def test_every_message_is_in_the_table() -> None:
    assert {p.stem for p in MESSAGES.glob("*.dat")} == set(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_answered(name: str) -> None:
    pipe = Pipe()
    b, c = Phone(pipe, "b"), Phone(pipe, "c")
    c.agent.probe(b.uri, b.target)
    pipe.run()
    before = len(pipe.said)
    pipe.inject("b", (MESSAGES / f"{name}.dat").read_bytes())
    said = [m for who, m in pipe.said[before:] if who == "b"]
    assert [str(m.status) for m in said] == ANSWERS[name]
    closed = name in (*BROKEN, "dblreq")
    assert bool(b.seat.far) is not closed
