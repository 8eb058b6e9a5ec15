"""A key that ends is replaced without a moment in which none is valid: by Odoo where it can, else by a person."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hilum import cases
from hilum.connectors.odoo import Odoo
from hilum.connectors.odoo.api_key import ApiKey, Key, read, write
from hilum.connectors.odoo.renewal import GRACE
from hilum.connectors.odoo.settings import OdooSettings
from hilum.errors import Down, SettingsError
from hilum.journal.audit.acts import ActSearch, search
from hilum.postgres import Database
from hilum.runtime.inspecting import look
from hilum.runtime.renewing import renew_where_due, retire_where_due
from hilum.simulator.odoo import INTEGRATION_GROUPS, FaultKind, Faults, SandboxOdoo
from support.projects import make_flow

pytestmark = pytest.mark.req("NEW-9")

USERS = {"supplier": [make_flow(None, name="test.suppliers")]}
SOON = timedelta(days=5)


@dataclass
class Far:
    """A sandbox, the key file of the hub's user there, and connectors that read it."""

    box: SandboxOdoo
    protocol: str
    file: Path
    first: str = field(repr=False)
    opened: list[Odoo] = field(default_factory=list)

    async def hub(self, **settings: Any) -> Odoo:
        given = {
            "url": self.box.url, "database": self.box.database, "login": "integration", "protocol": self.protocol,
            "timeout": 20.0, "short_timeout": True,
        }  # fmt: skip
        key = {} if "api_key" in settings else {"api_key_file": str(self.file)}
        made = Odoo(**{**given, **key, **settings})
        await made.open()
        self.opened.append(made)
        return made

    def keys(self) -> int:
        """How many keys the hub's user has."""
        table = self.box.engine.store.tables
        (user,) = [n for n, row in table["res.users"].items() if row["login"] == "integration"]
        return len([row for row in table["res.users.apikeys"].values() if row["user_id"] == user])


async def made(version: str, protocol: str, folder: Path) -> AsyncIterator[Far]:
    async with SandboxOdoo(version=version, faults=Faults()) as box:
        box.let_programs_make_keys()
        ends = datetime.now(UTC) + SOON
        first = box.make_key("integration", expires=ends, groups=INTEGRATION_GROUPS)
        file = folder / "odoo.key"
        write(file, Key(first, ends))
        far = Far(box, protocol, file, first)
        yield far
        for each in far.opened:
            await each.close()


@pytest.fixture(params=["json2", "jsonrpc", "xmlrpc"])
async def far(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Far]:
    async for each in made("19.0", request.param, tmp_path):
        yield each


@pytest.fixture(params=["json2", pytest.param("xmlrpc", marks=pytest.mark.long)])
async def far_19(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Far]:
    async for each in made("19.0", request.param, tmp_path):
        yield each


async def words_of(database: Database, action: str) -> list[str]:
    async with database.cold() as connection:
        return [act.words for act in await search(connection, ActSearch(action=action))]


async def open_case(database: Database) -> cases.Case | None:
    async with database.cold() as connection:
        found = await cases.conditions(connection)
    return found[0] if found else None


async def test_odoo_makes_the_new_key_and_every_process_goes_over_while_the_old_one_is_valid(
    far: Far, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    hub, other = await far.hub(), await far.hub()
    found = await look(database, "odoo.main", hub, USERS, renewing=True)
    second = read(far.file)
    assert second.secret != far.first
    assert found.key_ends == second.ends
    assert second.ends is not None
    assert timedelta(days=89) < second.ends - datetime.now(UTC) < timedelta(days=90)
    assert stat.S_IMODE(far.file.stat().st_mode) == 0o600
    assert await open_case(database) is None
    old = await far.hub(api_key=far.first)
    for each in (hub, other, old):  # at once, without a restart; and the old one is valid still
        assert "integration" in await each.check()
    await retire_where_due(database, "odoo.main", hub)
    assert "integration" in await old.check(), "not before the time of grace is over"
    former = far.file.with_name("odoo.key.previous")
    os.utime(former, (former.stat().st_atime, former.stat().st_mtime - GRACE - 1))
    await retire_where_due(database, "odoo.main", other)
    assert not former.exists()
    with pytest.raises(Down):
        await (await far.hub(api_key=far.first)).check()
    for each in (hub, other):
        assert "integration" in await each.check()
    (renewed,) = await words_of(database, "key_renewed")
    assert f"{second.ends:%Y-%m-%d}" in renewed
    assert await words_of(database, "key_retired") == ["odoo.main: The former key was taken back in Odoo."]
    told = caplog.text + renewed + repr(hub) + repr(second)
    assert far.first not in told
    assert second.secret not in told


async def test_one_of_all_processes_renews_and_not_before_it_is_due(far_19: Far, database: Database) -> None:
    hub, other = await far_19.hub(), await far_19.hub()
    await look(database, "odoo.main", hub, USERS)
    ends = datetime.now(UTC) + SOON
    assert await renew_where_due(database, "odoo.main", hub, ends + timedelta(days=30)) is None
    assert await renew_where_due(database, "odoo.main", hub, None) is None
    assert await renew_where_due(database, "odoo.main", await far_19.hub(renew_key=False), ends) is None
    assert await renew_where_due(database, "odoo.main", await far_19.hub(api_key=far_19.first), ends) is None
    first = await renew_where_due(database, "odoo.main", hub, ends)
    assert first is not None
    assert first.done
    assert await renew_where_due(database, "odoo.main", other, ends) is None
    assert far_19.keys() == 2


def not_in_this_build(far: Far) -> dict[str, Any]:
    far.box.let_programs_make_keys(there=False)
    return {}


def not_allowed(far: Far) -> dict[str, Any]:
    far.box.let_programs_make_keys(allowed=False)
    return {}


def too_long(far: Far) -> dict[str, Any]:
    return {"key_days": 400}


def read_only(far: Far) -> dict[str, Any]:
    far.file.with_name("odoo.key.new").mkdir()  # no file can be made there, not even by root
    return {}


@pytest.mark.parametrize(
    ("obstacle", "words"),
    [
        (not_in_this_build, "does not let a program make a key"),
        (not_allowed, "base.enable_programmatic_api_keys"),
        (too_long, "fewer days than key_days = 400"),
        (read_only, "cannot store a new key"),
    ],
)
async def test_where_it_cannot_be_the_case_says_why_and_what_a_person_does(
    far_19: Far, database: Database, obstacle: Callable[[Far], dict[str, Any]], words: str
) -> None:
    hub = await far_19.hub(**obstacle(far_19))
    found = await look(database, "odoo.main", hub, USERS, renewing=True)
    case = await open_case(database)
    assert case is not None
    assert words in case.next_step
    assert "hilum odoo rotate-key odoo.main" in case.next_step
    assert (case.category, case.due_at, case.owner) == ("endpoint.key", found.key_ends, "Integration")
    assert read(far_19.file).secret == far_19.first
    assert far_19.keys() == 1
    assert "integration" in await hub.check()
    assert words in (await words_of(database, "key_not_renewed"))[0]


async def test_a_hub_that_died_after_the_key_was_made_goes_over_to_that_one(far_19: Far) -> None:
    hub = await far_19.hub()
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=80)
    second = far_19.box.make_key("integration", expires=ends)
    write(far_19.file.with_name("odoo.key.new"), Key(second, ends))
    assert (await hub.renew_key()).done
    assert read(far_19.file) == Key(second, ends)
    assert far_19.keys() == 2


async def test_a_lost_answer_leaves_the_old_key_in_force(far_19: Far) -> None:
    hub = await far_19.hub()
    far_19.box.faults.add(FaultKind.LOST_REPLY, method="generate", times=1)
    lost = await hub.renew_key()
    assert not lost.done
    assert read(far_19.file).secret == far_19.first
    assert (await hub.renew_key()).done
    assert "integration" in await hub.check()


@pytest.mark.parametrize(("version", "protocol"), [("19.0", "json2"), ("18.0", "jsonrpc")])
async def test_a_key_that_a_person_made_is_tested_and_put_in_force(tmp_path: Path, version: str, protocol: str) -> None:
    async for far in made(version, protocol, tmp_path):
        hub = await far.hub()
        for wrong in ("0" * 40, far.box.make_key("somebody.else", groups=INTEGRATION_GROUPS)):
            refused = await hub.set_key(wrong, None)
            assert not refused.done
            assert wrong not in refused.words
            assert read(far.file).secret == far.first
        ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=80)
        second = far.box.make_key("integration", expires=ends)
        told = await hub.set_key(second, ends)
        assert told.done, told.words
        assert f"valid until {datetime.now(UTC) + SOON:%Y-%m-%d}" in told.words
        assert read(far.file) == Key(second, ends)
        assert "integration" in await hub.check()


async def test_a_key_is_set_where_the_old_one_has_ended_already(far_19: Far) -> None:
    write(far_19.file, Key("0" * 40))
    hub = await far_19.hub()
    with pytest.raises(Down):
        await hub.check()
    told = await hub.set_key(far_19.first, None)
    assert told.done, told.words
    assert "integration" in await hub.check()


def settings_of(file: Path, **more: Any) -> OdooSettings:
    return OdooSettings(**{"url": "http://127.0.0.1:9", "api_key_file": str(file), **more})


def test_a_key_file_is_read_again_when_it_changes_and_kept_when_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with pytest.raises(Down, match="cannot be read"):
        ApiKey(settings_of(file)).current()
    write(file, Key("one"))
    key = ApiKey(settings_of(file))
    assert key.current() == "one"
    file.write_text("# made by a person\n# ends 2027-02-18\ntwo\n")
    assert (key.current(), key.known().ends) == ("two", datetime(2027, 2, 18, tzinfo=UTC))
    file.chmod(0o640)
    os.utime(file)
    assert key.current() == "two"
    with pytest.raises(SettingsError, match="chmod 600"):
        key.known()
    file.unlink()
    assert key.current() == "two"  # the best there is
    with pytest.raises(SettingsError, match="cannot be read"):
        key.known()


@pytest.mark.parametrize("text", ["", "# only words\n", "one\ntwo\n", "# ends some day\none\n", "na\u00efve\n"])
def test_a_key_file_that_says_nothing_clear_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(SettingsError) as refused:
        read(file)
    assert "one" not in str(refused.value).replace("one key on a line of its own", "")


def test_a_key_comes_from_one_place() -> None:
    with pytest.raises(ValueError, match="one of"):
        settings_of(Path("/k"), api_key="x")
    with pytest.raises(ValueError, match="one of"):
        OdooSettings(url="http://127.0.0.1:9")
    with pytest.raises(ValueError, match="whole path"):
        settings_of(Path("k"))
