"""The review queue: what is surely one is joined, the rest is asked once, and an answer is kept."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from hilum.encryption.master_keys import KeySource
from hilum.encryption.sealing import key_text, new_key
from hilum.errors import SettingsError
from hilum.journal.keyring import Keyring
from hilum.masterdata import crosswalk, matching
from hilum.masterdata.crosswalk import Identifier
from hilum.masterdata.matching import KINDS, Filed, Matcher, Question, Record
from hilum.postgres import Database
from hilum.settings import EncryptionSettings
from support.looks import rows

pytestmark = pytest.mark.req("MD-3")

NOWHERE = UUID(int=0)

SAP = [
    Record(
        system="SAP", identifier="S1", values={"name": "Meyer Medizintechnik", "tax_id": "DE123456789", "city": "Ulm"}
    ),
    Record(system="SAP", identifier="S2", values={"name": "Rossi Textil Vertrieb", "city": "Kassel"}),
]
ODOO = [
    Record(system="ODOO", identifier="O1", values={"name": "MEYER Medizintechnik GmbH", "tax_id": "DE123456789"}),
    Record(system="ODOO", identifier="O2", values={"name": "Rosi Textil Vertrieb AG", "city": "Kassel", "phone": "1"}),
]


async def run(database: Database, right: list[Record] = ODOO, *, one_to_one: bool = False) -> Filed:
    matcher = Matcher(KINDS["supplier"], one_to_one=one_to_one)
    async with database.transaction() as connection:
        pairs = list(matcher.between(SAP, right))
        return await matching.file(connection, matcher, pairs, actor="mia", reason="merger")


PERSON = {"family_name": "Novak", "given_name": "Annalena", "birth_date": "2020-02-02", "postal_code": "20095",
          "phone": "+49 40 1234567", "national_id": "65432198701"}  # fmt: skip


def of(system: str, identifier: str) -> Identifier:
    return Identifier(object="supplier", system=system, identifier=identifier)


async def test_the_sure_one_is_joined_and_the_other_asked_once(database: Database) -> None:
    filed = await run(database)
    assert (filed.same, filed.asked, filed.known) == (1, 1, 0)
    async with database.cold() as connection:
        joined = await crosswalk.find(connection, of("ODOO", "O1"))
        (asked,) = await matching.questions(connection)
        assert await matching.counts(connection) == {"supplier": 1}
        values = await matching.read(connection, [asked.place or NOWHERE])
    assert joined is not None
    assert {each.identifier for each in joined.identifiers} == {"S1", "O1"}
    assert values[asked.place or NOWHERE].right == {"name": "Rossi Textil Vertrieb", "city": "Kassel"}
    again = await run(database)
    assert (again.same, again.asked, again.known) == (0, 0, 2)


@pytest.mark.parametrize("same", [True, False])
async def test_an_answer_is_kept_and_empties_the_question(database: Database, same: bool) -> None:
    await run(database)
    async with database.transaction() as connection:
        (asked,) = await matching.questions(connection)
        await matching.decide(connection, asked.id, same=same, actor="mia", reason="called them")
    async with database.cold() as connection:
        assert await matching.questions(connection) == []
        (kept,) = await matching.questions(connection, decided=True)
        found = await crosswalk.find(connection, of("SAP", "S2"))
        assert await matching.read(connection, [asked.place or NOWHERE]) == {}
    assert (kept.decided_by, kept.reason, kept.place, kept.evidence) == ("mia", "called them", None, None)
    assert (found is not None) is same
    assert (await run(database)).known == 2
    async with database.transaction() as connection:
        with pytest.raises(SettingsError, match="mia decided already"):
            await matching.decide(connection, asked.id, same=same, actor="eva", reason="x")


async def test_two_things_in_use_are_merged_by_a_person_only(database: Database) -> None:
    async with database.transaction() as connection:
        for each in (of("SAP", "S1"), of("ODOO", "O1")):
            await crosswalk.link(connection, each, actor="mia", reason="before")
    assert (await run(database)).same == 0
    async with database.transaction() as connection:
        first = next(each for each in await matching.questions(connection) if each.right_identifier == "S1")
        await matching.decide(connection, first.id, same=True, actor="mia", reason="same tax number")
        thing = await crosswalk.find(connection, of("SAP", "S1"))
        assert thing == await crosswalk.find(connection, of("ODOO", "O1"))


async def test_an_answer_of_one_to_one_answers_the_questions_beside_it(database: Database) -> None:
    twice = [*ODOO, Record(system="ODOO", identifier="O3", values=ODOO[1].values)]
    assert (await run(database, twice, one_to_one=True)).asked == 2
    async with database.transaction() as connection:
        first, _ = await matching.questions(connection)
        done = await matching.decide(connection, first.id, same=True, actor="mia", reason="called them")
        left = await matching.questions(connection, decided=True)
        assert await matching.questions(connection) == []
    assert "1 more" in done
    assert [each.state for each in left] == ["same"]


async def test_a_thing_that_the_other_system_names_already_is_not_joined_alone(database: Database) -> None:
    async with database.transaction() as connection:
        number = await crosswalk.link(connection, of("SAP", "S1"), actor="mia", reason="before")
        await crosswalk.link(connection, of("ODOO", "O9"), to=number, actor="mia", reason="before")
    assert (await run(database, one_to_one=True)).same == 0
    async with database.transaction() as connection:
        asked = next(each for each in await matching.questions(connection) if each.right_identifier == "S1")
        await matching.decide(connection, asked.id, same=True, actor="mia", reason="it has two numbers")
        thing = await crosswalk.find(connection, of("ODOO", "O1"))
    assert thing is not None
    named = {each.identifier: each.alias for each in thing.identifiers}
    assert named == {"S1": False, "O9": False, "O1": True}  # what Odoo called it so far stays its name there


PERSONS = [
    Record(system="EHR", identifier="P1", values=PERSON),
    Record(system="LAB", identifier="L1", values=PERSON | {"given_name": "Anna-Lena"}),
]


@pytest.fixture
def keys(database: Database, tmp_path: Path) -> Keyring:
    """The keys of this database, as a process with a master key has them."""
    settings = EncryptionSettings(key=SecretStr(key_text(new_key())))
    database.keyring = keyring = Keyring(database, KeySource(settings, tmp_path, None))
    return keyring


async def ask_about_persons(database: Database, object_: str = "patient_account") -> Question:
    matcher = Matcher(KINDS[object_])
    async with database.transaction() as connection:
        pairs = list(matcher.between(PERSONS[:1], PERSONS[1:]))
        filed = await matching.file(connection, matcher, pairs, actor="mia", reason="merger")
        assert filed.asked == 1
        (asked,) = await matching.questions(connection)
    return asked


@pytest.mark.req("SEC-1")
@pytest.mark.parametrize("object_", ["patient_account", "employee"])
async def test_what_is_asked_about_persons_is_sealed(database: Database, keys: Keyring, object_: str) -> None:
    asked = await ask_about_persons(database, object_)
    assert asked.place is not None
    (row,) = await rows(database, "SELECT match_pair::text, body FROM match_pair")
    stored = row[0].encode() + bytes(row[1])
    written = [value.encode() for value in PERSON.values()]
    assert not [each for each in written if each in stored or each.hex().encode() in stored]
    async with database.cold() as connection:
        values = (await matching.read(connection, [asked.place]))[asked.place]
    assert values.left == {each.name: PERSON[each.name] for each in KINDS[object_].fields if each.name in PERSON}
    assert "Novak" not in repr(values) + repr(asked)


@pytest.mark.req("SEC-1")
async def test_persons_are_not_asked_about_where_there_is_no_key(database: Database) -> None:
    with pytest.raises(SettingsError, match="no keys"):
        await ask_about_persons(database)
    assert await rows(database, "SELECT 1 FROM match_pair") == []


@pytest.mark.req("SEC-1")
async def test_the_key_of_a_day_goes_when_all_its_questions_are_answered(database: Database, keys: Keyring) -> None:
    asked = await ask_about_persons(database)
    assert asked.place is not None
    async with database.transaction() as connection:  # as if it had been asked last week
        place = UUID(int=asked.place.int - (7 * 86_400_000 << 80))
        await connection.execute("UPDATE match_pair SET place = %s", [place])
        await connection.execute("UPDATE data_key SET period = period - 7")
        await matching.forget(connection)
    assert await rows(database, "SELECT wrapped IS NULL FROM data_key") == [(False,)]
    async with database.transaction() as connection:
        await matching.decide(connection, asked.id, same=False, actor="mia", reason="twins")
        await matching.forget(connection)
    assert await rows(database, "SELECT wrapped IS NULL FROM data_key") == [(True,)]
