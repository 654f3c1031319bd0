"""What certificates say, and which SIP names they prove (all born in memory)."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from ringback.faults import Malformed
from ringback.wire.certificates import (
    CertificateFacts,
    in_a_labels,
    names_for_sip,
    proves,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
DNS = x509.DNSName
URI = x509.UniformResourceIdentifier


def subject(*names: str) -> x509.Name:
    oid = x509.NameOID.COMMON_NAME
    return x509.Name([x509.NameAttribute(oid, name) for name in names])


def certificate(
    cn: str, names: list[x509.GeneralName] | None = None
) -> CertificateFacts:
    return CertificateFacts.of(built(builder(cn), names))


def builder(cn: str) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject(cn) if cn else x509.Name([]))
        .issuer_name(subject("root"))
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=1))
    )


def built(
    blank: x509.CertificateBuilder, names: list[x509.GeneralName] | None = None
) -> bytes:
    if names is not None:
        blank = blank.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return blank.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def der(leaf: trustme.LeafCert) -> bytes:
    pem = leaf.cert_chain_pems[0].bytes()
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def test_a_leaf_of_an_authority_gives_its_facts() -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert(
        "um.ringback.test", "127.0.0.1", common_name="um", not_after=START
    )

    facts = CertificateFacts.of(der(leaf))

    assert facts.subject_cn == "um"
    assert facts.dns_names == ("um.ringback.test",)
    assert facts.ip_names == ("127.0.0.1",)
    assert facts.not_after == START
    assert not facts.is_ca
    assert set(facts.eku) >= {"serverAuth", "clientAuth"}
    assert (facts.key_type, facts.key_bits) == ("EC", 256)
    assert facts.signature_hash == "sha256"
    assert not facts.self_signed


def test_an_authority_is_one_and_signs_itself() -> None:
    pem = trustme.CA().cert_pem.bytes()
    root = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    facts = CertificateFacts.of(root)
    assert facts.is_ca
    assert facts.self_signed
    assert "keyCertSign" in facts.key_usage


def test_a_borrowed_issuer_name_is_not_a_signature_of_its_own() -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    forged = builder("root").sign(stranger, hashes.SHA256())
    assert forged.issuer == forged.subject
    assert not CertificateFacts.of(forged.public_bytes(Encoding.DER)).self_signed


def test_a_bare_certificate_limits_nothing() -> None:
    facts = certificate("um.test")
    assert (facts.eku, facts.key_usage, facts.has_alternative_names) == ((), (), False)
    assert facts.not_before == START


def test_odd_purposes_and_keys_are_kept() -> None:
    purposes = [
        x509.ObjectIdentifier("1.3.6.1.5.5.7.3.20"),
        x509.ObjectIdentifier("1.2.3"),
    ]
    weak = rsa.generate_private_key(65537, 1024)
    signer = ed25519.Ed25519PrivateKey.generate()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject("far", "near"))
        .issuer_name(subject("x"))
        .public_key(weak.public_key())
        .serial_number(1)
        .not_valid_before(START)
        .not_valid_after(START)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=True)
        .sign(signer, None)
    )
    facts = CertificateFacts.of(made.public_bytes(Encoding.DER))
    assert facts.eku == ("sipDomain", "1.2.3")
    assert (facts.key_type, facts.key_bits) == ("RSA", 1024)
    assert facts.signature_hash == ""
    assert facts.subject_cn == "near"


def test_sip_uris_come_before_dns_names() -> None:
    facts = certificate("cn.test", [DNS("dns.test"), URI("sip:Uri.Test")])
    assert names_for_sip(facts) == ("uri.test",)
    assert proves(facts, "URI.test")
    assert not proves(facts, "dns.test")


@pytest.mark.parametrize(
    "uri", ["sips:uri.test", "sip:somebody@uri.test", "https://uri.test", "sip:", "x"]
)
def test_other_uris_leave_the_dns_names_standing(uri: str) -> None:
    facts = certificate("cn.test", [URI(uri), DNS("dns.test")])
    assert facts.uri_names == (uri,)
    assert names_for_sip(facts) == ("dns.test",)


def test_the_common_name_counts_only_without_alternative_names() -> None:
    assert proves(certificate("um.test"), "um.test")
    assert not proves(certificate("um.test", [DNS("other.test")]), "um.test")
    address = x509.IPAddress(ip_address("192.0.2.1"))
    assert names_for_sip(certificate("um.test", [address])) == ()
    assert names_for_sip(certificate("")) == ()


def test_a_wildcard_proves_nothing() -> None:
    facts = certificate("cn.test", [DNS("*.ringback.test")])
    assert not proves(facts, "um.ringback.test")
    assert not proves(facts, "*.ringback.test")


def test_a_name_is_proved_whole() -> None:
    facts = certificate("cn.test", [DNS("um.ringback.test")])
    for name in ("ringback.test", "a.um.ringback.test", ""):
        assert not proves(facts, name)


@pytest.mark.parametrize("octets", [b"", b"\x30\x00", b"not a certificate"])
def test_what_is_no_certificate_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed):
        CertificateFacts.of(octets)


def test_the_dot_of_the_root_and_the_case_do_not_matter() -> None:
    facts = certificate("cn.test", [DNS("um.ringback.test")])
    assert proves(facts, "UM.ringback.test.")


def test_a_name_in_another_script_is_its_a_label() -> None:
    facts = certificate("cn.test", [DNS("xn--bcher-kva.test")])
    assert proves(facts, "Bücher.test")
    assert not proves(facts, "bucher.test")


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("B\u00dcCHER.test", "xn--bcher-kva.test"),
        ("bu\u0308cher.test", "xn--bcher-kva.test"),  # composed first
        ("stra\u00dfe.test", "xn--strae-oqa.test"),  # and no strasse
        ("\u4f8b\u3048.\u30c6\u30b9\u30c8", "xn--r8jz45g.xn--zckzah"),
        ("xn--BCHER-kva.test", "xn--BCHER-kva.test"),
        ("um.ringback.test", "um.ringback.test"),
    ],
)
def test_names_are_spelled_in_a_labels(name: str, spelled: str) -> None:
    assert in_a_labels(name) == spelled


def test_a_letter_is_not_replaced_by_what_it_is_often_written_as() -> None:
    facts = certificate("cn.test", [DNS("strasse.test")])
    assert not proves(facts, "stra\u00dfe.test")
