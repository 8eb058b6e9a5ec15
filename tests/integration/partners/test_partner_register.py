"""Control numbers and what is not acknowledged: drawn once, kept over restarts, settled by answers, told in words."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hilum.cases import cases
from hilum.errors import SettingsError
from hilum.flow import Flow
from hilum.formats import edifact, x12
from hilum.message import new_id
from hilum.partners import Partners, Profile, Settled, answered, register
from hilum.partners.contents import of_edifact, of_x12
from hilum.postgres import Database
from hilum.runtime.partnering import Partnering
from support.looks import rows
from support.projects import make_flow

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]

AT = datetime(2026, 3, 4, 10, 11, 12, tzinfo=UTC)
X12 = {"ours": {"id": "HILLTOP"}, "theirs": {"id": "GLOVECO"}}


def gloveco(**more: Any) -> Profile:
    return Profile(**{"key": "gloveco", "name": "Gloves Ltd", "format": "x12", "x12": X12, "supplier": "S-200", **more})


def order(number: str, code: str = "850") -> x12.Draft:
    head = ("BEG", "00", "SA", number, None, AT.date()) if code == "850" else ("BCH", "04", "SA", number, None, "1")
    return x12.Draft(code, [head])


async def sent(database: Database, profile: Profile, *drafts: x12.Draft, at: str = "now()") -> x12.Interchange:
    """Draw the numbers of an interchange, and note that it was sent; what the partner got."""
    assert profile.x12 is not None
    made = x12.build(profile.x12, drafts, numbers=x12.Numbers(0, 0), at=AT)
    name = new_id()
    async with database.transaction() as connection:
        numbers = await register.draw(
            connection, profile, message_id=name, ordinal=0, flow="test.orders", contents=of_x12(made),
            groups=len(made.groups),
        )  # fmt: skip
    async with database.transaction() as connection:
        await register.note_sent(connection, profile, name, 0)
        await connection.execute(f"UPDATE partner_interchange SET sent_at = {at} WHERE message_id = %s", [name])
        await connection.execute(
            "UPDATE partner_document SET due_at = i.sent_at + %s FROM partner_interchange i"
            " WHERE i.id = interchange_id AND i.message_id = %s AND due_at IS NOT NULL",
            [profile.answer_within, name],
        )
    return x12.stamp(made, profile.x12, numbers=x12.Numbers(numbers.number, numbers.first_group), at=AT)


async def settle(database: Database, *found: Settled) -> int:
    async with database.transaction() as connection:
        return sum([await register.settle(connection, each) for each in found])


async def open_ones(database: Database) -> list[tuple[str, str, str | None]]:
    async with database.cold() as connection:
        return [(e.code, e.document, e.state) for e in await register.outstanding(connection)]


async def test_numbers_go_on_over_workers_and_a_delivery_keeps_its_own(database: Database) -> None:
    profile = gloveco(first_number=41)

    async def draw(name: Any) -> register.Drawn:
        async with database.transaction() as connection:
            return await register.draw(connection, profile, message_id=name, ordinal=0, flow="f", contents=[], groups=2)

    names = [new_id() for _ in range(12)]
    found = await asyncio.gather(*(draw(name) for name in names))
    assert sorted(each.number for each in found) == list(range(41, 53))
    assert sorted(each.first_group for each in found) == list(range(41, 65, 2))
    assert await asyncio.gather(*(draw(name) for name in names)) == found  # another attempt, after a restart
    async with database.cold() as connection:
        assert await register.gaps(connection) == []
        await connection.execute("UPDATE partner_interchange SET drawn_at = now() - interval '2 hours'")
        assert [each[:2] for each in await register.gaps(connection)] == [("gloveco", n) for n in range(41, 53)]


async def test_a_draw_that_is_rolled_back_leaves_no_gap(database: Database) -> None:
    profile = gloveco()
    with pytest.raises(RuntimeError):
        async with database.transaction() as connection:
            await register.draw(connection, profile, message_id=new_id(), ordinal=0, flow="f", contents=[], groups=1)
            raise RuntimeError
    assert (await sent(database, profile, order("PO-1"))).control_number == "000000001"


async def test_after_nine_digits_comes_one(database: Database) -> None:
    profile = gloveco(first_number=999_999_998)
    first = await sent(database, profile, order("PO-1"), order("PO-1", "860"))
    assert (first.control_number, [g.control_number for g in first.groups]) == ("999999998", ["999999998", "999999999"])
    second = await sent(database, profile, order("PO-2"))
    assert (second.control_number, second.groups[0].control_number) == ("999999999", "1")
    assert (await sent(database, profile, order("PO-3"))).control_number == "000000001"


async def test_a_997_settles_what_it_names_and_the_rest_of_its_group(database: Database) -> None:
    profile = gloveco()
    out = await sent(database, profile, order("PO-1"), order("PO-2"), order("PO-1", "860"))
    assert [(e[0], e[1]) for e in await open_ones(database)] == [("850", "PO-1"), ("850", "PO-2"), ("860", "PO-1")]
    verdict = x12.judge(out.groups[0])
    problem = x12.Problem(level="set", code="4", words="counts", segment="SE")
    bad = x12.SetVerdict(code="850", control_number="0002", verdict=x12.Verdict.REJECTED, problems=(problem,))
    answer = x12.GroupVerdict(
        functional_id="PO", control_number=verdict.control_number, verdict=x12.Verdict.PARTIALLY,
        included=2, received=2, accepted=1, sets=(bad,),
    )  # fmt: skip
    assert profile.x12 is not None
    made = x12.build(profile.x12, [x12.acknowledge(answer)], numbers=x12.Numbers(7, 7), at=AT)
    settled = answered("gloveco", made.sets[0])
    assert await settle(database, *settled) == 2
    assert await settle(database, *settled) == 0  # the same answer again
    assert await open_ones(database) == [("850", "PO-2", "rejected"), ("860", "PO-1", None)]
    await sent(database, profile, order("PO-2"))  # corrected, and sent again
    assert await open_ones(database) == [("860", "PO-1", None), ("850", "PO-2", None)]


async def test_answers_of_another_partner_or_number_settle_nothing(database: Database) -> None:
    await sent(database, gloveco(), order("PO-1"))
    whole = {"by": "997", "functional_id": "PO", "others": "accepted"}
    assert await settle(database, Settled(partner="other", group="1", **whole)) == 0  # type: ignore[arg-type]
    assert await settle(database, Settled(partner="gloveco", group="2", **whole)) == 0  # type: ignore[arg-type]
    assert await settle(database, Settled(partner="gloveco", group="x", **whole)) == 0  # type: ignore[arg-type]
    assert await settle(database, Settled(partner="gloveco", group="0001", **whole)) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(("acknowledges", "left"), [("functional", 1), ("interchange", 0)])
async def test_a_ta1_is_enough_only_where_nothing_else_comes(database: Database, acknowledges: str, left: int) -> None:
    await sent(database, gloveco(acknowledges=acknowledges), order("PO-1"))
    await settle(database, Settled(partner="gloveco", by="TA1", interchange="000000001", others="accepted"))
    assert len(await open_ones(database)) == left


async def test_a_rejected_interchange_rejects_all_that_is_in_it(database: Database) -> None:
    await sent(database, gloveco(), order("PO-1"), order("PO-1", "860"))
    await settle(database, Settled(partner="gloveco", by="TA1", interchange="1", others="rejected", words="note 025"))
    assert {each[2] for each in await open_ones(database)} == {"rejected"}


async def test_an_answer_to_the_order_shows_that_it_came(database: Database) -> None:
    await sent(database, gloveco(acknowledges="answer"), order("PO-1"), order("PO-2"))
    assert await settle(database, Settled(partner="gloveco", by="855", document="PO-1", others="accepted")) == 1
    assert [each[1] for each in await open_ones(database)] == ["PO-2"]


def change(number: str, sequence: str) -> x12.Draft:
    return x12.Draft("860", [("BCH", "05", "SA", number, None, sequence, AT.date())])


def about(change: str = "", by: str = "865", **more: Any) -> Settled:
    return Settled(
        **{"partner": "gloveco", "by": by, "document": "PO-1", "change": change, "others": "accepted", **more}
    )


async def test_an_answer_to_a_change_settles_it_and_what_was_before_it(database: Database) -> None:
    profile = gloveco(acknowledges="answer")
    for draft in (order("PO-1"), change("PO-1", "1"), change("PO-1", "2"), change("PO-1", "3")):
        await sent(database, profile, draft)
    assert await settle(database, about(by="855")) == 1  # the order itself
    assert await settle(database, about("2")) == 2
    assert await settle(database, about(by="855")) == 1  # who answers changes by an 855 means the last one
    assert await open_ones(database) == []


async def test_a_change_that_the_partner_does_not_accept_is_rejected_although_it_has_it(database: Database) -> None:
    profile = gloveco()
    for draft in (order("PO-1"), change("PO-1", "1"), change("PO-1", "2")):
        await sent(database, profile, draft)
    await settle(database, *(Settled(partner="gloveco", by="997", functional_id=kind, group=number, others="accepted")
                             for kind, number in (("PO", "1"), ("PC", "2"), ("PC", "3"))))  # fmt: skip
    assert await open_ones(database) == []
    no = about("2", others="rejected", words="the supplier does not accept the change")
    assert [await settle(database, no), await settle(database, no)] == [1, 0]
    async with database.cold() as connection:
        (found,) = await register.outstanding(connection)
    assert (found.document, found.state, found.words) == ("PO-1", "rejected", "the supplier does not accept the change")
    await sent(database, profile, change("PO-1", "3"))  # another change, instead
    assert [each[2] for each in await open_ones(database)] == [None]


async def test_a_no_that_names_no_change_is_to_the_last_one_or_to_the_order(database: Database) -> None:
    profile = gloveco()
    no = about(by="ORDRSP", others="rejected", words="the supplier says no")
    await sent(database, profile, order("PO-1"))
    assert await settle(database, no) == 1  # nothing was changed: the order has arrived, and its process hears the no
    assert await open_ones(database) == []
    await sent(database, profile, change("PO-1", "1"))
    assert await settle(database, no) == 1
    async with database.cold() as connection:
        (found,) = await register.outstanding(connection)
    assert (found.code, found.state, found.words) == ("860", "rejected", "the supplier says no")


async def test_a_change_of_cxml_knows_the_document_before(database: Database) -> None:
    parties = {"ours": {"identity": "HILLTOP"}, "theirs": {"identity": "GLOVECO"}}
    profile = Profile.model_validate({"key": "gloveco", "name": "G", "format": "cxml", "cxml": parties})

    async def draw(version: str, name: Any) -> register.Drawn:
        content = register.Content(code="OrderRequest", number="1", document="PO-1", change=version)
        async with database.transaction() as connection:
            return await register.draw(connection, profile, message_id=name, ordinal=0, flow="f", contents=[content])

    first, second = await draw("", new_id()), await draw("2", name := new_id())
    assert (first.former, second.former) == (None, (first.number, first.at))
    assert (await draw("3", new_id())).former == (second.number, second.at)
    assert await draw("2", name) == second  # another attempt
    async with database.cold() as connection:
        assert await register.drawn(connection, name, 0) == second


async def test_of_who_acknowledges_nothing_nothing_is_awaited(database: Database) -> None:
    await sent(database, gloveco(acknowledges="nothing"), order("PO-1"))
    assert await open_ones(database) == []


async def test_a_contrl_settles_messages_of_its_interchange(database: Database) -> None:
    party = {"ours": {"id": "5412345000013", "qualifier": "14"}, "theirs": {"id": "GLOVECO"}}
    profile = Profile(key="gloveco", name="Gloves Ltd", format="edifact", edifact=party)
    own = profile.edifact
    assert own is not None
    drafts = [edifact.Draft("ORDERS:D:96A:UN", [("BGM", "220", number, "9")]) for number in ("PO-1", "PO-2")]
    made = edifact.build(own, drafts, reference="0", at=AT)
    async with database.transaction() as connection:
        numbers = await register.draw(
            connection, profile, message_id=new_id(), ordinal=0, flow="f", contents=of_edifact(made)
        )
    out = edifact.stamp(made, own, reference=str(numbers.number), at=AT)
    assert (out.control_reference, out.problems()) == ("1", [])
    answer = edifact.answer(out, own, reference="9", at=AT)
    assert answer is not None
    assert await settle(database, *answered("gloveco", answer.messages[0])) == 2
    assert await open_ones(database) == []


async def test_what_is_overdue_is_a_case_in_words_that_ends_with_the_answer(database: Database) -> None:
    profile = gloveco(answer_within="PT4H")
    flow: Flow = make_flow(None, name="test.orders")
    look = Partnering(database, Partners([profile]), {flow.name: flow})
    await sent(database, profile, order("PO-7"), at="now() - interval '26 hours'")
    await sent(database, profile, order("PO-8"))
    await asyncio.gather(look.step(), look.step())  # two hubs
    async with database.cold() as connection:
        (case,) = await cases(connection, conditions=True)
    assert (case.category, case.title) == ("partner.unacknowledged", "Order PO-7 not acknowledged")
    assert case.words == "Order PO-7 sent to Gloves Ltd 26 h ago was not acknowledged."
    assert (case.flow, case.owner) == ("test.orders", "Supply chain")
    await look.step()
    assert await rows(database, "SELECT count(*) FROM exception_case") == [(1,)]
    await settle(database, Settled(partner="gloveco", by="997", functional_id="PO", group="1", others="rejected"))
    await look.step()
    async with database.cold() as connection:
        (case,) = await cases(connection, conditions=True)
    assert case.words == "Order PO-7 sent to Gloves Ltd 26 h ago was rejected."
    async with database.transaction() as connection:
        assert await register.close(connection, "gloveco", 1, actor="ann", reason="agreed by phone") == 1
    await look.step()
    assert await rows(database, "SELECT count(*) FROM exception_case WHERE closed_at IS NULL") == [(0,)]


async def test_very_many_overdue_documents_are_one_case(database: Database) -> None:
    profile = gloveco()
    flow = make_flow(None, name="test.orders")
    await sent(database, profile, *(order(f"PO-{n}") for n in range(30)), at="now() - interval '3 days'")
    await Partnering(database, Partners([profile]), {flow.name: flow}).step()
    async with database.cold() as connection:
        (case,) = await cases(connection, conditions=True)
    assert case.words.startswith("30 documents sent to Gloves Ltd were not acknowledged; the oldest: Order PO-0")


async def test_a_partner_that_is_removed_leaves_no_case(database: Database) -> None:
    flow = make_flow(None, name="test.orders")
    await sent(database, gloveco(), order("PO-7"), at="now() - interval '3 days'")
    await Partnering(database, Partners([gloveco()]), {flow.name: flow}).step()
    assert await rows(database, "SELECT count(*) FROM exception_case WHERE closed_at IS NULL") == [(1,)]
    await Partnering(database, Partners(), {flow.name: flow}).step()
    assert await rows(database, "SELECT closed_at IS NULL, reason FROM exception_case") == [
        (False, "The partner has no profile any more.")
    ]


async def test_what_was_sent_before_the_hub_died_is_noted_later(database: Database) -> None:
    profile = gloveco(answer_within="PT4H")
    name = new_id()
    async with database.transaction() as connection:
        await register.draw(
            connection, profile, message_id=name, ordinal=0, flow="test.orders",
            contents=[register.Content(code="850", number="0001", document="PO-1", functional_id="PO")], groups=1,
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO delivery (message_id, ordinal, seq, flow, destination, state, lane, idempotency_key,"
            " content_type) VALUES (%s, 0, 1, 'test.orders', 'partner.gloveco.main', 'delivered', 0, 'k', 't')",
            [name],
        )
    await Partnering(database, Partners([profile]), {}).step()
    async with database.cold() as connection:
        (found,) = await register.outstanding(connection)
    assert found.sent_at is not None
    assert found.due_at == found.sent_at + timedelta(hours=4)


def test_profiles_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(SettingsError, match="both for the supplier S-200"):
        Partners([gloveco(), gloveco(key="other")])
    with pytest.raises(SettingsError, match="same identifiers in x12"):
        Partners([gloveco(), gloveco(key="other", supplier="")])
