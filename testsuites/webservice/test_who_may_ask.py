"""Passwords, call ids, other people's calls: what the web service must refuse."""

from ringback.suite import DESK, Client, Testbed, scenario

BILLION_LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;">]>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
<soap:Body>&lol2;</soap:Body></soap:Envelope>"""


@scenario(settles=["WS-AUTH-001", "WS-AUTH-002"])
def test_a_client_that_waits_to_be_asked(testbed: Testbed) -> None:
    client = testbed.client_of("alice", waits_to_be_asked=True)

    question = client.asks_about("bm90aGluZ0B1bS5yaW5nYmFjay50ZXN0")

    testbed.until(question.is_answered, within=5.0)


@scenario(settles=["WS-AUTH-001", "WS-AUTH-002"])
def test_a_wrong_password(testbed: Testbed, client: Client) -> None:
    question = client.asks_about("bm90aGluZ0B1bS5yaW5nYmFjay50ZXN0")
    testbed.until(question.is_answered, within=5.0)
    intruder = testbed.client_of("alice", password="guessed")

    call = intruder.plays("hello", on=DESK)

    testbed.until(call.is_ordered, within=5.0)


@scenario(settles=["WS-CALLID-004", "WS-HTTP-001"])
def test_a_call_id_that_nobody_got(testbed: Testbed, client: Client) -> None:
    question = client.asks_about("bm90aGluZ0B1bS5yaW5nYmFjay50ZXN0")

    testbed.until(question.is_answered, within=5.0)


@scenario(settles=["WS-CALLID-001", "WS-CALLID-005", "WS-PRIVATE-001"])
def test_another_user_s_call_id(testbed: Testbed, client: Client) -> None:
    testbed.phone.never_answers()
    testbed.phone.ends = "client"
    call = client.plays("hello", on=DESK)
    testbed.until(call.is_ordered, within=5.0)

    question = testbed.client_of("bob").asks_about(call.id)

    testbed.until(question.is_answered, within=5.0)
    client.hangs_up(call)
    testbed.until(call.is_over, within=5.0)


@scenario(settles=["WS-ITEM-001"])
def test_a_message_that_does_not_exist(testbed: Testbed, client: Client) -> None:
    testbed.aside("POP-CHECK")

    call = client.plays("no-such-message", on=DESK)

    testbed.until(call.is_ordered, within=5.0)


@scenario(settles=["WS-ITEM-001"])
def test_another_user_s_message(testbed: Testbed, client: Client) -> None:
    testbed.aside("POP-CHECK")

    call = client.plays("lunch", on=DESK)  # bob's

    testbed.until(call.is_ordered, within=5.0)


@scenario(settles=["WS-ITEM-001"])
def test_another_user_s_message_in_the_older_service(testbed: Testbed) -> None:
    testbed.aside("POP-CHECK")
    client = testbed.client_of("alice", dialect="umws")

    call = client.plays("lunch", on=DESK)  # bob's

    testbed.until(call.is_ordered, within=5.0)


@scenario(settles=["WS-ONE-001", "WS-CALLID-003"])
def test_a_second_call_while_the_first_rings(testbed: Testbed, client: Client) -> None:
    testbed.phone.never_answers()
    testbed.phone.ends = "client"
    first = client.plays("hello", on=DESK)
    testbed.until(first.is_ordered, within=5.0)

    second = client.plays("meeting", on=DESK)

    testbed.until(second.is_ordered, within=5.0)
    client.hangs_up(first)
    testbed.until(first.is_over, within=5.0)


@scenario(settles=["WS-XML-001"])
def test_a_document_type_in_the_request(testbed: Testbed, client: Client) -> None:
    question = client.asks(BILLION_LAUGHS)

    testbed.until(question.is_answered, within=5.0)
