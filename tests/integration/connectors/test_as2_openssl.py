"""Another implementation reads what we send and writes what we read: the openssl command."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from hilum.connectors.as2 import cms, mime, receipts
from hilum.connectors.as2.keys import read_identity
from hilum.connectors.as2.packing import Expected, Mic, Wrapping, pack, unpack
from support.certificates import pair

pytestmark = [
    pytest.mark.req("SYS-10"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not on this machine"),
]

PART = b"Content-Type: application/edi-x12\r\nContent-Transfer-Encoding: binary\r\n\r\nISA*00*~\nIEA*1~\n"
BODY = PART.partition(b"\r\n\r\n")[2]


class Both:
    """We, and a partner that is openssl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ours, self.theirs = pair(folder, "us"), pair(folder, "them")
        self.us = read_identity(SecretStr(str(self.ours[0])), None, str(self.ours[1]), "our_key")
        self.them = read_identity(SecretStr(str(self.theirs[0])), None, str(self.theirs[1]), "our_key")
        self.agreed = Expected(
            identities=[self.us],
            certificates=[self.them.certificate],
            digests={"sha256", "sha384", "sha512"},
            must_be_signed=True,
            must_be_encrypted=True,
            allow_3des=False,
            limit=100_000,
        )

    def openssl(self, *arguments: str, data: bytes) -> bytes:
        done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, cwd=self.folder, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def signed(self, *more: str, digest: str = "sha256") -> bytes:
        """The entity that openssl makes; its own line ends are those of the system."""
        keys = ("-signer", str(self.theirs[1]), "-inkey", str(self.theirs[0]))
        return self.openssl("cms", "-sign", "-binary", "-md", digest, *keys, *more, data=PART)

    def encrypted(self, entity: bytes, *cipher: str, stream: bool = True) -> bytes:
        how = ("-stream",) if stream else ()
        return self.openssl(
            "cms", "-encrypt", "-binary", "-outform", "DER", *how, *(cipher or ("-aes128",)), str(self.ours[1]),
            data=entity,
        )  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(tmp_path_factory.mktemp("openssl"))


HEADERS = {"Content-Type": "application/pkcs7-mime; smime-type=enveloped-data"}


@pytest.mark.parametrize("stream", [True, False], ids=["ber", "der"])
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
@pytest.mark.parametrize("cipher", ["-aes128", "-aes192", "-aes256"])
def test_we_read_what_openssl_signs_and_encrypts(both: Both, cipher: str, digest: str, stream: bool) -> None:
    content = both.encrypted(both.signed(digest=digest), cipher, stream=stream)
    found = unpack(HEADERS, content, both.agreed)
    assert found.body == BODY
    assert found.mic(digest) == Mic.of(digest, PART)
    assert found.verified is not None
    assert found.verified.hash_name == digest


@pytest.mark.parametrize("padding", ["pss", "pkcs1"])
def test_we_read_opaque_signatures(both: Both, padding: str) -> None:
    inner = both.signed("-nodetach", "-outform", "DER", "-keyopt", f"rsa_padding_mode:{padding}")
    head = [("Content-Type", "application/pkcs7-mime; smime-type=signed-data"), ("Content-Transfer-Encoding", "binary")]
    found = unpack(HEADERS, both.encrypted(mime.write(head, inner)), both.agreed)
    assert found.body == BODY
    assert found.mic("sha256") == Mic.of("sha256", PART)


def test_we_read_what_openssl_encrypts_with_oaep(both: Both) -> None:
    content = both.openssl(
        "cms", "-encrypt", "-binary", "-outform", "DER", "-aes256", "-recip", str(both.ours[1]),
        "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256",
        data=both.signed(),
    )  # fmt: skip
    assert unpack(HEADERS, content, both.agreed).body == BODY


def test_triple_des_and_sha1_only_where_allowed(both: Both) -> None:
    content = both.encrypted(both.signed(), "-des3")
    with pytest.raises(cms.Unreadable, match="not allowed"):
        unpack(HEADERS, content, both.agreed)
    assert unpack(HEADERS, content, replace(both.agreed, allow_3des=True)).body == BODY
    old = both.encrypted(both.signed(digest="sha1"))
    with pytest.raises(cms.Unreadable, match="not allowed"):
        unpack(HEADERS, old, both.agreed)
    found = unpack(HEADERS, old, replace(both.agreed, digests={"sha1", "sha256"}))
    assert found.mic("sha1") == Mic.of("sha1", PART)


@pytest.mark.parametrize("cipher", ["aes128", "aes256"])
def test_openssl_reads_what_we_send(both: Both, cipher: str) -> None:
    how = Wrapping(signer=both.us, recipient=both.them.certificate, compressed=False, hash_name="sha256", cipher=cipher)
    packed = pack(BODY, "application/edi-x12", how)
    keys = ("-recip", str(both.theirs[1]), "-inkey", str(both.theirs[0]))
    entity = both.openssl("cms", "-decrypt", "-binary", "-inform", "DER", *keys, data=packed.body)
    content, signature = mime.parts(mime.read(entity))
    (both.folder / "part").write_bytes(content.exact)
    trust = ("-certfile", str(both.ours[1]), "-CAfile", str(both.ours[1]), "-purpose", "any")
    # its own reader of multiparts makes each line end CRLF, so it gets the part with a bare LF beside the signature
    data = signature.decoded()
    assert both.openssl("cms", "-verify", "-binary", "-inform", "DER", "-content", "part", *trust, data=data) == PART
    assert packed.mic == Mic.of("sha256", PART)


def test_openssl_verifies_our_receipts(both: Both) -> None:
    receipt = receipts.Receipt(original="<1@x>", mic=Mic.of("sha256", PART), words="It is stored.")
    kind, content = receipts.write(receipt, recipient="US", signer=both.us, hash_name="sha256")
    trust = ("-certfile", str(both.ours[1]), "-CAfile", str(both.ours[1]), "-purpose", "any")
    entity = mime.write([("MIME-Version", "1.0"), ("Content-Type", kind)], content)
    report = both.openssl("cms", "-verify", *trust, data=entity)
    assert b"Original-Message-ID: <1@x>\r\n" in report
    assert str(receipt.mic).encode() in report
