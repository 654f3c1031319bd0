"""Which dial strings are called, and as what (facts §6.3, §6.5)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.protocol.dial_plan import (
    Denial,
    Denied,
    DialingRule,
    DialPlan,
    Kind,
    MailboxPolicy,
    Permitted,
    UriType,
    classify,
    decide,
    fill,
)

PLAN = DialPlan(
    international_code="011",
    national_prefix="1",
    country_code="1",
    in_country=(
        DialingRule("local", "+1206555xxxx", "+1206555xxxx"),
        DialingRule("free", "800*", "800*"),
        DialingRule("codes", "91800xxxxxxx", "91800xxxxxxx"),
        DialingRule("any", "*", "*"),
    ),
    international=(
        DialingRule("london", "+4420*", "+4420*"),
        DialingRule("britain", "901144*", "901144*"),
        DialingRule("world", "*", "*"),
    ),
)
NOTHING = MailboxPolicy()
SOME = MailboxPolicy(
    in_country=("local", "free", "codes"), international=("london", "britain")
)
EVERYTHING = MailboxPolicy(in_country=("any",), international=("world",))


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("+12065550123", "+12065550123"),
        ("+1 (206) 555-0123", "+12065550123"),
        ("tel:+1-206-555-0123", "+12065550123"),
        ("8005551212", "8005551212"),
        ("800.555.1212", "8005551212"),
        ("+44 20 7946 0018", "+442079460018"),
    ],
)
def test_in_2007_the_string_goes_out_as_it_was_typed(typed: str, digits: str) -> None:
    permitted = decide(typed, PLAN, SOME)
    assert isinstance(permitted, Permitted)
    assert permitted.digits == digits


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("8005551212", "918005551212"),
        ("18005551212", "918005551212"),
        ("+1 800 555 1212", "918005551212"),
        ("011442079460018", "9011442079460018"),
        ("+442079460018", "9011442079460018"),
        ("9011442079460018", "9011442079460018"),
    ],
)
def test_in_2010_access_codes_go_in_front(typed: str, digits: str) -> None:
    permitted = decide(typed, PLAN, EVERYTHING, version="2010")
    assert isinstance(permitted, Permitted)
    assert permitted.digits == digits


def test_a_mask_that_worked_in_2007_fails_in_2010_and_the_reverse() -> None:
    free = MailboxPolicy(in_country=("free",))
    codes = MailboxPolicy(in_country=("codes",))
    assert isinstance(decide("8005551212", PLAN, free), Permitted)
    assert isinstance(decide("8005551212", PLAN, free, "2010"), Denied)
    assert isinstance(decide("8005551212", PLAN, codes), Denied)
    assert isinstance(decide("8005551212", PLAN, codes, "2010"), Permitted)


def test_no_prefix_goes_before_an_extension() -> None:
    assert decide("12345", PLAN, SOME, "2010") == Permitted("12345", Kind.EXTENSION)


@pytest.mark.parametrize(
    ("mask", "dialed", "number", "sent"),
    [
        ("91425xxxxxxx", "91425xxxxxxx", "914255551234", "914255551234"),
        ("1425xxxxxxx", "91425xxxxxxx", "14255551234", "914255551234"),
        ("9xxxxxxxxxx", "91xxxxxxxxxx", "94255551234", "914255551234"),
        ("91*", "91*", "914255551234", "914255551234"),
        ("*", "*", "914255551234", "914255551234"),
        ("*", "*", "+4420", "+4420"),
        ("*", "9*", "4255551234", "94255551234"),
        ("425XXXX", "xxxx", "4251234", "1234"),
        ("1206xxx", "1206xxx", "+1206555", "1206555"),
        ("+1206xxx", "+1206xxx", "1206555", ""),
        ("425xxxx", "9425xxx", "4251234", ""),
        ("425", "9*", "425", ""),
        ("42[5]", "9", "425", ""),
        ("", "", "425", ""),
        # The vendor's prose would send 4255551234 here: see the head of dial_plan.py.
        ("91425*", "91*", "914255551234", "915551234"),
    ],
)
def test_a_rule_dials_its_number_filled_from_the_mask(
    mask: str, dialed: str, number: str, sent: str
) -> None:
    assert fill(DialingRule("r", mask, dialed), number) == sent


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("12345", Kind.EXTENSION),
        ("1234", Kind.NATIONAL),
        ("8005551212", Kind.NATIONAL),
        ("+18005551212", Kind.NATIONAL),
        ("+442079460018", Kind.INTERNATIONAL),
        ("011442079460018", Kind.INTERNATIONAL),
        ("9011442079460018", Kind.INTERNATIONAL),
        ("918005551212", Kind.NATIONAL),
    ],
)
def test_the_class_of_a_number(number: str, kind: Kind) -> None:
    assert classify(number, PLAN) is kind


def test_an_outside_line_code_does_not_smuggle_a_call_abroad() -> None:
    at_home = MailboxPolicy(in_country=("any",))
    denied = decide("9011442079460018", PLAN, at_home)
    assert isinstance(denied, Denied)
    assert denied.kind is Denial.POLICY


def test_by_default_only_insiders_may_be_called() -> None:
    assert isinstance(decide("12345", PLAN, NOTHING), Permitted)
    for number in ("8005551212", "+442079460018"):
        denied = decide(number, PLAN, NOTHING)
        assert isinstance(denied, Denied)
        assert denied.kind is Denial.POLICY


@pytest.mark.parametrize("extensions", [True, False])
@pytest.mark.parametrize("subscribers", [True, False])
@pytest.mark.parametrize("known", [True, False])
def test_extensions_follow_two_switches(
    extensions: bool, subscribers: bool, known: bool
) -> None:
    policy = MailboxPolicy(extensions=extensions, subscribers=subscribers)
    decision = decide("12345", PLAN, policy, subscriber=known)
    allowed = extensions or (subscribers and known)
    assert isinstance(decision, Permitted if allowed else Denied)


def test_a_policy_may_switch_play_on_phone_off() -> None:
    denied = decide("12345", PLAN, MailboxPolicy(play_on_phone=False))
    assert isinstance(denied, Denied)
    assert denied.kind is Denial.SWITCHED_OFF


def test_a_sip_plan_dials_addresses_of_its_own_domains() -> None:
    plan = DialPlan(uri_type=UriType.SIP_NAME, domains=("Contoso.test",))
    for typed in ("sip:ann@contoso.test", "ann@CONTOSO.test"):
        assert decide(typed, plan, NOTHING) == Permitted("ann", Kind.ADDRESS)
    outside = decide("sip:ann@evil.test", plan, NOTHING)
    assert isinstance(outside, Denied)
    assert outside.kind is Denial.POLICY


@pytest.mark.parametrize(
    "typed",
    ["sip:ann@", "@contoso.test", "a;b@contoso.test", "ann@contoso.test;maddr=x"],
)
def test_a_broken_address_is_told_apart(typed: str) -> None:
    plan = DialPlan(uri_type=UriType.SIP_NAME, domains=("contoso.test",))
    denied = decide(typed, plan, NOTHING)
    assert isinstance(denied, Denied)
    assert denied.kind is Denial.MALFORMED_ADDRESS


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "+",
        "-",
        "++1206",
        "1+2",
        "12345\r\nVia: x",
        "12345\n",
        "12345;phone-context=evil",
        "12345@evil.test",
        "sip:12345@evil.test",
        "12345?Replaces=x",
        "12345%0d%0a",
        "12345\x00",
        "\u0661\u0662\u0663\u0664\u0665",
        "\uff11\uff12\uff13\uff14\uff15",
        "12345,,9",
        "12345p9",
        "12345w9",
        "*67",
        "12345#",
        "1-800-FLOWERS",
        "9" * 25,
        "+" + "9" * 16,
        "9" * 10_000,
        "1" + " " * 100,
    ],
)
def test_hostile_strings_are_malformed_under_the_most_generous_policy(
    typed: str,
) -> None:
    denied = decide(typed, PLAN, EVERYTHING)
    assert isinstance(denied, Denied)
    assert denied.kind is Denial.MALFORMED
    assert denied.why.isprintable()


@given(
    st.one_of(st.text(max_size=30), st.text("+0123456789xX*-() ", max_size=16)),
    st.sampled_from(["2007", "2010"]),
)
def test_whatever_is_typed_only_digits_are_ever_dialled(
    typed: str, version: str
) -> None:
    decision = decide(typed, PLAN, EVERYTHING, version)
    if isinstance(decision, Permitted):
        assert re.fullmatch(r"\+?[0-9]{1,40}", decision.digits, re.ASCII)
