"""Rules of the leaks sheet."""

from ringback.judge.case import Rule
from ringback.judge.rules import leaks, scans
from ringback.values import Leg

RULES: dict[str, Rule] = {
    "SEC-CLEAR-001": leaks.no_sip_in_the_clear(Leg.CAS_UM),
    "SEC-CLEAR-002": leaks.no_sip_in_the_clear(Leg.UM_GATEWAY),
    "SEC-SRTP-001": leaks.no_readable_sound,
    "SEC-SRTP-002": leaks.tags_of_srtp_are_true,
    "SEC-KEYS-001": leaks.keys_travel_inside_tls,
    "SEC-LEAK-001": leaks.an_eavesdropper_learns_nothing,
    "SEC-LEAK-002": leaks.sound_is_hidden,
    "SEC-SCAN-001": scans.every_extension_gets_the_same_answer,
}
