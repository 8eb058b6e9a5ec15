"""What `hilum doctor` looks at in the database: can payloads be read and are they erased, are comparisons made?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from hilum.cli.keys import keyring_in
from hilum.cli.retention import bounds_of
from hilum.errors import HilumError
from hilum.flow import Project
from hilum.journal.data_keys import masters_in_use
from hilum.journal.retention import plan
from hilum.postgres import Database
from hilum.reconcile import Comparison, comparisons_of, store
from hilum.reconcile.keeping import overdue
from hilum.reconcile.store import RunRow
from hilum.reconcile.words import result


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    what: str
    ok: bool
    words: str


async def payload_checks(database: Database, project: Project) -> list[Check]:
    """Encryption and retention. Raises `DatabaseUnavailable`."""
    try:
        encryption = await _encryption(database, project)
    except HilumError as error:
        encryption = Check("encryption", False, str(error))
    async with database.cold() as connection:
        made = await plan(connection, bounds_of(project.settings))
    if made.refusal:
        return [encryption, Check("retention", False, f"{made.refusal} (hilum retention run --dry-run)")]
    waiting = f"; {len(made.waiting)} flow days wait (hilum retention)" if made.waiting else ""
    return [encryption, Check("retention", True, f"payloads are erased on their day{waiting}")]


async def comparison_checks(database: Database, project: Project) -> list[Check]:
    """Was each comparison made when its calendar said so, and could it look? Raises `DatabaseUnavailable`."""
    try:
        declared = comparisons_of(project)
    except HilumError as error:
        return [Check("comparisons", False, str(error))]
    async with database.cold() as connection:
        latest = await store.latest(connection)
        done = {each.name: (await store.done_last(connection, each.name))[0] for each in declared}
    now = datetime.now(UTC)
    return [_comparison(each, latest.get(each.name), done[each.name], now) for each in declared]


def _comparison(declared: Comparison, last: RunRow | None, done: datetime | None, now: datetime) -> Check:
    what, by_hand = f"comparison {declared.name}", f"hilum reconcile run {declared.name}"
    if last is None:
        words = "it never ran"
        if declared.when is None:
            return Check(what, False, f"{words}, and has no calendar: {by_hand}, or give it `when`")
        return Check(what, False, f"{words}: a hub makes it {declared.when.words()}, or {by_hand}")
    if last.state == "failed":
        return Check(what, False, f"its last run ({last.started_at:%Y-%m-%d %H:%M} UTC) could not look: {last.words}")
    late = overdue(declared, done or last.started_at, now)
    if late is not None:
        return Check(what, False, f"the run of {late:%Y-%m-%d %H:%M} UTC was not made: is a worker running? {by_hand}")
    return Check(what, True, f"{result(last, declared.sides)} ({last.started_at:%Y-%m-%d %H:%M} UTC)")


async def _encryption(database: Database, project: Project) -> Check:
    source = keyring_in(database).source
    found = await source.load()
    async with database.cold() as connection:
        used = await masters_in_use(connection)
    missing = [use.id for use in used if found is None or use.id not in found.known]
    if missing:
        words = f"payloads are sealed under the master key {', '.join(missing)}, which is not set here"
        return Check("encryption", False, f"{words}: set it, or add it to [encryption] previous_keys")
    sealed = sorted(flow.name for flow in project.flows.values() if flow.sealed(project.settings.encryption.classes))
    if not sealed:
        return Check("encryption", True, "no flow has its payloads encrypted")
    flows = f"payloads of {', '.join(sealed)}"
    if found is None:
        if source.may_create:
            return Check("encryption", True, f"{flows}: the hub makes a master key at its first start")
        return Check("encryption", False, f"{flows}: no master key is set. Make one: hilum keys new")
    own = source.own_file
    copy = f"; keep a copy of {own} apart from the database" if own is not None else ""
    return Check("encryption", True, f"{flows}, under the master key {found.current.id} from {source.place}{copy}")
