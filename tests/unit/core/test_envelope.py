"""Ids that grow with time, envelopes that show no body, errors and settings that show no secret."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum import errors
from hilum.errors import HilumError, SettingsError
from hilum.journal import Draft
from hilum.journal.payloads import pack, unpack
from hilum.journal.receipt import lane_of
from hilum.message import Delivery, Message, id_at, moment_of, new_id
from hilum.settings import load_settings
from support.doubles import Unit


def test_ids_are_uuid7_of_now_and_increase_also_over_threads() -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: [new_id() for _ in range(5_000)], range(4)))
    assert all(run == sorted(run) for run in runs)
    every = {each for run in runs for each in run}
    assert len(every) == 20_000
    assert {each.version for each in every} == {7}
    assert {each.variant for each in every} == {"specified in RFC 4122"}
    assert abs(datetime.now(UTC) - moment_of(runs[0][0])) < timedelta(seconds=30)


def test_the_smallest_id_of_a_moment_is_below_all_that_were_made_then() -> None:
    made = new_id()
    assert id_at(moment_of(made)) <= made < id_at(moment_of(made) + timedelta(milliseconds=1))


async def test_no_repr_shows_a_body() -> None:
    secret = b"Example^Patient"
    envelopes = [
        Message(id=uuid4(), flow="f", body=secret, headers={"peer": "Example^Patient"}),
        Draft(flow="f", body=secret, content_type="text/plain"),
        Delivery(message_id=uuid4(), ordinal=0, flow="f", destination="d", operation="", body=secret,
                 idempotency_key="1"),
        Unit(secret, {}),
    ]  # fmt: skip
    assert all("Example" not in repr(each) for each in envelopes)


@given(st.binary(max_size=4_000) | st.binary(max_size=20).map(lambda part: part * 200))
def test_a_body_is_the_same_after_it_was_stored(body: bytes) -> None:
    codec, stored = pack(body)
    assert unpack(codec, stored) == body
    assert len(stored) <= len(body)


@given(st.text(max_size=30), st.uuids(), st.integers(1, 4096))
def test_a_key_has_one_lane(key: str, message_id: UUID, lanes: int) -> None:
    lane = lane_of(key, message_id, lanes)
    assert 0 <= lane < lanes
    assert not key or lane == lane_of(key, uuid4(), lanes)


def test_lanes_are_used_evenly() -> None:
    counts = [0] * 64
    for number in range(6_400):
        counts[lane_of(f"P{number}", new_id(), 64)] += 1
        counts[lane_of("", new_id(), 64)] += 1
    assert min(counts) > 100


def test_every_error_is_in_the_tree_at_the_top_of_its_file() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, HilumError)]
    assert len(kinds) > 10
    missing = [each.__name__ for each in kinds if f" {each.__name__}" not in (errors.__doc__ or "")
               and each is not HilumError]  # fmt: skip
    assert not missing


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[hub]\nlanes = 'many'", "hub.lanes"),
        ("[hub]\nlane = 4", "hub.lane"),
        ("[worker]\nbatch = 0", "worker.batch"),
        ("[hub", "not valid TOML"),
        ("[hub]\nname = '${NO_SUCH_NAME}'", "NO_SUCH_NAME is not set"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "hilum.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"hilum\.toml") as caught:
        load_settings(tmp_path, {})
    assert words in str(caught.value)
    assert "many" not in str(caught.value)


def test_settings_come_from_file_and_environment_and_hide_the_secret(tmp_path: Path) -> None:
    (tmp_path / "hilum.toml").write_text("[hub]\nname = '${NAME:-my-hub}'\n[endpoints.http.a]\ntoken = 's3cret'\n")
    found = load_settings(tmp_path, {"HILUM_DATABASE_URL": "postgresql://u:s3cret@h/d"})
    assert found.hub.name == "my-hub"
    assert found.hub.database_url.get_secret_value() == "postgresql://u:s3cret@h/d"
    assert "s3cret" not in repr(found)
    assert found.data_dir == (tmp_path / ".hilum").resolve()
    assert load_settings(tmp_path / "nothing", {}).hub.lanes == 64
