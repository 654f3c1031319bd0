"""Who may order what of a CAS: passwords, features, messages, properties."""

import pytest
from msgspec.structs import replace
from testsuites.selftest.office import BOTH, Dialect, client_of, office

from ringback.protocol.mailbox import Greeting, ResetPin, SetProperty, User
from ringback.wire import ews, umws
from ringback.wire.multipart import parse as parse_multipart
from ringback.wire.order import CONTENT_TYPE, Order
from ringback.wire.soap import SoapFault


def test_a_greeting_is_ordered_by_its_type() -> None:
    play = office("umws")
    call = play.client.plays_greeting(Greeting.OOF, on="123")
    play.gives()
    play.world.until(play.um.has("INVITE"))
    invite = play.um.got("INVITE")[0]
    body = parse_multipart(invite.first("content-type"), invite.body)
    part = body.part(CONTENT_TYPE)
    assert part is not None
    assert Order.parse(part.body) == Order("alice", "greeting", "OofCustom", "123")
    assert not call.is_over()


@BOTH
@pytest.mark.parametrize(
    ("item", "code"),
    [("AAAA", "ErrorItemNotFound"), ("no id!", "ErrorInvalidIdMalformed")],
)
def test_a_message_that_is_not_in_the_mailbox(
    dialect: Dialect, item: str, code: str
) -> None:
    play = office(dialect)
    call = play.orders(item=item)
    play.world.until(call.is_over)
    assert call.error == (code if dialect == "ews" else "InvalidObjectIdException")
    assert not play.um.heard


@BOTH
@pytest.mark.parametrize("without", ["um_enabled", "play_on_phone_enabled"])
def test_a_user_without_the_feature(dialect: Dialect, without: str) -> None:
    play = office(dialect)
    user = User("alice")
    play.world.users["alice"] = (
        replace(user, um_enabled=False)
        if without == "um_enabled"
        else replace(user, play_on_phone_enabled=False)
    )
    call = play.orders()
    play.world.until(call.is_over)
    assert call.error == "ErrorUserNotUnifiedMessagingEnabled"


def test_properties_are_read_and_set() -> None:
    play = office("umws")
    play.world.users["alice"] = User(
        "alice", dial_string="123", oof_status=True, telephone_access_numbers="9"
    )
    assert play.asks(umws.IsUMEnabled()) == umws.IsUMEnabledResponse(True)
    assert play.asks(umws.GetUMProperties()) == umws.GetUMPropertiesResponse(
        True, True, "123", "9", ""
    )
    assert play.asks(umws.SetOofStatus(False)) == umws.SetOofStatusResponse()
    play.asks(umws.SetMissedCallNotificationEnabled(True))
    play.asks(umws.SetPlayOnPhoneDialString("<7>"))
    play.asks(umws.SetTelephoneAccessFolderEmail("AAAA"))
    play.asks(umws.ResetPIN())
    assert play.world.records == [
        SetProperty("alice", "oof_status", False),
        SetProperty("alice", "missed_call_notification", True),
        SetProperty("alice", "dial_string", "<7>"),
        SetProperty("alice", "telephone_access_folder", "AAAA"),
        ResetPin("alice"),
    ]


def test_a_stranger_to_um_has_no_properties() -> None:
    play = office("umws")
    play.world.users["alice"] = User("alice", um_enabled=False)
    assert play.asks(umws.IsUMEnabled()) == umws.IsUMEnabledResponse(False)
    refused = play.asks(umws.ResetPIN())
    assert isinstance(refused, SoapFault)
    assert refused.name == "ErrorUserNotUnifiedMessagingEnabled"
    assert not play.world.records


def test_the_configuration_tells_the_dial_string() -> None:
    play = office("ews")
    told = play.asks(ews.GetServiceConfiguration())
    assert told == ews.GetServiceConfigurationResponse(True, "123", True)


def test_a_wrong_password_orders_nothing() -> None:
    play = office()
    play.client = client_of("alice", "ews", password="guess")
    play.world.seat(play.client)
    call = play.orders()
    play.world.until(call.is_over)
    assert call.error == "HTTP 401"
    assert not play.um.heard


def test_a_password_may_wait_for_the_challenge() -> None:
    play = office()
    play.client = client_of("alice", "ews", pre_emptive=False)
    play.world.seat(play.client)
    play.rings()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (503, "ErrorUnifiedMessagingServerNotFound"),
        (403, "ErrorUnifiedMessagingRequestFailed"),
        (415, "ErrorUnifiedMessagingRequestFailed"),
    ],
)
def test_a_um_that_refuses_for_itself_leaves_no_call(status: int, code: str) -> None:
    play = office()
    call = play.orders()
    play.world.until(play.um.has("INVITE"))
    play.um_says(status, "No")
    play.world.until(call.is_over)
    assert call.is_refused()
    assert call.error == code
