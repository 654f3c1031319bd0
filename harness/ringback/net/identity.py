"""Who a seat is to others and whom it believes: certificate, key, roots, peer names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """All of it PEM and in memory only.

    ``chain`` has the leaf first; empty for a role that presents no certificate (a mail
    client). ``trusted`` are the FQDNs that a server which asks for certificates serves
    (facts §4.9); an empty set serves nobody. ``revoked`` are revocation lists; when
    there are any, each leaf is looked up.
    """

    names: tuple[str, ...] = ()
    chain: bytes = b""
    key: bytes = b""
    roots: bytes = b""
    trusted: frozenset[str] = frozenset()
    revoked: bytes = b""
    oldest: str = "TLSv1.2"
    newest: str = "TLSv1.3"
    ciphers: str = ""  # of TLS 1.2, in OpenSSL's words
    checks_names: bool = True  # false makes a faulty role
    checks_dates: bool = True  # false makes a faulty role
    checks_chain: bool = True  # false makes a careless client; a server still asks

    def __repr__(self) -> str:
        """Without the key: representations end up in reports."""
        return f"Identity({', '.join(self.names) or 'nobody'})"
