"""What is packed is unpacked byte for byte, with one MIC on both sides; whatever else comes is refused in words."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from asn1crypto import cms as asn1
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from hilum.connectors.as2 import cms, mime, receipts
from hilum.connectors.as2.cms import Identity, Unreadable
from hilum.connectors.as2.keys import read_identity
from hilum.connectors.as2.packing import Expected, Mic, Packed, Wrapping, pack, unpack
from support.certificates import pair

pytestmark = pytest.mark.req("SYS-10")

KIND = "application/edi-x12"
bodies = st.binary(max_size=600) | st.text(alphabet="A\r\n-*~ ", max_size=80).map(str.encode)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Identity]:
    folder = tmp_path_factory.mktemp("as2")
    found = {}
    for name in ("us", "them", "stranger"):
        key, certificate = pair(folder, name)
        found[name] = read_identity(SecretStr(str(key)), None, str(certificate), "our_key")
    return found


@pytest.fixture(scope="module")
def how(people: dict[str, Identity]) -> Wrapping:
    """They send to us."""
    return Wrapping(
        signer=people["them"],
        recipient=people["us"].certificate,
        compressed=False,
        hash_name="sha256",
        cipher="aes256",
    )


@pytest.fixture(scope="module")
def agreed(people: dict[str, Identity]) -> Expected:
    return Expected(
        identities=[people["us"]],
        certificates=[people["them"].certificate],
        digests={"sha256", "sha384", "sha512"},
        must_be_signed=True,
        must_be_encrypted=True,
        allow_3des=False,
        limit=100_000,
    )


def sent(packed: Packed) -> dict[str, str]:
    return {"Content-Type": packed.content_type}


@settings(max_examples=60, deadline=None)
@given(
    body=bodies,
    signed=st.booleans(),
    encrypted=st.booleans(),
    compressed=st.booleans(),
    hash_name=st.sampled_from(["sha256", "sha384", "sha512"]),
    cipher=st.sampled_from(["aes128", "aes256"]),
)
def test_what_is_packed_is_unpacked(
    how: Wrapping,
    agreed: Expected,
    body: bytes,
    signed: bool,
    encrypted: bool,
    compressed: bool,
    hash_name: str,
    cipher: str,
) -> None:
    chosen = replace(
        how,
        signer=how.signer if signed else None,
        recipient=how.recipient if encrypted else None,
        compressed=compressed,
        hash_name=hash_name,
        cipher=cipher,
    )
    packed = pack(body, KIND, chosen)
    taken = replace(agreed, must_be_signed=signed, must_be_encrypted=encrypted)
    found = unpack(sent(packed), packed.body, taken)
    assert (found.body, found.content_type) == (body, KIND)
    assert found.mic(hash_name) == packed.mic
    assert (found.verified is not None, found.encrypted, found.compressed) == (signed, encrypted, compressed)


@given(data=st.text(alphabet="ab\r\n", max_size=40).map(str.encode))
def test_canonical_text_has_one_kind_of_line_end(data: bytes) -> None:
    made = mime.canonical(data)
    assert mime.canonical(made) == made
    assert made.replace(b"\r\n", b"").count(b"\n") == made.replace(b"\r\n", b"").count(b"\r") == 0
    assert made.splitlines() == data.splitlines()


@given(parts=st.lists(st.text(alphabet="x\r\n-", max_size=30).map(str.encode), min_size=1, max_size=4))
def test_parts_keep_their_bytes(parts: list[bytes]) -> None:
    written = [mime.write([("Content-Type", "text/plain")], part) for part in parts]
    content = mime.multipart("a-boundary", written)
    whole = mime.read(mime.write([("Content-Type", "multipart/mixed; boundary=a-boundary")], content))
    assert [part.exact for part in mime.parts(whole)] == written
    assert [part.body for part in mime.parts(whole)] == parts


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_altered_bytes_never_pass_and_are_answered_alike(how: Wrapping, agreed: Expected, data: st.DataObject) -> None:
    packed = pack(b"ISA*secret~", KIND, how)
    at = data.draw(st.integers(0, len(packed.body) - 1))
    new = data.draw(st.integers(0, 255).filter(lambda value: value != packed.body[at]))
    altered = packed.body[:at] + bytes([new]) + packed.body[at + 1 :]
    try:
        found = unpack(sent(packed), altered, agreed)
    except Unreadable as error:
        assert error.disposition == "decryption-failed"
        assert error.told == "It cannot be decrypted, or what is inside is not signed as agreed."
        assert "secret" not in str(error)
    else:  # a bit that means nothing, such as the sign of a length: then the document is the same
        assert found.body == b"ISA*secret~"


@settings(max_examples=200, deadline=None)
@given(
    content=st.binary(max_size=300),
    kind=st.sampled_from(
        [
            "multipart/signed; boundary=x",
            "multipart/signed",
            "application/pkcs7-mime",
            "application/pkcs7-mime; smime-type=signed-data",
            "application/pkcs7-mime; smime-type=compressed-data",
            'multipart/signed; boundary="\\',
        ]
    ),
)
def test_noise_is_refused(agreed: Expected, content: bytes, kind: str) -> None:
    with pytest.raises(Unreadable):
        unpack({"Content-Type": kind}, content, replace(agreed, must_be_encrypted=False))


def refused(agreed: Expected, packed: Packed) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        unpack(sent(packed), packed.body, agreed)
    return caught.value


def test_nothing_less_than_agreed_is_taken(how: Wrapping, agreed: Expected) -> None:
    open_one = pack(b"x", KIND, replace(how, recipient=None))
    assert refused(agreed, open_one).disposition == "insufficient-message-security"
    assert "not signed" in str(refused(agreed, pack(b"x", KIND, replace(how, signer=None))))
    plain = refused(
        replace(agreed, must_be_encrypted=False), pack(b"x", KIND, replace(how, signer=None, recipient=None))
    )
    assert plain.disposition == "insufficient-message-security"


def test_only_the_partner_signs(how: Wrapping, agreed: Expected, people: dict[str, Identity]) -> None:
    packed = pack(b"x", KIND, replace(how, signer=people["stranger"], recipient=None))
    error = refused(replace(agreed, must_be_encrypted=False), packed)
    assert error.disposition == "authentication-failed"


def test_old_and_new_keys_count_during_a_change(how: Wrapping, agreed: Expected, people: dict[str, Identity]) -> None:
    both = replace(
        agreed,
        identities=[people["stranger"], people["us"]],
        certificates=[people["stranger"].certificate, people["them"].certificate],
    )
    packed = pack(b"x", KIND, how)
    assert unpack(sent(packed), packed.body, both).body == b"x"


def test_sha1_only_where_allowed(how: Wrapping, agreed: Expected, people: dict[str, Identity]) -> None:
    packed = pack(b"x", KIND, replace(how, recipient=None))
    only_384 = replace(agreed, must_be_encrypted=False, digests={"sha384"})
    assert "digest that is not allowed" in str(refused(only_384, packed))


def test_a_bomb_is_not_unpacked(how: Wrapping, agreed: Expected) -> None:
    packed = pack(b"\x00" * 1_000_000, KIND, replace(how, compressed=True))
    assert len(packed.body) < 20_000
    assert "more than 100000 bytes" in str(refused(agreed, packed))


def test_wrappings_do_not_nest_without_end(how: Wrapping, agreed: Expected) -> None:
    part = mime.write([("Content-Type", KIND)], b"x")
    for _ in range(5):
        content = cms.compress(part)
        part = mime.write([("Content-Type", "application/pkcs7-mime; smime-type=compressed-data")], content)
    headers = {"Content-Type": "application/pkcs7-mime; smime-type=compressed-data"}
    with pytest.raises(Unreadable, match="more often"):
        unpack(headers, content, replace(agreed, must_be_encrypted=False, must_be_signed=False))


def test_deep_and_long_structures_are_refused_quickly(agreed: Expected) -> None:
    deep = b"\x30\x80" * 50_000
    with pytest.raises(Unreadable):
        unpack({"Content-Type": "application/pkcs7-mime"}, deep, agreed)
    many = b"".join(b"--x\r\n\r\na\r\n" for _ in range(5_000)) + b"--x--"
    with pytest.raises(Unreadable, match="more than 100 parts"):
        unpack({"Content-Type": "multipart/signed; boundary=x"}, many, replace(agreed, must_be_encrypted=False))


def test_compressed_data_that_ends_early(agreed: Expected) -> None:
    inner = {"content_type": "data", "content": zlib.compress(b"Content-Type: a/b\r\n\r\nx" * 50)[:-6]}
    data = {"version": "v0", "compression_algorithm": {"algorithm": "zlib"}, "encap_content_info": inner}
    content = asn1.ContentInfo({"content_type": "compressed_data", "content": data}).dump()
    headers = {"Content-Type": "application/pkcs7-mime; smime-type=compressed-data"}
    with pytest.raises(Unreadable, match="too early"):
        unpack(headers, content, replace(agreed, must_be_encrypted=False, must_be_signed=False))


@given(words=st.text(max_size=60), problem=st.sampled_from(["", "decryption-failed"]), signed=st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_receipt_says_what_was_written(people: dict[str, Identity], words: str, problem: str, signed: bool) -> None:
    mic = Mic.of("sha384", b"content")
    receipt = receipts.Receipt(original="<1@x>", problem=problem, mic=mic, words=words)
    signer = people["them"] if signed else None
    kind, content = receipts.write(receipt, recipient="US", signer=signer, hash_name="sha256")
    found = receipts.read(
        mime.of_headers({"Content-Type": kind}, content),
        [people["them"].certificate],
        {"sha256"},
        must_be_signed=signed,
    )
    assert (found.original, found.problem, found.mic, found.processed) == ("<1@x>", problem, mic, True)


def test_certificates_count_while_they_are_valid(tmp_path: Path) -> None:
    from hilum.connectors.as2.keys import Partner

    made = [pair(tmp_path, name, days=days)[1] for name, days in (("old", -1), ("new", 20))]
    partner = Partner([x509.load_pem_x509_certificate(each.read_bytes()) for each in made])
    assert [each.subject.rfc4514_string() for each in partner.valid] == ["CN=new"]
    assert partner.ends == partner.valid[0].not_valid_after_utc
    assert isinstance(partner.ends, datetime)
