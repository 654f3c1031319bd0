"""Broken HTTP and XML cost their own connection; the next request is served."""

import pytest

from ringback.suite import Client, Testbed, scenario

HEAD = b"POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: cas.ringback.test\r\n"
UNKNOWN = "bm90aGluZ0B1bS5yaW5nYmFjay50ZXN0"
SERVED = ["WS-CALLID-004", "WS-HTTP-001", "WS-SHAPE-002"]
BROKEN = {
    "no-http": b"EHLO cas.ringback.test\r\n\r\n",
    "no-length": HEAD + b"Content-Length: much\r\n\r\n",
    "two-lengths": HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "endless": HEAD + b"X-Word: and so on\r\n" * 4000,
    "octets": bytes(range(256)) * 8,
}
HALF = {
    "in-the-start-line": HEAD[:20],
    "in-a-header": HEAD[:-8],
    "in-the-body": HEAD + b"Content-Length: 400\r\n\r\n<soap:Envelope",
}
XML = {
    "no-xml": b"please",
    "unfinished": b"<soap:Envelope xmlns:soap='http://schemas.xmlsoap.org/soap/",
    "no-envelope": b"<html><body>hello</body></html>",
    "nothing": b"",
}


@pytest.mark.parametrize("octets", BROKEN.values(), ids=BROKEN)
@scenario(settles=SERVED)
def test_broken_http(testbed: Testbed, client: Client, octets: bytes) -> None:
    visit = testbed.stranger().posts(octets)
    testbed.until(visit.is_over, within=5.0)

    question = client.asks_about(UNKNOWN)

    testbed.until(question.is_answered, within=5.0)


@pytest.mark.parametrize("octets", HALF.values(), ids=HALF)
@scenario(settles=SERVED)
def test_half_a_request(testbed: Testbed, client: Client, octets: bytes) -> None:
    visit = testbed.stranger().posts(octets)
    testbed.until(visit.is_open, within=5.0)

    question = client.asks_about(UNKNOWN)

    testbed.until(question.is_answered, within=5.0)


@pytest.mark.parametrize("octets", XML.values(), ids=XML)
@scenario(settles=SERVED)
def test_broken_xml(testbed: Testbed, client: Client, octets: bytes) -> None:
    broken = client.asks(octets)
    testbed.until(broken.is_answered, within=5.0)

    question = client.asks_about(UNKNOWN)

    testbed.until(question.is_answered, within=5.0)
