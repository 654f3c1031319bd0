"""Who a seat is to others and whom it believes: certificate, key, roots, peer names."""

import ssl

import msgspec


class Sessions:
    """What a client may resume, shared by all its connections: the latest ticket."""

    __slots__ = ("latest",)

    def __init__(self) -> None:
        self.latest: ssl.SSLSession | None = None


class Identity(msgspec.Struct, frozen=True):
    """All of it PEM and in memory only.

    ``chain`` has the leaf first; empty for a role that presents no certificate (a mail
    client). ``trusted`` are the FQDNs that a server which asks for certificates serves
    (facts §4.9); an empty set serves nobody. ``revoked`` are revocation lists in which
    each leaf is looked up. ``profile`` is "modern" or "era-2007" (facts §5.6): the
    modern one takes no common name for a name (RFC 9525 §6.3).
    """

    names: tuple[str, ...] = ()
    chain: bytes = b""
    key: bytes = b""
    roots: bytes = b""
    trusted: frozenset[str] = frozenset()
    revoked: bytes = b""
    profile: str = "modern"
    oldest: str = "TLSv1.2"
    newest: str = "TLSv1.3"
    ciphers: str = ""  # up to TLS 1.2, in OpenSSL's words
    for_web: bool = False  # judges names as a web client: SIP URIs are nothing to it
    sessions: Sessions | None = None  # a client that resumes has one; ours do not
    gives_tickets: bool = False  # a server lets sessions be resumed (RFC 8446 §4.6.1)
    says_goodbye: bool = True  # false closes without close_notify
    # What is false makes a faulty role.
    tells_of_renegotiation: bool = True  # a server of TLS 1.2 does (RFC 5746 §3.6)
    checks_chain: bool = True  # only a client can do without: a server still asks
    asks: bool = True  # a server does not even ask for a certificate
    insists: bool = True  # a server serves also who presents none
    checks_dates: bool = True
    checks_resumed: bool = True  # whether the certificate has expired meanwhile
    checks_names: bool = True
    checks_list: bool = True  # any name will do, if it is a name
    checks_usage: bool = True
    checks_leaf: bool = True  # that it is no certificate of an authority
    checks_strength: bool = True
    checks_revocation: bool = True
    ignores_case: bool = True
    knows_a_labels: bool = True  # that a name in any script is compared as such

    def __repr__(self) -> str:
        """Without the key: representations end up in reports."""
        return f"Identity({', '.join(self.names) or 'nobody'})"
