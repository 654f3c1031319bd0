"""The catalogue keeps its laws: ids, levels and sources, every rule sourced."""

import re

import pytest

from ringback.faults import Misuse
from ringback.judge.catalogue import ID, Requirement, catalogue, read_sheet
from ringback.judge.finding import Level
from ringback.judge.selection import select
from ringback.judge.table import RULES

CITED = re.compile(r"RFC \d{4}(?! §)")
ENTRY = b"""
[SIP-X-001]
level = "MUST"
source = "RFC 3261 \xc2\xa717"
says = "So it is."
binds = ["um"]
"""


def test_every_requirement_has_a_rule_or_says_why_not() -> None:
    untested = {r.id for r in catalogue().values() if r.entry.untested}
    assert set(RULES) == set(catalogue()) - untested


@pytest.mark.parametrize("requirement", catalogue().values(), ids=lambda r: str(r.id))
def test_a_must_rests_on_something_documented(requirement: Requirement) -> None:
    entry = requirement.entry
    documented = "[D]" in entry.source or "RFC" in entry.source
    assert documented or entry.level is Level.PROFILE
    if re.search(r"\[[IA]\]", entry.source):
        assert entry.level is Level.PROFILE
    assert not CITED.search(entry.source), "an RFC is cited by paragraph"
    assert entry.says.endswith(".")
    assert ID.fullmatch(requirement.id)


def test_areas_are_the_names_of_the_sheets() -> None:
    areas = {r.area for r in catalogue().values()}
    assert areas == {"playonphone", "sip", "media", "tls", "leaks", "webservice"}


def test_a_sheet_is_read() -> None:
    (found,) = read_sheet("sip.toml", ENTRY)
    assert (found.id, found.area, found.level) == ("SIP-X-001", "sip", Level.MUST)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (b"says", b"sais", "sais"),
        (b"SIP-X-001", b"SIP-x", "not an id"),
        (b"MUST", b"MIGHT", "MIGHT"),
        (b'"um"', b'"pbx"', "pbx"),
        (b'["um"]', b"[]", "binds nobody"),
        (b"RFC 3261 \xc2\xa717", b"facts [A]", "needs an RFC"),
        (b"RFC 3261 \xc2\xa717", b"hearsay", "neither"),
        (b"says", b'applies = "nett"\nsays', "nett"),
        (b"says", b'needs = "luck"\nsays', "luck"),
        (b"[SIP-X-001]", b"[SIP-X-001", "sip.toml"),
    ],
)
def test_a_mistake_names_file_and_id(old: bytes, new: bytes, complaint: str) -> None:
    with pytest.raises(Misuse) as caught:
        read_sheet("sip.toml", ENTRY.replace(old, new, 1))
    assert complaint in str(caught.value)
    assert "sip.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("word", "some", "none"),
    [
        ("SIP-ACK-001", "SIP-ACK-001", "SIP-ACK-002"),
        ("sip-ack", "SIP-ACK-002", "SIP-BYE-001"),
        ("tls", "TLS-NAME-003", "SIP-ACK-001"),
        ("RFC 3261 §17", "SIP-ACK-001", "SIP-VIA-001"),
        ("RFC 3261", "SIP-ACK-001", "TLS-NAME-001"),
        ("rfc5922", "TLS-NAME-001", "TLS-CHAIN-001"),
        ("sip.busy", "SIP-ACK-003", "SIP-ACK-001"),
        ("sip.busy:SIP-ACK-003", "SIP-ACK-003", "POP-CAUSE-001"),
    ],
)
def test_what_a_word_selects(word: str, some: str, none: str) -> None:
    scenarios = {"sip.busy": ("SIP-ACK-003", "POP-CAUSE-001")}
    chosen = select([word], scenarios)
    assert some in chosen
    assert none not in chosen


def test_a_section_is_no_beginning_of_another() -> None:
    with pytest.raises(Misuse):
        select(["RFC 3261 §1"])  # not §17, nor §12


def test_no_word_selects_all() -> None:
    assert select([]) == tuple(catalogue())


def test_an_unknown_word_names_its_neighbours() -> None:
    with pytest.raises(Misuse, match="near: SIP-ACK"):
        select(["SIP-AKC-001"])
    with pytest.raises(Misuse, match="areas: "):
        select(["qqqq"])
