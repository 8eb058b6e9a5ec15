"""Cryptographic Message Syntax (RFC 5652, 3274) as AS2 uses it: sign, verify, encrypt, decrypt, compress.

`cryptography` does all cryptography, and writes what we send. What others write is read by asn1crypto, for it may be
in BER with lengths that are not said beforehand (RFC 5652 §5.1), signatures are not verified by `cryptography`, and
compressed data it does not know.
"""

from __future__ import annotations

import hmac
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from asn1crypto import algos, cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from hilum.errors import HilumError

T = TypeVar("T")
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

HASHES: Final[dict[str, Callable[[], hashes.HashAlgorithm]]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
"""Digests that are known at all; sha1 only where it was allowed."""
CIPHERS: Final[dict[str, type[algorithms.AES128 | algorithms.AES256]]] = {
    "aes128": algorithms.AES128,
    "aes256": algorithms.AES256,
}
"""What we encrypt with, in CBC."""


class Unreadable(HilumError):
    """It is not what it should be. `disposition`: how a receipt calls that (RFC 4130 §7.5).

    The text is for our own people; `told` is what the sender may know of it.
    """

    def __init__(self, disposition: str, words: str, *, told: str = "") -> None:
        super().__init__(words)
        self.disposition = disposition
        self.told = told or words


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key with its certificate."""

    key: PrivateKey
    certificate: x509.Certificate


def digest_name(name: str) -> str:
    """`SHA-256`, `sha256`, `sha-256` → `sha256`; empty for one that is not known."""
    plain = name.strip().lower().replace("-", "")
    return plain if plain in HASHES else ""


def digest(name: str, *data: bytes) -> bytes:
    """The digest of these bytes, by a name that `digest_name` gave."""
    made = hashes.Hash(HASHES[name]())
    for each in data:
        made.update(each)
    return made.finalize()


def sign(content: bytes, identity: Identity, hash_name: str) -> bytes:
    """A detached signature over exactly these bytes, as DER."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    algorithm: Any = HASHES[hash_name]()
    return builder.add_signer(identity.certificate, identity.key, algorithm).sign(
        Encoding.DER, [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature]
    )


def encrypt(content: bytes, certificate: x509.Certificate, cipher: str) -> bytes:
    """For the holder of this certificate, as DER."""
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(certificate)
    return builder.set_content_encryption_algorithm(CIPHERS[cipher]).encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def compress(content: bytes) -> bytes:
    """zlib in CompressedData (RFC 3274), as DER."""
    inner = {"content_type": "data", "content": zlib.compress(content)}
    data = {
        "version": "v0",
        "compression_algorithm": {"algorithm": "zlib"},
        "encap_content_info": inner,
    }
    return bytes(cms.ContentInfo({"content_type": "compressed_data", "content": data}).dump())


# ---- what others wrote


def _content(data: bytes, kind: str, disposition: str) -> Any:
    found = cms.ContentInfo.load(data)
    if found["content_type"].native != kind:
        raise Unreadable(disposition, f"It is not {kind.replace('_', ' ')} of CMS.")
    return found["content"]


def _safely(what: str, disposition: str, read: Callable[[], T]) -> T:
    """Whatever bytes make the reader raise, it is the bytes that are at fault; its texts may quote them."""
    try:
        return read()
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise Unreadable(disposition, f"{what} ({type(error).__name__}).") from None


def decompress(data: bytes, limit: int) -> bytes:
    """What was compressed. Raises `Unreadable`; also where it has more than `limit` bytes."""

    def read() -> bytes:
        found = _content(data, "compressed_data", "decompression-failed")
        if found["compression_algorithm"]["algorithm"].native != "zlib":
            raise Unreadable("decompression-failed", "It is compressed in a way that is not known.")
        packed = found["encap_content_info"]["content"].native
        engine = zlib.decompressobj()
        try:
            plain = engine.decompress(packed, limit + 1)
        except zlib.error:
            raise Unreadable("decompression-failed", "It cannot be decompressed.") from None
        if len(plain) > limit:
            raise Unreadable("decompression-failed", f"Decompressed it has more than {limit} bytes.")
        if not engine.eof:
            raise Unreadable("decompression-failed", "The compressed data ends too early.")
        return plain

    return _safely("The compressed data cannot be read", "decompression-failed", read)


def decrypt(data: bytes, identities: Sequence[Identity], *, allow_3des: bool) -> bytes:
    """What was encrypted for one of us. Raises `Unreadable`: for nobody of us, broken, or by what is not allowed."""
    return _safely("It cannot be decrypted", "decryption-failed", lambda: _decrypted(data, identities, allow_3des))


def _decrypted(data: bytes, identities: Sequence[Identity], allow_3des: bool) -> bytes:
    found = _content(data, "enveloped_data", "decryption-failed")
    inner = found["encrypted_content_info"]
    cipher = inner["content_encryption_algorithm"]
    known = _cipher_of(cipher["algorithm"].dotted, allow_3des)
    for recipient in found["recipient_infos"]:
        for identity in identities:
            if recipient.name != "ktri" or not _is_named(recipient.chosen["rid"], identity.certificate):
                continue
            secret = _transported(recipient.chosen, identity.key)
            made = Cipher(known(secret), modes.CBC(cipher["parameters"].native)).decryptor()
            padded = made.update(inner["encrypted_content"].native) + made.finalize()
            remover = PKCS7(_block_of(known)).unpadder()
            return remover.update(padded) + remover.finalize()
    raise Unreadable("decryption-failed", "It is encrypted for none of our certificates.")


def _block_of(cipher: Any) -> int:
    """Bits of a block."""
    return 64 if cipher is TripleDES else 128


_AES: Final = frozenset(f"2.16.840.1.101.3.4.1.{number}" for number in (2, 22, 42))  # 128, 192, 256 bits, CBC
_3DES: Final = "1.2.840.113549.3.7"


def _cipher_of(oid: str, allow_3des: bool) -> Any:
    if oid in _AES:
        return algorithms.AES
    if oid == _3DES and allow_3des:
        return TripleDES
    raise Unreadable("decryption-failed", "It is encrypted by an algorithm that is not allowed.")


def _is_named(name: Any, certificate: x509.Certificate) -> bool:
    """Does an identifier of a signer or recipient (RFC 5652 §5.3, §6.2.1) mean this certificate?"""
    if name.name == "issuer_and_serial_number":
        issuer = name.chosen["issuer"].dump()
        serial = name.chosen["serial_number"].native
        return bool(serial == certificate.serial_number and issuer == certificate.issuer.public_bytes())
    try:
        own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        own = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
    return bool(name.chosen.native == own)


def _transported(recipient: Any, key: PrivateKey) -> bytes:
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Unreadable("decryption-failed", "Our certificate cannot be used to encrypt: it has no RSA key.")
    algorithm = recipient["key_encryption_algorithm"]
    how: padding.AsymmetricPadding = padding.PKCS1v15()
    if algorithm["algorithm"].native == "rsaes_oaep":
        parameters = algorithm["parameters"]
        main = HASHES[digest_name(parameters["hash_algorithm"]["algorithm"].native)]()
        mask = HASHES[digest_name(parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native)]()
        how = padding.OAEP(padding.MGF1(mask), main, None)
    return key.decrypt(recipient["encrypted_key"].native, how)


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds."""

    certificate: x509.Certificate  # of ours: that the partner was known by
    hash_name: str
    content: bytes  # the very bytes that were signed


def embedded(data: bytes) -> bytes:
    """The content that an opaque signature carries. Raises `Unreadable`."""

    def read() -> bytes:
        inner = _content(data, "signed_data", "integrity-check-failed")["encap_content_info"]["content"].native
        if not isinstance(inner, bytes):
            raise Unreadable("integrity-check-failed", "The signature carries no content.")
        return inner

    return _safely("The signature cannot be read", "integrity-check-failed", read)


def verify(
    signature: bytes, candidates: Sequence[bytes], certificates: Sequence[x509.Certificate], allowed: Collection[str]
) -> Verified:
    """Did one of these certificates sign one of `candidates`? None that only comes with it counts.

    `allowed`: digests. Raises `Unreadable`: by somebody else, other content, or an algorithm that is not allowed.
    """
    return _safely(
        "The signature cannot be read",
        "integrity-check-failed",
        lambda: _verified(signature, candidates, certificates, allowed),
    )


def _verified(
    signature: bytes, candidates: Sequence[bytes], certificates: Sequence[x509.Certificate], allowed: Collection[str]
) -> Verified:
    signers = _content(signature, "signed_data", "integrity-check-failed")["signer_infos"]
    for signer in signers:
        for certificate in certificates:
            if _is_named(signer["sid"], certificate):
                return _held(signer, certificate, candidates, allowed)
    raise Unreadable("authentication-failed", "It is signed by none of the certificates that the partner is known by.")


def _held(
    signer: Any, certificate: x509.Certificate, candidates: Sequence[bytes], allowed: Collection[str]
) -> Verified:
    name = digest_name(signer["digest_algorithm"]["algorithm"].native)
    if name not in allowed:
        raise Unreadable("authentication-failed", "It is signed with a digest that is not allowed.")
    attributes = signer["signed_attrs"]
    if not isinstance(attributes, cms.CMSAttributes):
        for content in candidates:
            if _fits(signer, certificate, content, name):
                return Verified(certificate, name, content)
        raise Unreadable("integrity-check-failed", "The signature does not fit the content.")
    said = {each["type"].native: each["values"] for each in attributes}
    if len(said) != len(attributes) or len(said["message_digest"]) != 1:
        raise Unreadable("integrity-check-failed", "The signature says the same thing twice.")
    expected = said["message_digest"][0].native
    # signed as a SET, though it is carried under a tag of its own (RFC 5652 §5.4)
    if not _fits(signer, certificate, attributes.untag().dump(), name):
        raise Unreadable("integrity-check-failed", "The signature is broken.")
    for content in candidates:
        if hmac.compare_digest(digest(name, content), expected):
            return Verified(certificate, name, content)
    raise Unreadable("integrity-check-failed", "The content is not what was signed.")


def _fits(signer: Any, certificate: x509.Certificate, signed: bytes, name: str) -> bool:
    key = certificate.public_key()
    algorithm = signer["signature_algorithm"]
    value = signer["signature"].native
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, signed, *_rsa(algorithm, name))
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, signed, ec.ECDSA(HASHES[name]()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _rsa(algorithm: algos.SignedDigestAlgorithm, name: str) -> tuple[padding.AsymmetricPadding, hashes.HashAlgorithm]:
    if algorithm.signature_algo != "rsassa_pss":
        return padding.PKCS1v15(), HASHES[name]()
    parameters = algorithm["parameters"]
    mask = HASHES[digest_name(parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native)]()
    return padding.PSS(padding.MGF1(mask), parameters["salt_length"].native), HASHES[name]()
