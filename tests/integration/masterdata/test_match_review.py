"""The review queue: what is surely one is joined, the rest is asked once, and an answer is kept."""

from __future__ import annotations

import pytest

from hilum.errors import SettingsError
from hilum.masterdata import crosswalk, matching
from hilum.masterdata.crosswalk import Identifier
from hilum.masterdata.matching import KINDS, Filed, Matcher, Record
from hilum.postgres import Database

pytestmark = pytest.mark.req("MD-3")

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


async def run(database: Database) -> Filed:
    matcher = Matcher(KINDS["supplier"])
    async with database.transaction() as connection:
        pairs = list(matcher.between(SAP, ODOO))
        return await matching.file(connection, matcher, pairs, actor="mia", reason="merger")


def of(system: str, identifier: str) -> Identifier:
    return Identifier(object="supplier", system=system, identifier=identifier)


async def test_the_sure_one_is_joined_and_the_other_asked_once(database: Database) -> None:
    filed = await run(database)
    assert (filed.same, filed.asked, filed.known) == (1, 1, 0)
    async with database.cold() as connection:
        joined = await crosswalk.find(connection, of("ODOO", "O1"))
        (asked,) = await matching.questions(connection)
        assert await matching.counts(connection) == {"supplier": 1}
    assert joined is not None
    assert {each.identifier for each in joined.identifiers} == {"S1", "O1"}
    assert asked.right_values == {"name": "Rossi Textil Vertrieb", "city": "Kassel"}
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
    assert (kept.decided_by, kept.reason, kept.left_values, kept.evidence) == ("mia", "called them", None, None)
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
