"""Numbers that a thing brings with it are linked: an item's GTINs and part number, the GLN of a supplier.

What is linked stays linked: a number that a thing does not bring any more may still be on a label in a cupboard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hilum.canonical import BusinessObject
from hilum.canonical.trade import OWN
from hilum.errors import Rejected
from hilum.masterdata.crosswalk.editing import Identifier, link, lock, problem_with
from hilum.masterdata.crosswalk.memory import name_of
from hilum.masterdata.crosswalk.reading import Thing
from hilum.masterdata.crosswalk.reading import thing as thing_of
from hilum.postgres import Connection

TAKEN = "crosswalk.taken"
WRONG = "crosswalk.wrong"

Place = tuple[str, str]
"""System and identifier."""


async def missing(connection: Connection, brought: BusinessObject) -> bool:
    """Is any of its numbers not linked yet, or to another thing? Reads only."""
    known = await _known(connection, brought)
    return len(known) < len(_places(brought)) or len(set(known.values())) > 1


async def bring(connection: Connection, brought: BusinessObject, *, actor: str, reason: str) -> int:
    """Link all that it is known as to the thing that its own number names; returns how many were linked.

    Within the transaction of `connection`, all or nothing. Raises `Rejected` where a number names another thing.
    """
    await lock(connection)
    known = await _known(connection, brought)
    number = await _number(connection, brought, known)
    named = {each.system for each in (await _thing(connection, number)).identifiers} if number is not None else set()
    count = 0
    for system, identifier in _places(brought):
        if (system, identifier) in known:
            continue
        # what the thing is called there stays: another number of it is an alias
        number = await link(
            connection, _identifier(brought.thing, system, identifier), to=number, actor=actor, reason=reason,
            alias=system in named,
        )  # fmt: skip
        named.add(system)
        count += 1
    return count


def _places(brought: BusinessObject) -> Sequence[Place]:
    return [(OWN, brought.business_key), *brought.known_as]


def _identifier(object_: str, system: str, identifier: str) -> Identifier:
    if words := problem_with(object_, system, identifier):
        raise Rejected(WRONG, f"A number of the {object_} cannot be kept. {words}")
    return Identifier(object=object_, system=system, identifier=identifier)


async def _number(connection: Connection, brought: BusinessObject, known: Mapping[Place, int]) -> int | None:
    """The thing that its numbers name; none: no number is linked yet. Raises `Rejected`."""
    own = known.get((OWN, brought.business_key))
    for (system, identifier), number in known.items():
        there = await _thing(connection, number)
        names = [each.identifier for each in there.identifiers if each.system == OWN]
        if number != own and (own is not None or names or len(set(known.values())) > 1):
            called = f", which the hub calls {names[0]}" if names else ""
            name = name_of(brought.thing, number)
            raise Rejected(
                TAKEN,
                f"The {system} {identifier} of {brought.thing} {brought.business_key} names {name} already{called}. "
                "Correct the number at its source, or unlink or merge in the crosswalk; then replay.",
            )
    return next(iter(known.values()), None)


async def _thing(connection: Connection, number: int) -> Thing:
    found = await thing_of(connection, number)
    if found is None:  # nothing is ever deleted from the table of things
        raise AssertionError(f"the crosswalk names thing {number}, which is not there")
    return found


async def _known(connection: Connection, brought: BusinessObject) -> dict[Place, int]:
    """Which thing each of its numbers names, after merges; those that are linked."""
    places = _places(brought)
    cursor = await connection.execute(
        "WITH RECURSIVE up (system, identifier, id, into_) AS ("
        " SELECT c.system, c.identifier, g.id, g.merged_into FROM crosswalk c JOIN golden g ON g.id = c.golden"
        " JOIN unnest(%s::text[], %s::text[]) AS w (system, identifier)"
        " ON c.system = w.system AND c.identifier = w.identifier WHERE c.object = %s"
        " UNION ALL SELECT up.system, up.identifier, g.id, g.merged_into FROM golden g JOIN up ON g.id = up.into_"
        ") SELECT system, identifier, id FROM up WHERE into_ IS NULL",
        [[system for system, _ in places], [identifier for _, identifier in places], brought.thing],
    )
    return {(system, identifier): number for system, identifier, number in await cursor.fetchall()}
