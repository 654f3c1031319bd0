"""Rules of the tls sheet."""

from ringback.judge.case import Rule
from ringback.judge.rules import choices, hellos, tls
from ringback.values import Leg, Role

RULES: dict[str, Rule] = {
    "TLS-MUTUAL-001": tls.both_show_a_certificate(Leg.CAS_UM),
    "TLS-MUTUAL-002": tls.both_show_a_certificate(Leg.UM_GATEWAY),
    "TLS-CHAIN-001": tls.certificates_chain_to_a_root,
    "TLS-VALID-001": tls.certificates_are_valid_now,
    "TLS-USAGE-001": tls.certificates_may_do_what_they_do,
    "TLS-KEY-001": tls.keys_are_strong,
    "TLS-NAME-001": tls.names_itself(Leg.CAS_UM, Role.UM),
    "TLS-NAME-002": tls.names_itself(Leg.CAS_UM, Role.CAS),
    "TLS-NAME-004": tls.names_itself(Leg.UM_GATEWAY, Role.GATEWAY),
    "TLS-NAME-005": tls.names_itself(Leg.UM_GATEWAY, Role.UM),
    "TLS-VERSION-001": tls.tls_is_recent,
    "TLS-VERSION-002": hellos.refuses(
        hellos.offers_only_old_versions, "nothing newer than TLS 1.1"
    ),
    "TLS-VERSION-003": hellos.refuses(
        hellos.offers_only_old_versions, "nothing newer than TLS 1.1", Role.GATEWAY
    ),
    "TLS-CIPHER-003": hellos.refuses(
        hellos.offers_only_broken_ciphers,
        "only NULL, RC4, DES or export ciphers",
        Role.GATEWAY,
    ),
    "TLS-CIPHER-004": hellos.refuses(
        hellos.offers_only_short_ciphers, "nothing stronger than 3DES", Role.GATEWAY
    ),
    "TLS-CIPHER-001": hellos.refuses(
        hellos.offers_only_broken_ciphers, "only NULL, RC4, DES or export ciphers"
    ),
    "TLS-CIPHER-002": hellos.refuses(
        hellos.offers_only_short_ciphers, "nothing stronger than 3DES"
    ),
    "TLS-VERSION-004": choices.leaves(
        choices.an_old_version, "an old version", Role.CAS, Leg.CAS_UM
    ),
    "TLS-VERSION-005": choices.leaves(
        choices.an_old_version, "an old version", Role.UM, Leg.UM_GATEWAY
    ),
    "TLS-CIPHER-005": choices.leaves(
        choices.a_broken_cipher, "a broken cipher", Role.CAS, Leg.CAS_UM
    ),
    "TLS-CIPHER-006": choices.leaves(
        choices.a_broken_cipher, "a broken cipher", Role.UM, Leg.UM_GATEWAY
    ),
    "TLS-CIPHER-007": choices.leaves(
        choices.a_short_cipher, "a short cipher", Role.CAS, Leg.CAS_UM
    ),
    "TLS-CIPHER-008": choices.leaves(
        choices.a_short_cipher, "a short cipher", Role.UM, Leg.UM_GATEWAY
    ),
    "TLS-RENEG-001": hellos.tells_of_secure_renegotiation(Role.UM),
    "TLS-RENEG-002": hellos.tells_of_secure_renegotiation(Role.GATEWAY),
    "TLS-STALL-001": hellos.a_stalled_hello_keeps_nobody_waiting,
    "TLS-ROBUST-001": hellos.a_broken_hello_costs_only_its_connection,
}
