"""Keys of AS2: told before they end, changed without a common hour, refused without being shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hilum.connector import KEY_WARNING
from hilum.connectors import as2
from hilum.errors import Down, SettingsError
from hilum.message import Delivered
from support.as2_world import LOCAL, World, hub, post, send, sender
from support.certificates import pair

pytestmark = pytest.mark.req("SYS-10")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("as2"))


async def test_keys_that_end_are_told_before_and_stop_the_line_after(world: World) -> None:
    soon = pair(world.folder, "soon", days=3)
    made = as2.Sender(url="http://x.example/", **world.settings("A", world.a, "B", soon))
    found = await made.inspect((), {})
    assert found.key_ends is not None
    assert timedelta(days=2) < found.key_ends - datetime.now(UTC) < KEY_WARNING
    ended = pair(world.folder, "ended", days=-1)
    async with sender(url="http://127.0.0.1:9/", **world.settings("A", world.a, "B", ended)) as stopped:
        outcome = await send(stopped)
        assert isinstance(outcome, Down)
        assert "ended" in str(outcome)


async def test_a_change_of_keys_needs_no_common_hour(world: World) -> None:
    """The partner takes its new key while ours know both; we take a new one while it still encrypts for the old."""
    new = pair(world.folder, "new-a")
    both = world.at_b | {"partner_certificates": [str(world.a[1]), str(new[1])]}
    async with hub(both) as there:
        for own in (world.a, new):
            async with sender(url=there.url, **world.settings("A", own, "B", world.b)) as made:
                assert isinstance(await send(made, own[0].name.encode()), Delivered)
    fresh = pair(world.folder, "new-b")
    former = world.folder / "former.pem"
    former.write_bytes(world.b[0].read_bytes() + world.b[1].read_bytes())
    async with hub(world.settings("B", fresh, "A", world.a), former_key=str(former)) as there:
        _, _, fields, _ = await post(there.url, world.document(), world.far.headers("<7@a>"))
        assert fields["disposition"].endswith("; processed")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"our_key": "/nowhere/x.key"}, "our_key: its file cannot be read"),
        ({"our_key": "-----BEGIN PRIVATE KEY-----\nsecret-1\n-----END PRIVATE KEY-----"}, "does not open"),
        ({"partner_certificates": ["-----BEGIN CERTIFICATE-----\nsecret-1"]}, "no certificate in PEM"),
    ],
)
async def test_wrong_keys_are_told_and_not_shown(world: World, wrong: dict[str, Any], words: str) -> None:
    made = as2.Sender(url="http://x.example/", **(world.at_a | wrong))
    with pytest.raises(SettingsError, match=words) as caught:
        await made.open()
    assert "secret" not in f"{caught.value} {made!r} {made.settings.our_key}"


async def test_a_key_of_another_certificate_is_told(world: World) -> None:
    made = as2.Station(host=LOCAL, port=0, **(world.at_b | {"our_certificate": str(world.a[1])}))
    with pytest.raises(SettingsError, match="does not belong to the key"):
        await made.open()
