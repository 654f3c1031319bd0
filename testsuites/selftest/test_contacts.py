"""Where peers are told to call back: by address, or by a name that TLS can prove."""

from pathlib import Path

import pytest
from testsuites.selftest.commanded import PLAIN

from ringback.config import Config
from ringback.evidence.evidence import Evidence
from ringback.evidence.reader import study
from ringback.testbed.asked import Asked
from ringback.testbed.closing import Declared
from ringback.testbed.session import Session
from ringback.values import Contact, Role, Security
from ringback.wire.headers import NameAddr, contacts
from ringback.wire.uri import SipUri


def played(contact: Contact, mode: Security, tmp_path: Path) -> Evidence:
    """A short call on the memory network."""
    config = Config(contact=contact)
    asked = Asked(config, {}, (mode,), "memory", tmp_path, "may", (), True)
    session = Session(asked, "run")
    wanted: dict[str, object] = {"needs": (), "config": {}}
    bed = session.open(Declared(PLAIN, PLAIN, "", (), ""), mode, wanted)
    bed.phone.hangs_up(after=0.2)
    call = bed.client.plays("hello", on="+12065550123")
    bed.until(call.is_over, within=20.0)
    bed.finish()
    return study(bytes(bed.captured())).evidence


def said(evidence: Evidence) -> dict[Role, set[str]]:
    """The hosts in Contact of each role; where a 3xx points is not about itself."""
    found: dict[Role, set[str]] = {}
    for frame in evidence.sip:
        if frame.sender is None or frame.sip.status // 100 == 3:
            continue
        for one in contacts(frame.sip):
            if isinstance(one, NameAddr) and isinstance(one.uri, SipUri):
                found.setdefault(frame.sender, set()).add(one.uri.host)
    return found


@pytest.mark.parametrize(
    ("contact", "mode", "names"),
    [
        (Contact.AUTO, Security.UNSECURED, set()),
        (Contact.AUTO, Security.SECURED, {Role.CAS, Role.UM, Role.GATEWAY}),
        (Contact.ADDRESS, Security.SECURED, set()),
        (Contact.NAME, Security.UNSECURED, {*Role} - {Role.CLIENT}),
    ],
)
def test_each_role_says_where_it_is(
    contact: Contact, mode: Security, names: set[Role], tmp_path: Path
) -> None:
    """Towards the phone the gateway speaks in the clear in every mode."""
    evidence = played(contact, mode, tmp_path)
    told = said(evidence)
    assert set(told) == {Role.CAS, Role.UM, Role.GATEWAY, Role.PHONE}
    named = {
        role for role, hosts in told.items() if any(h.endswith(".test") for h in hosts)
    }
    assert named == names
    assert any(f.sip.method == "BYE" and f.sip.status == 200 for f in evidence.sip)
