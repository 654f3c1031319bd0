"""Rules of the tls sheets: nothing goes on without TLS."""

from ringback.judge.case import Rule
from ringback.judge.rules import downgrades
from ringback.values import Leg, Role

RULES: dict[str, Rule] = {
    "TLS-REDIR-001": downgrades.a_redirect_leads_to_tls,
    "TLS-REDIR-002": downgrades.a_redirect_out_of_tls_is_not_followed,
    "TLS-FALL-001": downgrades.nobody_falls_back(Leg.CAS_UM, Role.CAS),
    "TLS-FALL-002": downgrades.nobody_falls_back(Leg.UM_GATEWAY, Role.UM),
    "TLS-QUIET-001": downgrades.nothing_follows_from_the_refused,
}
