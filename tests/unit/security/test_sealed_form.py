"""The sealed form of a body: what was sealed comes back, and nothing else ever does."""

from __future__ import annotations

import base64
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from hilum.encryption.master_keys import KeySource
from hilum.encryption.sealing import (
    OVERHEAD,
    DataKey,
    MasterKey,
    NotSealed,
    key_text,
    new_key,
    number_in,
    owner_of,
    read_key,
)
from hilum.errors import SettingsError
from hilum.journal.payloads import RAW, SEALED, ZSTD, pack, unpack
from hilum.message import new_id
from hilum.settings import EncryptionSettings

DAY = date(2026, 3, 4)
KEY = DataKey(7, "test.flow", DAY, new_key())
PLACES = st.tuples(st.uuids(), st.integers(-1, 32_766), st.sampled_from([SEALED | RAW, SEALED | ZSTD]))


@pytest.mark.req("SEC-1")
@given(st.binary(max_size=4000), PLACES)
def test_any_bytes_come_back(body: bytes, place: tuple[UUID, int, int]) -> None:
    sealed = KEY.seal(*place, body)
    assert len(sealed) == len(body) + OVERHEAD
    assert number_in(sealed) == 7
    assert KEY.open(*place, sealed) == body
    assert KEY.seal(*place, body) != sealed, "the same body twice looks different"
    assert unpack(*pack(body)) == body


@pytest.mark.req("SEC-1")
@given(st.binary(max_size=300), PLACES, st.data())
def test_one_flipped_bit_anywhere_opens_nothing(body: bytes, place: tuple[UUID, int, int], data: st.DataObject) -> None:
    sealed = bytearray(KEY.seal(*place, body))
    at = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[at // 8] ^= 1 << at % 8
    with pytest.raises(NotSealed):
        KEY.open(*place, bytes(sealed))


@pytest.mark.req("SEC-1")
@given(st.binary(min_size=1, max_size=300), PLACES, PLACES, st.integers(0, 400))
def test_in_another_place_or_cut_short_it_opens_nothing(
    body: bytes, place: tuple[UUID, int, int], other: tuple[UUID, int, int], length: int
) -> None:
    sealed = KEY.seal(*place, body)
    if other != place:
        with pytest.raises(NotSealed):
            KEY.open(*other, sealed)
    if length < len(sealed):
        with pytest.raises(NotSealed):
            KEY.open(*place, sealed[:length])


@pytest.mark.req("SEC-1")
def test_another_key_opens_nothing() -> None:
    id_ = new_id()
    sealed = KEY.seal(id_, -1, SEALED, b"body")
    for number in (7, 8):
        with pytest.raises(NotSealed):
            DataKey(number, "test.flow", DAY, new_key()).open(id_, -1, SEALED, sealed)


@pytest.mark.req("SEC-1")
def test_a_data_key_opens_for_its_owner_and_master_only() -> None:
    master, secret, owner = MasterKey(new_key()), new_key(), owner_of("a.flow", DAY)
    wrapped = master.wrap(secret, owner)
    assert master.unwrap(wrapped, owner) == secret
    others = (owner_of("b.flow", DAY), owner_of("a.flow", date(2026, 3, 5)), owner_of("a.flow", DAY, new_id()))
    for wrong in others:
        with pytest.raises(NotSealed):
            master.unwrap(wrapped, wrong)
    with pytest.raises(NotSealed):
        MasterKey(new_key()).unwrap(wrapped, owner)
    with pytest.raises(NotSealed):
        master.unwrap(b"", owner)


@pytest.mark.req("SEC-3")
def test_no_key_is_in_a_repr() -> None:
    secret = new_key()
    master = MasterKey(secret)
    shown = f"{master!r} {master.id} {DataKey(1, 'a', DAY, secret)!r}"
    assert repr(secret) not in shown
    assert secret.hex() not in shown
    assert len({MasterKey(new_key()).id for _ in range(50)}) == 50


@pytest.mark.req("SEC-3")
def test_a_key_is_read_in_every_usual_form_and_an_error_never_shows_it() -> None:
    secret = bytes(range(200, 232))
    plain = base64.b64encode(secret).decode()
    for text in (key_text(secret), key_text(secret).rstrip("="), f" {secret.hex()}\n", plain):
        assert read_key(text, "here") == secret
    for wrong in ("", "c2hvcnQ=", "not base64 at all, but long enough to be a key!!", secret.hex()[:-1]):
        with pytest.raises(SettingsError, match="here is no key") as found:
            read_key(wrong, "here")
        assert not wrong or wrong not in str(found.value)


@pytest.mark.req("SEC-3")
async def test_a_key_file_holds_the_current_key_and_former_ones_and_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    first, second = new_key(), new_key()
    path.write_text(f"# made in March\n{key_text(first)}\n\n{key_text(second)}\n")
    source = KeySource(EncryptionSettings(key_file=Path("keys")), tmp_path, None)
    for mode in (0o644, 0o660, 0o602):
        path.chmod(mode)
        with pytest.raises(SettingsError, match="chmod 600"):
            await source.load()
    path.chmod(0o600)
    found = await source.load()
    assert found is not None
    assert found.current.secret == first
    assert {key.secret for key in found.known.values()} == {first, second}
    path.write_text("")
    with pytest.raises(SettingsError, match="is empty"):
        await source.load()
    path.unlink()
    with pytest.raises(SettingsError, match="cannot be read"):
        await source.load()


@pytest.mark.req("SEC-3")
async def test_a_hub_makes_its_own_key_file_once_for_nobody_else_to_read(tmp_path: Path) -> None:
    source = KeySource(EncryptionSettings(), tmp_path, tmp_path / "data")
    assert await source.load() is None
    made = source.create_own()
    again = source.create_own()
    found = await KeySource(EncryptionSettings(), tmp_path, tmp_path / "data").load()
    assert made is not None
    assert again is not None
    assert found is not None
    assert made.current.id == again.current.id == found.current.id, "a key that is there is never replaced"
    path = tmp_path / "data" / "master.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / "data").iterdir()) == [path]
    assert KeySource(EncryptionSettings(), tmp_path, None).create_own() is None


@pytest.mark.req("SEC-3")
async def test_more_than_one_place_of_the_key_is_refused(tmp_path: Path) -> None:
    both = EncryptionSettings(key=SecretStr(key_text(new_key())), key_file=Path("keys"))
    with pytest.raises(SettingsError, match="more than one"):
        await KeySource(both, tmp_path, None).load()
    with pytest.raises(SettingsError, match="previous_keys"):
        alone = EncryptionSettings(previous_keys=(SecretStr(key_text(new_key())),))
        await KeySource(alone, tmp_path, None).load()
