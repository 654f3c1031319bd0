"""What two ends agree on, and what is refused (RFC 3264, RFC 4568)."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.faults import Misuse
from ringback.protocol.names import Names
from ringback.protocol.offer_answer import (
    Local,
    MediaPlan,
    Refusal,
    agreed,
    answer,
    offer,
)
from ringback.values import Address, Security
from ringback.wire.sdes import AES_32, AES_80, Crypto
from ringback.wire.sdp import Sdp, audio

KEY_A, KEY_B = bytes(range(30)), bytes(range(30, 60))


def local(
    host: str = "127.0.1.2",
    port: int = 20000,
    security: Security = Security.UNSECURED,
    keys: Names | bytes = b"",
) -> Local:
    return Local(host, port, 7, 1, security, keys)


def written(*media: str, host: str = "127.0.1.9") -> Sdp:
    family = 6 if ":" in host else 4
    heads = ["v=0", f"o=- 1 1 IN IP{family} {host}", "s=-", f"c=IN IP{family} {host}"]
    lines = [*heads, "t=0 0", *media]
    return Sdp.parse("".join(f"{line}\r\n" for line in lines).encode())


def taken(offered: Sdp, us: Local | None = None) -> tuple[Sdp, MediaPlan]:
    result = answer(offered, us or local())
    assert not isinstance(result, Refusal), result
    return result


def refused(offered: Sdp, us: Local | None = None) -> str:
    result = answer(offered, us or local())
    assert isinstance(result, Refusal)
    assert result.status == 488
    return result.why


def test_our_own_offer_and_answer_agree_on_both_sides() -> None:
    um, phone = local(port=20000), local("127.0.1.4", 40000)
    offered = offer(um)
    answered, phones = taken(offered, phone)
    ums = agreed(offered, answered)
    assert isinstance(ums, MediaPlan)
    assert (ums.remote, phones.remote) == (
        Address("127.0.1.4", 40000),
        Address("127.0.1.2", 20000),
    )
    assert (ums.send_format, ums.event_format, ums.ptime) == (0, 101, 20)
    assert ums.direction == phones.direction == "sendrecv"
    assert agreed(offered, answered, ours="answerer") == phones


@pytest.mark.parametrize(
    ("formats", "chosen"),
    [("0 8", 0), ("8 0", 8), ("18 8", 8), ("4 0 101", 0), ("13 8 0", 8)],
)
def test_the_offerers_order_decides(formats: str, chosen: int) -> None:
    answered, plan = taken(written(f"m=audio 4000 RTP/AVP {formats}"))
    assert plan.send_format == chosen
    assert audio(answered).formats[0] == str(chosen)


@pytest.mark.parametrize("number", [96, 97, 101, 127])
def test_events_keep_the_offerers_number(number: int) -> None:
    event = f"a=rtpmap:{number} telephone-event/8000"
    answered, plan = taken(written(f"m=audio 4000 RTP/AVP 0 {number}", event))
    assert plan.event_format == plan.receive_event_format == number
    assert audio(answered).rtpmap(number)[0] == "telephone-event"


def test_each_side_sends_events_under_the_others_number() -> None:
    theirs = ["m=audio 4000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000"]
    plan = agreed(offer(local()), written(*theirs))
    assert isinstance(plan, MediaPlan)
    assert (plan.event_format, plan.receive_event_format) == (96, 101)


def test_no_events_offered_means_none_answered() -> None:
    answered, plan = taken(written("m=audio 4000 RTP/AVP 0"))
    assert plan.event_format is None
    assert audio(answered).formats == ("0",)


@pytest.mark.parametrize(
    ("media", "why"),
    [
        (["m=audio 4000 RTP/AVP 4 18"], "PCMU"),
        (["m=audio 0 RTP/AVP 0"], "refused"),
        (["m=audio 4000 RTP/SAVP 0"], "RTP/SAVP"),
        (["m=audio 4000 UDP/TLS/RTP/SAVP 0"], "SAVP"),
        (["m=video 4000 RTP/AVP 0"], "video"),
        (["m=audio 4000 RTP/AVP 0", "a=rtpmap:0 G729/8000"], "PCMU"),
        (["m=audio banana RTP/AVP 0"], "media line"),
        (["m=audio 4000 RTP/AVP 0", "a=rtpmap:0 banana"], "rtpmap"),
        ([], "no stream"),
    ],
)
def test_what_does_not_fit_is_refused_with_488(media: list[str], why: str) -> None:
    assert why in refused(written(*media))


def test_no_description_at_all_is_refused() -> None:
    assert refused(Sdp.parse(b"\x00\xff garbage"))


@pytest.mark.parametrize(
    ("theirs", "wanted", "ours"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("recvonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "inactive", "inactive"),
        ("sendonly", "sendonly", "inactive"),
        ("sendrecv", "recvonly", "recvonly"),
    ],
)
def test_directions_mirror(theirs: str, wanted: str, ours: str) -> None:
    offered = written("m=audio 4000 RTP/AVP 0", f"a={theirs}")
    result = answer(offered, local(), wanted)
    assert not isinstance(result, Refusal)
    answered, plan = result
    assert plan.direction == audio(answered).direction == ours


def test_nobody_sends_to_a_hold_of_the_old_kind() -> None:
    answered, plan = taken(written("m=audio 4000 RTP/AVP 0", host="0.0.0.0"))
    assert not plan.sends
    assert audio(answered).direction == "recvonly"


def test_an_answer_may_put_us_on_hold() -> None:
    plan = agreed(offer(local()), written("m=audio 4000 RTP/AVP 0", "a=inactive"))
    assert isinstance(plan, MediaPlan)
    assert not plan.sends
    assert not plan.receives


def test_other_streams_are_answered_with_port_zero_in_their_place() -> None:
    streams = ["m=video 4002 RTP/AVP 31", "m=audio 4000 RTP/AVP 0", "m=audio 5 x 0"]
    answered, plan = taken(written(*streams))
    assert [m.port for m in answered.media] == [0, 20000, 0]
    assert [m.kind for m in answered.media] == ["video", "audio", "audio"]
    assert plan.remote.port == 4000


def test_ice_and_mux_are_left_out_of_the_answer() -> None:
    extras = ["a=rtcp-mux", "a=ice-ufrag:abcd", "a=candidate:1 1 udp 1 10.0.0.1 9 x"]
    answered, _ = taken(written("m=audio 4000 RTP/AVP 0", *extras))
    assert b"ice" not in bytes(answered)
    assert not audio(answered).rtcp_mux


def test_addresses_of_version_six() -> None:
    answered, plan = taken(
        written("m=audio 4000 RTP/AVP 0", host="::1"), local(host="fd00::2")
    )
    assert plan.remote == Address("::1", 4000)
    assert b"c=IN IP6 fd00::2" in bytes(answered)


def secured(keys: Names | bytes) -> Local:
    return local(security=Security.SECURED, keys=keys)


def test_a_secured_exchange_crosses_the_keys() -> None:
    offered = offer(secured(KEY_A))
    answered, phones = taken(offered, secured(KEY_B))
    ums = agreed(offered, answered)
    assert isinstance(ums, MediaPlan)
    assert audio(answered).protocol == "RTP/SAVP"
    assert (ums.send_key, ums.receive_key) == (KEY_A, KEY_B)
    assert (phones.send_key, phones.receive_key) == (KEY_B, KEY_A)
    assert agreed(offered, answered, ours="answerer") == phones


def test_a_secured_end_refuses_clear_media_and_the_reverse() -> None:
    assert "RTP/AVP" in refused(offer(local()), secured(KEY_B))
    assert "RTP/SAVP" in refused(offer(secured(KEY_A)))


@pytest.mark.parametrize(
    "lock",
    [
        [],
        ["a=crypto:1 F8_128_HMAC_SHA1_80 inline:" + "A" * 40],
        ["a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:short"],
        [f"a=crypto:{Crypto.of(1, KEY_A)} UNENCRYPTED_SRTP"],
    ],
)
def test_a_secured_stream_needs_a_key_we_can_use(lock: list[str]) -> None:
    offered = written("m=audio 4000 RTP/SAVP 0", *lock)
    assert "key" in refused(offered, secured(KEY_B))


def test_the_answer_takes_tag_and_suite_of_the_key_it_chose() -> None:
    lines = [
        "a=crypto:1 F8_128_HMAC_SHA1_80 inline:" + "A" * 40,
        "a=crypto:2 banana",
        f"a=crypto:{Crypto.of(7, KEY_A, AES_32)}",
        f"a=crypto:{Crypto.of(8, KEY_A, AES_80)}",
    ]
    answered, plan = taken(written("m=audio 4000 RTP/SAVP 0", *lines), secured(KEY_B))
    (chosen,) = audio(answered).crypto
    assert (chosen.tag, chosen.suite, plan.suite) == (7, AES_32, AES_32)


def test_a_name_giver_never_answers_with_the_offers_key() -> None:
    first = Names(1).octets(30)
    answered, _ = taken(offer(secured(first)), secured(Names(1)))
    assert audio(answered).crypto[0].key_salt != first


def test_a_reflected_key_is_refused() -> None:
    offered = offer(secured(KEY_A))
    assert "our own" in refused(offered, secured(KEY_A))
    echo = agreed(offered, offered)
    assert isinstance(echo, Refusal)


def test_a_key_of_another_length_is_our_own_mistake() -> None:
    with pytest.raises(Misuse):
        offer(secured(b"short"))


@pytest.mark.parametrize(
    "media",
    [
        ["m=audio 0 RTP/AVP 0"],
        ["m=audio 4000 RTP/AVP 18"],
        ["m=audio 4000 RTP/SAVP 0"],
        ["m=audio 4000 RTP/AVP 0", "m=audio 4002 RTP/AVP 0"],
        [],
    ],
)
def test_an_answer_that_does_not_fit_is_told_to_the_offerer(media: list[str]) -> None:
    assert isinstance(agreed(offer(local()), written(*media)), Refusal)


def test_an_answer_may_not_name_a_tag_that_was_not_offered() -> None:
    offered = offer(secured(KEY_A))
    theirs = f"a=crypto:{Crypto.of(2, KEY_B)}"
    answered = written("m=audio 4000 RTP/SAVP 0", theirs)
    assert isinstance(agreed(offered, answered), Refusal)


def test_every_pair_of_our_own_ends_agrees_or_refuses_alike() -> None:
    modes = (Security.UNSECURED, Security.SECURED)
    for one, other in itertools.product(modes, modes):
        offered = offer(local(security=one, keys=Names("a")))
        result = answer(offered, local(security=other, keys=Names("b")))
        assert isinstance(result, Refusal) == (one is not other)


LINES = st.sampled_from(
    [
        "m=audio 4000 RTP/AVP 0 101",
        "m=audio 4000 RTP/SAVP 8 0",
        "m=audio 70000 RTP/AVP 0",
        "m=audio",
        "c=IN IP4",
        "c=IN IP4 0.0.0.0",
        "a=rtpmap:101 telephone-event/8000",
        "a=rtpmap:0 x",
        "a=ptime:inf",
        "a=ptime:-1",
        "a=sendonly",
        "a=crypto:1",
        f"a=crypto:{Crypto.of(1, KEY_A)}",
    ]
)


@given(st.lists(st.one_of(LINES, st.text(max_size=12)), max_size=9), st.booleans())
def test_whatever_is_offered_it_is_answered_or_refused(
    lines: list[str], tls: bool
) -> None:
    mode = Security.SECURED if tls else Security.UNSECURED
    offered = Sdp.parse("\r\n".join(lines).encode("utf-8", "surrogatepass"))
    result = answer(offered, local(security=mode, keys=Names("b")))
    if isinstance(result, Refusal):
        assert result.status == 488
    else:
        assert len(result[0].media) == len(offered.media)
    assert isinstance(agreed(offer(local()), offered), Refusal | MediaPlan)
