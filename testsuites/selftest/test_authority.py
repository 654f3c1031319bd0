"""The lab's authority: what it issues, what it keeps, and where it refuses to."""

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringback.faults import Misuse
from ringback.net.authority import Authority, load_identity, save_identity
from ringback.net.tls import server_context
from ringback.wire.certificates import CertificateFacts, proves

UM = "um.ringback.test"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def facts(chain: bytes) -> CertificateFacts:
    leaf = x509.load_pem_x509_certificate(chain)
    return CertificateFacts.of(leaf.public_bytes(Encoding.DER))


def test_a_good_certificate_proves_its_names_and_serves_both_ways(
    authority: Authority,
) -> None:
    said = facts(authority.issue(UM, "um-1.ringback.test").chain)

    assert proves(said, UM)
    assert proves(said, "um-1.ringback.test")
    assert set(said.eku) == {"serverAuth", "clientAuth"}
    assert said.key_type == "EC"
    assert not said.is_ca


def test_the_same_names_have_the_same_certificate_all_session(
    authority: Authority,
) -> None:
    first = authority.identity_for(UM, trusted=["a.test"])
    second = authority.identity_for(UM, trusted=["b.test"])

    assert first.chain == second.chain
    assert first.trusted == {"a.test"}


def test_oddities_are_as_ordered(authority: Authority) -> None:
    odd = authority.issue(
        UM, alternatives=(), purposes=(), common_name="cn.test", rsa_bits=2048
    )
    said = facts(odd.chain)

    assert not said.has_alternative_names
    assert said.eku == ()
    assert said.subject_cn == "cn.test"
    assert (said.key_type, said.key_bits) == ("RSA", 2048)
    assert facts(authority.issue(UM, self_signed=True).chain).self_signed


def test_no_key_shows_in_a_representation(authority: Authority) -> None:
    assert repr(authority.issue(UM)) == f"Identity({UM})"


def test_a_lab_outlives_the_process(authority: Authority, tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    authority.save(lab)
    save_identity(authority.issue(UM), lab, "um")

    again = Authority.load(lab)
    identity = load_identity(lab, "um", trusted=["cas.ringback.test"])

    assert again.root == authority.root
    assert identity.names == (UM,)
    assert identity.trusted == {"cas.ringback.test"}
    server_context(identity, mutual=True)
    server_context(again.issue(UM), mutual=True)


def test_keys_are_for_their_owner_alone(authority: Authority, tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    authority.save(lab)

    assert stat.S_IMODE(lab.stat().st_mode) == 0o700
    assert stat.S_IMODE((lab / "root.key").stat().st_mode) == 0o600


def test_keys_stay_out_of_repositories(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    with pytest.raises(Misuse, match="keys stay out of it"):
        authority.save(tmp_path / "deep" / "lab")
    assert not (tmp_path / "deep").exists()


def test_a_lab_is_not_overwritten(authority: Authority, tmp_path: Path) -> None:
    authority.save(tmp_path)

    with pytest.raises(Misuse, match="holds a lab already"):
        Authority().save(tmp_path)


def test_what_is_no_lab_is_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="is no lab"):
        Authority.load(tmp_path)
    with pytest.raises(Misuse, match="has no identity um"):
        load_identity(tmp_path, "um")
